// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/Batcher.h"

#include "engine/core/Random.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace mrg {

namespace {

/// Keeps the streams of epochs apart from those of nodes, which are keyed by the same seed.
constexpr uint64_t batchStreams = uint64_t{0x62617463} << 32;

/// Overwrites `target` by the rows of `source` with these numbers.
void gather(const Tensor &source, const std::vector<int64_t> &rows, Tensor &target)
{
    const auto rowBytes
            = static_cast<size_t>(source.numel() / source.shape()[0] * dtypeSize(source.dtype()));
    const auto *from = static_cast<const std::byte *>(source.rawData());
    auto *to = static_cast<std::byte *>(target.rawData());
    for (int64_t row : rows) {
        std::memcpy(to, from + static_cast<size_t>(row) * rowBytes, rowBytes);
        to += rowBytes;
    }
    target.bumpVersion();
}

Tensor room(const Tensor &like, int64_t rows)
{
    Shape shape = like.shape();
    shape[0] = rows;
    return Tensor::empty(shape, like.dtype());
}

Tensor inType(const Tensor &tensor, DType dtype)
{
    return (tensor.isFloatingPoint() ? tensor.toType(dtype) : tensor).compact();
}

} // namespace

Result<Batcher> Batcher::create(std::shared_ptr<const Dataset> dataset, TargetForm form,
                                const BatcherOptions &options)
{
    if (options.batchSize < 1) {
        return Error(ErrorCategory::Value, "wrong_argument", "batch size",
                     std::to_string(options.batchSize), "at least 1");
    }
    if (!isFloating(options.dtype)) {
        return Error(ErrorCategory::DType, "dtype_not_supported", "batches",
                     dtypeName(options.dtype), "float32 or float64");
    }
    const Result<Tensor> targets = dataset->target(form);
    if (!targets)
        return targets.error();
    Batcher out;
    out.m_options = options;
    out.m_size = dataset->size();
    out.m_batchesPerEpoch = options.dropLast
            ? out.m_size / options.batchSize
            : (out.m_size + options.batchSize - 1) / options.batchSize;
    if (out.m_batchesPerEpoch == 0) {
        return Error(ErrorCategory::Value, "no_samples", dataset->name,
                     std::to_string(out.m_size) + " samples",
                     out.m_size ? "at least a batch of " + std::to_string(options.batchSize)
                                : "at least one",
                     out.m_size ? "make batches smaller or keep the last one"
                                : "choose other data");
    }
    out.m_inputs = inType(dataset->inputs, options.dtype);
    out.m_targets = inType(*targets, options.dtype);
    out.m_order.resize(static_cast<size_t>(out.m_size));
    std::iota(out.m_order.begin(), out.m_order.end(), int64_t{0});
    return out;
}

void Batcher::beginEpoch(int64_t epoch)
{
    if (epoch == m_epoch)
        return;
    m_epoch = epoch;
    if (m_options.shuffle) {
        m_order = RandomStream(m_options.seed, batchStreams + static_cast<uint64_t>(epoch))
                          .permutation(m_size);
    }
}

const Batch &Batcher::batch(int64_t epoch, int64_t index)
{
    if (epoch < 0 || index < 0 || index >= m_batchesPerEpoch) {
        throw Error(ErrorCategory::Index, "batch_out_of_range", "Batcher",
                    "batch " + std::to_string(index) + " of epoch " + std::to_string(epoch),
                    "epoch from 0, batch from 0 to " + std::to_string(m_batchesPerEpoch - 1));
    }
    beginEpoch(epoch);
    const int64_t first = index * m_options.batchSize;
    const int64_t count = std::min(m_options.batchSize, m_size - first);
    Batch &out = count == m_options.batchSize ? m_full : m_last;
    if (!out.input.defined()) {
        out.input = room(m_inputs, count);
        out.target = room(m_targets, count);
    }
    out.rows.assign(m_order.begin() + first, m_order.begin() + first + count);
    gather(m_inputs, out.rows, out.input);
    gather(m_targets, out.rows, out.target);
    return out;
}

} // namespace mrg
