// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/kernels/MarginStatistics.h"

#include <cstdint>

namespace mrg::kernels {

/// Multi-label hinge of scores x (samples, classes) against label lists (samples, classes) that end
/// at the first -1, in one pass: the loss of each sample, its gradient (null: not wanted) and what
/// the margins looked like (null: not wanted). Repeated labels count again in loss and gradient,
/// once in the statistics. A NaN score violates nothing.
/// `perTarget`: divide by the sample's number of labels instead of by the number of classes.
template <typename T>
void multiLabelMargin(int64_t samples, int64_t classes, const T *x, const int64_t *labels,
                      bool perTarget, T *items, T *gradient, MarginStatistics *statistics);

/// Multi-class hinge: sum over rivals i of weight[y] max(0, margin - x_y + x_i)^p / classes.
/// `weight` may be null. Statistics hold the plain hinges.
template <typename T>
void multiMargin(int64_t samples, int64_t classes, const T *x, const int64_t *label, int64_t p,
                 double margin, const T *weight, T *items, T *gradient, MarginStatistics *statistics);

/// The statistics alone, for losses without margins: label lists ended by -1, or with
/// `stride` 1 a single label a sample.
template <typename T>
void addMarginStatistics(int64_t samples, int64_t classes, const T *x, const int64_t *labels,
                         int64_t stride, double margin, MarginStatistics &statistics);

} // namespace mrg::kernels
