// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/PointRing.h"

#include <algorithm>
#include <bit>

namespace mrg {

PointRing::PointRing(size_t capacity)
    : m_mask(std::bit_ceil(std::max<size_t>(capacity, 2)) - 1),
      m_points(std::make_unique<MetricPoint[]>(m_mask + 1))
{
}

bool PointRing::push(const MetricPoint &point)
{
    const size_t head = m_head.load(std::memory_order_relaxed);
    if (head - m_tail.load(std::memory_order_acquire) > m_mask) {
        m_dropped.fetch_add(1, std::memory_order_relaxed);
        return false;
    }
    m_points[head & m_mask] = point;
    m_head.store(head + 1, std::memory_order_release);
    return true;
}

size_t PointRing::pop(std::span<MetricPoint> out)
{
    const size_t tail = m_tail.load(std::memory_order_relaxed);
    const size_t available = m_head.load(std::memory_order_acquire) - tail;
    const size_t count = std::min(available, out.size());
    for (size_t i = 0; i < count; ++i)
        out[i] = m_points[(tail + i) & m_mask];
    m_tail.store(tail + count, std::memory_order_release);
    return count;
}

} // namespace mrg
