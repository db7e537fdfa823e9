// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/metrics/MetricSpec.h"

namespace mrg {

std::vector<MetricSpec> multiLabelMetrics();
std::vector<MetricSpec> singleLabelMetrics();
std::vector<MetricSpec> regressionMetrics();

/// Whether label k of a sample is predicted under the rule.
std::vector<bool> predicted(const float *scores, int64_t classes, const ThresholdRule &rule);

} // namespace mrg
