// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace mrg::kernels {

// Of a row-major matrix A = U diag(s) V^H of `rows` by `columns` (U and V with as many columns as
// there are singular values). Types: float, double and their complex ones; all of it is worked out
// in double precision.

/// The sum of the singular values. Where `polar` is not null it gets U V^H, the slope of that sum.
/// Infinite elements give NaN. **Errors**: value `svd_error_not_converged` where an element is NaN.
template <typename T> double nuclearNorm(int64_t rows, int64_t columns, const T *matrix, T *polar);

/// out = the derivative of U V^H as the matrix moves along `direction`. Where singular values are 0
/// there is none; their part of it is left out.
template <typename T>
void polarSlope(int64_t rows, int64_t columns, const T *matrix, const T *direction, T *out);

} // namespace mrg::kernels
