// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/kernels/windows.h"
#include "engine/tensor/Tensor.h"

#include <span>

namespace mrg {

/// `numbers`, one a dimension, as extents: `rest` in front where there are fewer than three.
kernels::Extents extents(std::span<const int64_t> numbers, int64_t rest = 1);
/// The last `dimensions` sizes of a shape as extents.
kernels::Extents spatialExtents(const Shape &shape, size_t dimensions);
/// Product of the sizes before the last `dimensions`.
int64_t planesOf(const Shape &shape, size_t dimensions);

/// What the windows see of x (N, C, H, W): (N, C * kernel points, output points). Recorded.
Tensor unfold(const Tensor &x, const kernels::Windows &windows);
/// The transpose: columns (N, C * kernel points, output points) added up to (N, C, H, W). Recorded.
Tensor fold(const Tensor &columns, const kernels::Windows &windows);

} // namespace mrg
