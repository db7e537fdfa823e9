// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/margin_losses.h"

#include <algorithm>
#include <vector>

namespace mrg::kernels {

namespace {

void prepare(MarginStatistics *statistics, int64_t classes, int64_t samples)
{
    if (!statistics)
        return;
    if (statistics->classes != classes)
        statistics->reset(classes);
    statistics->samples += samples;
}

/// Adds one row of the pair matrix: label j of a sample against every rival.
template <typename T>
void observe(MarginStatistics &statistics, int64_t j, const T *x, const uint8_t *holds, T margin)
{
    const int64_t classes = statistics.classes;
    const auto row = static_cast<size_t>(j * classes);
    const T lead = margin - x[j];
    for (int64_t i = 0; i < classes; ++i) {
        if (holds[i])
            continue;
        const T z = lead + x[i];
        const auto cell = row + static_cast<size_t>(i);
        ++statistics.pairs[cell];
        if (z > 0) {
            ++statistics.violations[cell];
            statistics.hinges[cell] += z;
        }
    }
}

/// Length of a label list: up to the first -1.
int64_t labelCount(const int64_t *labels, int64_t limit)
{
    return std::find(labels, labels + limit, -1) - labels;
}

} // namespace

template <typename T>
void multiLabelMargin(int64_t samples, int64_t classes, const T *x, const int64_t *labels,
                      bool perTarget, T *items, T *gradient, MarginStatistics *statistics)
{
    prepare(statistics, classes, samples);
    std::vector<uint8_t> holds(static_cast<size_t>(classes));
    for (int64_t n = 0; n < samples; ++n, x += classes, labels += classes) {
        const int64_t count = labelCount(labels, classes);
        std::fill(holds.begin(), holds.end(), uint8_t{0});
        for (int64_t k = 0; k < count; ++k)
            holds[static_cast<size_t>(labels[k])] = 1;
        const T share = T(1) / static_cast<T>(perTarget ? std::max<int64_t>(count, 1) : classes);
        T *g = gradient ? gradient + n * classes : nullptr;
        if (g)
            std::fill_n(g, classes, T(0));
        T sum = 0;
        for (int64_t k = 0; k < count; ++k) {
            const int64_t j = labels[k];
            const T lead = T(1) - x[j];
            int64_t violations = 0;
            for (int64_t i = 0; i < classes; ++i) {
                const T z = lead + x[i];
                if (z > 0 && !holds[static_cast<size_t>(i)]) {
                    sum += z;
                    ++violations;
                    if (g)
                        g[i] += share;
                }
            }
            if (g)
                g[j] -= share * static_cast<T>(violations);
        }
        items[n] = sum * share;
        if (statistics) {
            for (int64_t j = 0; j < classes; ++j) {
                if (holds[static_cast<size_t>(j)])
                    observe(*statistics, j, x, holds.data(), T(1));
            }
        }
    }
}

template <typename T>
void multiMargin(int64_t samples, int64_t classes, const T *x, const int64_t *label, int64_t p,
                 double margin, const T *weight, T *items, T *gradient, MarginStatistics *statistics)
{
    prepare(statistics, classes, samples);
    std::vector<uint8_t> holds(static_cast<size_t>(classes), 0);
    for (int64_t n = 0; n < samples; ++n, x += classes) {
        const int64_t y = label[n];
        const T share = (weight ? weight[y] : T(1)) / static_cast<T>(classes);
        const T lead = static_cast<T>(margin) - x[y];
        T *g = gradient ? gradient + n * classes : nullptr;
        T sum = 0;
        T pull = 0;
        for (int64_t i = 0; i < classes; ++i) {
            const T z = lead + x[i];
            const bool violated = z > 0 && i != y;
            const T slope = !violated ? T(0) : p == 1 ? share : 2 * share * z;
            if (violated)
                sum += p == 1 ? z : z * z;
            if (g)
                g[i] = slope;
            pull += slope;
        }
        if (g)
            g[y] = -pull;
        items[n] = sum * share;
        if (statistics) {
            holds[static_cast<size_t>(y)] = 1;
            observe(*statistics, y, x, holds.data(), static_cast<T>(margin));
            holds[static_cast<size_t>(y)] = 0;
        }
    }
}

template <typename T>
void addMarginStatistics(int64_t samples, int64_t classes, const T *x, const int64_t *labels,
                         int64_t stride, double margin, MarginStatistics &statistics)
{
    prepare(&statistics, classes, samples);
    std::vector<uint8_t> holds(static_cast<size_t>(classes));
    for (int64_t n = 0; n < samples; ++n, x += classes, labels += stride) {
        const int64_t count = labelCount(labels, stride);
        std::fill(holds.begin(), holds.end(), uint8_t{0});
        for (int64_t k = 0; k < count; ++k)
            holds[static_cast<size_t>(labels[k])] = 1;
        for (int64_t j = 0; j < classes; ++j) {
            if (holds[static_cast<size_t>(j)])
                observe(statistics, j, x, holds.data(), static_cast<T>(margin));
        }
    }
}

template void multiLabelMargin(int64_t, int64_t, const float *, const int64_t *, bool, float *, float *, MarginStatistics *);
template void multiLabelMargin(int64_t, int64_t, const double *, const int64_t *, bool, double *, double *, MarginStatistics *);
template void multiMargin(int64_t, int64_t, const float *, const int64_t *, int64_t, double, const float *, float *, float *, MarginStatistics *);
template void multiMargin(int64_t, int64_t, const double *, const int64_t *, int64_t, double, const double *, double *, double *, MarginStatistics *);
template void addMarginStatistics(int64_t, int64_t, const float *, const int64_t *, int64_t, double, MarginStatistics &);
template void addMarginStatistics(int64_t, int64_t, const double *, const int64_t *, int64_t, double, MarginStatistics &);

} // namespace mrg::kernels
