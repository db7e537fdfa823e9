// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/gemm.h"

#include "engine/core/Parallel.h"
#include "engine/kernels/Scratch.h"
#include "engine/kernels/simd.h"

#include <Eigen/Core>

#include <algorithm>
#include <complex>

namespace mrg::kernels {

namespace {

/// Products so small that plain loops beat all preparation.
constexpr int64_t tinyProduct = 2048;
/// Multiplications up to which threads do not pay.
constexpr int64_t smallProduct = 128 * 128 * 128;
/// Rows and columns of the piece of C that one thread computes at a time.
constexpr int64_t pieceRows = 96;
constexpr int64_t pieceColumns = 512;
/// Bytes of B that are laid out at a time, so that they stay in a core's own cache.
constexpr int64_t blockBytes = 1 << 20;
/// Columns of B that are laid out together by one thread.
constexpr int64_t packColumns = 256;
/// Rows of A up to which laying out B does not pay.
constexpr int64_t fewRows = 64;

/// a * b + c as the tiles compute it, so that an element's bits do not depend on the size of the
/// product that it is in.
template <typename T> T multiplyAdd(T a, T b, T c)
{
    if constexpr (std::is_floating_point_v<T>)
        return simd::multiplyAdd(a, b, c);
    else
        return static_cast<T>(a * b + c);
}

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
            T sum = 0;
            for (int64_t p = 0; p < k; ++p)
                sum = multiplyAdd(a[i * rowA + p * columnA], b[p * rowB + j * columnB], sum);
            T &to = c[i * steps.c + j];
            to = accumulate ? static_cast<T>(to + sum) : sum;
        }
    }
}

/// Sums that run along k in all lanes, for products of a row and the rows of a transposed B, which
/// laying out B would take longer than.
template <typename T>
void dots(int64_t n, int64_t k, const T *a, const T *b, int64_t stepB, T *c, bool accumulate)
{
    constexpr int64_t together = 8;
    using simd::lanes;
    for (int64_t j = 0; j < n; j += together) {
        const int64_t count = std::min(together, n - j);
        simd::Vector<T> sums[together] = {};
        const T *rows[together];
        for (int64_t i = 0; i < together; ++i)
            rows[i] = b + (j + std::min(i, count - 1)) * stepB;
        int64_t p = 0;
        for (; p + lanes<T> <= k; p += lanes<T>) {
            const simd::Vector<T> left = simd::load(a + p);
            for (int64_t i = 0; i < together; ++i)
                sums[i] = simd::multiplyAdd<T>(left, simd::load(rows[i] + p), sums[i]);
        }
        if (p < k) {
            const simd::Vector<T> left = simd::loadPart(a + p, k - p);
            for (int64_t i = 0; i < together; ++i)
                sums[i] = simd::multiplyAdd<T>(left, simd::loadPart(rows[i] + p, k - p), sums[i]);
        }
        for (int64_t i = 0; i < count; ++i) {
            const T sum = simd::sum<T>(sums[i]);
            c[j + i] = accumulate ? c[j + i] + sum : sum;
        }
    }
}

/// Calls body(first row, rows, first column, columns) over the pieces of C.
template <typename Body> void forEachPiece(int64_t m, int64_t n, int64_t k, Body body)
{
    if (m * n * k <= smallProduct)
        return body(0, m, 0, n);
    const int64_t across = (n + pieceColumns - 1) / pieceColumns;
    const int64_t down = (m + pieceRows - 1) / pieceRows;
    parallelFor(across * down, 1, [&](int64_t first, int64_t last) {
        for (int64_t piece = first; piece < last; ++piece) {
            const int64_t row = piece / across * pieceRows;
            const int64_t column = piece % across * pieceColumns;
            body(row, std::min(pieceRows, m - row), column, std::min(pieceColumns, n - column));
        }
    });
}

/// B laid out block by block, each multiplied by all of A.
template <typename T>
void blocked(int64_t m, int64_t n, int64_t k, LeftFactor<T> a, Layout layoutB, const T *b,
             int64_t stepB, T *c, int64_t stepC, bool accumulate)
{
    constexpr int64_t blockSize = blockBytes / static_cast<int64_t>(sizeof(T));
    constexpr int64_t mostColumns = blockSize / productBlock;
    thread_local Scratch<T> scratch;
    for (int64_t column = 0; column < n; column += mostColumns) {
        const int64_t columns = std::min(mostColumns, n - column);
        const int64_t most = std::max<int64_t>(1, blockSize / packedSize<T>(productBlock, columns))
                * productBlock;
        for (int64_t p = 0; p < k; p += most) {
            const int64_t steps = std::min(most, k - p);
            T *packed = scratch.of(packedSize<T>(steps, columns));
            const T *from
                    = layoutB == Layout::Plain ? b + p * stepB + column : b + column * stepB + p;
            const int64_t across = layoutB == Layout::Plain ? 1 : stepB;
            const bool small = m * columns * steps <= smallProduct;
            parallelFor(columns, small ? columns : packColumns, [&](int64_t begin, int64_t end) {
                pack(layoutB, steps, end - begin, from + begin * across, stepB,
                     packed + begin * steps);
            });
            const LeftFactor<T> left{a.at(0, p), a.rowStride, a.columnStride};
            forEachPiece(m, columns, steps,
                         [&](int64_t row, int64_t rows, int64_t begin, int64_t count) {
                             packedProduct<T>(rows, count, steps,
                                              {left.at(row, 0), left.rowStride, left.columnStride},
                                              packed + begin * steps,
                                              c + row * stepC + column + begin, stepC,
                                              accumulate || p > 0);
                         });
        }
    }
}

/// C^T = B^T A^T with A^T laid out, which is the smaller one, for a transposed B.
template <typename T>
void turned(int64_t m, int64_t n, int64_t k, Layout layoutA, const T *a, int64_t stepA, const T *b,
            int64_t stepB, T *c, int64_t stepC, bool accumulate)
{
    thread_local Scratch<T> scratch;
    T *packed = scratch.of(packedSize<T>(k, m));
    pack(layoutA == Layout::Plain ? Layout::Transposed : Layout::Plain, k, m, a, stepA, packed);
    forEachPiece(1, n, m * k, [&](int64_t, int64_t, int64_t column, int64_t columns) {
        packedProduct<T>(columns, m, k, {b + column * stepB, stepB}, packed, c + column, stepC,
                         accumulate, Layout::Transposed);
    });
}

template <typename T>
void realProduct(Layout layoutA, Layout layoutB, int64_t m, int64_t n, int64_t k, const T *a,
                 const T *b, T *c, bool accumulate, const RowSteps &steps)
{
    const bool compactColumn = layoutB == Layout::Transposed || steps.b == 1;
    if (n == 1 && m > 1 && compactColumn && steps.c == 1) {
        // A column is a row of the transposed product.
        const Layout turned = layoutA == Layout::Plain ? Layout::Transposed : Layout::Plain;
        return realProduct(Layout::Plain, turned, 1, m, k, b, a, c, accumulate, {k, steps.a, m});
    }
    const LeftFactor<T> left = layoutA == Layout::Plain ? LeftFactor<T>{a, steps.a, 1}
                                                        : LeftFactor<T>{a, 1, steps.a};
    if (m == 1 && layoutB == Layout::Transposed && (layoutA == Layout::Plain || steps.a == 1)) {
        forEachPiece(1, n, k, [&](int64_t, int64_t, int64_t column, int64_t columns) {
            dots(columns, k, a, b + column * steps.b, steps.b, c + column, accumulate);
        });
    } else if (m <= fewRows && layoutB == Layout::Plain) {
        forEachPiece(m, n, k, [&](int64_t row, int64_t rows, int64_t column, int64_t columns) {
            directProduct<T>(rows, columns, k, {left.at(row, 0), left.rowStride, left.columnStride},
                             b + column, steps.b, c + row * steps.c + column, steps.c, accumulate);
        });
    } else if (m <= fewRows && n > m) {
        turned(m, n, k, layoutA, a, steps.a, b, steps.b, c, steps.c, accumulate);
    } else {
        blocked(m, n, k, left, layoutB, b, steps.b, c, steps.c, accumulate);
    }
}

template <typename T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Step = Eigen::OuterStride<>;

/// Eigen's product, rows of C in pieces.
template <typename T>
void complexProduct(Layout layoutA, Layout layoutB, int64_t m, int64_t n, int64_t k, const T *a,
                    const T *b, T *c, bool accumulate, const RowSteps &steps)
{
    using Part = Eigen::Map<const Matrix<T>, Eigen::Unaligned, Eigen::Stride<-1, -1>>;
    const bool plainA = layoutA == Layout::Plain;
    const bool plainB = layoutB == Layout::Plain;
    const Part right(b, k, n, {plainB ? steps.b : 1, plainB ? 1 : steps.b});
    parallelFor(m, m * n * k <= smallProduct ? m : pieceRows, [&](int64_t begin, int64_t end) {
        const Part left(a + begin * (plainA ? steps.a : 1), end - begin, k,
                        {plainA ? steps.a : 1, plainA ? 1 : steps.a});
        Eigen::Map<Matrix<T>, Eigen::Unaligned, Step> out(c + begin * steps.c, end - begin, n,
                                                          Step(steps.c));
        if (accumulate)
            out.noalias() += left * right;
        else
            out.noalias() = left * right;
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
    else if constexpr (std::is_floating_point_v<T>)
        realProduct(layoutA, layoutB, m, n, k, a, b, c, accumulate, steps);
    else if constexpr (!std::is_integral_v<T>)
        complexProduct(layoutA, layoutB, m, n, k, a, b, c, accumulate, steps);
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
