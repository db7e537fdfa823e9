// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/Tensor.h"

namespace mrg {

/// Sum of all elements (0-d), accumulated in double; int64 for bool and int64.
Tensor sum(const Tensor &x);
/// Sums over dimensions (negative ones count from the end), which stay as size 1 with keepdim.
Tensor sum(const Tensor &x, const std::vector<int64_t> &dims, bool keepdim = false);
Tensor mean(const Tensor &x);
/// `x` summed down to a shape that broadcasts to x's: the derivative of broadcasting.
Tensor sumToSize(const Tensor &x, const Shape &shape);

} // namespace mrg
