// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Launch.h"
#include "engine/tensor/Tensor.h"
#include "engine/tensor/strided.h"

#include <tuple>
#include <utility>

namespace mrg::kernels {

namespace detail {

/// One input of an elementwise kernel while an inner row is worked on: neighbours lie next to each
/// other, all are the same element, or anything.
template <typename T> struct Neighbours {
    const T *from;
    T operator[](int64_t i) const { return from[i]; }
};
template <typename T> struct Same {
    T value;
    T operator[](int64_t) const { return value; }
};
template <typename T> struct Steps {
    const T *from;
    int64_t step;
    T operator[](int64_t i) const { return from[i * step]; }
};

template <typename R, typename F, typename... In>
void applyRow(R *to, int64_t count, F f, In... inputs)
{
    for (int64_t i = 0; i < count; ++i)
        to[i] = f(inputs[i]...);
}

/// The same with the steps known only now; the usual ones get loops of their own, which become
/// vector instructions.
template <typename R, typename F, typename A> void applySteps(R *to, int64_t count, F f, Steps<A> a)
{
    if (a.step == 1)
        applyRow(to, count, f, Neighbours<A>{a.from});
    else
        applyRow(to, count, f, a);
}
template <typename R, typename F, typename A, typename B>
void applySteps(R *to, int64_t count, F f, Steps<A> a, Steps<B> b)
{
    if (a.step == 1 && b.step == 1)
        applyRow(to, count, f, Neighbours<A>{a.from}, Neighbours<B>{b.from});
    else if (a.step == 1 && b.step == 0)
        applyRow(to, count, f, Neighbours<A>{a.from}, Same<B>{*b.from});
    else if (a.step == 0 && b.step == 1)
        applyRow(to, count, f, Same<A>{*a.from}, Neighbours<B>{b.from});
    else
        applyRow(to, count, f, a, b);
}
template <typename R, typename F, typename... In>
void applySteps(R *to, int64_t count, F f, Steps<In>... inputs)
{
    if (((inputs.step == 1) && ...))
        applyRow(to, count, f, Neighbours<In>{inputs.from}...);
    else
        applyRow(to, count, f, inputs...);
}

template <typename R, typename F, typename... In, size_t... I>
void mapStrided(Tensor &out, F f, std::tuple<const In *...> from, std::index_sequence<I...>,
                StridedLayouts<sizeof...(In)> layouts)
{
    launch([target = out.data<R>(), f, from, count = out.numel(), layouts = layouts.collapsed()] {
        const int64_t inner = layouts.shape.empty() ? 1 : layouts.shape.back();
        parallelFor(count, elementGrain, [&](int64_t begin, int64_t end) {
            int64_t at = begin; // the piece may begin and end within a row
            forEachRow<sizeof...(In)>(
                    layouts.shape, layouts.strides, begin / inner, (end + inner - 1) / inner,
                    [&](const std::array<int64_t, sizeof...(In)> &offsets, int64_t) {
                        const int64_t column = at % inner;
                        const int64_t length = std::min(inner - column, end - at);
                        applySteps(target + at, length, f,
                                   Steps<In>{std::get<I>(from) + offsets[I]
                                                     + column * innerStride(layouts.strides[I]),
                                             innerStride(layouts.strides[I])}...);
                        at += length;
                    });
        });
    });
}

} // namespace detail

/// out[i] = f(inputs[i]...) for contiguous inputs of out's shape, whose element types are In.
template <typename R, typename... In, typename F, typename... Tensors>
void mapCompact(Tensor &out, F f, const Tensors &...inputs)
{
    launchPointwise(out.numel(),
                    [target = out.data<R>(), f,
                     from = std::tuple<const In *...>{inputs.template data<In>()...}](int64_t begin,
                                                                                      int64_t end) {
                        std::apply(
                                [&](const In *...in) {
                                    detail::applyRow(target + begin, end - begin, f,
                                                     detail::Neighbours<In>{in + begin}...);
                                },
                                from);
                    });
}

/// The same with the inputs broadcast to out's shape;
/// out is contiguous. What an element becomes depends on nothing but the elements it is made of:
/// not on its place, on strides, or on the number of threads.
template <typename R, typename... In, typename F, typename... Tensors>
void map(Tensor &out, F f, const Tensors &...inputs)
{
    static_assert(sizeof...(In) == sizeof...(Tensors));
    if (((inputs.isContiguous() && inputs.shape() == out.shape()) && ...)) {
        mapCompact<R, In...>(out, f, inputs...);
        return;
    }
    const std::tuple<const In *...> from{inputs.template data<In>()...};
    detail::mapStrided<R, F, In...>(
            out, f, from, std::index_sequence_for<In...>(),
            {out.shape(), {broadcastStrides(inputs.shape(), inputs.strides(), out.shape())...}});
}

/// out[i] = f(x[i]); out is contiguous and has x's shape.
template <typename T, typename R, typename F> void unary(const Tensor &x, Tensor &out, F f)
{
    mapCompact<R, T>(out, f, x.compact());
}

/// out[i] = f(a[i], b[i]) with a and b broadcast to out's shape; out is contiguous.
template <typename T, typename R, typename F>
void binary(const Tensor &a, const Tensor &b, Tensor &out, F f)
{
    map<R, T, T>(out, f, a, b);
}

} // namespace mrg::kernels
