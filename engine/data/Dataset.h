// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/spec/Spec.h"
#include "engine/tensor/Tensor.h"

#include <memory>
#include <string>
#include <vector>

namespace mrg {

/// What is asked of a network on a data set.
enum class Task { MultiLabel, SingleLabel, Regression };
const char *taskName(Task task);

/// Samples in memory: inputs, and their labels stored once in the form that is theirs. A plain
/// value; shared as const once loaded.
struct Dataset {
    std::string name;
    Task task = Task::MultiLabel;
    Tensor inputs; ///< float32 (N, sample shape...)
    std::vector<std::string> featureNames; ///< may be empty
    std::vector<std::string> labelNames; ///< labels, classes or value columns
    std::vector<std::string> sampleNames; ///< may be empty

    std::vector<std::vector<int64_t>> labels; ///< MultiLabel: ascending label numbers per sample
    std::vector<int64_t> classes; ///< SingleLabel: a class per sample
    Tensor values; ///< Regression: float32 (N, K)

    int64_t size() const { return inputs.defined() ? inputs.shape()[0] : 0; }
    Shape sampleShape() const;
    int64_t classCount() const { return static_cast<int64_t>(labelNames.size()); }

    /// The labels of a sample as a list, whatever the task (empty for regression).
    std::vector<int64_t> labelsOf(int64_t sample) const;
    /// All targets in the form a loss asks for. **Errors**: value `target_form_not_possible`.
    Result<Tensor> target(TargetForm form) const;
    /// The samples with these numbers, in this order.
    Dataset subset(const std::vector<int64_t> &rows) const;
    /// 16 hexadecimal digits that differ if any number or name does.
    std::string digest() const;
};

/// Data to train on, to watch while training, and to judge at the end.
struct DataSplit {
    std::shared_ptr<const Dataset> train;
    std::shared_ptr<const Dataset> validation;
    std::shared_ptr<const Dataset> test;
    /// Where it came from, licence and remarks, for an "about" page.
    std::string about;
};

/// Holds one of every ten training rows out for validation, at another place in each ten.
DataSplit holdOut(Dataset train, Dataset test, std::string about);
/// Splits one table: row i is a test row iff uint32(i * 2654435761) < 858993459 (20 %, spread
/// evenly over class-sorted files); of every ten others one is for validation.
DataSplit splitTable(const Dataset &all, std::string about);

/// Brings every input column to mean 0 and deviation 1, by the statistics of `reference`. Columns
/// that never vary are only shifted.
void standardize(Dataset &dataset, const Dataset &reference);

} // namespace mrg
