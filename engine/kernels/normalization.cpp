// SPDX-License-Identifier: GPL-3.0-or-later
// Three ways through memory, for the three places where a set can lie:
//   rows:    a set is one row, with a weight an element (layer and RMS norm);
//   runs:    a set is made of runs of elements that share a weight (batch, instance, group norm
//            over space);
//   columns: sets lie side by side (batch norm without space).
#include "engine/kernels/normalization.h"

#include "engine/core/Parallel.h"
#include "engine/kernels/sums.h"

#include <algorithm>
#include <cmath>

namespace mrg::kernels {

namespace {

using Layout = NormalizationLayout;

/// Elements of work of one piece.
constexpr int64_t pieceSize = 1 << 14;
/// Columns of one piece.
constexpr int64_t columnBlock = 256;
/// Partial sums of a weight's gradient over rows are at most as many.
constexpr int64_t mostRowBlocks = 64;
constexpr int64_t leastRowBlock = 16;

bool liesInRows(const Layout &l) { return l.step == 1 && l.outer == 1; }
bool liesInColumns(const Layout &l) { return l.inner() == 1 && l.repeats == 1; }

/// Repeats whose rows add to one partial sum of the weights' gradients.
int64_t rowBlock(const Layout &l)
{
    return std::max(leastRowBlock, (l.repeats + mostRowBlocks - 1) / mostRowBlocks);
}
int64_t rowBlocks(const Layout &l) { return (l.repeats + rowBlock(l) - 1) / rowBlock(l); }

template <typename Body> void forSets(const Layout &l, Body body)
{
    const int64_t grain = std::max<int64_t>(1, pieceSize / std::max<int64_t>(1, l.setSize()));
    parallelFor(l.sets(), grain, [&](int64_t begin, int64_t end) {
        for (int64_t set = begin; set < end; ++set)
            body(set);
    });
}

/// Calls body(offset, length) for the runs of a set, whatever their weights.
template <typename Body> void forPieces(const Layout &l, int64_t set, Body body)
{
    for (int64_t o = 0; o < l.outer; ++o)
        body((o * l.sets() + set) * l.inner(), l.inner());
}

/// Calls body(offset, part) for the runs of `step` elements of a set.
template <typename Body> void forRuns(const Layout &l, int64_t set, Body body)
{
    for (int64_t o = 0; o < l.outer; ++o) {
        for (int64_t part = 0; part < l.parts; ++part)
            body((o * l.sets() + set) * l.inner() + part * l.step, part);
    }
}

template <typename T>
void scaleRow(int64_t n, const T *__restrict x, T shift, T scale, const T *__restrict weight,
              const T *__restrict bias, T *__restrict y)
{
    if (weight && bias) {
        for (int64_t i = 0; i < n; ++i)
            y[i] = (x[i] - shift) * scale * weight[i] + bias[i];
    } else if (weight) {
        for (int64_t i = 0; i < n; ++i)
            y[i] = (x[i] - shift) * scale * weight[i];
    } else {
        for (int64_t i = 0; i < n; ++i)
            y[i] = (x[i] - shift) * scale;
    }
}

template <typename T>
void scaleRun(int64_t n, const T *__restrict x, T shift, T factor, T summand, T *__restrict y)
{
    for (int64_t i = 0; i < n; ++i)
        y[i] = (x[i] - shift) * factor + summand;
}

/// y of one set.
template <typename T> void scaleSet(const NormalizationForward<T> &c, int64_t set)
{
    const Layout &l = c.layout;
    const T shift = c.mean[set];
    const T scale = c.inverse[set];
    const int64_t first = set % l.period * l.parts;
    if (liesInRows(l)) {
        const int64_t at = set * l.parts;
        scaleRow(l.parts, c.x + at, shift, scale, c.weight ? c.weight + first : nullptr,
                 c.bias ? c.bias + first : nullptr, c.y + at);
        return;
    }
    forRuns(l, set, [&](int64_t at, int64_t part) {
        scaleRun(l.step, c.x + at, shift, c.weight ? scale * c.weight[first + part] : scale,
                 c.bias ? c.bias[first + part] : T(0), c.y + at);
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

/// dx = factor * gradient * weight - shift - (x - mean) * slope.
template <typename T> struct Slopes {
    T factor, shift, slope;
};

/// What the mean of the gradients and their product with the distances, both weighted, come to.
template <typename T>
Slopes<T> slopesOf(const NormalizationBackward<T> &c, int64_t set, double sum, double dot)
{
    const auto count = static_cast<double>(c.layout.setSize());
    const auto scale = static_cast<double>(c.inverse[set]);
    if (!c.ofSet)
        return {c.inverse[set], T(0), T(0)};
    return {c.inverse[set], static_cast<T>(c.centred ? scale * sum / count : 0.0),
            static_cast<T>(scale * scale * scale * dot / count)};
}

template <typename T>
void differentiateRun(int64_t n, const T *__restrict x, T mean, const T *__restrict gradient,
                      T weight, Slopes<T> s, T *__restrict dx)
{
    const T factor = s.factor * weight;
    for (int64_t i = 0; i < n; ++i)
        dx[i] = factor * gradient[i] - s.shift - (x[i] - mean) * s.slope;
}

/// The workspace holds, for every run index of every set, the sums of the gradients and of their
/// products with the distances: all that the rest is made of.
template <typename T> void runsBackward(const NormalizationBackward<T> &c)
{
    const Layout &l = c.layout;
    const int64_t runs = l.sets() * l.parts;
    T *gradientSums = c.workspace;
    T *productSums = c.workspace + runs;
    forSets(l, [=](int64_t set) {
        const T mean = c.mean[set];
        const int64_t first = set % l.period * l.parts;
        double sum = 0;
        double dot = 0;
        for (int64_t part = 0; part < l.parts; ++part) {
            double gradients = 0;
            double products = 0;
            for (int64_t o = 0; o < l.outer; ++o) {
                const int64_t at = (o * l.sets() + set) * l.inner() + part * l.step;
                const auto sums = sumsOf<2, T>(l.step,
                                               [x = c.x + at, g = c.gradient + at,
                                                mean](auto access, int64_t i, auto *out) {
                                                   const auto gradient = access.load(g + i);
                                                   out[0] += gradient;
                                                   out[1] += gradient * (access.load(x + i) - mean);
                                               });
                gradients += sums[0];
                products += sums[1];
            }
            gradientSums[set * l.parts + part] = static_cast<T>(gradients);
            productSums[set * l.parts + part] = static_cast<T>(products);
            const double weight = c.weight ? static_cast<double>(c.weight[first + part]) : 1.0;
            sum += weight * gradients;
            dot += weight * products;
        }
        const Slopes<T> slopes = slopesOf(c, set, sum, dot);
        forRuns(l, set, [&](int64_t at, int64_t part) {
            differentiateRun(l.step, c.x + at, mean, c.gradient + at,
                             c.weight ? c.weight[first + part] : T(1), slopes, c.dx + at);
        });
    });
    for (int64_t weight = 0; weight < l.weights(); ++weight) {
        double dot = 0;
        double sum = 0;
        for (int64_t repeat = 0; repeat < l.repeats; ++repeat) {
            const int64_t run = repeat * l.weights() + weight;
            dot += static_cast<double>(productSums[run]) * c.inverse[run / l.parts];
            sum += static_cast<double>(gradientSums[run]);
        }
        if (c.dweight)
            c.dweight[weight] = static_cast<T>(dot);
        if (c.dbias)
            c.dbias[weight] = static_cast<T>(sum);
    }
}

/// Adds a row to the partial sums of the weights' gradients.
template <typename T>
void addRow(int64_t n, const T *__restrict x, T mean, T inverse, const T *__restrict gradient,
            T *__restrict dweight, T *__restrict dbias)
{
    for (int64_t i = 0; i < n; ++i) {
        dweight[i] += gradient[i] * ((x[i] - mean) * inverse);
        dbias[i] += gradient[i];
    }
}

template <typename T>
void differentiateRow(int64_t n, const T *__restrict x, T mean, const T *__restrict gradient,
                      const T *__restrict weight, Slopes<T> s, T *__restrict dx)
{
    if (weight) {
        for (int64_t i = 0; i < n; ++i)
            dx[i] = s.factor * gradient[i] * weight[i] - s.shift - (x[i] - mean) * s.slope;
    } else {
        differentiateRun(n, x, mean, gradient, T(1), s, dx);
    }
}

template <typename T> void rowBackward(const NormalizationBackward<T> &c, int64_t set)
{
    const Layout &l = c.layout;
    const int64_t at = set * l.parts;
    const T *x = c.x + at;
    const T *g = c.gradient + at;
    const T *w = c.weight ? c.weight + set % l.period * l.parts : nullptr;
    const T mean = c.mean[set];
    std::array<double, 2> sums{};
    if (c.ofSet && w) {
        sums = sumsOf<2, T>(l.parts, [=](auto access, int64_t i, auto *out) {
            const auto gradient = access.load(g + i) * access.load(w + i);
            out[0] += gradient;
            out[1] += gradient * (access.load(x + i) - mean);
        });
    } else if (c.ofSet) {
        sums = sumsOf<2, T>(l.parts, [=](auto access, int64_t i, auto *out) {
            const auto gradient = access.load(g + i);
            out[0] += gradient;
            out[1] += gradient * (access.load(x + i) - mean);
        });
    }
    differentiateRow(l.parts, x, mean, g, w, slopesOf(c, set, sums[0], sums[1]), c.dx + at);
}

/// The workspace holds a partial sum of the weights' gradients for every block of rows.
template <typename T> void rowsBackward(const NormalizationBackward<T> &c)
{
    const Layout &l = c.layout;
    const int64_t weights = l.weights();
    const bool learns = c.dweight || c.dbias;
    parallelFor(rowBlocks(l), 1, [=](int64_t firstBlock, int64_t lastBlock) {
        for (int64_t block = firstBlock; block < lastBlock; ++block) {
            T *dweight = c.workspace + 2 * block * weights;
            T *dbias = dweight + weights;
            std::fill_n(dweight, learns ? 2 * weights : 0, T(0));
            const int64_t begin = block * rowBlock(l) * l.period;
            const int64_t end = std::min(begin + rowBlock(l) * l.period, l.sets());
            for (int64_t set = begin; set < end; ++set) {
                rowBackward(c, set);
                const int64_t at = set * l.parts;
                const int64_t first = set % l.period * l.parts;
                if (learns)
                    addRow(l.parts, c.x + at, c.mean[set], c.inverse[set], c.gradient + at,
                           dweight + first, dbias + first);
            }
        }
    });
    const auto total = [=](const T *partial, T *out) {
        parallelFor(out ? weights : 0, columnBlock, [=](int64_t begin, int64_t end) {
            double sums[columnBlock] = {};
            for (int64_t block = 0; block < rowBlocks(l); ++block) {
                for (int64_t i = begin; i < end; ++i)
                    sums[i - begin] += static_cast<double>(partial[2 * block * weights + i]);
            }
            for (int64_t i = begin; i < end; ++i)
                out[i] = static_cast<T>(sums[i - begin]);
        });
    };
    total(c.workspace, c.dweight);
    total(c.workspace + weights, c.dbias);
}

template <typename T>
void columnsBackward(const NormalizationBackward<T> &c, int64_t begin, int64_t end)
{
    const Layout &l = c.layout;
    const int64_t width = end - begin;
    double sums[columnBlock] = {};
    double dots[columnBlock] = {};
    for (int64_t o = 0; o < l.outer; ++o) {
        const T *x = c.x + o * l.period + begin;
        const T *g = c.gradient + o * l.period + begin;
        for (int64_t j = 0; j < width; ++j) {
            const auto gradient = static_cast<double>(g[j]);
            sums[j] += gradient;
            dots[j] += gradient * static_cast<double>(x[j] - c.mean[begin + j]);
        }
    }
    T factors[columnBlock];
    T shifts[columnBlock];
    T slopes[columnBlock];
    for (int64_t j = 0; j < width; ++j) {
        const int64_t set = begin + j;
        const double weight = c.weight ? static_cast<double>(c.weight[set]) : 1.0;
        const Slopes<T> s = slopesOf(c, set, weight * sums[j], weight * dots[j]);
        factors[j] = c.weight ? s.factor * c.weight[set] : s.factor;
        shifts[j] = s.shift;
        slopes[j] = s.slope;
        if (c.dweight)
            c.dweight[set] = static_cast<T>(dots[j] * static_cast<double>(c.inverse[set]));
        if (c.dbias)
            c.dbias[set] = static_cast<T>(sums[j]);
    }
    const T *__restrict mean = c.mean + begin;
    for (int64_t o = 0; o < l.outer; ++o) {
        const T *__restrict x = c.x + o * l.period + begin;
        const T *__restrict g = c.gradient + o * l.period + begin;
        T *__restrict dx = c.dx + o * l.period + begin;
        for (int64_t j = 0; j < width; ++j)
            dx[j] = factors[j] * g[j] - shifts[j] - (x[j] - mean[j]) * slopes[j];
    }
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
    forSets(call.layout, [=](int64_t set) {
        double mean = 0;
        double squares = 0;
        setMoments(call, centred, set, mean, squares);
        keep(set, mean, squares);
        scaleSet(call, set);
    });
}

template <typename T> void normalizeByGiven(const NormalizationForward<T> &call)
{
    if (liesInColumns(call.layout)) {
        parallelFor(call.layout.period, columnBlock,
                    [=](int64_t begin, int64_t end) { scaleColumns(call, begin, end); });
        return;
    }
    forSets(call.layout, [=](int64_t set) { scaleSet(call, set); });
}

int64_t normalizationWorkspace(const NormalizationLayout &l)
{
    return liesInColumns(l) ? 0
            : liesInRows(l) ? 2 * rowBlocks(l) * l.weights()
                            : 2 * l.sets() * l.parts;
}

template <typename T> void normalizeBackward(const NormalizationBackward<T> &call)
{
    if (liesInColumns(call.layout)) {
        parallelFor(call.layout.period, columnBlock,
                    [=](int64_t begin, int64_t end) { columnsBackward(call, begin, end); });
    } else if (liesInRows(call.layout)) {
        rowsBackward(call);
    } else {
        runsBackward(call);
    }
}

template void normalizeSets(const NormalizationForward<float> &, bool, double, float *);
template void normalizeSets(const NormalizationForward<double> &, bool, double, double *);
template void normalizeByGiven(const NormalizationForward<float> &);
template void normalizeByGiven(const NormalizationForward<double> &);
template void normalizeBackward(const NormalizationBackward<float> &);
template void normalizeBackward(const NormalizationBackward<double> &);

} // namespace mrg::kernels
