// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/resampling.h"

#include "engine/core/DType.h"
#include "engine/core/Launch.h"

#include <algorithm>

namespace mrg::kernels {

SparseRows SparseRows::transposed() const
{
    SparseRows out(rows());
    std::vector<int64_t> next(static_cast<size_t>(columns) + 1, 0);
    for (int64_t column : indices)
        ++next[static_cast<size_t>(column) + 1];
    for (size_t i = 1; i < next.size(); ++i)
        next[i] += next[i - 1];
    out.starts = next;
    out.indices.resize(indices.size());
    out.weights.resize(weights.size());
    for (int64_t row = 0; row < rows(); ++row) {
        for (int64_t k = starts[static_cast<size_t>(row)]; k < starts[static_cast<size_t>(row) + 1];
             ++k) {
            const auto from = static_cast<size_t>(k);
            const auto to = static_cast<size_t>(next[static_cast<size_t>(indices[from])]++);
            out.indices[to] = row;
            if (!weights.empty())
                out.weights[to] = weights[from];
        }
    }
    return out;
}

namespace {

/// One row over a run of `inner` elements.
template <typename T>
void applyRow(const SparseRows &m, size_t begin, size_t end, int64_t inner, const T *x, T *y)
{
    for (size_t k = begin; k < end; ++k) {
        const T *from = x + m.indices[k] * inner;
        if (m.weights.empty()) {
            if (k == begin)
                std::copy_n(from, inner, y);
            else
                for (int64_t i = 0; i < inner; ++i)
                    y[i] = static_cast<T>(y[i] + from[i]);
        } else {
            const T weight = convertElement<T>(m.weights[k]);
            if (k == begin)
                for (int64_t i = 0; i < inner; ++i)
                    y[i] = static_cast<T>(weight * from[i]);
            else
                for (int64_t i = 0; i < inner; ++i)
                    y[i] = static_cast<T>(y[i] + weight * from[i]);
        }
    }
}

/// All rows over single elements.
template <typename T> void applyToVector(const SparseRows &m, T fill, const T *x, T *y)
{
    for (size_t row = 0; row + 1 < m.starts.size(); ++row) {
        const auto begin = static_cast<size_t>(m.starts[row]);
        const auto end = static_cast<size_t>(m.starts[row + 1]);
        T sum = fill;
        if (m.weights.empty()) {
            for (size_t k = begin; k < end; ++k)
                sum = k == begin ? x[m.indices[k]] : static_cast<T>(sum + x[m.indices[k]]);
        } else {
            for (size_t k = begin; k < end; ++k) {
                const T part = static_cast<T>(convertElement<T>(m.weights[k]) * x[m.indices[k]]);
                sum = k == begin ? part : static_cast<T>(sum + part);
            }
        }
        y[row] = sum;
    }
}

} // namespace

template <typename T>
void applyRows(const SparseRows &m, int64_t outer, int64_t inner, T fill, const T *x, T *y)
{
    const int64_t rows = m.rows();
    const int64_t block = std::max<int64_t>(rows, m.columns) * inner;
    if (rows * inner == 0)
        return;
    parallelFor(outer, std::max<int64_t>(1, elementGrain / block), [&](int64_t begin, int64_t end) {
        for (int64_t o = begin; o < end; ++o) {
            const T *from = x + o * m.columns * inner;
            T *to = y + o * rows * inner;
            if (inner == 1) {
                applyToVector(m, fill, from, to);
                continue;
            }
            for (size_t row = 0; row < static_cast<size_t>(rows); ++row, to += inner) {
                if (m.starts[row] == m.starts[row + 1])
                    std::fill_n(to, inner, fill);
                applyRow(m, static_cast<size_t>(m.starts[row]),
                         static_cast<size_t>(m.starts[row + 1]), inner, from, to);
            }
        }
    });
}

template void applyRows(const SparseRows &, int64_t, int64_t, bool, const bool *, bool *);
template void applyRows(const SparseRows &, int64_t, int64_t, int32_t, const int32_t *, int32_t *);
template void applyRows(const SparseRows &, int64_t, int64_t, int64_t, const int64_t *, int64_t *);
template void applyRows(const SparseRows &, int64_t, int64_t, float, const float *, float *);
template void applyRows(const SparseRows &, int64_t, int64_t, double, const double *, double *);
template void applyRows(const SparseRows &, int64_t, int64_t, std::complex<float>,
                        const std::complex<float> *, std::complex<float> *);
template void applyRows(const SparseRows &, int64_t, int64_t, std::complex<double>,
                        const std::complex<double> *, std::complex<double> *);

} // namespace mrg::kernels
