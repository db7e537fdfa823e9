// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/normalization.h"

#include "engine/core/Parallel.h"

#include <algorithm>
#include <cmath>

namespace mrg::kernels {

namespace {

using Layout = NormalizationLayout;

/// Sums of body(i) in four parts side by side, so that additions need not wait for each other.
template <typename Body> double sumOf(int64_t count, Body body)
{
    double part[4] = {0, 0, 0, 0};
    int64_t i = 0;
    for (; i + 4 <= count; i += 4) {
        for (int64_t k = 0; k < 4; ++k)
            part[k] += body(i + k);
    }
    for (; i < count; ++i)
        part[0] += body(i);
    return (part[0] + part[1]) + (part[2] + part[3]);
}

/// Calls body(set, offset, weight) for every run of elements of a set: `offset` is where its inner
/// elements begin, `weight` the first of its weights.
template <typename Body> void forRuns(const Layout &layout, int64_t set, Body body)
{
    const int64_t inner = layout.inner();
    const int64_t weight = set % layout.period * layout.parts;
    for (int64_t o = 0; o < layout.outer; ++o)
        body((o * layout.sets() + set) * inner, weight);
}

template <typename Body> void forSets(const Layout &layout, Body body)
{
    const int64_t grain = std::max<int64_t>(1, 4096 / std::max<int64_t>(1, layout.setSize()));
    parallelFor(layout.sets(), grain, [&](int64_t begin, int64_t end) {
        for (int64_t set = begin; set < end; ++set)
            body(set);
    });
}

/// The weight of inner element i, or 1.
template <typename T> T weightAt(const Layout &layout, const T *weights, int64_t first, int64_t i)
{
    return weights ? weights[first + (layout.step == 1 ? i : i / layout.step)] : T(1);
}

} // namespace

template <typename T>
void normalizationMoments(const Layout &layout, bool centred, const T *x, T *mean, T *variance)
{
    const auto count = static_cast<double>(layout.setSize());
    const int64_t inner = layout.inner();
    forSets(layout, [=](int64_t set) {
        double sum = 0;
        if (centred) {
            forRuns(layout, set, [&](int64_t offset, int64_t) {
                sum += sumOf(inner,
                             [in = x + offset](int64_t i) { return static_cast<double>(in[i]); });
            });
        }
        const double average = sum / count;
        double squares = 0;
        forRuns(layout, set, [&](int64_t offset, int64_t) {
            squares += sumOf(inner, [in = x + offset, average](int64_t i) {
                const double distance = static_cast<double>(in[i]) - average;
                return distance * distance;
            });
        });
        mean[set] = static_cast<T>(average);
        variance[set] = static_cast<T>(squares / count);
    });
}

template <typename T>
void normalize(const Layout &layout, const T *x, const T *mean, const T *inverse, const T *weight,
               const T *bias, T *y)
{
    forSets(layout, [=](int64_t set) {
        const T shift = mean[set];
        const T scale = inverse[set];
        forRuns(layout, set, [=](int64_t offset, int64_t first) {
            const T *in = x + offset;
            T *out = y + offset;
            if (layout.step == 1) {
                for (int64_t i = 0; i < layout.parts; ++i) {
                    const T normal = (in[i] - shift) * scale;
                    out[i] = (weight ? normal * weight[first + i] : normal)
                            + (bias ? bias[first + i] : T(0));
                }
                return;
            }
            for (int64_t part = 0; part < layout.parts; ++part) {
                const T factor = weight ? scale * weight[first + part] : scale;
                const T summand = bias ? bias[first + part] : T(0);
                for (int64_t i = part * layout.step; i < (part + 1) * layout.step; ++i)
                    out[i] = (in[i] - shift) * factor + summand;
            }
        });
    });
}

template <typename T>
void normalizeBackward(const Layout &layout, bool ofSet, bool centred, const T *x, const T *mean,
                       const T *inverse, const T *weight, const T *gradient, T *dx)
{
    const auto count = static_cast<double>(layout.setSize());
    const int64_t inner = layout.inner();
    forSets(layout, [=](int64_t set) {
        const double average = mean[set];
        const double scale = inverse[set];
        double sum = 0;
        double dot = 0;
        if (ofSet) {
            forRuns(layout, set, [&](int64_t offset, int64_t first) {
                const T *in = x + offset;
                const T *g = gradient + offset;
                if (centred) {
                    sum += sumOf(inner, [=](int64_t i) {
                        return static_cast<double>(g[i]) * weightAt(layout, weight, first, i);
                    });
                }
                dot += sumOf(inner, [=](int64_t i) {
                    return static_cast<double>(g[i]) * weightAt(layout, weight, first, i)
                            * (in[i] - average);
                });
            });
        }
        const double meanGradient = sum / count;
        const double slope = dot * scale * scale / count;
        forRuns(layout, set, [=](int64_t offset, int64_t first) {
            for (int64_t i = 0; i < inner; ++i) {
                const double scaled = static_cast<double>(gradient[offset + i])
                        * weightAt(layout, weight, first, i);
                dx[offset + i] = static_cast<T>(
                        scale * (scaled - meanGradient - (x[offset + i] - average) * slope));
            }
        });
    });
}

template <typename T>
void normalizeWeightsBackward(const Layout &layout, const T *x, const T *mean, const T *inverse,
                              const T *gradient, T *dweight, T *dbias)
{
    // A weight is summed by one piece alone, over all sets that use it in order.
    const int64_t sets = layout.sets();
    const int64_t grain = std::max<int64_t>(
            1, 16384 / std::max<int64_t>(1, layout.outer * layout.repeats * layout.step));
    parallelFor(layout.weights(), grain, [=](int64_t begin, int64_t end) {
        for (int64_t at = begin; at < end; ++at) {
            double dot = 0;
            double sum = 0;
            for (int64_t o = 0; o < layout.outer; ++o) {
                for (int64_t set = at / layout.parts; set < sets; set += layout.period) {
                    const int64_t offset
                            = (o * sets + set) * layout.inner() + at % layout.parts * layout.step;
                    const double average = mean[set];
                    dot += inverse[set] * sumOf(layout.step, [=](int64_t i) {
                               return static_cast<double>(gradient[offset + i])
                                       * (x[offset + i] - average);
                           });
                    sum += sumOf(layout.step, [=](int64_t i) {
                        return static_cast<double>(gradient[offset + i]);
                    });
                }
            }
            if (dweight)
                dweight[at] = static_cast<T>(dot);
            if (dbias)
                dbias[at] = static_cast<T>(sum);
        }
    });
}

template void normalizationMoments(const Layout &, bool, const float *, float *, float *);
template void normalizationMoments(const Layout &, bool, const double *, double *, double *);
template void normalize(const Layout &, const float *, const float *, const float *, const float *,
                        const float *, float *);
template void normalize(const Layout &, const double *, const double *, const double *,
                        const double *, const double *, double *);
template void normalizeBackward(const Layout &, bool, bool, const float *, const float *,
                                const float *, const float *, const float *, float *);
template void normalizeBackward(const Layout &, bool, bool, const double *, const double *,
                                const double *, const double *, const double *, double *);
template void normalizeWeightsBackward(const Layout &, const float *, const float *, const float *,
                                       const float *, float *, float *);
template void normalizeWeightsBackward(const Layout &, const double *, const double *,
                                       const double *, const double *, double *, double *);

} // namespace mrg::kernels
