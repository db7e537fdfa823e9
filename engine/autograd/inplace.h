// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/autograd/Node.h"

#include <functional>

namespace mrg {

/// Computes `function` of a tensor and puts the result in its place: into its memory, whose version
/// goes up, and as its history (torch's functions that end in _, and modules with inplace). What
/// others saved of the old elements is noticed by backward. Returns `target`.
///
/// **Errors**: state `leaf_changed_in_place` for a leaf that asks for a gradient while operations
/// are recorded; shape `inplace_shape_mismatch` and dtype `dtype_mismatch` if the result does not
/// fit.
Tensor inPlace(const Tensor &target, const std::function<Tensor(const Tensor &source)> &function);

} // namespace mrg
