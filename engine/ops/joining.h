// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/Tensor.h"

#include <span>

namespace mrg {

/// Joins tensors along a dimension. Empty 1-d tensors are passed over, as in PyTorch.
/// **Errors**: value `cat_of_nothing`, shape `size_mismatch`, `dimension_count_mismatch`.
Tensor cat(std::span<const Tensor> tensors, int64_t dim = 0);
/// Tensors of one shape along a new dimension.
Tensor stack(std::span<const Tensor> tensors, int64_t dim = 0);

/// The shapes that cat() and stack() give.
Shape catShape(const Shapes &shapes, int64_t dim);
Shape stackShape(const Shapes &shapes, int64_t dim);

/// A matrix with others along its diagonal and 0 elsewhere; vectors are rows.
Tensor blockDiagonal(std::span<const Tensor> tensors);
Shape blockDiagonalShape(const Shapes &shapes);
/// The shape that all of them broadcast to.
Shape broadcastAll(const Shapes &shapes);

/// Pieces of `size` entries of a dimension, the last one as large as it comes; views.
std::vector<Tensor> split(const Tensor &x, int64_t size, int64_t dim = 0);
/// Pieces of these sizes, which add up to the dimension's.
std::vector<Tensor> split(const Tensor &x, const std::vector<int64_t> &sizes, int64_t dim = 0);
/// At most that many pieces of one size, the last one as large as it comes.
std::vector<Tensor> chunk(const Tensor &x, int64_t chunks, int64_t dim = 0);
/// The entries of a dimension, which goes.
std::vector<Tensor> unbind(const Tensor &x, int64_t dim = 0);

/// Sizes of the pieces of split() and chunk(): what their shape rules and operations share.
std::vector<int64_t> splitSizes(int64_t size, int64_t piece);
/// Those given; shape `split_error_sizes` if they do not add up to the size of dimension `d`.
std::vector<int64_t> checkedSplitSizes(const Shape &shape, int64_t d,
                                       const std::vector<int64_t> &sizes);
std::vector<int64_t> chunkSizes(int64_t size, int64_t chunks);

} // namespace mrg
