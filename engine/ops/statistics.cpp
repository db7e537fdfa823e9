// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/statistics.h"

#include "engine/autograd/Node.h"
#include "engine/kernels/elementwise.h"
#include "engine/ops/conversion.h"
#include "engine/ops/linear_algebra.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/views.h"

#include <cmath>

namespace mrg {

namespace {

/// What holds as 1 and 0 of x's type (real for complex ones).
Tensor asNumbers(const Tensor &truths, const Tensor &x) { return truths.toType(toReal(x.dtype())); }
Tensor isZero(const Tensor &x) { return asNumbers(eq(x, 0), x); }
Tensor notZero(const Tensor &x) { return asNumbers(ne(x, 0), x); }

/// a / b, and 0 where b is 0.
Tensor safeDiv(const Tensor &a, const Tensor &b)
{
    return mul(div(a, add(b, isZero(b))), notZero(b));
}

} // namespace

MomentsResult varMean(const Tensor &x, const Dims &dims, double correction, bool keepdim)
{
    const Reduced reduced = reduceShape(x.shape(), dims, keepdim, "var");
    if (!isDifferentiable(x.dtype())) {
        throw Error(ErrorCategory::DType, "dtype_not_supported", "var", dtypeName(x.dtype()),
                    "a floating or complex type", "convert it to float32");
    }
    MomentsResult out{Tensor::empty(reduced.shape(), toReal(x.dtype())),
                      Tensor::empty(reduced.shape(), x.dtype())};
    const double freedom = static_cast<double>(reduced.count) - correction;
    dispatchDifferentiable(x.dtype(), "var", [&](auto tag) {
        using T = typename decltype(tag)::type;
        using R = typename kernels::MomentsReducer<T>::Real;
        launchReduction<kernels::MomentsReducer<T>, T>(
                x, reduced,
                [variance = out.variance.template data<R>(), mean = out.mean.template data<T>(),
                 divisor = std::max(0.0, freedom)](int64_t row, const auto &state) {
                    // Of nothing there is neither.
                    constexpr R none = std::numeric_limits<R>::quiet_NaN();
                    variance[row]
                            = state.count == 0 ? none : state.squares / static_cast<R>(divisor);
                    mean[row] = state.count == 0 ? T(none) : state.mean;
                });
    });
    if (shouldRecord({&x})) {
        record("var_mean", {x}, {out.variance, out.mean},
               [reduced, freedom, whole = dims.empty() || x.dim() == 0,
                saved = SavedTensor(x)](const Gradients &g) {
                   const Tensor in = saved.unpack();
                   Tensor back;
                   if (g[0].defined() && whole && freedom == 0) {
                       const Tensor infinite = mul(withKeptDims(g[0], reduced),
                                                   std::numeric_limits<double>::infinity());
                       back = expand(to(infinite, in.dtype()), in.shape());
                   } else if (g[0].defined()) {
                       const Tensor apart = sub(in, mean(in, reduced.along(), true));
                       const Tensor scale = mul(withKeptDims(g[0], reduced), 2.0 / freedom);
                       back = mul(apart, to(scale, in.dtype()));
                   }
                   if (g[1].defined()) {
                       const Tensor share = expand(
                               mul(withKeptDims(g[1], reduced),
                                   Tensor::number(1.0 / static_cast<double>(reduced.count))),
                               in.shape());
                       back = back.defined() ? add(back, share) : share;
                   }
                   return Gradients{back};
               });
    }
    return out;
}

Tensor standardDeviation(const Tensor &variance)
{
    Tensor out = sqrt(variance.detach());
    if (shouldRecord({&variance})) {
        record("std", {variance}, {out}, [saved = SavedTensor(variance)](const Gradients &g) {
            const Tensor in = saved.unpack();
            return Gradients{safeDiv(mul(g[0], 0.5),
                                     gradEnabled() ? standardDeviation(in) : sqrt(in.detach()))};
        });
    }
    return out;
}

namespace {

/// |x|^p, or |x|, of real and complex elements, without a slope where x is 0.
Tensor normValue(const Tensor &x, double p, const Reduced &reduced)
{
    Tensor out = Tensor::empty(reduced.shape(), toReal(x.dtype()));
    dispatchDifferentiable(x.dtype(), "norm", [&](auto tag) {
        using T = typename decltype(tag)::type;
        using R = decltype(std::abs(T()));
        Tensor powers = Tensor::empty(x.shape(), toReal(x.dtype()));
        kernels::unary<T, R>(x, powers, [p](T value) {
            const R size = std::abs(value);
            return p == 0                     ? R(size != 0)
                    : p == 1 || std::isinf(p) ? size
                    : p == 2                  ? size * size
                                              : std::pow(size, static_cast<R>(p));
        });
        if (std::isinf(p) && p > 0)
            reduceInto<kernels::ExtremeReducer<R, false>, R, R>(powers, reduced, out);
        else if (std::isinf(p))
            reduceInto<kernels::ExtremeReducer<R, true>, R, R>(powers, reduced, out);
        else
            reduceInto<kernels::SumReducer<R>, R, R>(powers, reduced, out);
        if (p != 0 && p != 1 && !std::isinf(p)) {
            const Tensor sums = out;
            kernels::unary<R, R>(sums, out, [p](R total) {
                return p == 2 ? std::sqrt(total) : std::pow(total, static_cast<R>(1 / p));
            });
        }
    });
    return out;
}

/// x / |x|, 0 where x is 0; recorded.
Tensor direction(const Tensor &x, const Tensor &size)
{
    if (!x.isComplex())
        return sign(x);
    return div(x, to(add(size, isZero(size)), x.dtype()));
}

/// **Source**: PyTorch, FunctionsManual.cpp, norm_backward.
Tensor normGradient(const Tensor &g, const Tensor &x, double p, const Reduced &reduced)
{
    if (p == 0)
        return Tensor::zeros(x.shape(), x.dtype());
    const Dims dims = reduced.along();
    const Tensor norm = gradEnabled() ? vectorNorm(x, p, dims, true)
                                      : normValue(x, p, reduceShape(x.shape(), dims, true, "norm"));
    if (p == 2)
        return mul(x, to(safeDiv(g, norm), x.dtype()));
    const Tensor size = vectorNorm(unsqueeze(x, -1), 2, {-1});
    if (p == 1)
        return mul(direction(x, size), to(g, x.dtype()));
    if (std::isinf(p)) {
        const Tensor chosen = equalMask(size.detach(), norm.detach());
        const Tensor share = div(chosen, sum(chosen, dims, true));
        return mul(direction(x, size), to(mul(share, g), x.dtype()));
    }
    // |x|^(p-1) is infinite at 0 for p < 1; nothing flows there.
    const Tensor filled = add(size, isZero(size));
    const Tensor slope = mul(pow(filled, p - 1), notZero(size));
    const Tensor scale = safeDiv(g, pow(add(norm, isZero(norm)), p - 1));
    const Tensor guarded = mul(scale, notZero(norm));
    return mul(direction(x, size), to(mul(slope, guarded), x.dtype()));
}

} // namespace

Tensor vectorNorm(const Tensor &x, double p, const Dims &dims, bool keepdim)
{
    const Reduced reduced = reduceShape(x.shape(), dims, keepdim, "norm");
    if (!isDifferentiable(x.dtype())) {
        throw Error(ErrorCategory::DType, "dtype_not_supported", "norm", dtypeName(x.dtype()),
                    "a floating or complex type", "convert it to float32");
    }
    // Of nothing it is 0, whatever p.
    Tensor out = x.numel() == 0 ? Tensor::zeros(reduced.shape(), toReal(x.dtype()))
                                : normValue(x, p, reduced);
    if (shouldRecord({&x})) {
        record("norm", {x}, {out}, [p, reduced, saved = SavedTensor(x)](const Gradients &g) {
            return Gradients{normGradient(withKeptDims(g[0], reduced), saved.unpack(), p, reduced)};
        });
    }
    return out;
}

namespace {

/// NaNs replaced by 0; recorded.
Tensor withoutNan(const Tensor &x, const Tensor &numbers)
{
    Tensor out = Tensor::empty(x.shape(), x.dtype());
    dispatchAll(x.dtype(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        kernels::unary<T, T>(x, out, [](T value) { return value == value ? value : T(0); });
    });
    if (shouldRecord({&x}))
        record("nansum", {x}, {out},
               [numbers](const Gradients &g) { return Gradients{mul(g[0], numbers)}; });
    return out;
}

Tensor isNumberMask(const Tensor &x) { return asNumbers(eq(x, x), x); }

} // namespace

/// NaNs are passed over only where both the elements and the sum may be one.
static void requireFloatingSum(const char *name, DType dtype, std::optional<DType> sum)
{
    for (DType type : {dtype, sum.value_or(dtype)}) {
        if (!isFloating(type)) {
            throw Error(ErrorCategory::DType, "dtype_not_supported", name, dtypeName(type),
                        "float32 or float64", "convert it to float32");
        }
    }
}

Tensor nansum(const Tensor &x, const Dims &dims, bool keepdim, std::optional<DType> dtype)
{
    if (isIntegral(x.dtype()))
        return sum(x, dims, keepdim, dtype);
    requireFloatingSum("nansum", x.dtype(), dtype);
    return sum(withoutNan(x, isNumberMask(x)), dims, keepdim, dtype);
}

Tensor nanmean(const Tensor &x, const Dims &dims, bool keepdim, std::optional<DType> dtype)
{
    requireFloatingSum("nanmean", x.dtype(), dtype);
    const Tensor count
            = sum(isNumberMask(x), dims, keepdim, dtype ? std::optional(toReal(*dtype)) : dtype);
    return div(nansum(x, dims, keepdim, dtype), count);
}

namespace {

template <bool Least>
Tensor truth(const char *name, const Tensor &x, const Dims &dims, bool keepdim)
{
    const Reduced reduced = reduceShape(x.shape(), dims, keepdim, name);
    Tensor flags = Tensor::empty(x.shape(), DType::Bool);
    dispatchAll(x.dtype(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        kernels::unary<T, bool>(x, flags, [](T value) { return value != T(0); });
    });
    Tensor out = Tensor::empty(reduced.shape(), DType::Bool);
    reduceInto<kernels::ExtremeReducer<bool, Least>, bool, bool>(flags, reduced, out);
    return x.dtype() == DType::UInt8 ? out.toType(DType::UInt8) : out;
}

} // namespace

Tensor all(const Tensor &x, const Dims &dims, bool keepdim)
{
    return truth<true>("all", x, dims, keepdim);
}
Tensor any(const Tensor &x, const Dims &dims, bool keepdim)
{
    return truth<false>("any", x, dims, keepdim);
}

Tensor countNonzero(const Tensor &x, const Dims &dims)
{
    Tensor flags = Tensor::empty(x.shape(), DType::Int64);
    dispatchAll(x.dtype(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        kernels::unary<T, int64_t>(x, flags, [](T value) -> int64_t { return value != T(0); });
    });
    return sum(flags, dims);
}

Tensor cov(const Tensor &x, int64_t correction, const Tensor &fweights, const Tensor &aweights)
{
    if (x.dim() > 2) {
        throw Error(ErrorCategory::Shape, "dimension_count_mismatch", "cov", toString(x.shape()),
                    "at most 2 dimensions: variables and observations");
    }
    if (x.dtype() == DType::Bool) {
        throw Error(ErrorCategory::DType, "dtype_not_supported", "cov", "bool", "numbers",
                    "convert the masks to float32");
    }
    const DType type = isDifferentiable(x.dtype()) ? x.dtype() : DType::Float32;
    const Tensor rows
            = to(reshape(x, {x.dim() < 2 ? 1 : x.size(0), x.dim() == 0 ? 1 : x.size(-1)}), type);
    const int64_t count = rows.size(1);
    Tensor weights;
    for (const Tensor &given : {fweights, aweights}) {
        if (!given.defined())
            continue;
        if (given.dim() > 1 || given.numel() != count) {
            throw Error(ErrorCategory::Shape, "size_mismatch", "cov",
                        "weights " + toString(given.shape()),
                        "one for each of the " + std::to_string(count) + " observations");
        }
        const Tensor own = to(given, toReal(type));
        weights = weights.defined() ? mul(weights, own) : own;
    }
    Tensor average;
    Tensor freedom;
    if (weights.defined()) {
        const Tensor total = sum(weights);
        average = div(sum(mul(rows, to(weights, type)), {1}, true), to(total, type));
        // Any weights take away more than one observation each.
        const Tensor taken = aweights.defined()
                ? div(sum(mul(weights, to(aweights, toReal(type)))), total)
                : Tensor::ones({}, toReal(type));
        freedom = sub(total,
                      mul(taken, Tensor::scalar(static_cast<double>(correction), toReal(type))));
    } else {
        average = mean(rows, {1}, true);
        freedom = Tensor::scalar(std::max<double>(0, static_cast<double>(count - correction)),
                                 toReal(type));
    }
    const Tensor apart = sub(rows, average);
    const Tensor weighted = weights.defined() ? mul(apart, to(weights, type)) : apart;
    const Tensor square = div(mm(weighted, matrixTranspose(conj(apart))), to(freedom, type));
    return squeeze(square);
}

Tensor corrcoef(const Tensor &x)
{
    const Tensor c = cov(x);
    if (c.dim() == 0)
        return div(c, c);
    const Tensor spread = sqrt(diagonal(c));
    return div(div(c, unsqueeze(spread, 1)), unsqueeze(conj(spread), 0));
}

} // namespace mrg
