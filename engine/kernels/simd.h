// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace mrg::kernels::simd {

// Vectors of the machine's full width, as the compiler's own vector types: arithmetic, comparisons
// (which give masks of all ones or zeros) and `mask ? a : b` are the plain operators. For kernels
// that compare and count, which Eigen's arrays (lanes.h) do one by one, and for those that decide
// themselves what stays in which register.

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

/// The first `count` lanes (at most all), the others 0.
template <typename T> Vector<T> loadPart(const T *from, int64_t count)
{
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4)
        return (Vector<T>)_mm512_maskz_loadu_epi32(
                static_cast<__mmask16>((uint32_t(1) << count) - 1), from);
    else
        return (Vector<T>)_mm512_maskz_loadu_epi64(
                static_cast<__mmask8>((uint32_t(1) << count) - 1), from);
#else
    if (count == lanes<T>)
        return load(from);
    T lane[lanes<T>] = {};
    std::copy_n(from, count, lane);
    return load(lane);
#endif
}

/// The lanes `begin` to `end` of those at `from` (either may lie outside of them), the others 0;
/// only these are read.
template <typename T> Vector<T> loadRange(const T *from, int64_t begin, int64_t end)
{
    begin = std::clamp<int64_t>(begin, 0, lanes<T>);
    end = std::clamp<int64_t>(end, begin, lanes<T>);
#if defined(__AVX512F__)
    const uint32_t mask = ((uint32_t(1) << end) - 1) & ~((uint32_t(1) << begin) - 1);
    if constexpr (sizeof(T) == 4)
        return (Vector<T>)_mm512_maskz_loadu_epi32(static_cast<__mmask16>(mask), from);
    else
        return (Vector<T>)_mm512_maskz_loadu_epi64(static_cast<__mmask8>(mask), from);
#else
    if (begin == 0 && end == lanes<T>)
        return load(from);
    T lane[lanes<T>] = {};
    for (int64_t i = begin; i < end; ++i)
        lane[i] = from[i];
    return load(lane);
#endif
}

/// Stores the first `count` lanes (at most all).
template <typename T> void storePart(T *to, Vector<T> value, int64_t count)
{
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4)
        _mm512_mask_storeu_epi32(to, static_cast<__mmask16>((uint32_t(1) << count) - 1),
                                 (__m512i)value);
    else
        _mm512_mask_storeu_epi64(to, static_cast<__mmask8>((uint32_t(1) << count) - 1),
                                 (__m512i)value);
#else
    T lane[lanes<T>];
    store(lane, value);
    std::copy_n(lane, count, to);
#endif
}

/// Stores past the caches, which saves fetching what is overwritten: for results that are too large
/// to be found there when they are read. `to` is aligned to vectorBytes; streamed() must follow
/// before another thread may read. A plain store where the machine has no such instruction.
template <typename T> void stream(T *to, Vector<T> value)
{
#if defined(__AVX512F__)
    __m512i bits;
    std::memcpy(&bits, &value, sizeof bits);
    _mm512_stream_si512(reinterpret_cast<__m512i *>(to), bits);
#elif defined(__AVX__)
    __m256i bits;
    std::memcpy(&bits, &value, sizeof bits);
    _mm256_stream_si256(reinterpret_cast<__m256i *>(to), bits);
#elif defined(__SSE2__)
    __m128i bits;
    std::memcpy(&bits, &value, sizeof bits);
    _mm_stream_si128(reinterpret_cast<__m128i *>(to), bits);
#else
    store(to, value);
#endif
}
inline void streamed()
{
#if defined(__SSE2__)
    _mm_sfence();
#endif
}

/// `value` in all lanes.
template <typename T> Vector<T> all(T value) { return value - Vector<T>{}; }

/// a * b + c of floating-point numbers, rounded once on machines that have an instruction for it.
template <typename T> Vector<T> multiplyAdd(Vector<T> a, Vector<T> b, Vector<T> c)
{
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4)
        return _mm512_fmadd_ps(a, b, c);
    else
        return _mm512_fmadd_pd(a, b, c);
#elif defined(__FMA__)
    if constexpr (sizeof(T) == 4)
        return _mm256_fmadd_ps(a, b, c);
    else
        return _mm256_fmadd_pd(a, b, c);
#else
    return a * b + c;
#endif
}
/// The same of single numbers, to the same bits.
template <typename T> T multiplyAdd(T a, T b, T c)
{
#if defined(__FMA__)
    if constexpr (sizeof(T) == 4)
        return __builtin_fmaf(a, b, c);
    else
        return __builtin_fma(a, b, c);
#else
    return a * b + c;
#endif
}

namespace detail {
/// Exchanges the blocks of `Width` lanes off the diagonal of every two vectors that are `Width`
/// apart; doing so for 1, 2, 4, ... transposes the square.
template <typename T, int Width, size_t... Lane>
void exchangeBlocks(Vector<T> *rows, std::index_sequence<Lane...>)
{
    constexpr size_t count = sizeof...(Lane);
    for (size_t i = 0; i < count; ++i) {
        if (i & Width)
            continue;
        const Vector<T> upper = rows[i];
        const Vector<T> lower = rows[i + Width];
        rows[i] = __builtin_shufflevector(upper, lower,
                                          ((Lane & Width) ? count + Lane - Width : Lane)...);
        rows[i + Width] = __builtin_shufflevector(
                upper, lower, ((Lane & Width) ? count + Lane : Lane + Width)...);
    }
    if constexpr (2 * Width < static_cast<int>(count))
        exchangeBlocks<T, 2 * Width>(rows, std::index_sequence<Lane...>());
}
} // namespace detail

namespace detail {
template <typename T, size_t... Lane>
Vector<T> everySecond(Vector<T> first, Vector<T> second, std::index_sequence<Lane...>)
{
    return __builtin_shufflevector(first, second, (2 * Lane)...);
}
} // namespace detail

/// Lanes 0, 2, 4, ... of two vectors as one.
template <typename T> Vector<T> everySecond(Vector<T> first, Vector<T> second)
{
    return detail::everySecond<T>(first, second,
                                  std::make_index_sequence<static_cast<size_t>(lanes<T>)>());
}

/// Transposes a square of lanes<T> vectors.
template <typename T> void transpose(Vector<T> *rows)
{
    detail::exchangeBlocks<T, 1>(rows, std::make_index_sequence<static_cast<size_t>(lanes<T>)>());
}

namespace detail {
template <typename T, typename Part, size_t... Lane> T sum(Part value, std::index_sequence<Lane...>)
{
    constexpr size_t half = sizeof...(Lane);
    if constexpr (half == 1) {
        return value[0] + value[1];
    } else {
        return sum<T>(__builtin_shufflevector(value, value, Lane...)
                              + __builtin_shufflevector(value, value, (Lane + half)...),
                      std::make_index_sequence<half / 2>());
    }
}
} // namespace detail

/// The sum of all lanes, halves added to halves.
template <typename T> T sum(Vector<T> value)
{
    return detail::sum<T>(value, std::make_index_sequence<static_cast<size_t>(lanes<T> / 2)>());
}

} // namespace mrg::kernels::simd
