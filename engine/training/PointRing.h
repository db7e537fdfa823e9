// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace mrg {

/// One measured value of one series at one step.
struct MetricPoint {
    uint32_t series = 0; ///< index into Session::seriesNames()
    int64_t step = 0; ///< optimizer steps done when it was measured
    double epoch = 0; ///< the same in epochs, fractional
    double value = 0;
};

/// Single producer, single consumer, no locks, no waiting. When the consumer lags the producer
/// drops and counts; the consumer then re-reads from the run store.
class PointRing {
public:
    /// `capacity` is rounded up to a power of two.
    explicit PointRing(size_t capacity = size_t{1} << 16);

    /// Producer's thread only. False if it was full: the point was dropped and counted.
    bool push(const MetricPoint &point);
    /// Consumer's thread only. Moves up to out.size() points, oldest first; the number moved.
    size_t pop(std::span<MetricPoint> out);
    /// Points dropped so far; any thread.
    uint64_t dropped() const { return m_dropped.load(std::memory_order_relaxed); }

private:
    size_t m_mask;
    std::unique_ptr<MetricPoint[]> m_points;
    alignas(64) std::atomic<size_t> m_head = 0; ///< next to write
    alignas(64) std::atomic<size_t> m_tail = 0; ///< next to read
    alignas(64) std::atomic<uint64_t> m_dropped = 0;
};

} // namespace mrg
