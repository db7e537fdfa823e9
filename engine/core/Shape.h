// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mrg {

/// Sizes of a tensor, outermost dimension first. Empty: a 0-d tensor of one element.
using Shape = std::vector<int64_t>;
/// The shapes of several ports, in port order.
using Shapes = std::vector<Shape>;

/// Number of elements.
int64_t numel(const Shape &shape);
/// "[8, 5]"; "[]" for a 0-d shape.
std::string toString(const Shape &shape);
/// Row-major strides, in elements.
std::vector<int64_t> contiguousStrides(const Shape &shape);
/// The shape two shapes broadcast to (NumPy's rule);
/// Error kind `broadcast_error_incompatible_dimensions` naming the dimension.
Result<Shape> broadcastShapes(const Shape &a, const Shape &b);
/// `dim` counted from the end when negative, checked against `rank` (a 0-d tensor counts as 1-d);
/// throws Error (index, `dimension_error_out_of_range`).
int64_t wrapDim(int64_t dim, int64_t rank, const char *where);

} // namespace mrg
