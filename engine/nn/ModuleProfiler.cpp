// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/ModuleProfiler.h"

#include "engine/core/Error.h"
#include "engine/tensor/memory.h"

#include <algorithm>

namespace mrg {

thread_local ModuleProfiler *ModuleProfiler::s_current = nullptr;

namespace {
double millisecondsSince(std::chrono::steady_clock::time_point begin)
{
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
            .count();
}
} // namespace

ModuleProfiler::ModuleProfiler()
{
    if (s_current) {
        throw Error(ErrorCategory::State, "profiler_within_profiler", "ModuleProfiler",
                    "a second one in this thread", "one at a time");
    }
    s_current = this;
    BackwardObserver::install(this);
}

ModuleProfiler::~ModuleProfiler()
{
    s_current = nullptr;
    BackwardObserver::install(nullptr);
}

std::vector<ModuleProfile> ModuleProfiler::profiles() const { return m_profiles; }

void ModuleProfiler::clear()
{
    m_profiles.clear();
    m_numbers.clear();
}

ModuleProfile &ModuleProfiler::profileOf(const std::string &path)
{
    const auto [entry, fresh] = m_numbers.try_emplace(path, m_profiles.size());
    if (fresh)
        m_profiles.push_back({.path = path});
    return m_profiles[entry->second];
}

void ModuleProfiler::backwardBegins(const std::string &) { m_backwardBegin = Clock::now(); }

void ModuleProfiler::backwardEnds(const std::string &origin)
{
    if (!origin.empty())
        profileOf(origin).backwardMs += millisecondsSince(m_backwardBegin);
}

ModuleProfiler::Call::Call(const std::string &path) : m_profiler(s_current)
{
    if (!m_profiler)
        return;
    const MemoryStatistics memory = memoryStatistics();
    if (!m_profiler->m_frames.empty()) {
        Frame &outer = m_profiler->m_frames.back();
        outer.peak = std::max(outer.peak, memory.peakBytes);
    }
    m_profiler->profileOf(path).calls += 1;
    resetPeakMemory();
    m_profiler->m_frames.push_back({m_profiler->m_numbers.at(path), Clock::now(),
                                    memory.allocatedBytes, memory.allocatedBytes});
}

ModuleProfiler::Call::~Call()
{
    if (!m_profiler)
        return;
    const Frame frame = m_profiler->m_frames.back();
    m_profiler->m_frames.pop_back();
    const MemoryStatistics memory = memoryStatistics();
    const int64_t peak = std::max(frame.peak, memory.peakBytes);
    ModuleProfile &profile = m_profiler->m_profiles[frame.module];
    profile.forwardMs += millisecondsSince(frame.begin);
    profile.keptBytes += memory.allocatedBytes - frame.heldBefore;
    profile.peakBytes = std::max(profile.peakBytes, peak - frame.heldBefore);
    if (!m_profiler->m_frames.empty())
        m_profiler->m_frames.back().peak = std::max(m_profiler->m_frames.back().peak, peak);
}

} // namespace mrg
