// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cmath>
#include <complex>
#include <cstdint>
#include <utility>
#include <vector>

namespace mrg::kernels {

/// out = the inverse of a row-major n x n matrix, by Gauss-Jordan elimination with the largest
/// pivot of each column. Gives the number of the first pivot that is 0 (the matrix is singular),
/// else -1.
template <typename T> int64_t invert(int64_t n, const T *matrix, T *out)
{
    std::vector<T> work(matrix, matrix + n * n);
    for (int64_t i = 0; i < n * n; ++i)
        out[i] = T(i / n == i % n ? 1 : 0);
    for (int64_t column = 0; column < n; ++column) {
        int64_t pivot = column;
        for (int64_t row = column + 1; row < n; ++row) {
            if (std::abs(work[static_cast<size_t>(row * n + column)])
                > std::abs(work[static_cast<size_t>(pivot * n + column)]))
                pivot = row;
        }
        T *upper = work.data() + column * n;
        T *upperOut = out + column * n;
        if (pivot != column) {
            for (int64_t k = 0; k < n; ++k) {
                std::swap(upper[k], work[static_cast<size_t>(pivot * n + k)]);
                std::swap(upperOut[k], out[pivot * n + k]);
            }
        }
        const T divisor = upper[column];
        if (divisor == T(0))
            return column;
        for (int64_t k = 0; k < n; ++k) {
            upper[k] /= divisor;
            upperOut[k] /= divisor;
        }
        for (int64_t row = 0; row < n; ++row) {
            T *lower = work.data() + row * n;
            T *lowerOut = out + row * n;
            const T factor = lower[column];
            if (row == column || factor == T(0))
                continue;
            for (int64_t k = 0; k < n; ++k) {
                lower[k] -= factor * upper[k];
                lowerOut[k] -= factor * upperOut[k];
            }
        }
    }
    return -1;
}

} // namespace mrg::kernels
