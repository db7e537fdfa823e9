// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace mrg {

/// What the memory of tensors amounts to, in all threads. That of captured steps, which lies in
/// their plans, is not counted.
struct MemoryStatistics {
    int64_t allocatedBytes = 0; ///< held by tensors now
    int64_t peakBytes = 0; ///< the most that was held since the start or resetPeakMemory()
    int64_t allocations = 0; ///< since the start
    int64_t frees = 0;
};
MemoryStatistics memoryStatistics();
/// Lets the peak start from what is held now.
void resetPeakMemory();
/// Gives back the small blocks that this thread keeps for its next tensors.
void releaseCachedMemory();

} // namespace mrg
