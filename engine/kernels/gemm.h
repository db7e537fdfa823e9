// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/kernels/packed_product.h"

#include <cstdint>

namespace mrg::kernels {

/// Elements from one row to the next in memory, for parts of larger matrices; 0: rows are compact.
struct RowSteps {
    int64_t a = 0;
    int64_t b = 0;
    int64_t c = 0;
};

/// C (m x n) = op(A) (m x k) * op(B) (k x n), or C += with `accumulate`. All row-major; a
/// transposed operand lies in memory as its transpose. For numbers of any kind but bool. C is
/// shared out in pieces of fixed size, so that the bits do not depend on the number of threads.
///
/// Real products run over tiles of C that stay in registers (product_tile.h), with the operands
/// laid out for them block by block (packed_product.h) unless they are so small that it does not
/// pay; complex ones are Eigen's.
template <typename T>
void gemm(Layout layoutA, Layout layoutB, int64_t m, int64_t n, int64_t k, const T *a, const T *b,
          T *c, bool accumulate = false, RowSteps steps = {});

/// out[n] (+)= sum over the m rows of a (m x n).
template <typename T>
void sumRows(int64_t m, int64_t n, const T *a, T *out, bool accumulate = false);

} // namespace mrg::kernels
