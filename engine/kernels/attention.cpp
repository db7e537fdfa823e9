// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/attention.h"

#include "engine/core/Parallel.h"
#include "engine/kernels/lanes.h"
#include "engine/kernels/packed_product.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace mrg::kernels {

namespace {

/// Memory of this thread that lasts from call to call.
template <typename T> T *workspace(int64_t count)
{
    thread_local std::vector<T> memory;
    if (memory.size() < static_cast<size_t>(count))
        memory.resize(static_cast<size_t>(count));
    return memory.data();
}

/// Calls body(batch, head, number of the matrix) for all heads, in pieces of a fixed amount of
/// work.
template <typename Body> void forEachHead(const AttentionShape &s, Body body)
{
    const int64_t work = std::max<int64_t>(1, s.queries * s.keys * (s.size + s.valueSize));
    parallelFor(s.matrices(), std::max<int64_t>(1, (int64_t(1) << 19) / work),
                [&](int64_t begin, int64_t end) {
                    for (int64_t i = begin; i < end; ++i)
                        body(i / s.heads, i % s.heads, i);
                });
}

/// A sum over lanes in a fixed order, then over what is left.
template <typename T, typename Term> T sumOf(int64_t count, Term term)
{
    Lanes<T> sums = Lanes<T>::Zero();
    T rest = 0;
    forLanes<T>(count, [&](int64_t i, auto some) {
        const Lanes<T> values = term(i, some);
        if constexpr (std::is_same_v<decltype(some), AllLanes>) {
            sums += values;
        } else {
            for (int64_t j = 0; j < some.count; ++j)
                rest += values[j];
        }
    });
    return sums.sum() + rest;
}

template <typename T> T largestOf(const T *x, int64_t count)
{
    Lanes<T> most = Lanes<T>::Constant(-std::numeric_limits<T>::infinity());
    forLanes<T>(count, [&](int64_t i, auto some) {
        if constexpr (std::is_same_v<decltype(some), AllLanes>) {
            most = most.max(some.load(x + i));
        } else {
            for (int64_t j = 0; j < some.count; ++j)
                most[j] = std::max(most[j], x[i + j]);
        }
    });
    return most.maxCoeff();
}

/// Row `query` of the scores becomes its softmax.
template <typename T>
void softmaxRow(const AttentionShape &s, int64_t query, const T *mask, int64_t maskStep, T *row)
{
    const T scale = static_cast<T>(s.scale);
    if (mask) {
        for (int64_t j = 0; j < s.keys; ++j)
            row[j] = row[j] * scale + mask[j * maskStep];
    } else {
        for (int64_t j = 0; j < s.keys; ++j)
            row[j] *= scale;
    }
    if (s.causal && query + 1 < s.keys)
        std::fill(row + query + 1, row + s.keys, -std::numeric_limits<T>::infinity());
    const T largest = largestOf(row, s.keys);
    const T sum = sumOf<T>(s.keys, [=](int64_t j, auto some) {
        const Lanes<T> powers = exponential<T>(some.load(row + j) - largest);
        some.store(row + j, powers);
        return powers;
    });
    const T inverse = 1 / sum;
    for (int64_t j = 0; j < s.keys; ++j)
        row[j] *= inverse;
}

} // namespace

template <typename T>
void attentionForward(const AttentionShape &s, HeadView<const T> q, HeadView<const T> k,
                      HeadView<const T> v, ScoreMask<T> mask, T *probabilities, const T *factors,
                      HeadView<T> out)
{
    const int64_t area = s.queries * s.keys;
    const int64_t packed
            = std::max(packedSize<T>(s.size, s.keys), packedSize<T>(s.keys, s.valueSize));
    forEachHead(s, [&](int64_t batch, int64_t head, int64_t number) {
        T *right = workspace<T>(packed + 2 * area);
        T *scores = probabilities ? probabilities + number * area : right + packed;
        pack(Layout::Transposed, s.size, s.keys, k.matrix(batch, head), k.strides.row, right);
        packedProduct<T>(s.queries, s.keys, s.size, {q.matrix(batch, head), q.strides.row}, right,
                         scores, s.keys);
        for (int64_t i = 0; i < s.queries; ++i) {
            const T *added = mask.data ? mask.data + batch * mask.strides.batch
                            + head * mask.strides.head + i * mask.strides.row
                                       : nullptr;
            softmaxRow(s, i, added, mask.columnStride, scores + i * s.keys);
        }
        const T *weights = scores;
        if (factors) {
            T *kept = right + packed + area;
            for (int64_t i = 0; i < area; ++i)
                kept[i] = scores[i] * factors[number * area + i];
            weights = kept;
        }
        pack(Layout::Plain, s.keys, s.valueSize, v.matrix(batch, head), v.strides.row, right);
        packedProduct<T>(s.queries, s.valueSize, s.keys, {weights, s.keys}, right,
                         out.matrix(batch, head), out.strides.row);
    });
}

template <typename T>
void attentionBackward(const AttentionShape &s, HeadView<const T> q, HeadView<const T> k,
                       HeadView<const T> v, const T *probabilities, const T *factors,
                       HeadView<const T> outGradient, const T *weightGradient,
                       AttentionGradients<T> gradients)
{
    const int64_t area = s.queries * s.keys;
    const int64_t packed
            = std::max({packedSize<T>(s.valueSize, s.keys), packedSize<T>(s.keys, s.size),
                        packedSize<T>(s.queries, s.size), packedSize<T>(s.queries, s.valueSize)});
    forEachHead(s, [&](int64_t batch, int64_t head, int64_t number) {
        T *right = workspace<T>(packed + 2 * area);
        T *dScores = right + packed;
        const T *softmax = probabilities + number * area;
        const T *factor = factors ? factors + number * area : nullptr;
        const T *outer = outGradient.matrix(batch, head);
        if (gradients.v.data) {
            const T *weights = softmax;
            if (factor) {
                T *kept = dScores + area;
                for (int64_t i = 0; i < area; ++i)
                    kept[i] = softmax[i] * factor[i];
                weights = kept;
            }
            pack(Layout::Plain, s.queries, s.valueSize, outer, outGradient.strides.row, right);
            packedProduct<T>(s.keys, s.valueSize, s.queries, {weights, 1, s.keys}, right,
                             gradients.v.matrix(batch, head), gradients.v.strides.row);
        }
        pack(Layout::Transposed, s.valueSize, s.keys, v.matrix(batch, head), v.strides.row, right);
        packedProduct<T>(s.queries, s.keys, s.valueSize, {outer, outGradient.strides.row}, right,
                         dScores, s.keys);
        for (int64_t i = 0; weightGradient && i < area; ++i)
            dScores[i] += weightGradient[number * area + i];
        for (int64_t i = 0; factor && i < area; ++i)
            dScores[i] *= factor[i];
        const T scale = static_cast<T>(s.scale);
        for (int64_t i = 0; i < s.queries; ++i) {
            T *g = dScores + i * s.keys;
            const T *y = softmax + i * s.keys;
            const T dot = sumOf<T>(s.keys, [=](int64_t j, auto some) -> Lanes<T> {
                return some.load(g + j) * some.load(y + j);
            });
            for (int64_t j = 0; j < s.keys; ++j)
                g[j] = y[j] * (g[j] - dot);
        }
        if (gradients.scores)
            std::copy_n(dScores, area, gradients.scores + number * area);
        for (int64_t i = 0; i < area; ++i)
            dScores[i] *= scale;
        if (gradients.q.data) {
            pack(Layout::Plain, s.keys, s.size, k.matrix(batch, head), k.strides.row, right);
            packedProduct<T>(s.queries, s.size, s.keys, {dScores, s.keys}, right,
                             gradients.q.matrix(batch, head), gradients.q.strides.row);
        }
        if (gradients.k.data) {
            pack(Layout::Plain, s.queries, s.size, q.matrix(batch, head), q.strides.row, right);
            packedProduct<T>(s.keys, s.size, s.queries, {dScores, 1, s.keys}, right,
                             gradients.k.matrix(batch, head), gradients.k.strides.row);
        }
    });
}

template void attentionForward(const AttentionShape &, HeadView<const float>, HeadView<const float>,
                               HeadView<const float>, ScoreMask<float>, float *, const float *,
                               HeadView<float>);
template void attentionForward(const AttentionShape &, HeadView<const double>,
                               HeadView<const double>, HeadView<const double>, ScoreMask<double>,
                               double *, const double *, HeadView<double>);
template void attentionBackward(const AttentionShape &, HeadView<const float>,
                                HeadView<const float>, HeadView<const float>, const float *,
                                const float *, HeadView<const float>, const float *,
                                AttentionGradients<float>);
template void attentionBackward(const AttentionShape &, HeadView<const double>,
                                HeadView<const double>, HeadView<const double>, const double *,
                                const double *, HeadView<const double>, const double *,
                                AttentionGradients<double>);

} // namespace mrg::kernels
