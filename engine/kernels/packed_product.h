// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace mrg::kernels {

/// Whether a matrix is used as it lies in memory or transposed.
enum class Layout { Plain, Transposed };

/// A matrix of k rows and n columns laid out once for many rows or many products (the steps of a
/// recurrent layer, the heads of an attention): panels of some columns, row after row, filled up
/// with zeros. `packedSize` elements.
template <typename T> int64_t packedSize(int64_t k, int64_t n);
/// Lays out op(b), a k x n matrix, whose rows in memory are `stride` elements apart.
template <typename T>
void pack(Layout layout, int64_t k, int64_t n, const T *b, int64_t stride, T *packed);

/// Where the elements of the left factor lie: by row and by column, one of which is compact (a
/// transposed factor has its columns so).
template <typename T> struct LeftFactor {
    const T *data;
    int64_t rowStride;
    int64_t columnStride = 1;

    const T *at(int64_t row, int64_t column) const
    {
        return data + row * rowStride + column * columnStride;
    }
};

/// The left factor (m x k) laid out in tiles of tileRows rows, for products with many columns and
/// for convolutions: column p of tile i (see forEachTile) begins at packed[(i * k + p) * tileRows].
/// `packedLeftSize` elements.
template <typename T> int64_t packedLeftSize(int64_t m, int64_t k);
template <typename T> void packLeft(int64_t m, int64_t k, const LeftFactor<T> &a, T *packed);

/// C (m x n) = A (m x k) B with B laid out by pack(), or C += with `accumulate`; rows of C are
/// `strideC` elements apart. In this thread; every element is summed in the order of k, in blocks
/// of productBlock, so its bits depend neither on m nor on n. With `stored` transposed C lies in
/// memory as its transpose: so the larger factor of the product of few rows and a transposed matrix
/// need not be laid out.
template <typename T>
void packedProduct(int64_t m, int64_t n, int64_t k, LeftFactor<T> a, const T *packed, T *c,
                   int64_t strideC, bool accumulate = false, Layout stored = Layout::Plain);

/// The same with B as it lies in memory, compact rows `strideB` elements apart: for so few rows of
/// A that laying B out does not pay. The same bits.
template <typename T>
void directProduct(int64_t m, int64_t n, int64_t k, LeftFactor<T> a, const T *b, int64_t strideB,
                   T *c, int64_t strideC, bool accumulate = false);

/// Steps of k that are summed before they are added to C: a panel of B of so many rows stays in the
/// first cache.
inline constexpr int64_t productBlock = 256;

} // namespace mrg::kernels
