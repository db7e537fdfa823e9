// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/kernels/MarginStatistics.h"

#include <cstdint>

namespace mrg::kernels {

/// How the hinges of a sample are summed. Both give the same counts and, but for rounding, sums.
enum class HingeMethod {
    Fastest, ///< whichever is, by the number of labels
    Scan, ///< every label against every rival, vectorised: O(T C)
    Rank, ///< labels sorted, prefix sums, rivals looked up: O((T + C) log T)
};
/// Whether ranking is faster for so many labels. Fitted to measured times of a sample, in ns with
/// 512-bit vectors: scanning 0.075 T C, ranking 3 C + 35 T (mostly the sort).
constexpr bool rankingPays(int64_t labels, int64_t classes)
{
    return labels * (classes - 450) > 40 * classes;
}

/// Multi-label hinge of scores x (samples, classes) against label lists (samples, classes) that end
/// at the first -1, in one pass: the loss of each sample, its gradient times `scale` (null: not
/// wanted) and what the margins looked like (null: not wanted). Repeated labels count again in loss
/// and gradient, once in the statistics. A NaN score violates nothing.
///
/// Throws Error (index) naming sample and label for labels below -1 or at least `classes`.
template <typename T> struct MultiLabelMargin {
    int64_t samples;
    int64_t classes;
    const T *x;
    const int64_t *labels;
    bool perTarget; ///< divide by the sample's number of labels instead of by that of classes
    double scale;
    T *items;
    T *gradient;
    MarginStatistics *statistics;
    HingeMethod method = HingeMethod::Fastest;
};
template <typename T> void multiLabelMargin(const MultiLabelMargin<T> &call);

/// Multi-class hinge: sum over rivals i of weight[y] max(0, margin - x_y + x_i)^p / classes.
/// `weight` may be null. Statistics hold the plain hinges. Errors as above.
template <typename T> struct MultiMargin {
    int64_t samples;
    int64_t classes;
    const T *x;
    const int64_t *label;
    int64_t p;
    double margin;
    const T *weight;
    double scale;
    T *items;
    T *gradient;
    MarginStatistics *statistics;
};
template <typename T> void multiMargin(const MultiMargin<T> &call);

/// The statistics alone, for losses without margins: label lists ended by -1, or with
/// `stride` 1 a single label a sample.
template <typename T>
void addMarginStatistics(int64_t samples, int64_t classes, const T *x, const int64_t *labels,
                         int64_t stride, double margin, MarginStatistics &statistics);

} // namespace mrg::kernels
