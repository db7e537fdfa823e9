// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/Tensor.h"

#include <optional>
#include <span>
#include <variant>

namespace mrg {

/// start:end:step; negative numbers count from the end.
struct Slice {
    std::optional<int64_t> start;
    std::optional<int64_t> end;
    int64_t step = 1;
};
/// None: a new dimension of size 1.
struct NewAxis { };
/// ...: all dimensions that the other indices leave.
struct Ellipsis { };

/// One of the indices in x[a, b, ...]: an entry, a slice, None, an ellipsis, a mask (bool tensor,
/// or one bool for all) or a tensor of entries.
using Index = std::variant<int64_t, Slice, NewAxis, Ellipsis, bool, Tensor>;

/// x[indices], as in PyTorch: a view if only entries, slices, None and ellipses are used, else a
/// copy. Tensors of entries are broadcast; where they stand side by side their dimensions take that
/// place in the result, else they come first. Recorded.
///
///     index(x, {Slice{1, {}, 2}, Ellipsis{}, mask});
///
/// **Errors**: index `at_error_index_out_of_bounds` (an entry by its number), `index_out_of_range`
/// (by a tensor; when it runs), `too_many_indices`;
/// value `slice_error_out_of_bounds`, `two_ellipses`; shape `mask_shape_mismatch`,
/// `broadcast_error_incompatible_dimensions`; dtype `index_dtype`.
Tensor index(const Tensor &x, std::span<const Index> indices);
/// x with what index() shows replaced by `values` (broadcast), or added to if `accumulate`; a new
/// tensor.
Tensor withIndexed(const Tensor &x, std::span<const Index> indices, const Tensor &values,
                   bool accumulate = false);
/// x[indices] = values: the same in place. What was recorded of x before keeps its gradient.
/// **Errors**: those of index() and of assign().
void assignIndexed(Tensor &x, std::span<const Index> indices, const Tensor &values);

/// The entries of flattened x; negative ones count from the end.
Tensor take(const Tensor &x, const Tensor &index);
/// The elements where the mask (broadcast) holds, in one dimension. Reads elements.
Tensor maskedSelect(const Tensor &x, const Tensor &mask);
/// Where elements are not 0: one row of indices an element. Reads elements.
Tensor nonzero(const Tensor &x);
/// The same as one index tensor a dimension.
std::vector<Tensor> nonzeroTuple(const Tensor &x);

} // namespace mrg
