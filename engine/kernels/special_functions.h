// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/kernels/scalar_math.h"

namespace mrg::math {

// Special functions, computed in double whatever the type. **Source**: Moshier's Cephes library
// (zeta, psi); Abramowitz and Stegun 9.6.10 and 9.7.1 (Bessel functions).

double inverseErf(double y);
double digammaOf(double x);
/// sum over k >= 0 of (q + k)^-s, for s > 1.
double hurwitzZeta(double s, double q);
double polygammaOf(int64_t n, double x);
/// The modified Bessel function of the first kind, of order 0 or 1.
double besselI(int order, double x);

template <std::floating_point T> T erfinv(T y) { return static_cast<T>(inverseErf(y)); }
template <std::floating_point T> T digamma(T x) { return static_cast<T>(digammaOf(x)); }
template <std::floating_point T> T polygamma(int64_t n, T x)
{
    return static_cast<T>(polygammaOf(n, x));
}
/// NaN at infinity, as in Cephes and PyTorch: e^x / sqrt(x) has no value there.
template <std::floating_point T> T i0(T x)
{
    return std::isinf(x) ? std::numeric_limits<T>::quiet_NaN() : static_cast<T>(besselI(0, x));
}
template <std::floating_point T> T i1(T x) { return static_cast<T>(besselI(1, x)); }

} // namespace mrg::math
