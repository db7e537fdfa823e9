// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/layouts.h"
#include "engine/tensor/Tensor.h"

namespace mrg {

// torch's views: other shapes of the same memory. They share storage (and its version counter) with
// their input, and are recorded with derivatives that are recorded themselves. **Errors**: see
// layouts.h.

/// The same elements in another shape; one size may be -1 and is worked out. Shares memory where
/// the strides allow.
Tensor reshape(const Tensor &x, const Shape &shape);
/// The same, but never copies: throws Error (shape, `view_error_not_contiguous`) where it would
/// have to.
Tensor view(const Tensor &x, const Shape &shape);
/// Itself if it is contiguous, else a recorded copy.
Tensor contiguous(const Tensor &x);
/// A recorded copy.
Tensor clone(const Tensor &x);
/// The transpose of a matrix; vectors and single elements stay.
Tensor t(const Tensor &x);
/// Repeats dimensions of size 1 and new leading ones without copying; -1 keeps a size.
Tensor expand(const Tensor &x, const Shape &shape);
Tensor permute(const Tensor &x, const std::vector<int64_t> &dims);
Tensor movedim(const Tensor &x, const std::vector<int64_t> &source,
               const std::vector<int64_t> &destination);
Tensor transpose(const Tensor &x, int64_t dim0, int64_t dim1);
/// The last two dimensions swapped; those of complex tensors are conjugated by adjoint() only.
inline Tensor matrixTranspose(const Tensor &x) { return transpose(x, -2, -1); }
Tensor squeeze(const Tensor &x, const std::optional<std::vector<int64_t>> &dims = {});
Tensor unsqueeze(const Tensor &x, int64_t dim);
/// Dimensions start_dim to end_dim as one; a 0-d tensor becomes 1-d.
Tensor flatten(const Tensor &x, int64_t start_dim = 0, int64_t end_dim = -1);
/// One dimension as several; one of the sizes may be -1.
Tensor unflatten(const Tensor &x, int64_t dim, const Shape &sizes);
Tensor select(const Tensor &x, int64_t dim, int64_t index);
Tensor slice(const Tensor &x, int64_t dim, std::optional<int64_t> start, std::optional<int64_t> end,
             int64_t step = 1);
Tensor narrow(const Tensor &x, int64_t dim, int64_t start, int64_t length);
Tensor diagonal(const Tensor &x, int64_t offset = 0, int64_t dim1 = 0, int64_t dim2 = 1);
/// Any layout of x's storage, `offset` counted from the storage's start (without one: from x's
/// first element); throws Error (shape, `as_strided_error_out_of_bounds`).
Tensor asStrided(const Tensor &x, const Shape &size, const std::vector<int64_t> &stride,
                 std::optional<int64_t> offset = {});

/// Zeros of shape `from` with `x` added in at `place`, a layout of a compact tensor of that shape:
/// the derivative of a view of a part.
Tensor embed(const Tensor &x, const Shape &from, const Layout &place);

/// The shape that flatten() gives.
Shape flattenedShape(const Shape &shape, int64_t start_dim, int64_t end_dim);
/// The shape that unflatten() gives; shape `unflatten_error_size_mismatch`.
Shape unflattenedShape(const Shape &shape, int64_t dim, const Shape &sizes);

} // namespace mrg
