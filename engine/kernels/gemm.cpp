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
using Step = Eigen::OuterStride<>;
template <typename T> using ConstMap = Eigen::Map<const Matrix<T>, Eigen::Unaligned, Step>;

/// Rows of C that one piece computes, and the products below which one piece does it all.
constexpr int64_t rowGrain = 64;
constexpr int64_t smallProduct = 64 * 64 * 64;
/// Products so small that plain loops beat Eigen's packing.
constexpr int64_t tinyProduct = 2048;

template <typename T>
void tiny(Layout layoutA, Layout layoutB, int64_t m, int64_t n, int64_t k, const T *a, const T *b,
          T *c, bool accumulate, const RowSteps &steps)
{
    const int64_t rowA = layoutA == Layout::Plain ? steps.a : 1;
    const int64_t columnA = layoutA == Layout::Plain ? 1 : steps.a;
    const int64_t rowB = layoutB == Layout::Plain ? steps.b : 1;
    const int64_t columnB = layoutB == Layout::Plain ? 1 : steps.b;
    for (int64_t i = 0; i < m; ++i) {
        for (int64_t j = 0; j < n; ++j) {
            T sum = accumulate ? c[i * steps.c + j] : T(0);
            for (int64_t p = 0; p < k; ++p)
                sum = static_cast<T>(sum + a[i * rowA + p * columnA] * b[p * rowB + j * columnB]);
            c[i * steps.c + j] = sum;
        }
    }
}

template <typename T, typename A, typename B>
void multiply(const A &a, const B &b, T *c, int64_t rows, int64_t columns, int64_t step,
              bool accumulate)
{
    Eigen::Map<Matrix<T>, Eigen::Unaligned, Step> out(c, rows, columns, Step(step));
    if (accumulate)
        out.noalias() += a * b;
    else
        out.noalias() = a * b;
}

/// Eigen's product, rows of C in pieces.
template <typename T>
void packed(Layout layoutA, Layout layoutB, int64_t m, int64_t n, int64_t k, const T *a, const T *b,
            T *c, bool accumulate, const RowSteps &steps)
{
    const int64_t grain = m * n * k <= smallProduct ? m : rowGrain;
    const ConstMap<T> plainB(b, k, n, Step(steps.b));
    const ConstMap<T> turnedB(b, n, k, Step(steps.b));
    parallelFor(m, grain, [&](int64_t begin, int64_t end) {
        const int64_t rows = end - begin;
        T *target = c + begin * steps.c;
        if (layoutA == Layout::Plain) {
            const ConstMap<T> part(a + begin * steps.a, rows, k, Step(steps.a));
            if (layoutB == Layout::Plain)
                multiply<T>(part, plainB, target, rows, n, steps.c, accumulate);
            else
                multiply<T>(part, turnedB.transpose(), target, rows, n, steps.c, accumulate);
        } else {
            const ConstMap<T> whole(a, k, m, Step(steps.a));
            const auto part = whole.middleCols(begin, rows).transpose();
            if (layoutB == Layout::Plain)
                multiply<T>(part, plainB, target, rows, n, steps.c, accumulate);
            else
                multiply<T>(part, turnedB.transpose(), target, rows, n, steps.c, accumulate);
        }
    });
}

} // namespace

template <typename T>
void gemm(Layout layoutA, Layout layoutB, int64_t m, int64_t n, int64_t k, const T *a, const T *b,
          T *c, bool accumulate, RowSteps steps)
{
    if (m == 0 || n == 0)
        return;
    steps.a = steps.a ? steps.a : layoutA == Layout::Plain ? k : m;
    steps.b = steps.b ? steps.b : layoutB == Layout::Plain ? n : k;
    steps.c = steps.c ? steps.c : n;
    if (std::is_integral_v<T> || m * n * k <= tinyProduct)
        tiny(layoutA, layoutB, m, n, k, a, b, c, accumulate, steps);
    else if constexpr (!std::is_integral_v<T>)
        packed(layoutA, layoutB, m, n, k, a, b, c, accumulate, steps);
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

template void gemm(Layout, Layout, int64_t, int64_t, int64_t, const int32_t *, const int32_t *,
                   int32_t *, bool, RowSteps);
template void gemm(Layout, Layout, int64_t, int64_t, int64_t, const int64_t *, const int64_t *,
                   int64_t *, bool, RowSteps);
template void gemm(Layout, Layout, int64_t, int64_t, int64_t, const float *, const float *, float *,
                   bool, RowSteps);
template void gemm(Layout, Layout, int64_t, int64_t, int64_t, const double *, const double *,
                   double *, bool, RowSteps);
template void gemm(Layout, Layout, int64_t, int64_t, int64_t, const std::complex<float> *,
                   const std::complex<float> *, std::complex<float> *, bool, RowSteps);
template void gemm(Layout, Layout, int64_t, int64_t, int64_t, const std::complex<double> *,
                   const std::complex<double> *, std::complex<double> *, bool, RowSteps);
template void sumRows(int64_t, int64_t, const float *, float *, bool);
template void sumRows(int64_t, int64_t, const double *, double *, bool);

} // namespace mrg::kernels
