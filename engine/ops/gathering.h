// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/Tensor.h"

namespace mrg {

// Reading and writing at places that an index tensor (int64) names along one dimension. Recorded; a
// gather's derivative is a scatter and the other way round, so that derivatives of derivatives come
// by themselves.
// **Errors**: index `gather_error_dim_out_of_range`, `scatter_error_dim_out_of_range`,
// `index_select_error_dim_out_of_range`, `index_out_of_range`; shape `dimension_count_mismatch`,
// `size_mismatch`; dtype `index_dtype`.

/// out[i][j] = x[index[i][j]][j] (for dim 0): as many elements as the index has.
Tensor gather(const Tensor &x, int64_t dim, const Tensor &index);
/// x with src[i][j] added at [index[i][j]][j] (for dim 0).
Tensor scatterAdd(const Tensor &x, int64_t dim, const Tensor &index, const Tensor &src);
/// x with src[i][j] in place of [index[i][j]][j] (for dim 0); of several for one place the last
/// stays.
Tensor scatter(const Tensor &x, int64_t dim, const Tensor &index, const Tensor &src);
/// How elements that meet at one place become one.
enum class ScatterMode { Sum, Prod, Mean, Amax, Amin };
/// The same with what meets at a place combined; without `include_self` x's own element is left out
/// where anything comes.
Tensor scatterReduce(const Tensor &x, int64_t dim, const Tensor &index, const Tensor &src,
                     ScatterMode mode, bool include_self = true,
                     const char *where = "scatter_reduce");
/// A 1-d index of a dimension as one for gather and scatter, of the given shape.
Tensor indexAlong(const Tensor &index, int64_t dim, const Shape &shape);
/// The entries of a dimension that a 1-d index names.
Tensor indexSelect(const Tensor &x, int64_t dim, const Tensor &index);
/// x with alpha times the entries of `source` added at those places of a dimension.
Tensor indexAdd(const Tensor &x, int64_t dim, const Tensor &index, const Tensor &source,
                double alpha = 1);

/// Records values that were chosen along a dimension by `indices` (max, sort, median): each gives
/// its gradient to the element it is.
void recordChosen(const char *name, const Tensor &x, int64_t dim, bool keepdim,
                  const Tensor &values, const Tensor &indices);

/// The shape of gather(); the rule that `infer` and the operation share.
Shape gatherShape(const Shape &x, int64_t dim, const Shape &index);
/// Checks a scatter's shapes.
void checkScatterShapes(const Shape &x, int64_t dim, const Shape &index, const Shape &src,
                        const char *where);
/// The shape of indexSelect().
Shape indexSelectShape(const Shape &x, int64_t dim, const Shape &index);

} // namespace mrg
