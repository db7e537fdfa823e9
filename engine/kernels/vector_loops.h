// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/kernels/simd.h"

#include <array>

namespace mrg::kernels {

/// How the loops below read: a full vector of elements, or the single ones that are left.
template <typename T> struct VectorAccess {
    using Value = simd::Vector<T>;
    static Value load(const T *from) { return simd::load(from); }
};
template <typename T> struct ElementAccess {
    using Value = T;
    static Value load(const T *from) { return *from; }
};

/// `count` sums over [0, n) in one pass:
///
///     auto [sum, squares] = sumsOf<2, T>(n, [=](auto access, int64_t i, auto *sums) {
///         const auto value = access.load(x + i);
///         sums[0] += value;
///         sums[1] += value * value;
///     });
///
/// Short stretches are summed in T, side by side in vectors, and the stretches in double: as exact
/// as sums in double, nearly, at the speed of T. The order depends on n alone.
template <size_t count, typename T, typename Term>
std::array<double, count> sumsOf(int64_t n, Term term)
{
    constexpr int64_t stretch = 512;
    constexpr int64_t side = 4; // additions that need not wait for each other
    constexpr int64_t lanes = simd::lanes<T>;
    std::array<double, count> totals{};
    for (int64_t begin = 0; begin < n; begin += stretch) {
        const int64_t end = std::min(begin + stretch, n);
        simd::Vector<T> sums[side][count] = {};
        int64_t i = begin;
        for (; i + side * lanes <= end; i += side * lanes) {
            for (int64_t s = 0; s < side; ++s)
                term(VectorAccess<T>(), i + s * lanes, sums[s]);
        }
        for (; i + lanes <= end; i += lanes)
            term(VectorAccess<T>(), i, sums[0]);
        T rest[count] = {};
        for (; i < end; ++i)
            term(ElementAccess<T>(), i, rest);
        for (size_t k = 0; k < count; ++k) {
            const T sum = simd::sum<T>((sums[0][k] + sums[1][k]) + (sums[2][k] + sums[3][k]));
            totals[k] += static_cast<double>(sum) + static_cast<double>(rest[k]);
        }
    }
    return totals;
}

/// Whether an array of `count` elements is written past the caches: it would push out of them what
/// is needed sooner.
template <typename T> bool outgrowsCaches(int64_t count)
{
    constexpr int64_t cacheBytes = 4 << 20;
    return count * static_cast<int64_t>(sizeof(T)) > cacheBytes;
}

/// to[i] = value(access, i) over [0, n); `streaming`: past the caches, and simd::streamed() must
/// follow.
template <typename T, typename ValueAt>
void writeVectors(int64_t n, T *to, bool streaming, ValueAt value)
{
    constexpr int64_t lanes = simd::lanes<T>;
    int64_t i = 0;
    if (streaming) {
        for (; i < n && reinterpret_cast<uintptr_t>(to + i) % simd::vectorBytes != 0; ++i)
            to[i] = value(ElementAccess<T>(), i);
        for (; i + lanes <= n; i += lanes)
            simd::stream<T>(to + i, value(VectorAccess<T>(), i));
    }
    for (; i + lanes <= n; i += lanes)
        simd::store<T>(to + i, value(VectorAccess<T>(), i));
    for (; i < n; ++i)
        to[i] = value(ElementAccess<T>(), i);
}

} // namespace mrg::kernels
