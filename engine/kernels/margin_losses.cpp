// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/margin_losses.h"

#include "engine/core/Parallel.h"
#include "engine/kernels/HingeRow.h"

#include <algorithm>

namespace mrg::kernels {

namespace {

/// Scores that one piece of the samples holds: enough to be worth a thread.
constexpr int64_t pieceScores = 1 << 14;

/// Calls body(row, sample, statistics of its piece) for every sample, pieces in parallel; what the
/// pieces saw is added in their order.
template <typename T, typename Body>
void forEachSample(int64_t samples, int64_t classes, MarginStatistics *statistics, Body body)
{
    const auto ready = [classes](MarginStatistics &one) {
        if (one.classes != classes)
            one.reset(classes);
    };
    if (statistics)
        ready(*statistics);
    // A matrix of pairs is not kept for every piece.
    const bool whole = statistics && statistics->hasPairs();
    const int64_t grain = whole ? std::max<int64_t>(samples, 1)
                                : std::max<int64_t>(1, pieceScores / std::max<int64_t>(classes, 1));
    std::vector<MarginStatistics> seen(
            statistics && !whole ? static_cast<size_t>((samples + grain - 1) / grain) : 0);
    parallelFor(samples, grain, [&](int64_t begin, int64_t end) {
        MarginStatistics *own = statistics;
        if (!seen.empty()) {
            own = &seen[static_cast<size_t>(begin / grain)];
            own->watch = MarginStatistics::Watch::Classes;
            own->reset(classes);
        }
        HingeRow<T> row(classes);
        for (int64_t sample = begin; sample < end; ++sample)
            body(row, sample, own);
        if (own)
            own->samples += end - begin;
    });
    for (const MarginStatistics &one : seen)
        statistics->merge(one);
}

} // namespace

template <typename T> void multiLabelMargin(const MultiLabelMargin<T> &call)
{
    const int64_t classes = call.classes;
    forEachSample<T>(
            call.samples, classes, call.statistics,
            [&call, classes](HingeRow<T> &row, int64_t sample, MarginStatistics *statistics) {
                const int64_t *labels = call.labels + sample * classes;
                const int64_t count = checkedLabels("MultiLabelMarginLoss", labels, classes, -1,
                                                    classes, sample);
                row.begin(call.x + sample * classes, labels, count, T(1));
                row.measure(call.method, statistics != nullptr);
                const T share = T(1)
                        / static_cast<T>(call.perTarget ? std::max<int64_t>(count, 1) : classes);
                call.items[sample] = row.sum * share;
                if (call.gradient) {
                    T *g = call.gradient + sample * classes;
                    const T slope = share * static_cast<T>(call.scale);
                    const auto *counts = row.rivalCounts.data();
                    for (int64_t i = 0; i < classes; ++i)
                        g[i] = static_cast<T>(counts[i]) * slope;
                    for (int64_t k = 0; k < count; ++k)
                        g[labels[k]]
                                -= static_cast<T>(row.labelCounts[static_cast<size_t>(k)]) * slope;
                }
                if (statistics)
                    row.addTo(*statistics, call.method);
            });
}

template <typename T> void multiMargin(const MultiMargin<T> &call)
{
    const int64_t classes = call.classes;
    forEachSample<T>(
            call.samples, classes, call.statistics,
            [&call, classes](HingeRow<T> &row, int64_t sample, MarginStatistics *statistics) {
                using simd::Vector;
                const int64_t *label = call.label + sample;
                checkedLabels("MultiMarginLoss", label, 1, 0, classes, sample);
                const T *x = call.x + sample * classes;
                row.begin(x, label, 1, static_cast<T>(call.margin));
                const T share
                        = (call.weight ? call.weight[*label] : T(1)) / static_cast<T>(classes);
                const T slope = share * static_cast<T>(call.scale) * static_cast<T>(call.p);
                const Vector<T> lead = simd::all(static_cast<T>(call.margin) - x[*label]);
                T *g = call.gradient ? call.gradient + sample * classes : nullptr;
                Vector<T> losses{};
                Vector<T> pulls{};
                for (int64_t i = 0; i < row.padded(); i += simd::lanes<T>) {
                    const Vector<T> z = lead + simd::load(row.rivals() + i);
                    const Vector<T> hinge = z > 0 ? z : Vector<T>{};
                    const Vector<T> pull = call.p == 1 ? (z > 0 ? simd::all(slope) : Vector<T>{})
                                                       : hinge * slope;
                    losses += call.p == 1 ? hinge : hinge * hinge;
                    pulls += pull;
                    const int64_t left = classes - i;
                    if (g && left >= simd::lanes<T>)
                        simd::store(g + i, pull);
                    else if (g && left > 0)
                        simd::storePart<T>(g + i, pull, left);
                }
                call.items[sample] = simd::sum<T>(losses) * share;
                if (g)
                    g[*label] = -simd::sum<T>(pulls);
                if (statistics) {
                    row.measure(HingeMethod::Scan, true);
                    row.addTo(*statistics, HingeMethod::Scan);
                }
            });
}

template <typename T>
void addMarginStatistics(int64_t samples, int64_t classes, const T *x, const int64_t *labels,
                         int64_t stride, double margin, MarginStatistics &statistics)
{
    forEachSample<T>(samples, classes, &statistics,
                     [=](HingeRow<T> &row, int64_t sample, MarginStatistics *seen) {
                         const int64_t *own = labels + sample * stride;
                         const int64_t count = std::find(own, own + stride, -1) - own;
                         row.begin(x + sample * classes, own, count, static_cast<T>(margin));
                         row.measure(HingeMethod::Fastest, true);
                         row.addTo(*seen, HingeMethod::Fastest);
                     });
}

template void multiLabelMargin(const MultiLabelMargin<float> &);
template void multiLabelMargin(const MultiLabelMargin<double> &);
template void multiMargin(const MultiMargin<float> &);
template void multiMargin(const MultiMargin<double> &);
template void addMarginStatistics(int64_t, int64_t, const float *, const int64_t *, int64_t, double,
                                  MarginStatistics &);
template void addMarginStatistics(int64_t, int64_t, const double *, const int64_t *, int64_t,
                                  double, MarginStatistics &);

} // namespace mrg::kernels
