// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/reductions.h"

namespace mrg {

// Elements chosen along a dimension by their order, and where they stood. NaN counts as the
// largest. Of equal elements the indices are those that PyTorch gives on a CPU. Recorded: every
// value gives its gradient to the element it is. **Errors**: index `dimension_error_out_of_range`,
// `k_out_of_range`.

/// Equal elements keep their order.
ValuesAndIndices sort(const Tensor &x, int64_t dim = -1, bool descending = false);
/// The k largest or smallest.
ValuesAndIndices topk(const Tensor &x, int64_t k, int64_t dim = -1, bool largest = true,
                      bool sorted = true);
/// The k-th smallest, counted from 1.
ValuesAndIndices kthvalue(const Tensor &x, int64_t k, int64_t dim = -1, bool keepdim = false);
/// The lower of two in the middle; NaN if one is.
ValuesAndIndices median(const Tensor &x, int64_t dim, bool keepdim = false);
/// The same without NaNs.
ValuesAndIndices nanmedian(const Tensor &x, int64_t dim, bool keepdim = false);
/// The most frequent, the smallest of several.
ValuesAndIndices mode(const Tensor &x, int64_t dim = -1, bool keepdim = false);
/// Of all elements; equal ones share the gradient.
Tensor median(const Tensor &x);
Tensor nanmedian(const Tensor &x);

/// The shape of topk's outputs.
Shape topkShape(const Shape &shape, int64_t k, int64_t dim);
/// The shape of kthvalue's outputs.
Shape kthvalueShape(const Shape &shape, int64_t k, int64_t dim, bool keepdim);

} // namespace mrg
