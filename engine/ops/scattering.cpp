// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/gathering.h"

#include "engine/autograd/Node.h"
#include "engine/kernels/elementwise.h"
#include "engine/ops/gathering_kernels.h"
#include "engine/ops/layouts.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/views.h"

#include <algorithm>
#include <limits>

namespace mrg {

namespace {

/// 1 where x is y, 0 elsewhere, in x's type; y is broadcast.
Tensor isEqual(const Tensor &x, const Tensor &y) { return eq(x, y).toType(x.dtype()); }
Tensor isZero(const Tensor &x) { return eq(x, 0).toType(x.dtype()); }

template <typename T> T identityOf(ScatterMode mode)
{
    using Limits = std::numeric_limits<T>;
    if (mode == ScatterMode::Prod)
        return T(1);
    if constexpr (!isComplexType<T>) {
        if (mode == ScatterMode::Amax)
            return Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
        if (mode == ScatterMode::Amin)
            return Limits::has_infinity ? Limits::infinity() : Limits::max();
    }
    return T(0);
}

template <typename T> void combine(ScatterMode mode, T &to, T from)
{
    if constexpr (!isComplexType<T>) {
        if (mode == ScatterMode::Amax || mode == ScatterMode::Amin) {
            const bool wins = mode == ScatterMode::Amax ? from > to : from < to;
            to = wins || from != from ? from : to;
            return;
        }
    }
    to = static_cast<T>(mode == ScatterMode::Prod ? to * from : to + from);
}

void checkMode(DType dtype, ScatterMode mode, const char *where)
{
    const bool ordered = mode == ScatterMode::Amax || mode == ScatterMode::Amin;
    const bool averaged = mode == ScatterMode::Mean;
    if ((ordered && isComplex(dtype)) || (averaged && dtype == DType::Bool)) {
        throw Error(ErrorCategory::DType, "dtype_not_supported", where, dtypeName(dtype),
                    ordered ? "real numbers, which have an order" : "numbers, not bool");
    }
}

/// How many elements make each one of the result.
Tensor countsOf(const Tensor &x, int64_t d, const Tensor &index, const Shape &src,
                bool include_self)
{
    const Tensor own = include_self ? Tensor::ones(x.shape(), x.dtype())
                                    : Tensor::zeros(x.shape(), x.dtype());
    const Tensor counts = scatterAdd(own, d, index, Tensor::ones(src, x.dtype()));
    return add(counts, isZero(counts));
}

struct ScatterGradients {
    Tensor self;
    Tensor src;
};

/// **Source**: PyTorch, FunctionsManual.cpp, scatter_reduce_backward.
ScatterGradients scatterGradients(const Tensor &g, const Tensor &x, int64_t d, const Tensor &index,
                                  const Tensor &src, ScatterMode mode, bool include_self,
                                  const char *where)
{
    const auto reduce = [&](const Tensor &self, const Tensor &from) {
        return scatterReduce(self, d, index, from, mode, include_self, where);
    };
    const auto at = [&](const Tensor &from) { return gather(from, d, index); };
    switch (mode) {
    case ScatterMode::Sum: return {g, at(g)};
    case ScatterMode::Mean: {
        const Tensor share = div(g, countsOf(x, d, index, src.shape(), include_self));
        return {share, at(share)};
    }
    case ScatterMode::Prod: {
        // Where one factor is 0 its gradient is the product of the others; where two are, it is 0.
        const Tensor zeroSelf = isZero(x);
        const Tensor self = add(x, zeroSelf);
        const Tensor gradSelf = div(mul(g, reduce(self, src)), self);
        const Tensor zeroSrc = isZero(src);
        const Tensor zeros = at(scatterAdd(Tensor::zeros(x.shape(), x.dtype()), d, index, zeroSrc));
        const Tensor single = mul(zeroSrc, isEqual(zeros, Tensor::ones({}, x.dtype())));
        const Tensor others = at(mul(g, reduce(x, add(src, single))));
        const Tensor quotient = div(at(mul(g, reduce(x, src))), add(src, zeroSrc));
        const Tensor regular = sub(Tensor::ones(src.shape(), x.dtype()), single);
        return {gradSelf, add(mul(single, others), mul(regular, quotient))};
    }
    default: {
        const Tensor result = reduce(x, src).detach();
        const Tensor selfChosen = isEqual(x.detach(), result);
        const Tensor srcChosen = isEqual(src.detach(), at(result));
        const Tensor counts = scatterAdd(selfChosen, d, index, srcChosen);
        const Tensor share = div(g, add(counts, isZero(counts)));
        return {mul(selfChosen, share), mul(srcChosen, at(share))};
    }
    }
}

Tensor scatterIndex(const Tensor &x, const Tensor &index, const Tensor &src, const char *where)
{
    if (index.numel() > 0 && index.dtype() != DType::Int64) {
        throw Error(ErrorCategory::DType, "index_dtype", where, dtypeName(index.dtype()), "int64",
                    "convert the index to int64");
    }
    if (x.dtype() != src.dtype()) {
        throw Error(ErrorCategory::DType, "dtype_mismatch", where,
                    std::string(dtypeName(x.dtype())) + " and " + dtypeName(src.dtype()),
                    "one type for both");
    }
    return index.detach().toType(DType::Int64);
}

} // namespace

Tensor indexAlong(const Tensor &index, int64_t dim, const Shape &shape)
{
    if (shape.empty())
        return reshape(index.detach(), {});
    Shape row(shape.size(), 1);
    row[static_cast<size_t>(dim)] = index.numel();
    return expand(reshape(index.detach(), row), shape);
}

Tensor scatter(const Tensor &x, int64_t dim, const Tensor &index, const Tensor &src)
{
    checkScatterShapes(x.shape(), dim, index.shape(), src.shape(), "scatter");
    const Tensor place = scatterIndex(x, index, src, "scatter");
    const int64_t d = wrapDim(dim, x.shape(), "scatter");
    Tensor out = x.copy();
    dispatchAll(x.dtype(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        forIndexed<T>("scatter", out, d, place, src, [](T &to, const T &from) { to = from; });
    });
    if (shouldRecord({&x, &src})) {
        record("scatter", {x, src}, {out},
               [d, saved = SavedTensor(place), from = src.shape()](const Gradients &g) {
                   const Tensor entries = saved.unpack();
                   const Tensor used = gather(g[0], d, entries);
                   return Gradients{
                           scatter(g[0], d, entries, Tensor::zeros(entries.shape(), g[0].dtype())),
                           used.shape() == from
                                   ? used
                                   : embed(used, from, {used.shape(), contiguousStrides(from), 0})};
               });
    }
    return out;
}

Tensor scatterReduce(const Tensor &x, int64_t dim, const Tensor &index, const Tensor &src,
                     ScatterMode mode, bool include_self, const char *where)
{
    checkScatterShapes(x.shape(), dim, index.shape(), src.shape(), where);
    checkMode(x.dtype(), mode, where);
    const Tensor place = scatterIndex(x, index, src, where);
    const int64_t d = wrapDim(dim, x.shape(), where);
    Tensor out = x.copy();
    dispatchAll(x.dtype(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        if (!include_self) {
            forIndexed<T>(where, out, d, place, src,
                          [start = identityOf<T>(mode)](T &to, const T &) { to = start; });
        }
        forIndexed<T>(where, out, d, place, src,
                      [mode](T &to, const T &from) { combine(mode, to, from); });
        if (mode == ScatterMode::Mean) {
            const GradMode off(false);
            const Tensor counts = countsOf(x, d, place, place.shape(), include_self);
            const Tensor sums = out;
            kernels::binary<T, T>(sums, counts, out, [](T sum, T count) {
                if constexpr (std::is_signed_v<T> && std::is_integral_v<T>)
                    return static_cast<T>(sum / count - (sum % count < 0 ? 1 : 0));
                else
                    return static_cast<T>(sum / count);
            });
        }
    });
    if (shouldRecord({&x, &src})) {
        if (x.isComplex()) {
            throw Error(ErrorCategory::DType, "dtype_not_supported", where,
                        std::string(dtypeName(x.dtype())) + " that asks for a gradient",
                        "float32 or float64", "or pass x.detach()");
        }
        if (src.shape() != index.shape()) {
            throw Error(ErrorCategory::Shape, "size_mismatch", where,
                        "src " + toString(src.shape()),
                        "the index's shape " + toString(index.shape()) + ", for a gradient");
        }
        record(where, {x, src}, {out},
               [=, self = SavedTensor(x), from = SavedTensor(src),
                at = SavedTensor(place)](const Gradients &g) {
                   const Tensor entries = at.unpack();
                   ScatterGradients gradients
                           = scatterGradients(g[0], self.unpack(), d, entries, from.unpack(), mode,
                                              include_self, where);
                   if (!include_self)
                       gradients.self = scatter(gradients.self, d, entries,
                                                Tensor::zeros(entries.shape(), g[0].dtype()));
                   return Gradients{gradients.self, gradients.src};
               });
    }
    return out;
}

} // namespace mrg
