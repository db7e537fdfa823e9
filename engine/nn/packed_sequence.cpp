// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/packed_sequence.h"

#include "engine/ops/gathering.h"
#include "engine/ops/joining.h"
#include "engine/ops/views.h"

#include <algorithm>
#include <numeric>

namespace mrg {

namespace {

Error wrongLengths(const char *where, const std::string &got, const std::string &wanted,
                   const std::string &fix = {})
{
    return Error(ErrorCategory::Value, "wrong_lengths", where, got, wanted, fix);
}

void checkLengths(const Tensor &input, const std::vector<int64_t> &lengths, bool batch_first,
                  bool enforce_sorted)
{
    const char *where = "pack_padded_sequence";
    if (input.dim() < 2) {
        throw Error(ErrorCategory::Shape, "dimension_count_mismatch", where,
                    toString(input.shape()), "two dimensions or more");
    }
    if (input.size(batch_first ? 0 : 1) != static_cast<int64_t>(lengths.size())) {
        throw Error(ErrorCategory::Shape, "size_mismatch", where,
                    std::to_string(lengths.size()) + " lengths for " + toString(input.shape()),
                    "one for each sequence");
    }
    for (const int64_t length : lengths) {
        if (length <= 0 || length > input.size(batch_first ? 1 : 0)) {
            throw wrongLengths(where, "a length of " + std::to_string(length),
                               "1 to " + std::to_string(input.size(batch_first ? 1 : 0)));
        }
    }
    if (enforce_sorted && !std::is_sorted(lengths.rbegin(), lengths.rend())) {
        throw wrongLengths(where, "lengths that do not fall", "the longest sequence first",
                           "pass enforce_sorted=False");
    }
}

/// The rows of `x`, (rows, ...) that the index names.
Tensor rowsOf(const Tensor &x, const std::vector<int64_t> &index)
{
    return indexSelect(x, 0, Tensor::fromVector(index));
}

/// The first two dimensions as one.
Tensor joinedRows(const Tensor &x)
{
    Shape shape(x.shape().begin() + 1, x.shape().end());
    shape[0] *= x.size(0);
    return reshape(x, shape);
}

} // namespace

PackedSequence packPaddedSequence(const Tensor &input, const std::vector<int64_t> &lengths,
                                  bool batch_first, bool enforce_sorted)
{
    checkLengths(input, lengths, batch_first, enforce_sorted);
    const size_t batch = lengths.size();
    std::vector<int64_t> order(batch);
    std::iota(order.begin(), order.end(), 0);
    PackedSequence packed;
    if (!enforce_sorted) {
        std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
            return lengths[static_cast<size_t>(a)] > lengths[static_cast<size_t>(b)];
        });
        packed.sorted_indices = order;
        packed.unsorted_indices.resize(batch);
        for (size_t i = 0; i < batch; ++i)
            packed.unsorted_indices[static_cast<size_t>(order[i])] = static_cast<int64_t>(i);
    }
    const int64_t longest = *std::max_element(lengths.begin(), lengths.end());
    const int64_t perStep = batch_first ? 1 : static_cast<int64_t>(batch);
    const int64_t perSequence = batch_first ? input.size(1) : 1;
    std::vector<int64_t> rows;
    for (int64_t step = 0; step < longest; ++step) {
        int64_t count = 0;
        for (; count < static_cast<int64_t>(batch); ++count) {
            const int64_t sequence = order[static_cast<size_t>(count)];
            if (lengths[static_cast<size_t>(sequence)] <= step)
                break;
            rows.push_back(step * perStep + sequence * perSequence);
        }
        packed.batch_sizes.push_back(count);
    }
    packed.data = rowsOf(joinedRows(input), rows);
    return packed;
}

PaddedSequence padPackedSequence(const PackedSequence &sequence, bool batch_first,
                                 double padding_value, std::optional<int64_t> total_length)
{
    const auto longest = static_cast<int64_t>(sequence.batch_sizes.size());
    const int64_t length = total_length.value_or(longest);
    if (length < longest) {
        throw wrongLengths("pad_packed_sequence", "total_length " + std::to_string(length),
                           "at least the longest sequence's " + std::to_string(longest));
    }
    const int64_t batch = sequence.batch_sizes.empty() ? 0 : sequence.batch_sizes.front();
    // A row of padding behind the data fills what no sequence reaches.
    Shape one = sequence.data.shape();
    one[0] = 1;
    const Tensor parts[] = {sequence.data, Tensor::full(one, padding_value, sequence.data.dtype())};
    std::vector<int64_t> rows(static_cast<size_t>(length * batch), sequence.data.size(0));
    PaddedSequence out;
    out.lengths.assign(static_cast<size_t>(batch), 0);
    int64_t row = 0;
    for (int64_t step = 0; step < longest; ++step) {
        for (int64_t i = 0; i < sequence.batch_sizes[static_cast<size_t>(step)]; ++i) {
            const int64_t n = sequence.sorted_indices.empty()
                    ? i
                    : sequence.sorted_indices[static_cast<size_t>(i)];
            rows[static_cast<size_t>(batch_first ? n * length + step : step * batch + n)] = row++;
            out.lengths[static_cast<size_t>(n)] = step + 1;
        }
    }
    Shape shape = one;
    shape[0] = batch_first ? length : batch;
    shape.insert(shape.begin(), batch_first ? batch : length);
    out.data = reshape(rowsOf(cat(parts, 0), rows), shape);
    return out;
}

Tensor padSequence(std::span<const Tensor> sequences, bool batch_first, double padding_value)
{
    int64_t longest = 0;
    for (const Tensor &sequence : sequences)
        longest = std::max(longest, sequence.size(0));
    std::vector<Tensor> filled;
    for (const Tensor &sequence : sequences) {
        Shape rest = sequence.shape();
        rest[0] = longest - sequence.size(0);
        const Tensor parts[] = {sequence, Tensor::full(rest, padding_value, sequence.dtype())};
        filled.push_back(cat(parts, 0));
    }
    return stack(filled, batch_first ? 0 : 1);
}

std::vector<Tensor> unpadSequence(const Tensor &padded, const std::vector<int64_t> &lengths,
                                  bool batch_first)
{
    const Tensor sequences = batch_first ? padded : transpose(padded, 0, 1);
    std::vector<Tensor> out;
    for (size_t n = 0; n < lengths.size(); ++n)
        out.push_back(narrow(select(sequences, 0, static_cast<int64_t>(n)), 0, 0, lengths[n]));
    return out;
}

PackedSequence packSequence(std::span<const Tensor> sequences, bool enforce_sorted)
{
    if (sequences.empty())
        throw Error(ErrorCategory::Value, "pack_of_nothing", "pack_sequence", "no sequences",
                    "one or more");
    std::vector<int64_t> lengths;
    for (const Tensor &sequence : sequences)
        lengths.push_back(sequence.size(0));
    return packPaddedSequence(padSequence(sequences), lengths, false, enforce_sorted);
}

std::vector<Tensor> unpackSequence(const PackedSequence &sequence)
{
    const PaddedSequence padded = padPackedSequence(sequence, true);
    return unpadSequence(padded.data, padded.lengths, true);
}

PackedResult RNNBase::forward(const PackedSequence &input, const Tensor &h_0, const Tensor &c_0)
{
    checkPacked(input.data.shape(), input.batch_sizes.empty() ? 0 : input.batch_sizes.front(), h_0,
                c_0);
    const auto reordered = [](const Tensor &states, const std::vector<int64_t> &order) {
        return states.defined() && !order.empty()
                ? indexSelect(states, 1, Tensor::fromVector(order))
                : states;
    };
    const RecurrentResult result
            = run(input.data, input.batch_sizes, reordered(h_0, input.sorted_indices),
                  reordered(c_0, input.sorted_indices));
    PackedResult out{input, reordered(result.h_n, input.unsorted_indices),
                     reordered(result.c_n, input.unsorted_indices)};
    out.output.data = result.output;
    return out;
}

} // namespace mrg
