// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/cumulative.h"

#include "engine/autograd/Node.h"
#include "engine/ops/conversion.h"
#include "engine/ops/gathering.h"
#include "engine/ops/joining.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/rearranging.h"
#include "engine/ops/views.h"

#include <cmath>

namespace mrg {

namespace {

using kernels::Rows;

template <typename T> T conjugate(T value)
{
    if constexpr (isComplexType<T>)
        return std::conj(value);
    else
        return value;
}

/// Calls visit(offset of a row's first element) for every row, in fixed pieces.
template <typename Visit> void forRows(const Rows &rows, Visit visit)
{
    const int64_t grain = std::max<int64_t>(1, (1 << 14) / std::max<int64_t>(rows.length, 1));
    parallelFor(rows.outer * rows.inner, grain, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row)
            visit(row / rows.inner * rows.length * rows.inner + row % rows.inner);
    });
}

/// Launches kernel(step between elements of a row, length, pointers to a row's first elements...)
/// for every row along a dimension of tensors of one shape, all of type T.
template <typename T, typename Kernel, typename... Tensors>
void alongRows(const Shape &shape, int64_t dim, Kernel kernel, const Tensors &...tensors)
{
    const Rows rows = kernels::rowsAlong(shape, dim);
    launch([rows, kernel, ... data = tensors.template data<T>()] {
        forRows(rows, [&](int64_t at) { kernel(rows.inner, rows.length, (data + at)...); });
    });
}

template <bool Backwards> Tensor runningSum(const char *name, const Tensor &x, int64_t d)
{
    Tensor out = Tensor::empty(x.shape(), x.dtype());
    dispatchAll(x.dtype(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        alongRows<T>(
                x.shape(), d,
                [](int64_t step, int64_t length, const T *from, T *to) {
                    T sum = T(0);
                    for (int64_t k = 0; k < length; ++k) {
                        const int64_t at = (Backwards ? length - 1 - k : k) * step;
                        to[at] = sum = static_cast<T>(sum + from[at]);
                    }
                },
                x.compact(), out);
    });
    if (shouldRecord({&x})) {
        record(name, {x}, {out}, [d](const Gradients &g) {
            return Gradients{Backwards ? cumsum(g[0], d) : reverseCumsum(g[0], d)};
        });
    }
    return out;
}

Tensor accumulated(const Tensor &x, std::optional<DType> dtype)
{
    return to(x, dtype.value_or(isIntegral(x.dtype()) ? DType::Int64 : x.dtype()));
}

/// The gradient of cumprod, element by element of a row. With y the products: where no factor is 0
/// it is (sum over j >= k of g_j y_j) / x_k; from the first 0 on the products without x_k are
/// multiplied out.
template <typename T>
void cumprodBackwardRow(int64_t step, int64_t length, const T *x, const T *y, const T *g, T *dx)
{
    int64_t zero = 0;
    if (length == 1) {
        dx[0] = g[0];
        return;
    }
    while (zero < length && x[zero * step] != T(0))
        ++zero;
    T sum = T(0);
    // Products from the first 0 on are 0, unless that factor is left out.
    for (int64_t k = std::min(zero, length) - 1; k >= 0; --k) {
        sum += g[k * step] * conjugate(y[k * step]);
        dx[k * step] = sum / conjugate(x[k * step]);
    }
    for (int64_t k = zero; k < length; ++k)
        dx[k * step] = T(0);
    if (zero == length)
        return;
    T product = zero > 0 ? y[(zero - 1) * step] : T(1);
    T total = T(0);
    for (int64_t j = zero; j < length; ++j) {
        if (j > zero)
            product *= x[j * step];
        total += g[j * step] * conjugate(product);
    }
    dx[zero * step] = total;
}

/// The same out of recorded operations, for gradients of gradients: for every k the products before
/// it times the running products after it.
Tensor cumprodBackward(const Tensor &g, const Tensor &x, int64_t d)
{
    const int64_t length = x.dim() == 0 ? 1 : x.size(d);
    if (x.dim() == 0 || length == 0)
        return g;
    const Tensor before = cumprod(x, d);
    std::vector<Tensor> parts;
    for (int64_t k = 0; k < length; ++k) {
        Tensor total = narrow(g, d, k, 1);
        if (k + 1 < length) {
            const Tensor after = cumprod(narrow(x, d, k + 1, length - k - 1), d);
            total = add(total,
                        sum(mul(narrow(g, d, k + 1, length - k - 1), conj(after)), {d}, true));
        }
        parts.push_back(k == 0 ? total : mul(total, conj(narrow(before, d, k - 1, 1))));
    }
    return cat(parts, d);
}

/// dx_k = sum over j >= k of g_j exp(x_k - y_j), summed from the end relative to y_k, so that no
/// power overflows.
template <typename T>
void logcumsumexpBackwardRow(int64_t step, int64_t length, const T *x, const T *y, const T *g,
                             T *dx)
{
    T tail = T(0);
    for (int64_t k = length - 1; k >= 0; --k) {
        const int64_t at = k * step;
        // Below an infinite sum nothing of it has a share; two infinite ones are level.
        if (k + 1 < length && std::isinf(y[at + step]) && y[at + step] > 0)
            tail = y[at] == y[at + step] ? tail : T(0);
        else if (k + 1 < length && tail != T(0))
            tail *= std::exp(y[at] - y[at + step]);
        tail += g[at];
        // The share in a sum of nothing but -inf is 0 / 0.
        dx[at] = std::exp(x[at] - y[at]) * tail;
        if (std::isinf(y[at]) && y[at] < 0)
            tail = T(0);
    }
}

/// The same out of recorded operations.
Tensor logcumsumexpBackward(const Tensor &g, const Tensor &x, int64_t d)
{
    if (x.dim() == 0)
        return g;
    const Tensor rows = movedim(x, {d}, {-1});
    const Tensor powers
            = exp(sub(unsqueeze(rows, -1), unsqueeze(movedim(logcumsumexp(x, d), {d}, {-1}), -2)));
    const Tensor shares = mul(triu(powers), unsqueeze(movedim(g, {d}, {-1}), -2));
    return movedim(sum(shares, {-1}), {-1}, {d});
}

template <bool Least>
ValuesAndIndices runningExtreme(const char *name, const Tensor &x, int64_t dim)
{
    const int64_t d = wrapDim(dim, x.shape(), name);
    ValuesAndIndices out{Tensor::empty(x.shape(), x.dtype()),
                         Tensor::empty(x.shape(), DType::Int64)};
    const Tensor source = x.compact();
    dispatchReal(x.dtype(), name, [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([rows = kernels::rowsAlong(x.shape(), d), from = source.template data<T>(),
                values = out.values.template data<T>(),
                places = out.indices.template data<int64_t>()] {
            forRows(rows, [&](int64_t at) {
                int64_t best = 0;
                for (int64_t k = 0; k < rows.length; ++k) {
                    const T value = from[at + k * rows.inner];
                    const T leader = from[at + best * rows.inner];
                    const bool better = Least ? value <= leader : value >= leader;
                    if (kernels::isNan(value) || (!kernels::isNan(leader) && better))
                        best = k;
                    values[at + k * rows.inner] = from[at + best * rows.inner];
                    places[at + k * rows.inner] = best;
                }
            });
        });
    });
    recordChosen(name, x, d, true, out.values, out.indices);
    return out;
}

/// Records a function along rows: `recorded(gradient, x, dim)` where its derivative is to have one
/// of its own, else `direct(x, out, gradient, dx)`, which launches the kernel over compact tensors.
template <typename Direct>
void recordRows(const char *name, const Tensor &x, const Tensor &out, int64_t dim,
                Tensor (*recorded)(const Tensor &, const Tensor &, int64_t), Direct direct)
{
    if (!shouldRecord({&x}))
        return;
    record(name, {x}, {out},
           [dim, recorded, direct, saved = SavedTensor(x),
            result = SavedTensor(out, SavedTensor::Output)](const Gradients &g) {
               const Tensor in = saved.unpack();
               if (gradEnabled())
                   return Gradients{recorded(g[0], in, dim)};
               Tensor dx = Tensor::empty(in.shape(), in.dtype());
               direct(in.compact(), result.unpack(), g[0].compact(), dx);
               return Gradients{dx};
           });
}

} // namespace

Tensor cumsum(const Tensor &x, int64_t dim, std::optional<DType> dtype)
{
    return runningSum<false>("cumsum", accumulated(x, dtype), wrapDim(dim, x.shape(), "cumsum"));
}

Tensor reverseCumsum(const Tensor &x, int64_t dim)
{
    return runningSum<true>("cumsum", x, wrapDim(dim, x.shape(), "cumsum"));
}

Tensor cumprod(const Tensor &x_, int64_t dim, std::optional<DType> dtype)
{
    const int64_t d = wrapDim(dim, x_.shape(), "cumprod");
    const Tensor x = accumulated(x_, dtype);
    Tensor out = Tensor::empty(x.shape(), x.dtype());
    dispatchAll(x.dtype(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        alongRows<T>(
                x.shape(), d,
                [](int64_t step, int64_t length, const T *from, T *to) {
                    T product = T(1);
                    for (int64_t k = 0; k < length; ++k)
                        to[k * step] = product = static_cast<T>(product * from[k * step]);
                },
                x.compact(), out);
    });
    recordRows("cumprod", x, out, d, cumprodBackward,
               [d](const Tensor &in, const Tensor &result, const Tensor &g, Tensor &dx) {
                   dispatchDifferentiable(in.dtype(), "cumprod", [&](auto tag) {
                       using T = typename decltype(tag)::type;
                       alongRows<T>(in.shape(), d, cumprodBackwardRow<T>, in, result, g, dx);
                   });
               });
    return out;
}

Tensor logcumsumexp(const Tensor &x, int64_t dim)
{
    const int64_t d = wrapDim(dim, x.shape(), "logcumsumexp");
    Tensor out = Tensor::empty(x.shape(), x.dtype());
    dispatchFloating(x.dtype(), "logcumsumexp", [&](auto tag) {
        using T = typename decltype(tag)::type;
        alongRows<T>(
                x.shape(), d,
                [](int64_t step, int64_t length, const T *from, T *to) {
                    T sum = -std::numeric_limits<T>::infinity();
                    for (int64_t k = 0; k < length; ++k) {
                        const T value = from[k * step];
                        const T high = std::max(sum, value);
                        const T low = std::min(sum, value);
                        // Two equal infinities have no difference.
                        sum = std::isnan(value) || std::isnan(sum) ? sum + value
                                : std::isinf(high)                 ? high
                                                   : high + std::log1p(std::exp(low - high));
                        to[k * step] = sum;
                    }
                },
                x.compact(), out);
    });
    recordRows("logcumsumexp", x, out, d, logcumsumexpBackward,
               [d](const Tensor &in, const Tensor &result, const Tensor &g, Tensor &dx) {
                   if (in.dim() == 0) {
                       dx = g.copy();
                       return;
                   }
                   dispatchFloating(in.dtype(), "logcumsumexp", [&](auto tag) {
                       using T = typename decltype(tag)::type;
                       alongRows<T>(in.shape(), d, logcumsumexpBackwardRow<T>, in, result, g, dx);
                   });
               });
    return out;
}

ValuesAndIndices cummax(const Tensor &x, int64_t dim)
{
    return runningExtreme<false>("cummax", x, dim);
}
ValuesAndIndices cummin(const Tensor &x, int64_t dim)
{
    return runningExtreme<true>("cummin", x, dim);
}

} // namespace mrg
