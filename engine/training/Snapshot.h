// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Error.h"
#include "engine/kernels/MarginStatistics.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mrg {

enum class RunState {
    Ready, ///< built, no step done
    Running,
    Paused,
    Stopped, ///< ended by the user; can be resumed or reset
    Finished, ///< all epochs done; can be given more
    Failed, ///< stopped at an error, which the snapshot carries
};
const char *runStateName(RunState state);

/// Which class wins where, over a grid of a 2-D input plane: for the decision-boundary view.
struct DecisionGrid {
    double minX = 0, maxX = 0, minY = 0, maxY = 0;
    int columns = 0, rows = 0;
    int classes = 0;
    /// scores[(row * columns + column) * classes + k]; row 0 is minY.
    std::vector<float> scores;
};

/// What was measured on validation (or test) data at one moment.
struct Evaluation {
    int64_t step = 0;
    double epoch = 0;
    double loss = 0;
    int64_t samples = 0;
    /// By metric name, in declaration order: ranking_loss, lrap, ... or accuracy, ...
    std::vector<std::pair<std::string, double>> metrics;
    MarginStatistics margins;
    /// Single-label tasks: classes x classes, row = truth, column = prediction.
    std::vector<int64_t> confusion;
    /// The cut that thresholded metrics used, and the rule in words.
    double threshold = 0;
    std::string thresholdRule;
    /// Margin of each sample (best wrong score below worst right score), in sample order.
    std::vector<float> sampleMargins;
};

struct NetworkProfile;

/// What became of Profile commands.
struct ProfileAnswers {
    int64_t answered = 0; ///< how many, refused ones included
    std::shared_ptr<const NetworkProfile> newest; ///< the last one that could be measured
    std::optional<Error> failure; ///< why the last one could not
};

/// A run as it stands: what the views show besides the points of the curves.
struct Snapshot {
    RunState state = RunState::Ready;
    int64_t step = 0;
    int64_t epoch = 0; ///< complete epochs
    int64_t stepsPerEpoch = 0;
    int64_t epochs = 0; ///< asked for
    double learningRate = 0;
    double stepsPerSecond = 0;
    /// The last batch's loss.
    double loss = 0;
    /// Margins seen in training since the current epoch began (or, before its first full view,
    /// in the epoch before).
    MarginStatistics trainMargins;
    std::optional<Evaluation> validation;
    std::optional<DecisionGrid> decision;
    ProfileAnswers profiles;
    std::optional<Error> failure;
    /// The first thing of this run that its store could not keep (a full disk); training goes on.
    std::optional<Error> storeFailure;
    /// The store's id of this run; 0 without a store.
    int64_t runId = 0;
};

} // namespace mrg
