// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/kernels/lanes.h"

#include <algorithm>

namespace mrg::kernels {

// What softmax and the losses that contain it have in common, for a row whose elements follow each
// other.

/// The largest of a row of n, by which exponentials are kept from overflowing. Where a NaN is among
/// them any of them: their exponentials have a NaN in any case.
template <typename T> T largestOfRow(const T *x, int64_t n)
{
    T largest[lanes<T>];
    std::fill_n(largest, lanes<T>, n > 0 ? x[0] : T(0));
    const auto take = [](T &old, T value) { old = old >= value ? old : value; };
    int64_t k = 0;
    for (; k + lanes<T> <= n; k += lanes<T>) {
        for (int64_t lane = 0; lane < lanes<T>; ++lane)
            take(largest[lane], x[k + lane]);
    }
    for (; k < n; ++k)
        take(largest[0], x[k]);
    for (T value : largest)
        take(largest[0], value);
    return largest[0];
}

/// The sum of e^(x - largest), which are written to `out` if it is not null.
template <typename T> T exponentialsOfRow(const T *x, T largest, T *out, int64_t n)
{
    Lanes<T> sums = Lanes<T>::Zero();
    int64_t k = 0;
    for (; k + lanes<T> <= n; k += lanes<T>) {
        const Lanes<T> powers = exponential<T>(AllLanes::load(x + k) - largest);
        if (out)
            AllLanes::store(out + k, powers);
        sums += powers;
    }
    if (k < n) {
        const FirstLanes some{n - k};
        Lanes<T> powers = exponential<T>(some.load(x + k) - largest);
        for (int64_t lane = n - k; lane < lanes<T>; ++lane)
            powers[lane] = 0;
        if (out)
            some.store(out + k, powers);
        sums += powers;
    }
    return sums.sum();
}

} // namespace mrg::kernels
