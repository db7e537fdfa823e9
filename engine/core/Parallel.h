// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>

namespace mrg {

/// Number of threads that kernels may use, this one included; 1 until set. Set it before work
/// starts: it is process-wide, as the cores are.
void setNumThreads(int count);
int numThreads();

/// Calls body(begin, end) over [0, count) in pieces of `grain` items, on up to numThreads() threads.
///
/// The pieces depend on count and grain only, never on the number of threads: a body which writes
/// its own piece gives the same bits whatever the thread count. Small work (one piece) runs in
/// place and costs nothing. The first exception thrown by a body is rethrown here.
void parallelFor(int64_t count, int64_t grain,
                 const std::function<void(int64_t begin, int64_t end)> &body);

} // namespace mrg
