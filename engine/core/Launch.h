// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Parallel.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace mrg {

/// Listens to the kernels of a computation so that it can be run again over the same memory: the
/// seam between eager operations, which know nothing of plans, and engine/plan, which makes them.
///
/// While a recorder is installed in a thread, memory for tensors comes from it, and every kernel
/// that is launched is handed to it and run.
class LaunchRecorder {
public:
    virtual ~LaunchRecorder();
    /// Whether kernels are run as well; false: they are only told of, and memory keeps what it has.
    virtual bool runsKernels() const { return true; }
    /// A kernel that was launched; calling it again repeats it.
    virtual void add(std::function<void()> kernel) = 0;
    /// A kernel in which element i of the outputs depends on element i of the inputs alone.
    virtual void addPointwise(int64_t count, std::function<void(int64_t begin, int64_t end)> body)
            = 0;
    /// The computation did something that can't be repeated from kernels alone.
    virtual void refuse(const char *what) = 0;
    /// Memory of a tensor, aligned to 64 bytes. It is given back (and may be handed out again, as
    /// the replay will do too) when the returned pointer's last copy goes.
    virtual std::shared_ptr<std::byte> allocate(size_t bytes) = 0;

    /// That of this thread; null: none is installed.
    static LaunchRecorder *current() { return s_current; }

private:
    friend class RecordLaunches;
    static thread_local LaunchRecorder *s_current;
};

/// Installs a recorder in this thread for a scope (null: suspends the one that is installed).
class RecordLaunches {
public:
    explicit RecordLaunches(LaunchRecorder *recorder);
    ~RecordLaunches();
    RecordLaunches(const RecordLaunches &) = delete;
    RecordLaunches &operator=(const RecordLaunches &) = delete;

private:
    LaunchRecorder *m_previous;
};

/// Runs a kernel. Every operation does *all* its work on tensor memory through this, so that a step
/// can be captured and replayed:
///
///     launch([x = input.data<T>(), y = out.data<T>(), n] { kernels::cumsum(x, y, n); });
///
/// The kernel captures raw pointers and sizes by value (no references, no tensors: memory that is
/// kept alive can't be shared). What it reads besides memory (a learning rate, a random stream, a
/// counter) it reads when it runs, through a pointer to something that outlives the step.
template <typename Kernel> void launch(Kernel &&kernel)
{
    if (LaunchRecorder *recorder = LaunchRecorder::current()) {
        recorder->add(kernel);
        if (!recorder->runsKernels())
            return;
    }
    kernel();
}

/// Elements that one piece of a parallel elementwise loop works on.
inline constexpr int64_t elementGrain = 1 << 15;

/// The same for a loop over `count` elements where element i of the outputs depends on element i of
/// the inputs alone: body(begin, end). Consecutive ones of the same count are fused in a plan.
template <typename Body> void launchPointwise(int64_t count, Body &&body)
{
    if (LaunchRecorder *recorder = LaunchRecorder::current()) {
        recorder->addPointwise(count, body);
        if (!recorder->runsKernels())
            return;
    }
    parallelFor(count, elementGrain, body);
}

/// Says that the program's course depends on elements of tensors (`what` it did: "item",
/// "nonzero"): such a step can't be captured.
inline void readsElements(const char *what)
{
    if (LaunchRecorder *recorder = LaunchRecorder::current())
        recorder->refuse(what);
}

} // namespace mrg
