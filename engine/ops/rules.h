// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/kernels/scalar_math.h"
#include "engine/ops/pointwise.h"

#include <concepts>

/// The language in which elementwise functions and their derivatives are written: generic lambdas
/// over one number, such as `[](auto y) { return 1_c - y * y; }`.
///
/// A derivative is used twice. Over elements it becomes a kernel that multiplies with the incoming
/// gradient in the same pass; over tensors, with the same operators and functions, it is recorded
/// on the tape, which gives derivatives of derivatives.
namespace mrg::rules {

/// A number written in a rule (1_c, 0.5_c, or an option): it takes the type of what it meets.
struct Constant {
    double value;
    constexpr Constant operator-() const { return {-value}; }
};
constexpr Constant operator""_c(long double value) { return {static_cast<double>(value)}; }
constexpr Constant operator""_c(unsigned long long value) { return {static_cast<double>(value)}; }

template <typename T> struct RealOf {
    using type = T;
};
template <typename T> struct RealOf<std::complex<T>> {
    using type = T;
};
/// The type of an element's real part.
template <typename T> using Real = typename RealOf<T>::type;

template <typename T>
concept Element = std::is_arithmetic_v<T> || isComplexType<T>;

template <Element T> constexpr Real<T> as(Constant c) { return static_cast<Real<T>>(c.value); }

template <Element T> constexpr T operator+(Constant a, T b) { return static_cast<T>(as<T>(a) + b); }
template <Element T> constexpr T operator-(Constant a, T b) { return static_cast<T>(as<T>(a) - b); }
template <Element T> constexpr T operator*(Constant a, T b) { return static_cast<T>(as<T>(a) * b); }
template <Element T> constexpr T operator/(Constant a, T b) { return static_cast<T>(as<T>(a) / b); }
template <Element T> constexpr T operator+(T a, Constant b) { return static_cast<T>(a + as<T>(b)); }
template <Element T> constexpr T operator-(T a, Constant b) { return static_cast<T>(a - as<T>(b)); }
template <Element T> constexpr T operator*(T a, Constant b) { return static_cast<T>(a * as<T>(b)); }
template <Element T> constexpr T operator/(T a, Constant b) { return static_cast<T>(a / as<T>(b)); }
template <Element T> constexpr bool operator<(T a, Constant b) { return a < as<T>(b); }
template <Element T> constexpr bool operator>(T a, Constant b) { return a > as<T>(b); }
template <Element T> constexpr bool operator<=(T a, Constant b) { return a <= as<T>(b); }
template <Element T> constexpr bool operator>=(T a, Constant b) { return a >= as<T>(b); }
template <Element T> constexpr bool operator==(T a, Constant b) { return a == as<T>(b); }
/// The constant in the type of `x`.
template <Element T> constexpr T like(T, Constant c) { return T(as<T>(c)); }
template <Element T> constexpr Real<T> realPart(T x)
{
    if constexpr (isComplexType<T>)
        return x.real();
    else
        return x;
}
template <Element T> constexpr T where(bool condition, T a, Constant b)
{
    return math::where(condition, a, T(as<T>(b)));
}
template <Element T> constexpr T where(bool condition, Constant a, T b)
{
    return math::where(condition, T(as<T>(a)), b);
}

inline Tensor operator+(Constant a, const Tensor &b) { return add(b, a.value); }
inline Tensor operator-(Constant a, const Tensor &b) { return sub(a.value, b); }
inline Tensor operator*(Constant a, const Tensor &b) { return mul(b, a.value); }
inline Tensor operator/(Constant a, const Tensor &b) { return div(a.value, b); }
inline Tensor operator+(const Tensor &a, Constant b) { return add(a, b.value); }
inline Tensor operator-(const Tensor &a, Constant b) { return sub(a, b.value); }
inline Tensor operator*(const Tensor &a, Constant b) { return mul(a, b.value); }
inline Tensor operator/(const Tensor &a, Constant b) { return div(a, b.value); }
inline Tensor operator<(const Tensor &a, Constant b) { return lt(a, b.value); }
inline Tensor operator>(const Tensor &a, Constant b) { return gt(a, b.value); }
inline Tensor operator<=(const Tensor &a, Constant b) { return le(a, b.value); }
inline Tensor operator>=(const Tensor &a, Constant b) { return ge(a, b.value); }
inline Tensor operator==(const Tensor &a, Constant b) { return eq(a, b.value); }
inline Tensor operator<(const Tensor &a, const Tensor &b) { return lt(a, b); }
inline Tensor operator>(const Tensor &a, const Tensor &b) { return gt(a, b); }
inline Tensor operator<=(const Tensor &a, const Tensor &b) { return le(a, b); }
inline Tensor operator>=(const Tensor &a, const Tensor &b) { return ge(a, b); }
inline Tensor operator==(const Tensor &a, const Tensor &b) { return eq(a, b); }
inline Tensor operator&&(const Tensor &a, const Tensor &b) { return logicalAnd(a, b); }
inline Tensor operator||(const Tensor &a, const Tensor &b) { return logicalOr(a, b); }
inline Tensor operator!(const Tensor &x) { return logicalNot(x); }
inline Tensor realPart(const Tensor &x) { return real(x); }
inline Tensor like(const Tensor &x, Constant c) { return Tensor::scalar(c.value, x.dtype()); }
inline Tensor where(const Tensor &condition, const Tensor &a, Constant b)
{
    return mrg::where(condition, a, Number(b.value));
}
inline Tensor where(const Tensor &condition, Constant a, const Tensor &b)
{
    return mrg::where(condition, Number(a.value), b);
}

} // namespace mrg::rules
