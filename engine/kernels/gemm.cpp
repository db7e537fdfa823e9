// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/gemm.h"

#include "engine/core/Parallel.h"

#include <Eigen/Core>

#include <algorithm>
#include <complex>

namespace mrg::kernels {

namespace {

template <typename T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <typename T> using ConstMap = Eigen::Map<const Matrix<T>>;

/// Rows of C that one piece computes, and the products below which one piece does it all.
constexpr int64_t rowGrain = 64;
constexpr int64_t smallProduct = 64 * 64 * 64;
/// Products so small that plain loops beat Eigen's packing.
constexpr int64_t tinyProduct = 2048;

template <typename T>
void tiny(Layout layoutA, Layout layoutB, int64_t m, int64_t n, int64_t k, const T *a, const T *b,
          T *c, bool accumulate)
{
    const int64_t rowA = layoutA == Layout::Plain ? k : 1;
    const int64_t columnA = layoutA == Layout::Plain ? 1 : m;
    const int64_t rowB = layoutB == Layout::Plain ? n : 1;
    const int64_t columnB = layoutB == Layout::Plain ? 1 : k;
    for (int64_t i = 0; i < m; ++i) {
        for (int64_t j = 0; j < n; ++j) {
            T sum = accumulate ? c[i * n + j] : T(0);
            for (int64_t p = 0; p < k; ++p)
                sum = static_cast<T>(sum + a[i * rowA + p * columnA] * b[p * rowB + j * columnB]);
            c[i * n + j] = sum;
        }
    }
}

template <typename T, typename A, typename B>
void multiply(const A &a, const B &b, T *c, int64_t rows, int64_t columns, bool accumulate)
{
    Eigen::Map<Matrix<T>> out(c, rows, columns);
    if (accumulate)
        out.noalias() += a * b;
    else
        out.noalias() = a * b;
}

/// Eigen's product, rows of C in pieces.
template <typename T>
void packed(Layout layoutA, Layout layoutB, int64_t m, int64_t n, int64_t k, const T *a, const T *b,
            T *c, bool accumulate)
{
    const int64_t grain = m * n * k <= smallProduct ? m : rowGrain;
    const ConstMap<T> plainB(b, k, n);
    const ConstMap<T> turnedB(b, n, k);
    parallelFor(m, grain, [&](int64_t begin, int64_t end) {
        const int64_t rows = end - begin;
        T *target = c + begin * n;
        if (layoutA == Layout::Plain) {
            const ConstMap<T> part(a + begin * k, rows, k);
            if (layoutB == Layout::Plain)
                multiply<T>(part, plainB, target, rows, n, accumulate);
            else
                multiply<T>(part, turnedB.transpose(), target, rows, n, accumulate);
        } else {
            const ConstMap<T> whole(a, k, m);
            const auto part = whole.middleCols(begin, rows).transpose();
            if (layoutB == Layout::Plain)
                multiply<T>(part, plainB, target, rows, n, accumulate);
            else
                multiply<T>(part, turnedB.transpose(), target, rows, n, accumulate);
        }
    });
}

} // namespace

template <typename T>
void gemm(Layout layoutA, Layout layoutB, int64_t m, int64_t n, int64_t k, const T *a, const T *b,
          T *c, bool accumulate)
{
    if (m == 0 || n == 0)
        return;
    if (std::is_integral_v<T> || m * n * k <= tinyProduct)
        tiny(layoutA, layoutB, m, n, k, a, b, c, accumulate);
    else if constexpr (!std::is_integral_v<T>)
        packed(layoutA, layoutB, m, n, k, a, b, c, accumulate);
}

template <typename T> void sumRows(int64_t m, int64_t n, const T *a, T *out, bool accumulate)
{
    if (!accumulate)
        std::fill_n(out, n, T(0));
    for (int64_t i = 0; i < m; ++i) {
        for (int64_t j = 0; j < n; ++j)
            out[j] += a[i * n + j];
    }
}

template void gemm(Layout, Layout, int64_t, int64_t, int64_t, const uint8_t *, const uint8_t *,
                   uint8_t *, bool);
template void gemm(Layout, Layout, int64_t, int64_t, int64_t, const int32_t *, const int32_t *,
                   int32_t *, bool);
template void gemm(Layout, Layout, int64_t, int64_t, int64_t, const int64_t *, const int64_t *,
                   int64_t *, bool);
template void gemm(Layout, Layout, int64_t, int64_t, int64_t, const float *, const float *, float *,
                   bool);
template void gemm(Layout, Layout, int64_t, int64_t, int64_t, const double *, const double *,
                   double *, bool);
template void gemm(Layout, Layout, int64_t, int64_t, int64_t, const std::complex<float> *,
                   const std::complex<float> *, std::complex<float> *, bool);
template void gemm(Layout, Layout, int64_t, int64_t, int64_t, const std::complex<double> *,
                   const std::complex<double> *, std::complex<double> *, bool);
template void sumRows(int64_t, int64_t, const float *, float *, bool);
template void sumRows(int64_t, int64_t, const double *, double *, bool);

} // namespace mrg::kernels
