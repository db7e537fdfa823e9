// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/Dataset.h"

namespace mrg {

/// Some samples of a data set, stacked.
struct Batch {
    Tensor input;
    Tensor target;
    std::vector<int64_t> rows; ///< which samples of the data set
};

/// How a Batcher deals out samples.
struct BatcherOptions {
    int64_t batchSize = 64;
    uint64_t seed = 0;
    bool shuffle = true;
    bool dropLast = false; ///< leave out a last batch that is not full
    DType dtype = DType::Float32; ///< of the input and of targets that are real numbers
};

/// Deals out a data set in batches, in an order that depends on nothing but seed and epoch: any
/// batch of any epoch can be asked for at any time, so that a run can be resumed or replayed.
///
///     Result<Batcher> batcher = Batcher::create(split.train, network.targetForm(), {});
///     for (int64_t i = 0; i < batcher->batchesPerEpoch(); ++i)
///         train(batcher->batch(epoch, i));
///
/// **Threads**: belongs to one thread at a time; the data set is only read.
class Batcher {
public:
    /// **Errors** (value): the labels can't be written in that form, `wrong_argument` for a batch
    /// size under 1, `no_samples` if an epoch would have no batch.
    static Result<Batcher> create(std::shared_ptr<const Dataset> dataset, TargetForm form,
                                  const BatcherOptions &options);

    int64_t batchesPerEpoch() const { return m_batchesPerEpoch; }
    int64_t size() const { return m_size; }
    const BatcherOptions &options() const { return m_options; }

    /// Batch number `index` of an epoch; throws Error (index) unless 0 <= index <
    /// batchesPerEpoch(). It is overwritten by the next call: copy what has to last.
    const Batch &batch(int64_t epoch, int64_t index);

private:
    Batcher() = default;
    void beginEpoch(int64_t epoch);

    BatcherOptions m_options;
    Tensor m_inputs;
    Tensor m_targets;
    int64_t m_size = 0;
    int64_t m_batchesPerEpoch = 0;
    int64_t m_epoch = -1;
    std::vector<int64_t> m_order;
    Batch m_full; ///< memory of full batches, and of the shorter last one
    Batch m_last;
};

} // namespace mrg
