// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/normalization_layouts.h"

#include <cmath>

namespace mrg::kernels {

namespace {

using namespace normalization;

template <typename T>
void scaleRow(int64_t n, const T *x, T shift, T scale, const T *weight, const T *bias, T *y,
              bool streaming)
{
    if (weight && bias) {
        writeVectors(n, y, streaming, [=](auto access, int64_t i) {
            return (access.load(x + i) - shift) * scale * access.load(weight + i)
                    + access.load(bias + i);
        });
    } else if (weight) {
        writeVectors(n, y, streaming, [=](auto access, int64_t i) {
            return (access.load(x + i) - shift) * scale * access.load(weight + i);
        });
    } else {
        writeVectors(n, y, streaming,
                     [=](auto access, int64_t i) { return (access.load(x + i) - shift) * scale; });
    }
}

template <typename T>
void scaleRun(int64_t n, const T *x, T shift, T factor, T summand, T *y, bool streaming)
{
    writeVectors(n, y, streaming, [=](auto access, int64_t i) {
        return (access.load(x + i) - shift) * factor + summand;
    });
}

/// y of one set.
template <typename T> void scaleSet(const NormalizationForward<T> &c, int64_t set, bool streaming)
{
    const Layout &l = c.layout;
    const T shift = c.mean[set];
    const T scale = c.inverse[set];
    const int64_t first = set % l.period * l.parts;
    if (liesInRows(l)) {
        const int64_t at = set * l.parts;
        scaleRow(l.parts, c.x + at, shift, scale, c.weight ? c.weight + first : nullptr,
                 c.bias ? c.bias + first : nullptr, c.y + at, streaming);
        return;
    }
    forRuns(l, set, [&](int64_t at, int64_t part) {
        scaleRun(l.step, c.x + at, shift, c.weight ? scale * c.weight[first + part] : scale,
                 c.bias ? c.bias[first + part] : T(0), c.y + at, streaming);
    });
}

/// y of the sets begin to end, which lie side by side.
template <typename T>
void scaleColumns(const NormalizationForward<T> &c, int64_t begin, int64_t end)
{
    T factors[columnBlock];
    for (int64_t set = begin; set < end; ++set)
        factors[set - begin] = c.weight ? c.inverse[set] * c.weight[set] : c.inverse[set];
    const int64_t width = end - begin;
    const T *__restrict mean = c.mean + begin;
    const T *__restrict bias = c.bias ? c.bias + begin : nullptr;
    for (int64_t o = 0; o < c.layout.outer; ++o) {
        const T *__restrict x = c.x + o * c.layout.period + begin;
        T *__restrict y = c.y + o * c.layout.period + begin;
        for (int64_t j = 0; j < width; ++j)
            y[j] = (x[j] - mean[j]) * factors[j] + (bias ? bias[j] : T(0));
    }
}

template <typename T> T inverseOf(double variance, double eps)
{
    return T(1) / std::sqrt(static_cast<T>(variance) + static_cast<T>(eps));
}

/// Mean and mean squared distance from it of the columns begin to end.
template <typename T>
void columnMoments(const NormalizationForward<T> &c, bool centred, int64_t begin, int64_t end,
                   double *mean, double *variance)
{
    const int64_t width = end - begin;
    const auto count = static_cast<double>(c.layout.outer);
    std::fill_n(mean, width, 0.0);
    std::fill_n(variance, width, 0.0);
    for (int64_t o = 0; centred && o < c.layout.outer; ++o) {
        const T *x = c.x + o * c.layout.period + begin;
        for (int64_t j = 0; j < width; ++j)
            mean[j] += static_cast<double>(x[j]);
    }
    for (int64_t j = 0; j < width; ++j)
        mean[j] /= count;
    for (int64_t o = 0; o < c.layout.outer; ++o) {
        const T *x = c.x + o * c.layout.period + begin;
        for (int64_t j = 0; j < width; ++j) {
            const double distance = static_cast<double>(x[j]) - mean[j];
            variance[j] += distance * distance;
        }
    }
    for (int64_t j = 0; j < width; ++j)
        variance[j] /= count;
}

template <typename T>
void setMoments(const NormalizationForward<T> &c, bool centred, int64_t set, double &mean,
                double &variance)
{
    const auto count = static_cast<double>(c.layout.setSize());
    double sum = 0;
    if (centred) {
        forPieces(c.layout, set, [&](int64_t at, int64_t n) {
            sum += sumsOf<1, T>(n, [x = c.x + at](auto access, int64_t i, auto *sums) {
                sums[0] += access.load(x + i);
            })[0];
        });
    }
    mean = sum / count;
    double squares = 0;
    forPieces(c.layout, set, [&](int64_t at, int64_t n) {
        squares += sumsOf<1, T>(
                n,
                [x = c.x + at, average = static_cast<T>(mean)](auto access, int64_t i, auto *sums) {
                    const auto distance = access.load(x + i) - average;
                    sums[0] += distance * distance;
                })[0];
    });
    variance = squares / count;
}

} // namespace

template <typename T>
void normalizeSets(const NormalizationForward<T> &call, bool centred, double eps, T *variance)
{
    const auto keep = [=](int64_t set, double mean, double squares) {
        call.mean[set] = static_cast<T>(mean);
        call.inverse[set] = inverseOf<T>(squares, eps);
        if (variance)
            variance[set] = static_cast<T>(squares);
    };
    if (liesInColumns(call.layout)) {
        parallelFor(call.layout.period, columnBlock, [=](int64_t begin, int64_t end) {
            double mean[columnBlock];
            double squares[columnBlock];
            columnMoments(call, centred, begin, end, mean, squares);
            for (int64_t set = begin; set < end; ++set)
                keep(set, mean[set - begin], squares[set - begin]);
            scaleColumns(call, begin, end);
        });
        return;
    }
    forSets(call.layout, [=, streaming = outgrows<T>(call.layout)](int64_t set) {
        double mean = 0;
        double squares = 0;
        setMoments(call, centred, set, mean, squares);
        keep(set, mean, squares);
        scaleSet(call, set, streaming);
    });
}

template <typename T> void normalizeByGiven(const NormalizationForward<T> &call)
{
    if (liesInColumns(call.layout)) {
        parallelFor(call.layout.period, columnBlock,
                    [=](int64_t begin, int64_t end) { scaleColumns(call, begin, end); });
        return;
    }
    forSets(call.layout, [=, streaming = outgrows<T>(call.layout)](int64_t set) {
        scaleSet(call, set, streaming);
    });
}

template void normalizeSets(const NormalizationForward<float> &, bool, double, float *);
template void normalizeSets(const NormalizationForward<double> &, bool, double, double *);
template void normalizeByGiven(const NormalizationForward<float> &);
template void normalizeByGiven(const NormalizationForward<double> &);

} // namespace mrg::kernels
