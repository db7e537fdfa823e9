// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace mrg::kernels::simd {

// Vectors of the machine's full width, as the compiler's own vector types: arithmetic, comparisons
// (which give masks of all ones or zeros) and `mask ? a : b` are the plain operators.

#if defined(__AVX512F__)
inline constexpr int vectorBytes = 64;
#elif defined(__AVX__)
inline constexpr int vectorBytes = 32;
#else
inline constexpr int vectorBytes = 16;
#endif

template <typename T> struct VectorOf {
    typedef T type __attribute__((vector_size(vectorBytes)));
};
/// A full vector of T: float, double, int32_t or int64_t.
template <typename T> using Vector = typename VectorOf<T>::type;
/// The integer of T's size: what a comparison of T gives.
template <typename T> using MaskElement = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;
template <typename T> using Mask = Vector<MaskElement<T>>;
/// Elements of a vector.
template <typename T>
inline constexpr int64_t lanes = vectorBytes / static_cast<int64_t>(sizeof(T));

template <typename T> Vector<T> load(const T *from)
{
    Vector<T> out;
    std::memcpy(&out, from, sizeof out);
    return out;
}
template <typename T> void store(T *to, Vector<T> value) { std::memcpy(to, &value, sizeof value); }

/// The first `count` lanes from memory, `rest` in the others.
template <typename T> Vector<T> loadPart(const T *from, int64_t count, T rest)
{
    T lane[lanes<T>];
    for (int64_t i = 0; i < lanes<T>; ++i)
        lane[i] = i < count ? from[i] : rest;
    return load(lane);
}
template <typename T> void storePart(T *to, Vector<T> value, int64_t count)
{
    T lane[lanes<T>];
    store(lane, value);
    std::copy_n(lane, count, to);
}

template <typename T> Vector<T> all(T value) { return Vector<T>{} + value; }

template <typename T> T sum(Vector<T> value)
{
    T lane[lanes<T>];
    store(lane, value);
    for (int64_t width = lanes<T> / 2; width > 0; width /= 2) {
        for (int64_t i = 0; i < width; ++i)
            lane[i] += lane[i + width];
    }
    return lane[0];
}

/// A NaN in the newer operand wins over the older one.
template <typename T> Vector<T> maxNan(Vector<T> older, Vector<T> newer)
{
    return older >= newer ? older : newer;
}

/// e^x for x <= 0 to about 1 ulp; results below the smallest normal number are 0, a NaN stays.
///
/// Splits x into n ln 2 + r, |r| <= ln 2 / 2, takes a polynomial for e^r and puts n into the
/// exponent. **Source**: Cephes, expf.c (Moshier).
inline Vector<float> expOfNegative(Vector<float> x)
{
    const Vector<float> lowest = all(-87.33654f);
    const Mask<float> vanishes = x < lowest;
    const Vector<float> bounded = vanishes ? lowest : x;
    // Adding 1.5 * 2^23 rounds to a whole number, which stands in the lowest bits.
    const Vector<float> shifted = bounded * 1.44269504088896341f + 12582912.0f;
    const Vector<float> n = shifted - 12582912.0f;
    const Vector<float> r = (bounded - n * 0.693359375f) - n * -2.12194440e-4f;
    Vector<float> p = all(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    const Vector<float> mantissa = p * (r * r) + r + 1.0f;
    Mask<float> bits;
    std::memcpy(&bits, &shifted, sizeof bits);
    bits = (bits - 0x4B400000 + 127) << 23;
    Vector<float> power;
    std::memcpy(&power, &bits, sizeof power);
    const Vector<float> out = mantissa * power;
    return vanishes ? Vector<float>{} : out;
}

/// The same lane by lane.
inline Vector<double> expOfNegative(Vector<double> x)
{
    double lane[lanes<double>];
    store(lane, x);
    for (double &value : lane)
        value = std::exp(value);
    return load(lane);
}

} // namespace mrg::kernels::simd
