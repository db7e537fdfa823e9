// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/FunctionRef.h"
#include "engine/core/Result.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace mrg {

class Arena;

/// A computation captured once and run again over the same memory: the same kernels in the same
/// order, hence the same bits, without allocation, dispatch or a tape.
///
///     Tensor loss;
///     Result<Plan> plan = Plan::capture([&] { loss = model(x); backward(loss); optimizer.step(); });
///     while (training) {
///         x.copyFrom(next);
///         plan->run();      // loss, gradients and parameters are those of the new x
///     }
///
/// What the computation reads and writes outside of its own memory (parameters, the batch) must stay
/// where it was. State that is made by the first step (momenta) must exist before the capture.
/// Consecutive elementwise kernels of one length are fused: they run block by block, so that what
/// one wrote is still in the cache when the next reads it.
///
/// **Threads**: belongs to one thread at a time.
class Plan {
public:
    /// Runs the parts, in order, and records them. **Errors** (state): `step_not_capturable` naming
    /// what was done that can't be repeated; the computation has been carried out all the same. What
    /// a part throws is passed on.
    static Result<Plan> capture(std::span<const FunctionRef<void()>> parts);
    static Result<Plan> capture(FunctionRef<void()> step) { return capture({&step, 1}); }

    /// Runs all of it, or one part.
    void run() const;
    void run(size_t part) const;

    /// Kernels as they were launched, and after fusion.
    int64_t launchCount() const { return m_launches; }
    int64_t kernelCount() const;
    /// Memory of its own.
    int64_t bytes() const;

private:
    friend class PlanRecorder;
    Plan() = default;

    std::shared_ptr<Arena> m_arena;
    std::vector<std::vector<std::function<void()>>> m_parts;
    int64_t m_launches = 0;
};

} // namespace mrg
