// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/autograd/BackwardObserver.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace mrg {

/// What a module cost. Its children's forward is part of it; their backward is counted with them.
struct ModuleProfile {
    std::string path; ///< "Sequential.0 (Linear)": the module that was called, then names below it
    int64_t calls = 0;
    double forwardMs = 0;
    double backwardMs = 0;
    int64_t keptBytes = 0; ///< memory that its forwards left held (outputs and what backward needs)
    int64_t peakBytes = 0; ///< the most that one forward held at once beyond what was there before
};

/// Measures the modules that are called in this thread while it lives:
///
///     ModuleProfiler profiler;
///     backward(loss(net(x), y));
///     for (const ModuleProfile &module : profiler.profiles()) ...
///
/// Steps that are replayed from a plan call no modules, so they are not seen. Restarts the peak of
/// memoryStatistics().
/// **Threads**: one lives in a thread at a time; it belongs to that thread.
class ModuleProfiler final : public BackwardObserver {
public:
    ModuleProfiler();
    ~ModuleProfiler() override;
    ModuleProfiler(const ModuleProfiler &) = delete;
    ModuleProfiler &operator=(const ModuleProfiler &) = delete;

    /// In the order of their first calls.
    std::vector<ModuleProfile> profiles() const;
    void clear();

    void backwardBegins(const std::string &origin) override;
    void backwardEnds(const std::string &origin) override;

    /// Measures one call of the module `path` (OperationOrigin::current()); does nothing where no
    /// profiler lives.
    class Call {
    public:
        explicit Call(const std::string &path);
        ~Call();
        Call(const Call &) = delete;
        Call &operator=(const Call &) = delete;

    private:
        ModuleProfiler *m_profiler;
    };

    static ModuleProfiler *current() { return s_current; }

private:
    using Clock = std::chrono::steady_clock;
    struct Frame {
        size_t module;
        Clock::time_point begin;
        int64_t heldBefore;
        int64_t peak; ///< the most held so far
    };
    ModuleProfile &profileOf(const std::string &path);

    std::vector<ModuleProfile> m_profiles;
    std::map<std::string, size_t> m_numbers;
    std::vector<Frame> m_frames;
    Clock::time_point m_backwardBegin;
    static thread_local ModuleProfiler *s_current;
};

} // namespace mrg
