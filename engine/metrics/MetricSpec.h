// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/Dataset.h"

#include <optional>

namespace mrg {

/// How scores are cut into yes and no for the metrics that need it. Margin scores have no natural
/// zero, so the rule is always stated beside the figures.
struct ThresholdRule {
    enum class Kind {
        Global, ///< the one score that maximises micro F1 on the data it is tuned on
        Fixed, ///< a given score
        TopK, ///< the k best labels of every sample
    };
    Kind kind = Kind::Global;
    double value = 0; ///< the score, or k
    /// "scores above 0.31 (chosen for the best micro F1 on validation data)".
    std::string text() const;
};

/// Predictions to be judged: scores (N, C) float, and the data they belong to.
struct Predictions {
    const float *scores = nullptr;
    int64_t columns = 0; ///< classes, or value columns
    const Dataset *data = nullptr;
    ThresholdRule rule;
};

/// A measure of quality, declared once: what it is called, what it means, how it is computed.
struct MetricSpec {
    std::string name; ///< "ranking_loss"
    std::string title; ///< "Ranking loss"
    std::string definition; ///< a sentence or two with the formula, for tooltips and reports
    Task task = Task::MultiLabel;
    bool higherIsBetter = true;
    bool thresholded = false; ///< depends on the ThresholdRule
    double (*compute)(const Predictions &) = nullptr;
};

/// Every metric there is, in the order in which they are shown.
std::vector<MetricSpec> metricSpecs();

/// The metrics of a task, by name and in order.
std::vector<std::pair<std::string, double>> evaluateMetrics(const std::vector<MetricSpec> &specs,
                                                            const Predictions &predictions);

/// The global threshold with the best micro F1 on these scores; ties take the lowest score.
double bestGlobalThreshold(const float *scores, const Dataset &data);

} // namespace mrg
