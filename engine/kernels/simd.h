// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace mrg::kernels::simd {

// Vectors of the machine's full width, as the compiler's own vector types: arithmetic, comparisons
// (which give masks of all ones or zeros) and `mask ? a : b` are the plain operators. For kernels
// that compare and count, which Eigen's arrays (lanes.h) do one by one.

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

/// Stores the first `count` lanes.
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

} // namespace mrg::kernels::simd
