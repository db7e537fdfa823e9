// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/FunctionRef.h"

#include <algorithm>
#include <cstdint>

namespace mrg {

/// Number of threads that kernels may use, this one included; 1 until set. Set it before work
/// starts: it is process-wide, as the cores are.
void setNumThreads(int count);
int numThreads();

namespace detail {
void parallelPieces(int64_t count, int64_t grain, FunctionRef<void(int64_t, int64_t)> body);
}

/// Calls body(begin, end) over [0, count) in pieces of `grain` items, on up to numThreads()
/// threads.
///
/// The pieces depend on count and grain only, never on the number of threads: a body which writes
/// its own piece gives the same bits whatever the thread count. Small work (one piece) runs in
/// place and costs nothing. The first exception thrown by a body is rethrown here.
template <typename Body> void parallelFor(int64_t count, int64_t grain, Body &&body)
{
    if (count <= 0)
        return;
    if (count <= grain)
        body(int64_t(0), count);
    else
        detail::parallelPieces(count, std::max<int64_t>(grain, 1), body);
}

} // namespace mrg
