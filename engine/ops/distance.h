// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Result.h"
#include "engine/tensor/Tensor.h"

namespace mrg {

// Distances between vectors, broadcast against each other. Recorded, with gradients of every order.

/// (sum |x1 - x2 + eps|^p)^(1/p) over the last dimension: torch.nn.functional.pairwise_distance.
/// eps is added to the signed difference. p may be 0 (how many differ) and infinite (the largest).
Tensor pairwiseDistance(const Tensor &x1, const Tensor &x2, double p = 2, double eps = 1e-6,
                        bool keepdim = false);
/// Its shape. Error (shape, `broadcast_error_incompatible_dimensions`, `dimension_count_mismatch`).
Result<Shape> pairwiseDistanceShape(const Shape &x1, const Shape &x2, bool keepdim);

/// x1 x2 / (max(|x1|, eps) max(|x2|, eps)) along a dimension:
/// torch.nn.functional.cosine_similarity. As in PyTorch the gradient does not see the maximum: it
/// is that of |x| where eps is larger.
Tensor cosineSimilarity(const Tensor &x1, const Tensor &x2, int64_t dim = 1, double eps = 1e-8);
/// Its shape. Error (shape, `broadcast_error_incompatible_dimensions`; index,
/// `dimension_error_out_of_range`).
Result<Shape> cosineSimilarityShape(const Shape &x1, const Shape &x2, int64_t dim);

} // namespace mrg
