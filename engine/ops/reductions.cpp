// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/reductions.h"

#include "engine/autograd/Node.h"
#include "engine/kernels/elementwise.h"
#include "engine/ops/conversion.h"
#include "engine/ops/gathering.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/views.h"

#include <algorithm>

namespace mrg {

namespace {

/// `nanIsEqual`: whether elements that are NaN share the gradient of a NaN, or all get NaN.
template <bool Least>
Tensor extreme(const char *name, const Tensor &x, const Dims &dims, bool keepdim, bool nanIsEqual)
{
    const Reduced reduced = reduceShape(x.shape(), dims, keepdim, name);
    requireElements(x.shape(), reduced, name);
    Tensor out = Tensor::empty(reduced.shape(), x.dtype());
    dispatchReal(x.dtype(), name, [&](auto tag) {
        using T = typename decltype(tag)::type;
        reduceInto<kernels::ExtremeReducer<T, Least>, T, T>(x, reduced, out);
    });
    if (shouldRecord({&x})) {
        record(name, {x}, {out},
               [reduced, nanIsEqual, saved = SavedTensor(x),
                result = SavedTensor(out, SavedTensor::Output)](const Gradients &g) {
                   const Tensor in = saved.unpack().detach();
                   const Tensor best = reshape(result.unpack(), reduced.kept);
                   const Tensor mask
                           = nanIsEqual ? equalMask(in, best) : to(eq(in, best), in.dtype());
                   const Tensor share = div(mask, sum(mask, reduced.along(), true));
                   return Gradients{mul(withKeptDims(g[0], reduced), share)};
               });
    }
    return out;
}

template <bool Least>
ValuesAndIndices extremePlace(const char *name, const Tensor &x, const Reduced &reduced)
{
    requireElements(x.shape(), reduced, name);
    ValuesAndIndices out{Tensor::empty(reduced.shape(), x.dtype()),
                         Tensor::empty(reduced.shape(), DType::Int64)};
    dispatchReal(x.dtype(), name, [&](auto tag) {
        using T = typename decltype(tag)::type;
        launchReduction<kernels::ExtremePlaceReducer<T, Least>, T>(
                x, reduced,
                [values = out.values.data<T>(),
                 places = out.indices.data<int64_t>()](int64_t row, const auto &state) {
                    values[row] = state.value;
                    places[row] = state.place;
                });
    });
    return out;
}

template <bool Least>
ValuesAndIndices extremeAlong(const char *name, const Tensor &x, int64_t dim, bool keepdim)
{
    const Reduced reduced = reduceShape(x.shape(), {dim}, keepdim, name);
    const ValuesAndIndices out = extremePlace<Least>(name, x, reduced);
    recordChosen(name, x, dim, keepdim, out.values, out.indices);
    return out;
}

template <bool Least>
Tensor extremeIndex(const char *name, const Tensor &x, std::optional<int64_t> dim, bool keepdim)
{
    const Reduced reduced = reduceShape(x.shape(), dim ? Dims{*dim} : Dims{}, keepdim, name);
    // Of a single mask the place is known.
    if (x.dtype() == DType::Bool && reduced.count > 1) {
        throw Error(ErrorCategory::DType, "dtype_not_supported", name, "bool", "numbers",
                    "convert the masks to int64");
    }
    return extremePlace<Least>(name, x, reduced).indices;
}

} // namespace

Tensor equalMask(const Tensor &x, const Tensor &y)
{
    Tensor out = Tensor::empty(x.shape(), x.dtype());
    dispatchReal(x.dtype(), "amax", [&](auto tag) {
        using T = typename decltype(tag)::type;
        kernels::binary<T, T>(x, y, out, [](T a, T b) {
            return static_cast<T>(a == b || (kernels::isNan(a) && kernels::isNan(b)));
        });
    });
    return out;
}

Tensor sum(const Tensor &x, const Dims &dims, bool keepdim, std::optional<DType> dtype)
{
    const Reduced reduced = reduceShape(x.shape(), dims, keepdim, "sum");
    const DType type = dtype.value_or(isIntegral(x.dtype()) ? DType::Int64 : x.dtype());
    const Tensor source = x.toType(type);
    Tensor out = Tensor::empty(reduced.shape(), type);
    dispatchAll(type, [&](auto tag) {
        using T = typename decltype(tag)::type;
        if constexpr (std::is_same_v<T, bool>)
            reduceInto<kernels::ExtremeReducer<bool, false>, bool, bool>(source, reduced, out);
        else
            reduceInto<kernels::SumReducer<T>, T, T>(source, reduced, out);
    });
    if (shouldRecord({&x})) {
        record("sum", {x}, {out},
               [reduced, shape = x.shape(), own = x.dtype()](const Gradients &g) {
                   return Gradients{expand(to(withKeptDims(g[0], reduced), own), shape)};
               });
    }
    return out;
}

Tensor mean(const Tensor &x, const Dims &dims, bool keepdim, std::optional<DType> dtype)
{
    const DType type = dtype.value_or(x.dtype());
    if (!isDifferentiable(type)) {
        throw Error(ErrorCategory::DType, "dtype_not_supported", "mean", dtypeName(type),
                    "a floating or complex type", "pass dtype=\"float32\"");
    }
    const int64_t count = reduceShape(x.shape(), dims, keepdim, "mean").count;
    return div(sum(x, dims, keepdim, type), Tensor::number(static_cast<double>(count)));
}

Tensor amax(const Tensor &x, const Dims &dims, bool keepdim)
{
    return extreme<false>("amax", x, dims, keepdim, false);
}
Tensor amin(const Tensor &x, const Dims &dims, bool keepdim)
{
    return extreme<true>("amin", x, dims, keepdim, false);
}
Tensor max(const Tensor &x) { return extreme<false>("max", x, {}, false, true); }
Tensor min(const Tensor &x) { return extreme<true>("min", x, {}, false, true); }

ValuesAndIndices max(const Tensor &x, int64_t dim, bool keepdim)
{
    return extremeAlong<false>("max", x, dim, keepdim);
}
ValuesAndIndices min(const Tensor &x, int64_t dim, bool keepdim)
{
    return extremeAlong<true>("min", x, dim, keepdim);
}
Tensor argmax(const Tensor &x, std::optional<int64_t> dim, bool keepdim)
{
    return extremeIndex<false>("argmax", x, dim, keepdim);
}
Tensor argmin(const Tensor &x, std::optional<int64_t> dim, bool keepdim)
{
    return extremeIndex<true>("argmin", x, dim, keepdim);
}

Tensor logsumexp(const Tensor &x, const Dims &dims, bool keepdim)
{
    const Reduced reduced = reduceShape(x.shape(), dims, keepdim, "logsumexp");
    const Tensor in = isIntegral(x.dtype()) ? to(x, DType::Float32) : x;
    if (in.isComplex()) {
        throw Error(ErrorCategory::DType, "dtype_not_supported", "logsumexp", dtypeName(x.dtype()),
                    "real numbers");
    }
    // The largest element cancels: it needs no gradient of its own. Of nothing, or where it is
    // infinite, 0 does as well.
    Tensor shift = Tensor::zeros(reduced.kept, in.dtype());
    if (reduced.count > 0) {
        dispatchFloating(in.dtype(), "logsumexp", [&](auto tag) {
            using T = typename decltype(tag)::type;
            launchReduction<kernels::ExtremeReducer<T, false>, T>(
                    in, reduced, [target = shift.data<T>()](int64_t row, T value) {
                        target[row] = std::isinf(value) ? T(0) : value;
                    });
        });
    }
    const Tensor total = sum(exp(sub(in, shift)), reduced.along(), true);
    return reshape(add(log(total), shift), reduced.shape());
}

Tensor sumToSize(const Tensor &x, const Shape &shape)
{
    if (x.shape() == shape)
        return x;
    Dims dims;
    const size_t lead = x.shape().size() - shape.size();
    for (size_t d = 0; d < x.shape().size(); ++d) {
        if (d < lead || (shape[d - lead] == 1 && x.shape()[d] != 1))
            dims.push_back(static_cast<int64_t>(d));
    }
    return dims.empty() ? reshape(x, shape) : reshape(sum(x, dims, true), shape);
}

} // namespace mrg
