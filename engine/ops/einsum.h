// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/Tensor.h"

#include <map>
#include <span>
#include <string>

namespace mrg {

/// An einsum equation applied to shapes: which dimension of which operand carries which label.
/// Labels are 0 to 51 (A to Z, a to z); the dimensions of an ellipsis have labels from 52 on.
struct EinsumPlan {
    std::vector<std::vector<int64_t>> operands; ///< labels of each operand's dimensions, in order
    std::vector<int64_t> output;
    std::map<int64_t, int64_t> sizes; ///< by label

    Shape shape() const;
};
/// **Errors**: value `einsum_error_invalid_equation`, `einsum_error_unknown_output_index`; shape
/// `einsum_error_operand_count_mismatch`, `einsum_error_subscript_rank_mismatch`,
/// `einsum_error_dimension_mismatch`.
EinsumPlan planEinsum(const std::string &equation, const Shapes &shapes);

/// Sums of products over labelled dimensions ("ij,jk->ik"), as torch.einsum; two operands at a
/// time, from the left, as products of matrices. Recorded.
Tensor einsum(const std::string &equation, std::span<const Tensor> operands);

} // namespace mrg
