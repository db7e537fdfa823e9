// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <bit>
#include <cfloat>
#include <cmath>
#include <complex>
#include <concepts>
#include <cstdint>
#include <limits>
#include <numbers>

/// Functions of one number, for the rules of elementwise kernels. Those of a float that are used
/// most have no branches, so that a loop over them becomes vector instructions; and as every
/// element goes through the same operations, its result doesn't depend on its place in the loop.
/// They are right to about two units in the last place. The others, and those of a double, are the
/// C library's.
///
/// **Source**: Moshier's Cephes library (expf, logf, tanhf) for the polynomials.
namespace mrg::math {

/// a if it holds, else b; both are computed.
template <typename T> constexpr T where(bool condition, T a, T b) { return condition ? a : b; }

inline float exp(float x)
{
    // e^x = 2^n e^r with |r| <= ln(2) / 2. Beyond the bounds the result is 0 or infinite anyway; a
    // NaN passes.
    const float bounded = x < -104.0f ? -104.0f : x > 89.0f ? 89.0f : x;
    constexpr float shift = 12582912.0f; // adding it rounds to a whole number
    const float shifted = bounded * 1.44269504088896341f + shift;
    const float n = shifted - shift;
    const float r = bounded - n * 0.693359375f - n * -2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    // 2^n in two factors: it may be beyond what one float holds.
    const auto power = static_cast<int32_t>(std::bit_cast<uint32_t>(shifted)
                                            - std::bit_cast<uint32_t>(shift));
    const int32_t half = power >> 1;
    const auto twoTo = [](int32_t e) {
        return std::bit_cast<float>((static_cast<uint32_t>(e) + 127u) << 23);
    };
    return p * twoTo(half) * twoTo(power - half);
}

inline float log(float x)
{
    // x = 2^n m with m between the roots of 1/2 and 2.
    const bool denormal = x < FLT_MIN;
    const uint32_t bits = std::bit_cast<uint32_t>(denormal ? x * 8388608.0f : x);
    constexpr uint32_t rootOfHalf = 0x3f3504f3u;
    const uint32_t offset = bits - rootOfHalf;
    const float n = static_cast<float>((static_cast<int32_t>(offset) >> 23) - (denormal ? 23 : 0));
    const float f = std::bit_cast<float>((offset & 0x007fffffu) + rootOfHalf) - 1.0f;
    const float z = f * f;
    float p = 7.0376836292e-2f;
    p = p * f - 1.1514610310e-1f;
    p = p * f + 1.1676998740e-1f;
    p = p * f - 1.2420140846e-1f;
    p = p * f + 1.4249322787e-1f;
    p = p * f - 1.6668057665e-1f;
    p = p * f + 2.0000714765e-1f;
    p = p * f - 2.4999993993e-1f;
    p = p * f + 3.3333331174e-1f;
    const float y = p * f * z + n * -2.12194440e-4f - 0.5f * z;
    const float finite = f + y + n * 0.693359375f;
    const float positive = x > FLT_MAX ? x : finite;
    const float other = x == 0.0f ? -std::numeric_limits<float>::infinity()
                                  : std::numeric_limits<float>::quiet_NaN();
    return x > 0.0f ? positive : other;
}

inline float expm1(float x)
{
    float p = 1.9841270e-4f;
    p = p * x + 1.3888889e-3f;
    p = p * x + 8.3333333e-3f;
    p = p * x + 4.1666667e-2f;
    p = p * x + 1.6666667e-1f;
    p = p * x + 0.5f;
    const float near = p * (x * x) + x;
    const float far = exp(x) - 1.0f;
    return std::abs(x) < 0.35f ? near : far;
}

inline float log1p(float x)
{
    // What is lost in rounding 1 + x is put back by the quotient.
    const float u = 1.0f + x;
    const float d = u - 1.0f;
    const float scaled = log(u) * (x / d);
    const float finite = d == 0.0f ? x : scaled;
    return x > FLT_MAX || u == 0.0f ? log(u) : finite;
}

inline float tanh(float x)
{
    const float z = x * x;
    float p = -5.70498872745e-3f;
    p = p * z + 2.06390887954e-2f;
    p = p * z - 5.37397155531e-2f;
    p = p * z + 1.33314422036e-1f;
    p = p * z - 3.33332819422e-1f;
    const float near = p * z * x + x;
    const float magnitude = std::abs(x);
    const float far = std::copysign(1.0f - 2.0f / (exp(2.0f * magnitude) + 1.0f), x);
    return magnitude < 0.625f ? near : far;
}

/// A rational approximation, as in Eigen's special functions.
inline float erf(float x)
{
    const float bounded = x < -4.0f ? -4.0f : x > 4.0f ? 4.0f : x;
    const float z = bounded * bounded;
    float p = -2.72614225801306e-10f;
    p = p * z + 2.77068142495902e-08f;
    p = p * z - 2.10102402082508e-06f;
    p = p * z - 5.69250639462346e-05f;
    p = p * z - 7.34990630326855e-04f;
    p = p * z - 2.95459980854025e-03f;
    p = p * z - 1.60960333262415e-02f;
    float q = -1.45660718464996e-05f;
    q = q * z - 2.13374055278905e-04f;
    q = q * z - 1.68282697438203e-03f;
    q = q * z - 7.37332916720468e-03f;
    q = q * z - 1.42647390514189e-02f;
    return bounded * p / q;
}

template <std::floating_point T> T exp(T x) { return std::exp(x); }
template <std::floating_point T> T log(T x) { return std::log(x); }
template <std::floating_point T> T expm1(T x) { return std::expm1(x); }
template <std::floating_point T> T log1p(T x) { return std::log1p(x); }
template <std::floating_point T> T tanh(T x) { return std::tanh(x); }
template <std::floating_point T> T erf(T x) { return std::erf(x); }
template <std::floating_point T> T sqrt(T x) { return std::sqrt(x); }
template <std::floating_point T> T sin(T x) { return std::sin(x); }
template <std::floating_point T> T cos(T x) { return std::cos(x); }
template <std::floating_point T> T tan(T x) { return std::tan(x); }
template <std::floating_point T> T asin(T x) { return std::asin(x); }
template <std::floating_point T> T acos(T x) { return std::acos(x); }
template <std::floating_point T> T atan(T x) { return std::atan(x); }
template <std::floating_point T> T sinh(T x) { return std::sinh(x); }
template <std::floating_point T> T cosh(T x) { return std::cosh(x); }
template <std::floating_point T> T asinh(T x) { return std::asinh(x); }
template <std::floating_point T> T acosh(T x) { return std::acosh(x); }
template <std::floating_point T> T atanh(T x) { return std::atanh(x); }
template <std::floating_point T> T exp2(T x) { return std::exp2(x); }
template <std::floating_point T> T log2(T x) { return std::log2(x); }
template <std::floating_point T> T log10(T x) { return std::log10(x); }
template <std::floating_point T> T erfc(T x) { return std::erfc(x); }
template <std::floating_point T> T lgamma(T x) { return std::lgamma(x); }
template <std::floating_point T> T ceil(T x) { return std::ceil(x); }
template <std::floating_point T> T floor(T x) { return std::floor(x); }
template <std::floating_point T> T trunc(T x) { return std::trunc(x); }
template <std::floating_point T> T abs(T x) { return std::abs(x); }
template <std::floating_point T> T pow(T x, T y) { return std::pow(x, y); }
template <std::floating_point T> T atan2(T x, T y) { return std::atan2(x, y); }
template <std::floating_point T> T hypot(T x, T y) { return std::hypot(x, y); }
template <std::floating_point T> T copysign(T x, T y) { return std::copysign(x, y); }
template <std::floating_point T> T fmod(T x, T y) { return std::fmod(x, y); }
// Other functions of complex numbers are found in their own namespace, std.
template <typename T> std::complex<T> exp2(std::complex<T> z)
{
    return std::exp(z * std::numbers::ln2_v<T>);
}
template <typename T> std::complex<T> log2(std::complex<T> z)
{
    return std::log(z) / std::numbers::ln2_v<T>;
}
template <std::floating_point T> bool isnan(T x) { return x != x; }
/// -1, 0 or 1; a NaN gives 0.
template <typename T> constexpr T sign(T x) { return static_cast<T>((x > T(0)) - (x < T(0))); }
template <std::floating_point T> T sigmoid(T x) { return T(1) / (T(1) + exp(-x)); }

/// a^b for integers; to a negative power only 1 and -1 are not 0.
template <std::integral T> T pow(T a, T b)
{
    if (b < 0)
        return a == T(1) ? T(1) : a == T(-1) && std::is_signed_v<T> ? T(b % 2 == 0 ? 1 : -1) : T(0);
    // Unsigned, because overflow wraps around.
    auto result = std::make_unsigned_t<T>(1);
    for (auto base = static_cast<std::make_unsigned_t<T>>(a); b > 0; b = static_cast<T>(b / 2)) {
        if (b % 2 != 0)
            result = static_cast<std::make_unsigned_t<T>>(result * base);
        base = static_cast<std::make_unsigned_t<T>>(base * base);
    }
    return static_cast<T>(result);
}

} // namespace mrg::math
