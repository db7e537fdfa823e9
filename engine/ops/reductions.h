// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/reduction_frame.h"

#include <optional>

namespace mrg {

// torch's reductions to one number. `dims` count from the end when negative; none means all of
// them. They stay as size 1 with keepdim. Rows are summed in an order that depends on the sizes
// alone, in several parts side by side, so that rounding errors stay small and the bits do not
// depend on the number of threads. Recorded with derivatives that are recorded themselves.

/// int64 for bool and integers, unless `dtype` says otherwise.
Tensor sum(const Tensor &x, const Dims &dims = {}, bool keepdim = false,
           std::optional<DType> dtype = {});
Tensor mean(const Tensor &x, const Dims &dims = {}, bool keepdim = false,
            std::optional<DType> dtype = {});
/// The largest and the smallest; equal ones share the gradient.
Tensor amax(const Tensor &x, const Dims &dims = {}, bool keepdim = false);
Tensor amin(const Tensor &x, const Dims &dims = {}, bool keepdim = false);
/// log(sum(exp(x))), without overflow.
Tensor logsumexp(const Tensor &x, const Dims &dims = {}, bool keepdim = false);

/// Values and the places (int64) at which they stand along a dimension.
struct ValuesAndIndices {
    Tensor values;
    Tensor indices;
};
/// Of equal ones the first; it gets the gradient.
ValuesAndIndices max(const Tensor &x, int64_t dim, bool keepdim = false);
ValuesAndIndices min(const Tensor &x, int64_t dim, bool keepdim = false);
/// The largest or smallest of all; equal ones share the gradient.
Tensor max(const Tensor &x);
Tensor min(const Tensor &x);
/// Where it is; without a dimension: in the flattened tensor.
Tensor argmax(const Tensor &x, std::optional<int64_t> dim = {}, bool keepdim = false);
Tensor argmin(const Tensor &x, std::optional<int64_t> dim = {}, bool keepdim = false);

/// 1 where two tensors are equal (or both NaN), 0 elsewhere, of the shape and type of the first:
/// which elements share a gradient. Not recorded.
Tensor equalMask(const Tensor &x, const Tensor &y);
/// `x` summed down to a shape that broadcasts to x's: the derivative of broadcasting.
Tensor sumToSize(const Tensor &x, const Shape &shape);

} // namespace mrg
