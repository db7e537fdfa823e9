// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/Tensor.h"

#include <optional>

namespace mrg {

/// How rows of a table are trained.
struct EmbeddingGradient {
    std::optional<int64_t> padding_idx; ///< a row that gets no gradient
    bool scale_grad_by_freq = false; ///< divide a row's gradient by how often it was looked up
};

/// Rows of a table (rows, width) by index: (*) becomes (*, width). Recorded; can be differentiated
/// twice.
/// **Errors**: dtype `dtype_not_supported`; index `index_out_of_range`, when it runs.
Tensor embedding(const Tensor &table, const Tensor &indices,
                 const EmbeddingGradient &gradient = {});

/// Shortens the rows that are looked up to a norm of at most max_norm, in the table itself.
void renormalizeRows(const Tensor &table, const Tensor &indices, double max_norm, double norm_type);

enum class BagMode { Sum, Mean, Max };

/// One row a bag of indices: their rows' sum, mean or largest elements.
struct Bags {
    Tensor indices; ///< (N) or (B, N)
    Tensor offsets; ///< (B): where bags of 1-d indices begin; undefined for 2-d ones
    Tensor weights; ///< one an index, for sums; may be undefined
    BagMode mode = BagMode::Mean;
    bool include_last_offset = false; ///< the last offset is where the last bag ends
    EmbeddingGradient gradient; ///< padding counts in no bag
};
/// That indices of that shape are bags: rows of a matrix, or a list cut by offsets.
/// **Errors**: `embedding_bag_error_requires_2d_input` (value for a list without offsets, shape for
/// other numbers of dimensions); value `offsets_not_allowed`.
Result<void> checkBagInput(const Shape &input, bool offsets);
/// (B, width). An empty bag gives zeros. Recorded.
/// **Errors**: those of checkBagInput(); value `wrong_offsets` (when it runs),
/// `weights_not_allowed`, `not_supported_with_max`; shape `dimension_count_mismatch`,
/// `size_mismatch`; dtype; index.
Tensor embeddingBag(const Tensor &table, const Bags &bags);

} // namespace mrg
