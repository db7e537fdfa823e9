// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/Storage.h"

#include "engine/core/Launch.h"
#include "engine/tensor/memory.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <new>
#include <vector>

namespace mrg {

namespace {

constexpr size_t alignment = 64;
constexpr size_t smallLimit = 4096;
constexpr size_t keptPerSize = 64;

/// Blocks up to smallLimit bytes are kept per thread and handed out again: small networks allocate
/// the same few sizes in every step.
class SmallBlocks {
public:
    ~SmallBlocks()
    {
        release();
        alive = false;
    }

    void release()
    {
        for (std::vector<void *> &blocks : m_free) {
            for (void *block : blocks)
                std::free(block);
            blocks.clear();
        }
    }

    void *take(size_t rounded)
    {
        std::vector<void *> &blocks = m_free[rounded / alignment];
        if (blocks.empty())
            return nullptr;
        void *block = blocks.back();
        blocks.pop_back();
        return block;
    }

    bool give(void *block, size_t rounded)
    {
        std::vector<void *> &blocks = m_free[rounded / alignment];
        if (blocks.size() >= keptPerSize)
            return false;
        blocks.push_back(block);
        return true;
    }

    /// False once this thread's cache is gone: statics destroyed later free directly.
    static thread_local bool alive;

private:
    std::array<std::vector<void *>, smallLimit / alignment + 1> m_free;
};

thread_local bool SmallBlocks::alive = true;
thread_local SmallBlocks smallBlocks;

size_t roundUp(size_t bytes)
{
    return (std::max<size_t>(bytes, 1) + alignment - 1) / alignment * alignment;
}

std::atomic<int64_t> held = 0;
std::atomic<int64_t> peak = 0;
std::atomic<int64_t> allocations = 0;
std::atomic<int64_t> frees = 0;

void countAllocation(size_t bytes)
{
    const int64_t now = held.fetch_add(static_cast<int64_t>(bytes), std::memory_order_relaxed)
            + static_cast<int64_t>(bytes);
    allocations.fetch_add(1, std::memory_order_relaxed);
    int64_t known = peak.load(std::memory_order_relaxed);
    while (known < now && !peak.compare_exchange_weak(known, now, std::memory_order_relaxed)) { }
}

void countFree(size_t bytes)
{
    held.fetch_sub(static_cast<int64_t>(bytes), std::memory_order_relaxed);
    frees.fetch_add(1, std::memory_order_relaxed);
}

} // namespace

MemoryStatistics memoryStatistics() { return {held, peak, allocations, frees}; }
void resetPeakMemory() { peak = held.load(); }
void releaseCachedMemory() { smallBlocks.release(); }

Storage::Storage(size_t bytes) : m_bytes(bytes)
{
    if (LaunchRecorder *recorder = LaunchRecorder::current()) {
        m_recorded = recorder->allocate(bytes);
        m_data = m_recorded.get();
        return;
    }
    const size_t rounded = roundUp(bytes);
    void *block = nullptr;
    if (rounded <= smallLimit && SmallBlocks::alive)
        block = smallBlocks.take(rounded);
    if (!block)
        block = std::aligned_alloc(alignment, rounded);
    if (!block)
        throw std::bad_alloc();
    m_data = static_cast<std::byte *>(block);
    countAllocation(m_bytes);
}

Storage::~Storage()
{
    if (m_recorded)
        return;
    countFree(m_bytes);
    const size_t rounded = roundUp(m_bytes);
    if (rounded <= smallLimit && SmallBlocks::alive && smallBlocks.give(m_data, rounded))
        return;
    std::free(m_data);
}

} // namespace mrg
