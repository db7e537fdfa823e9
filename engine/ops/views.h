// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/spec/Spec.h"
#include "engine/tensor/Tensor.h"

namespace mrg {

/// The same elements in another shape; one size may be -1 and is worked out. Shares memory where the
/// strides allow. Throws Error (shape, `reshape_error_size_mismatch`).
Tensor reshape(const Tensor &x, const Shape &shape);
/// Repeats dimensions of size 1 without copying.
Tensor expand(const Tensor &x, const Shape &shape);
/// Swaps two dimensions, sharing memory.
Tensor transpose(const Tensor &x, int64_t dim0, int64_t dim1);
/// `length` entries of a dimension from `start`, sharing memory. Throws Error (index).
Tensor narrow(const Tensor &x, int64_t dim, int64_t start, int64_t length);
/// Joins tensors along a dimension. Empty 1-d tensors are passed over, as in PyTorch.
/// Throws Error (shape, `size_mismatch`).
Tensor cat(std::span<const Tensor> tensors, int64_t dim = 0);


} // namespace mrg
