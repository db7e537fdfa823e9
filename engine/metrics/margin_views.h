// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/Dataset.h"
#include "engine/kernels/MarginStatistics.h"

#include <limits>

namespace mrg {

/// What the margin statistics say of one class. Rates are NaN where nothing was seen: blank, not 0.
struct ClassMargins {
    /// As a label: share of its (label, rival) pairs that are violated.
    double missRate = std::numeric_limits<double>::quiet_NaN();
    /// As a rival: share of the (label, rival) pairs it takes part in that are violated.
    double intrusionRate = std::numeric_limits<double>::quiet_NaN();
    /// Both sides together: summed violations over summed pairs.
    double totalRate = std::numeric_limits<double>::quiet_NaN();
    /// Mean hinge as a label and as a rival: sums over all classes equal the mean loss, each.
    double missHinge = 0;
    double intrusionHinge = 0;
};

/// One entry per class; definitions after the pair matrix V (violations), P (pairs), H (hinges):
/// missRate = sum_i V[c,i] / sum_i P[c,i], intrusionRate = sum_j V[j,c] / sum_j P[j,c],
/// hinges divided by samples * classes.
std::vector<ClassMargins> classMargins(const MarginStatistics &statistics);

/// V / P of one ordered pair; NaN where the pair never occurred or pairs are not watched.
double pairRate(const MarginStatistics &statistics, int64_t label, int64_t rival);

/// The statistics of scores (N, C) against a data set's labels with this margin.
MarginStatistics marginsOf(const float *scores, const Dataset &data, double margin = 1);

/// The margin of each sample: lowest score of a label minus highest of a rival; satisfied when at
/// least the loss's margin. Samples without labels or rivals are left out.
std::vector<float> sampleMargins(const float *scores, const Dataset &data);

} // namespace mrg
