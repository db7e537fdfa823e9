// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/conversion.h"
#include "engine/tensor/Number.h"

#include <optional>

namespace mrg {

// torch's pointwise functions. Two tensors are broadcast to a common shape and promoted to a common
// type; throws Error (shape, `broadcast_error_incompatible_dimensions`; dtype,
// `dtype_not_supported`). Recorded on the tape with derivatives that are themselves recorded, so
// gradients of gradients work.

Tensor add(const Tensor &a, const Tensor &b, Number alpha = 1); ///< a + alpha b
Tensor sub(const Tensor &a, const Tensor &b, Number alpha = 1); ///< a - alpha b
Tensor mul(const Tensor &a, const Tensor &b);
Tensor div(const Tensor &a, const Tensor &b); ///< true division; integers give floats
Tensor pow(const Tensor &a, const Tensor &b);
Tensor floatPower(const Tensor &a, const Tensor &b); ///< in float64
Tensor maximum(const Tensor &a, const Tensor &b); ///< NaN if one is NaN
Tensor minimum(const Tensor &a, const Tensor &b);
Tensor fmax(const Tensor &a, const Tensor &b); ///< the other if one is NaN
Tensor fmin(const Tensor &a, const Tensor &b);
Tensor fmod(const Tensor &a, const Tensor &b); ///< with the sign of a
Tensor remainder(const Tensor &a, const Tensor &b); ///< with the sign of b
Tensor atan2(const Tensor &a, const Tensor &b);
Tensor hypot(const Tensor &a, const Tensor &b);
Tensor copysign(const Tensor &a, const Tensor &b);
Tensor xlogy(const Tensor &a, const Tensor &b); ///< a log b, 0 where a is 0
Tensor logaddexp(const Tensor &a, const Tensor &b);
Tensor logaddexp2(const Tensor &a, const Tensor &b);
Tensor ldexp(const Tensor &a, const Tensor &b); ///< a 2^b

Tensor heaviside(const Tensor &a, const Tensor &values);
Tensor nextafter(const Tensor &a, const Tensor &b);
Tensor lerp(const Tensor &start, const Tensor &end, const Tensor &weight);
Tensor addcmul(const Tensor &x, const Tensor &a, const Tensor &b,
               Number value = 1); ///< x + value a b
Tensor addcdiv(const Tensor &x, const Tensor &a, const Tensor &b,
               Number value = 1); ///< x + value a / b
Tensor bitwiseAnd(const Tensor &a, const Tensor &b);
Tensor bitwiseOr(const Tensor &a, const Tensor &b);
Tensor bitwiseXor(const Tensor &a, const Tensor &b);

/// How a quotient is rounded.
enum class RoundingMode { None, Trunc, Floor };
/// **Errors**: value `division_by_zero` for integers.
Tensor div(const Tensor &a, const Tensor &b, RoundingMode mode);

inline Tensor add(const Tensor &a, Number b) { return add(a, b.tensor()); }
inline Tensor sub(const Tensor &a, Number b) { return sub(a, b.tensor()); }
inline Tensor sub(Number a, const Tensor &b) { return sub(a.tensor(), b); }
inline Tensor mul(const Tensor &a, Number b) { return mul(a, b.tensor()); }
inline Tensor div(const Tensor &a, Number b) { return div(a, b.tensor()); }
inline Tensor div(Number a, const Tensor &b) { return div(a.tensor(), b); }
inline Tensor pow(const Tensor &a, Number b) { return pow(a, b.tensor()); }
inline Tensor pow(Number a, const Tensor &b) { return pow(a.tensor(), b); }

// Comparisons and logic give bools.
Tensor logicalAnd(const Tensor &a, const Tensor &b);
Tensor logicalOr(const Tensor &a, const Tensor &b);
Tensor logicalXor(const Tensor &a, const Tensor &b);
Tensor eq(const Tensor &a, const Tensor &b);
Tensor ne(const Tensor &a, const Tensor &b);
Tensor lt(const Tensor &a, const Tensor &b);
Tensor le(const Tensor &a, const Tensor &b);
Tensor gt(const Tensor &a, const Tensor &b);
Tensor ge(const Tensor &a, const Tensor &b);
inline Tensor eq(const Tensor &a, Number b) { return eq(a, b.tensor()); }
inline Tensor ne(const Tensor &a, Number b) { return ne(a, b.tensor()); }
inline Tensor lt(const Tensor &a, Number b) { return lt(a, b.tensor()); }
inline Tensor le(const Tensor &a, Number b) { return le(a, b.tensor()); }
inline Tensor gt(const Tensor &a, Number b) { return gt(a, b.tensor()); }
inline Tensor ge(const Tensor &a, Number b) { return ge(a, b.tensor()); }

/// a where the condition (bool) holds, else b; all three are broadcast.
Tensor where(const Tensor &condition, const Tensor &a, const Tensor &b);
inline Tensor where(const Tensor &condition, const Tensor &a, Number b)
{
    return where(condition, a, b.tensor());
}
inline Tensor where(const Tensor &condition, Number a, const Tensor &b)
{
    return where(condition, a.tensor(), b);
}

Tensor neg(const Tensor &x);
Tensor positive(const Tensor &x);
Tensor abs(const Tensor &x);
Tensor sign(const Tensor &x);
Tensor square(const Tensor &x);
Tensor reciprocal(const Tensor &x);
Tensor sqrt(const Tensor &x);
Tensor rsqrt(const Tensor &x);

Tensor exp(const Tensor &x);
Tensor exp2(const Tensor &x);
Tensor expm1(const Tensor &x);
Tensor log(const Tensor &x);
Tensor log2(const Tensor &x);
Tensor log10(const Tensor &x);
Tensor log1p(const Tensor &x);

Tensor sin(const Tensor &x);
Tensor cos(const Tensor &x);
Tensor tan(const Tensor &x);
Tensor asin(const Tensor &x);
Tensor acos(const Tensor &x);
Tensor atan(const Tensor &x);
Tensor sinh(const Tensor &x);
Tensor cosh(const Tensor &x);
Tensor tanh(const Tensor &x);
Tensor asinh(const Tensor &x);
Tensor acosh(const Tensor &x);
Tensor atanh(const Tensor &x);
Tensor sinc(const Tensor &x);
Tensor deg2rad(const Tensor &x);
Tensor rad2deg(const Tensor &x);

Tensor erf(const Tensor &x);
Tensor erfc(const Tensor &x);
Tensor erfinv(const Tensor &x);
Tensor lgamma(const Tensor &x);
Tensor digamma(const Tensor &x);
Tensor i0(const Tensor &x);

// Steps: their gradient is 0.
Tensor ceil(const Tensor &x);
Tensor floor(const Tensor &x);
Tensor trunc(const Tensor &x);
Tensor frac(const Tensor &x);

Tensor sigmoid(const Tensor &x);
Tensor relu(const Tensor &x);
Tensor silu(const Tensor &x);
Tensor selu(const Tensor &x);
Tensor softsign(const Tensor &x);
Tensor hardsigmoid(const Tensor &x);
Tensor hardswish(const Tensor &x);

// Conditions give bools.
Tensor isnan(const Tensor &x);
Tensor isinf(const Tensor &x);
Tensor isfinite(const Tensor &x);
Tensor isposinf(const Tensor &x);
Tensor isneginf(const Tensor &x);
Tensor isreal(const Tensor &x);
Tensor signbit(const Tensor &x);
Tensor logicalNot(const Tensor &x);

Tensor bitwiseNot(const Tensor &x);
/// x = mantissa 2^exponent, with a mantissa of size 1/2 to 1.
struct Mantissa {
    Tensor mantissa;
    Tensor exponent; ///< int32
};
Mantissa frexp(const Tensor &x);
/// min(max(x, low), high), where an undefined bound is none. **Errors**: value `missing_argument`
/// without both.
Tensor clamp(const Tensor &x, const Tensor &low, const Tensor &high);
Tensor clamp(const Tensor &x, std::optional<Number> low, std::optional<Number> high);
Tensor elu(const Tensor &x, double alpha = 1);
Tensor leakyRelu(const Tensor &x, double negativeSlope = 0.01);
Tensor gelu(const Tensor &x, bool tanhApproximation = false);
Tensor softplus(const Tensor &x, double beta = 1, double threshold = 20);
Tensor logit(const Tensor &x, std::optional<double> eps = {});
/// Rounded to the nearest, half to even, at a number of decimals (negative: tens, hundreds).
Tensor round(const Tensor &x, int64_t decimals = 0);
/// Derivative number n of digamma; n >= 0.
Tensor polygamma(int64_t n, const Tensor &x);
/// The modified Bessel function of order 1.
Tensor i1(const Tensor &x);

// Complex numbers.
Tensor complex(const Tensor &real, const Tensor &imag);
Tensor polar(const Tensor &abs, const Tensor &angle);
Tensor conj(const Tensor &x); ///< itself unless complex
Tensor angle(const Tensor &x); ///< pi for negative real numbers
/// Views of the parts, sharing memory. real() of a real tensor is itself; imag() takes a real one
/// of shape (.., 2) for the parts of a complex one.
Tensor real(const Tensor &x);
Tensor imag(const Tensor &x);
/// The parts as (.., 2), sharing memory, and back.
Tensor viewAsReal(const Tensor &x);
Tensor viewAsComplex(const Tensor &x);

inline Tensor operator+(const Tensor &a, const Tensor &b) { return add(a, b); }
inline Tensor operator-(const Tensor &a, const Tensor &b) { return sub(a, b); }
inline Tensor operator*(const Tensor &a, const Tensor &b) { return mul(a, b); }
inline Tensor operator/(const Tensor &a, const Tensor &b) { return div(a, b); }
inline Tensor operator-(const Tensor &x) { return neg(x); }

} // namespace mrg
