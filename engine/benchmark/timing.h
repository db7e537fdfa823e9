// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/FunctionRef.h"

#include <cstdint>

namespace mrg {

/// How steps are timed: a warm-up of half a window, then the median over `windows` windows of at
/// least `seconds` each.
struct Timing {
    double seconds = 1;
    int windows = 5;
};
/// Steps a second.
double stepsPerSecond(FunctionRef<void()> step, Timing timing = {});

/// What this machine can do at most with the threads set, measured now: multiply-adds on registers,
/// and sums of arrays larger than caches, written past them or in place.
struct MachinePeaks {
    double gigaflops = 0;
    double gigabytesPerSecond = 0;
};
MachinePeaks measurePeaks();

/// The most memory this process has held, in bytes (getrusage).
int64_t peakResidentBytes();

} // namespace mrg
