// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Shape.h"

#include <optional>

namespace mrg {

/// wrapDim() for the dimensions of a shape, which the error (index, of that kind) shows.
int64_t wrapDim(int64_t dim, const Shape &shape, const char *where,
                const char *kind = "dimension_error_out_of_range");
/// The same for where a new dimension of the shape is to stand: its end is a place too.
int64_t wrapNewDim(int64_t dim, const Shape &shape, const char *where);

/// Where the elements of a view lie in its storage.
struct Layout {
    Shape shape;
    std::vector<int64_t> strides;
    int64_t offset = 0;

    int64_t dim() const { return static_cast<int64_t>(shape.size()); }
};

/// That of a compact tensor.
Layout compactLayout(const Shape &shape);

// The views of torch as what they do to a layout. The operations apply them to a tensor's own
// layout, the shape rules to that of a compact tensor. All throw Error (shape, index or value);
// `where` names the function in it.

/// Dimensions in another order; shape `permute_error_dimension_count_mismatch`.
Layout permuted(Layout x, const std::vector<int64_t> &dims);
/// The order of dimensions which puts `source` at `destination`.
std::vector<int64_t> movedOrder(const Shape &shape, const std::vector<int64_t> &source,
                                const std::vector<int64_t> &destination);
/// Index `transpose_dims_error_out_of_range`.
Layout transposed(Layout x, int64_t dim0, int64_t dim1, const char *where = "transpose");
/// Without the dimensions of size 1 (among `dims`, where they are given).
Layout squeezed(Layout x, const std::optional<std::vector<int64_t>> &dims);
Layout unsqueezed(Layout x, int64_t dim);
/// Index `select_error_index_out_of_bounds`.
Layout selected(Layout x, int64_t dim, int64_t index);
/// Every step-th entry from start to before end, both counted from the end when negative and cut to
/// the size; value `slice_error_out_of_bounds` for a step below 1.
Layout sliced(Layout x, int64_t dim, std::optional<int64_t> start, std::optional<int64_t> end,
              int64_t step = 1);
/// Index `narrow_error_start_out_of_bounds`, `narrow_error_length_exceeds_bounds`.
Layout narrowed(Layout x, int64_t dim, int64_t start, int64_t length);
/// The diagonal of dim1 and dim2 as a new last dimension.
Layout diagonalOf(Layout x, int64_t offset, int64_t dim1, int64_t dim2);
/// Dimensions of size 1 and new leading ones repeated; -1 keeps a size. Shape
/// `expand_error_incompatible`, value `negative_size`.
Layout expanded(const Layout &x, const Shape &sizes, const char *where = "expand");

/// The transpose of a matrix; vectors and single elements stay. Shape
/// `transpose_error_requires_2d_tensor`.
Layout matrixTransposed(Layout x);
/// A layout of any kind over `capacity` elements of memory; shape `as_strided_error_out_of_bounds`.
Layout stridedLayout(Layout x, int64_t capacity);

/// A shape with at least that many dimensions: rows before columns, and those before layers (as
/// atleast_3d does it).
Shape shapeAtLeast(const Shape &shape, int64_t dims);
/// A shape with its one -1 worked out; shape `reshape_error_size_mismatch`, value
/// `reshape_error_ambiguous`.
Shape resolvedShape(int64_t count, const Shape &wanted, const char *where = "reshape");
/// The strides that show `x` in another shape of as many elements without a copy, if there are any.
std::optional<std::vector<int64_t>> viewStrides(const Layout &x, const Shape &shape);

} // namespace mrg
