// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/normalization_layouts.h"

namespace mrg::kernels {

namespace {

using namespace normalization;

/// Partial sums of a weight's gradient over rows are at most as many.
constexpr int64_t mostRowBlocks = 64;
constexpr int64_t leastRowBlock = 16;

/// Repeats whose rows add to one partial sum of the weights' gradients.
int64_t rowBlock(const Layout &l)
{
    return std::max(leastRowBlock, (l.repeats + mostRowBlocks - 1) / mostRowBlocks);
}
int64_t rowBlocks(const Layout &l) { return (l.repeats + rowBlock(l) - 1) / rowBlock(l); }

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
void differentiateRun(int64_t n, const T *x, T mean, const T *gradient, T weight, Slopes<T> s,
                      T *dx, bool streaming)
{
    const T factor = s.factor * weight;
    writeVectors(n, dx, streaming, [=](auto access, int64_t i) {
        return factor * access.load(gradient + i) - s.shift - (access.load(x + i) - mean) * s.slope;
    });
}

/// The workspace holds, for every run index of every set, the sums of the gradients and of their
/// products with the distances: all that the rest is made of.
template <typename T> void runsBackward(const NormalizationBackward<T> &c)
{
    const Layout &l = c.layout;
    const int64_t runs = l.sets() * l.parts;
    T *gradientSums = c.workspace;
    T *productSums = c.workspace + runs;
    forSets(l, [=, streaming = outgrows<T>(l)](int64_t set) {
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
                             c.weight ? c.weight[first + part] : T(1), slopes, c.dx + at,
                             streaming);
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
void differentiateRow(int64_t n, const T *x, T mean, const T *gradient, const T *weight,
                      Slopes<T> s, T *dx, bool streaming)
{
    if (!weight) {
        differentiateRun(n, x, mean, gradient, T(1), s, dx, streaming);
        return;
    }
    writeVectors(n, dx, streaming, [=](auto access, int64_t i) {
        return s.factor * access.load(gradient + i) * access.load(weight + i) - s.shift
                - (access.load(x + i) - mean) * s.slope;
    });
}

template <typename T>
void rowBackward(const NormalizationBackward<T> &c, int64_t set, bool streaming)
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
    differentiateRow(l.parts, x, mean, g, w, slopesOf(c, set, sums[0], sums[1]), c.dx + at,
                     streaming);
}

/// The workspace holds a partial sum of the weights' gradients for every block of rows.
template <typename T> void rowsBackward(const NormalizationBackward<T> &c)
{
    const Layout &l = c.layout;
    const int64_t weights = l.weights();
    const bool learns = c.dweight || c.dbias;
    const bool streaming = outgrows<T>(l);
    parallelFor(rowBlocks(l), 1, [=](int64_t firstBlock, int64_t lastBlock) {
        for (int64_t block = firstBlock; block < lastBlock; ++block) {
            T *dweight = c.workspace + 2 * block * weights;
            T *dbias = dweight + weights;
            std::fill_n(dweight, learns ? 2 * weights : 0, T(0));
            const int64_t begin = block * rowBlock(l) * l.period;
            const int64_t end = std::min(begin + rowBlock(l) * l.period, l.sets());
            for (int64_t set = begin; set < end; ++set) {
                const int64_t at = set * l.parts;
                rowBackward(c, set, streaming);
                const int64_t first = set % l.period * l.parts;
                if (learns)
                    addRow(l.parts, c.x + at, c.mean[set], c.inverse[set], c.gradient + at,
                           dweight + first, dbias + first);
            }
        }
        simd::streamed();
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

template void normalizeBackward(const NormalizationBackward<float> &);
template void normalizeBackward(const NormalizationBackward<double> &);

} // namespace mrg::kernels
