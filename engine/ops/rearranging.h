// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/layouts.h"
#include "engine/tensor/Tensor.h"

namespace mrg {

// Copies of a tensor's elements in another order, and tensors with a part replaced. Recorded.

/// The order of some dimensions turned round; index `flip_error_dim_out_of_range`.
Tensor flip(const Tensor &x, const std::vector<int64_t> &dims);
/// Entries moved along dimensions, those that leave at the end come in at the start. Without dims
/// all elements move as one row.
Tensor roll(const Tensor &x, const std::vector<int64_t> &shifts,
            const std::vector<int64_t> &dims = {});
/// Turned by k times 90 degrees, from the first of two dimensions towards the second.
Tensor rot90(const Tensor &x, int64_t k, const std::vector<int64_t> &dims);
/// Repeated as a whole along every dimension; missing leading numbers are 1.
Tensor tile(const Tensor &x, const std::vector<int64_t> &dims);
/// The lower or upper triangle of matrices, 0 elsewhere.
Tensor tril(const Tensor &x, int64_t diagonal = 0);
Tensor triu(const Tensor &x, int64_t diagonal = 0);
/// Vectors as diagonals of matrices that are 0 elsewhere.
Tensor diagEmbed(const Tensor &x, int64_t offset = 0, int64_t dim1 = -2, int64_t dim2 = -1);
/// x with the part that `place` shows (a layout of a compact tensor of x's shape) replaced.
Tensor replacePart(const char *name, const Tensor &x, const Layout &place, const Tensor &part);

Shape tileShape(const Shape &shape, const std::vector<int64_t> &dims);
Shape diagEmbedShape(const Shape &shape, int64_t offset, int64_t dim1, int64_t dim2);
Shape rot90Shape(const Shape &shape, int64_t k, const std::vector<int64_t> &dims);
void checkFlip(const Shape &shape, const std::vector<int64_t> &dims);
void checkRoll(const Shape &shape, const std::vector<int64_t> &shifts,
               const std::vector<int64_t> &dims);

} // namespace mrg
