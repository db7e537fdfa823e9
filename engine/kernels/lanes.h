// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <Eigen/Core>

#include <cstdint>
#include <cstring>

namespace mrg::kernels {

/// As many elements as fit in 64 bytes: an Eigen array of fixed size, which stays in the vector
/// registers of the target. For kernels that do a good deal of arithmetic an element:
///
///     forLanes<T>(n, [=](int64_t i, auto some) {
///         some.store(y + i, some.load(x + i).tanh() * some.load(w + i));
///     });
///
/// The last, partial piece is filled up with zeros and goes through the same instructions, so that
/// what an element becomes does not depend on its place.
template <typename T> inline constexpr int64_t lanes = 64 / static_cast<int64_t>(sizeof(T));
template <typename T> using Lanes = Eigen::Array<T, lanes<T>, 1>;

/// Loads and stores a full piece.
struct AllLanes {
    template <typename T> static Lanes<T> load(const T *from)
    {
        return Eigen::Map<const Lanes<T>>(from);
    }
    template <typename T> static void store(T *to, const Lanes<T> &values)
    {
        Eigen::Map<Lanes<T>>(to, lanes<T>) = values;
    }
};

/// Loads and stores the first `count` lanes.
struct FirstLanes {
    int64_t count;

    template <typename T> Lanes<T> load(const T *from) const
    {
        Lanes<T> values = Lanes<T>::Zero();
        std::memcpy(values.data(), from, static_cast<size_t>(count) * sizeof(T));
        return values;
    }
    template <typename T> void store(T *to, const Lanes<T> &values) const
    {
        std::memcpy(to, values.data(), static_cast<size_t>(count) * sizeof(T));
    }
};

/// Calls body(begin of the piece, AllLanes or FirstLanes) over [0, count).
template <typename T, typename Body> void forLanes(int64_t count, Body body)
{
    int64_t i = 0;
    for (; i + lanes<T> <= count; i += lanes<T>)
        body(i, AllLanes());
    if (i < count)
        body(i, FirstLanes{count - i});
}

/// e^x, exactly 0 where it is too small for T (Eigen's own stops at the smallest normal number).
template <typename T> Lanes<T> exponential(const Lanes<T> &x)
{
    // By packets, as Eigen does not vectorise select().
    using namespace Eigen::internal;
    using Packet = typename packet_traits<T>::type;
    constexpr T smallest = sizeof(T) == sizeof(float) ? T(-87.3) : T(-708.3);
    Lanes<T> out;
    for (int64_t i = 0; i < lanes<T>; i += packet_traits<T>::size) {
        const Packet power = ploadu<Packet>(x.data() + i);
        pstoreu(out.data() + i, pandnot(pexp(power), pcmp_lt(power, pset1<Packet>(smallest))));
    }
    return out;
}

} // namespace mrg::kernels
