// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/kernels/gemm.h"

namespace mrg::kernels {

/// A matrix of k rows and n columns laid out once for many products with few rows each (the steps
/// of a recurrent layer, the heads of an attention): panels of some columns, row after row.
/// `packedSize` elements.
template <typename T> int64_t packedSize(int64_t k, int64_t n);
/// Lays out op(b), a k x n matrix, whose rows in memory are `stride` elements apart; see gemm() for
/// `layout`.
template <typename T>
void pack(Layout layout, int64_t k, int64_t n, const T *b, int64_t stride, T *packed);

/// Where the elements of the left factor lie: by row and by column (a transposed one has them the
/// other way round).
template <typename T> struct LeftFactor {
    const T *data;
    int64_t rowStride;
    int64_t columnStride = 1;
};

/// C (m x n) = A (m x k) B with B laid out by pack(), or C += with `accumulate`; rows of C are
/// `strideC` elements apart. In this thread; every element is summed in the order of k, so its bits
/// depend neither on m nor on n.
template <typename T>
void packedProduct(int64_t m, int64_t n, int64_t k, LeftFactor<T> a, const T *packed, T *c,
                   int64_t strideC, bool accumulate = false);

} // namespace mrg::kernels
