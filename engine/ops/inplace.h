// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/Tensor.h"

#include <functional>

namespace mrg {

// Changes in place: memory is overwritten, its version goes up, and the tensor becomes the result
// of what gave its new elements. A change of a view is one of the tensor that it shows and of that
// one's other views: their histories are rewritten as well. What others saved of the old elements
// is noticed by backward. **Errors** (state), while operations are recorded:
// `leaf_changed_in_place` for a leaf that asks for a gradient, `leaf_view_changed_in_place` for a
// view of one.

/// Overwrites `x` with `values`, of its shape.
void assign(const Tensor &x, const Tensor &values);

/// Computes `function` of a tensor and puts the result in its place (torch's functions that end in
/// _, and modules with inplace). Returns `target`.
///
/// **Errors**: shape `inplace_shape_mismatch` and dtype `dtype_mismatch` if the result does not
/// fit.
Tensor inPlace(const Tensor &target, const std::function<Tensor(const Tensor &source)> &function);

} // namespace mrg
