// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Result.h"
#include "engine/tensor/Tensor.h"

namespace mrg {

/// What the border of a padded tensor holds.
enum class PaddingRule {
    Constant, ///< one value
    Reflect, ///< the inside mirrored at its outermost points: ... 2 1 | 0 1 2 ...
    Replicate, ///< the outermost point
    Circular, ///< the opposite end
};

/// The shape of x after padding: pairs (before, after), those of the last dimension first, as in
/// torch.nn.functional.pad; negative numbers crop.
///
/// **Errors**: value `odd_padding`; shape `dimension_count_mismatch`, `padding_larger_than_input`
/// (Reflect: not smaller than the dimension; Circular: larger than it),
/// `padding_removes_everything`.
Result<Shape> paddedShape(const Shape &shape, const std::vector<int64_t> &padding,
                          PaddingRule rule);

/// torch.nn.functional.pad. Recorded, with gradients of every order. Throws paddedShape()'s errors.
Tensor pad(const Tensor &x, const std::vector<int64_t> &padding,
           PaddingRule rule = PaddingRule::Constant, double value = 0);

} // namespace mrg
