// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/reduction_frame.h"

#include <optional>

namespace mrg {

/// The sum of the singular values of matrices, whose rows and columns lie along two dimensions of
/// x; without `dims` x is one matrix. Of complex numbers it is real. The derivative is U V^H, that
/// of the derivative is recorded no further; where singular values are 0 the latter counts as 0.
///
/// **Errors**: shape `linalg_error_requires_2d`, `dimension_count_mismatch`, and those of
/// reduceShape(); dtype `dtype_not_supported`; value `svd_error_not_converged` for NaN.
/// **Source**: torch.norm(p='nuc').
Tensor nuclearNorm(const Tensor &x, const std::optional<Dims> &dims = {}, bool keepdim = false);

/// The rule that `infer` and the operation share.
Reduced nuclearNormShape(const Shape &shape, const std::optional<Dims> &dims, bool keepdim);

} // namespace mrg
