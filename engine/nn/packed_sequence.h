// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/nn/recurrent.h"

#include <optional>

namespace mrg {

/// Sequences of different lengths without padding, for RNN, LSTM and GRU (torch.nn.utils.rnn): all
/// first steps, then all second ones, of the sequences by falling length.
///
///     const PackedSequence packed = packPaddedSequence(input, lengths, true, false);
///     const PackedResult result = lstm.forward(packed);
///     const PaddedSequence output = padPackedSequence(result.output, true);
struct PackedSequence {
    Tensor data; ///< (sum of batch_sizes, ...)
    std::vector<int64_t> batch_sizes; ///< sequences that are as long, for every step
    std::vector<int64_t> sorted_indices; ///< where each came from; empty: they were sorted
    std::vector<int64_t> unsorted_indices;
};

/// Sequences side by side, filled up at their ends.
struct PaddedSequence {
    Tensor data; ///< (L, N, ...), or (N, L, ...) with batch_first
    std::vector<int64_t> lengths;
};

/// **Shapes**: input (L, N, ...), or (N, L, ...) with batch_first; a length for each of N.
/// **Errors**: value `wrong_lengths` (not positive, longer than L, or not falling with
/// enforce_sorted), shape `size_mismatch`.
PackedSequence packPaddedSequence(const Tensor &input, const std::vector<int64_t> &lengths,
                                  bool batch_first = false, bool enforce_sorted = true);
/// The way back, in the order before sorting. **Errors**: value `wrong_lengths` if `total_length`
/// is less than the longest.
PaddedSequence padPackedSequence(const PackedSequence &sequence, bool batch_first = false,
                                 double padding_value = 0,
                                 std::optional<int64_t> total_length = {});
/// Sequences (L_n, ...) side by side.
Tensor padSequence(std::span<const Tensor> sequences, bool batch_first = false,
                   double padding_value = 0);
std::vector<Tensor> unpadSequence(const Tensor &padded, const std::vector<int64_t> &lengths,
                                  bool batch_first = false);
PackedSequence packSequence(std::span<const Tensor> sequences, bool enforce_sorted = true);
std::vector<Tensor> unpackSequence(const PackedSequence &sequence);

/// What RNNBase::forward gives for a packed input; states in the order before sorting.
struct PackedResult {
    PackedSequence output;
    Tensor h_n;
    Tensor c_n; ///< undefined unless the mode is LSTM
};

} // namespace mrg
