// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/softmax.h"

#include "engine/core/Parallel.h"
#include "engine/kernels/softmax_rows.h"
#include "engine/kernels/vector_loops.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mrg::kernels {

namespace {

/// Calls body(offset of the row's first element) for every row, in fixed pieces.
template <typename Body> void forEachRow(Rows rows, Body body)
{
    const int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(rows.length, 1));
    parallelFor(rows.outer * rows.inner, grain, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row)
            body(row / rows.inner * rows.length * rows.inner + row % rows.inner);
    });
}

template <typename T> T rowMax(const T *x, Rows rows)
{
    T largest = -std::numeric_limits<T>::infinity();
    for (int64_t k = 0; k < rows.length; ++k) {
        const T value = x[k * rows.inner];
        if (value > largest || std::isnan(value))
            largest = value;
    }
    return largest;
}

} // namespace

template <typename T> void softmax(Rows rows, const T *x, T *y)
{
    forEachRow(rows, [=](int64_t at) {
        if (rows.inner == 1) {
            const T largest = largestOfRow(x + at, rows.length);
            const T sum = exponentialsOfRow(x + at, largest, y + at, rows.length);
            for (int64_t k = at; k < at + rows.length; ++k)
                y[k] /= sum;
            return;
        }
        const T largest = rowMax(x + at, rows);
        T sum = 0;
        for (int64_t k = 0; k < rows.length; ++k)
            sum += y[at + k * rows.inner] = std::exp(x[at + k * rows.inner] - largest);
        for (int64_t k = 0; k < rows.length; ++k)
            y[at + k * rows.inner] /= sum;
    });
}

template <typename T> void softmaxBackward(Rows rows, const T *y, const T *g, T *dx)
{
    forEachRow(rows, [=](int64_t at) {
        if (rows.inner == 1) {
            const T *out = y + at;
            const T *gradient = g + at;
            const auto dot = static_cast<T>(
                    sumsOf<1, T>(rows.length, [=](auto access, int64_t k, auto *sums) {
                        sums[0] += access.load(gradient + k) * access.load(out + k);
                    })[0]);
            for (int64_t k = 0; k < rows.length; ++k)
                dx[at + k] = out[k] * (gradient[k] - dot);
            return;
        }
        T dot = 0;
        for (int64_t k = 0; k < rows.length; ++k)
            dot += g[at + k * rows.inner] * y[at + k * rows.inner];
        for (int64_t k = 0; k < rows.length; ++k)
            dx[at + k * rows.inner] = y[at + k * rows.inner] * (g[at + k * rows.inner] - dot);
    });
}

template <typename T> void logSoftmax(Rows rows, const T *x, T *y)
{
    forEachRow(rows, [=](int64_t at) {
        if (rows.inner == 1) {
            const T largest = largestOfRow(x + at, rows.length);
            const T sum = exponentialsOfRow<T>(x + at, largest, nullptr, rows.length);
            const T shift = largest + std::log(sum);
            for (int64_t k = at; k < at + rows.length; ++k)
                y[k] = x[k] - shift;
            return;
        }
        const T largest = rowMax(x + at, rows);
        T sum = 0;
        for (int64_t k = 0; k < rows.length; ++k)
            sum += std::exp(x[at + k * rows.inner] - largest);
        const T shift = largest + std::log(sum);
        for (int64_t k = 0; k < rows.length; ++k)
            y[at + k * rows.inner] = x[at + k * rows.inner] - shift;
    });
}

template <typename T> void logSoftmaxBackward(Rows rows, const T *y, const T *g, T *dx)
{
    forEachRow(rows, [=](int64_t at) {
        if (rows.inner == 1) {
            const T *gradient = g + at;
            const auto sum = static_cast<T>(
                    sumsOf<1, T>(rows.length, [=](auto access, int64_t k, auto *sums) {
                        sums[0] += access.load(gradient + k);
                    })[0]);
            forLanes<T>(rows.length, [=](int64_t k, auto some) {
                const Lanes<T> powers = exponential<T>(some.load(y + at + k));
                some.template store<T>(dx + at + k, some.load(gradient + k) - powers * sum);
            });
            return;
        }
        T sum = 0;
        for (int64_t k = 0; k < rows.length; ++k)
            sum += g[at + k * rows.inner];
        for (int64_t k = 0; k < rows.length; ++k)
            dx[at + k * rows.inner]
                    = g[at + k * rows.inner] - std::exp(y[at + k * rows.inner]) * sum;
    });
}

template void softmax(Rows, const float *, float *);
template void softmax(Rows, const double *, double *);
template void softmaxBackward(Rows, const float *, const float *, float *);
template void softmaxBackward(Rows, const double *, const double *, double *);
template void logSoftmax(Rows, const float *, float *);
template void logSoftmax(Rows, const double *, double *);
template void logSoftmaxBackward(Rows, const float *, const float *, float *);
template void logSoftmaxBackward(Rows, const double *, const double *, double *);

} // namespace mrg::kernels
