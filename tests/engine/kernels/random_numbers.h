// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Random.h"

#include <vector>

namespace mrg::test {

/// N(0, 1), the same for the same stream.
template <typename T> std::vector<T> random(int64_t count, uint64_t stream)
{
    RandomStream numbers(1, stream);
    std::vector<T> out(static_cast<size_t>(count));
    for (T &x : out)
        x = static_cast<T>(numbers.normal());
    return out;
}

} // namespace mrg::test
