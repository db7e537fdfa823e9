// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/FunctionRef.h"
#include "engine/core/Result.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace mrg {

class Arena;

/// A computation captured once and run again over the same memory: the same kernels in the same
/// order, hence the same bits, without allocation, dispatch or a tape.
///
///     Tensor loss;
///     Result<Plan> plan = Plan::capture([&] { loss = model(x); backward(loss); optimizer.step();
///     }); while (training) {
///         x.copyFrom(next);
///         plan->run();      // loss, gradients and parameters are those of the new x
///     }
///
/// What the computation reads and writes outside of its own memory (parameters, the batch) must
/// stay where it was. State that is made by the first step (momenta) must exist before the capture.
/// Consecutive elementwise kernels of one length are fused: they run block by block, so that what
/// one wrote is still in the cache when the next reads it.
///
/// **Threads**: belongs to one thread at a time.
class Plan {
public:
    /// Runs `step` and records it. **Errors** (state): `step_not_capturable` naming what was done
    /// that can't be repeated; the computation has been carried out all the same. What it throws is
    /// passed on.
    static Result<Plan> capture(FunctionRef<void()> step);

    /// Runs all of it, or one part (see PlanBuilder).
    void run() const;
    void run(size_t part) const;

    /// Kernels as they were launched, and after fusion.
    int64_t launchCount() const { return m_launches; }
    int64_t kernelCount() const;
    /// Memory of its own.
    int64_t bytes() const;

private:
    friend class PlanBuilder;
    Plan() = default;

    std::shared_ptr<Arena> m_arena;
    std::vector<std::vector<std::function<void()>>> m_parts;
    int64_t m_launches = 0;
};

/// Captures a computation in parts, between which the program may look at results:
///
///     PlanBuilder builder;
///     builder.record([&] { loss = model(x); });
///     if (std::isfinite(loss.item())) {
///         builder.record([&] { backward(loss); optimizer.step(); });
///         plan = builder.finish();
///     }
class PlanBuilder {
public:
    PlanBuilder();
    ~PlanBuilder();
    PlanBuilder(PlanBuilder &&) noexcept;
    PlanBuilder &operator=(PlanBuilder &&) noexcept;

    /// Runs a part and records it.
    void record(FunctionRef<void()> part);
    /// The plan of all parts; errors as in Plan::capture().
    Result<Plan> finish();

private:
    class Recorder;
    std::unique_ptr<Recorder> m_recorder;
};

} // namespace mrg
