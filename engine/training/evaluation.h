// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/build.h"
#include "engine/training/Snapshot.h"

#include <functional>

namespace mrg {

/// The loss of a batch as one number: of losses that leave their samples apart, the mean.
Tensor scalarLoss(BuiltNetwork &network, const Tensor &scores, const Tensor &target);

/// Scores of all samples, in evaluation mode and without a tape: (N, columns) row-major.
struct ScoreTable {
    std::vector<float> scores;
    int64_t columns = 0;
    double loss = 0; ///< mean over the samples
    bool complete = true; ///< false where `cancelled` said so
};
/// Asked between two batches whether to give up.
using Cancelled = std::function<bool()>;
Result<ScoreTable> scoreDataset(BuiltNetwork &network, const Dataset &dataset,
                                const Cancelled &cancelled = {});

/// Every metric of the task, margins and confusion. `threshold` null: tuned on these very scores.
Evaluation evaluateScores(const ScoreTable &table, const Dataset &dataset,
                          const std::vector<MetricSpec> &metrics, const double *threshold,
                          double margin = 1);

/// Scores over a grid of the plane of 2-d inputs, a little larger than the data.
DecisionGrid decisionGrid(BuiltNetwork &network, const Dataset &dataset, int columns, int rows);

} // namespace mrg
