// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/plan/Plan.h"

#include "engine/core/Launch.h"
#include "engine/plan/Arena.h"

#include <algorithm>
#include <string>

namespace mrg {

namespace {

/// Elements of a block that a fused group works through before the next: a few arrays of floats fit
/// the first-level cache.
constexpr int64_t fusedBlock = 2048;

using PointwiseBody = std::function<void(int64_t begin, int64_t end)>;

/// Kernels over the same elements, run block by block.
class FusedKernel {
public:
    FusedKernel(int64_t count, std::vector<PointwiseBody> bodies)
        : m_count(count),
          m_bodies(std::move(bodies))
    {
    }
    void operator()() const
    {
        parallelFor(m_count, elementGrain, [this](int64_t begin, int64_t end) {
            for (int64_t at = begin; at < end; at += fusedBlock) {
                const int64_t stop = std::min(at + fusedBlock, end);
                for (const PointwiseBody &body : m_bodies)
                    body(at, stop);
            }
        });
    }

private:
    int64_t m_count;
    std::vector<PointwiseBody> m_bodies;
};

} // namespace

class PlanBuilder::Recorder final : public LaunchRecorder {
public:
    Recorder() : m_arena(std::make_shared<Arena>()) { }
    ~Recorder() override { m_arena->freeze(); }

    void record(FunctionRef<void()> part)
    {
        m_parts.emplace_back();
        const RecordLaunches recording(this);
        part();
        closeGroup();
    }

    void add(std::function<void()> kernel) override
    {
        closeGroup();
        ++m_launches;
        m_parts.back().push_back(std::move(kernel));
    }

    void addPointwise(int64_t count, PointwiseBody body) override
    {
        if (count != m_groupCount)
            closeGroup();
        m_groupCount = count;
        m_group.push_back(std::move(body));
        ++m_launches;
        m_arena->hold();
    }

    void refuse(const char *what) override
    {
        if (m_refusal.empty())
            m_refusal = what;
    }

    std::shared_ptr<std::byte> allocate(size_t bytes) override { return m_arena->allocate(bytes); }

    const std::string &refusal() const { return m_refusal; }

    std::shared_ptr<Arena> arena() const { return m_arena; }
    std::vector<std::vector<std::function<void()>>> takeParts() { return std::move(m_parts); }
    int64_t launches() const { return m_launches; }

private:
    void closeGroup()
    {
        if (m_group.empty())
            return;
        m_parts.back().emplace_back(FusedKernel(m_groupCount, std::move(m_group)));
        m_group.clear();
        m_groupCount = -1;
        m_arena->release();
    }

    std::shared_ptr<Arena> m_arena;
    std::vector<std::vector<std::function<void()>>> m_parts;
    std::vector<PointwiseBody> m_group;
    int64_t m_groupCount = -1;
    int64_t m_launches = 0;
    std::string m_refusal;
};

PlanBuilder::PlanBuilder() : m_recorder(std::make_unique<Recorder>()) { }
PlanBuilder::~PlanBuilder() = default;
PlanBuilder::PlanBuilder(PlanBuilder &&) noexcept = default;
PlanBuilder &PlanBuilder::operator=(PlanBuilder &&) noexcept = default;

void PlanBuilder::record(FunctionRef<void()> part) { m_recorder->record(part); }

Result<Plan> PlanBuilder::finish()
{
    if (!m_recorder->refusal().empty()) {
        return Error(ErrorCategory::State, "step_not_capturable", m_recorder->refusal(),
                     "a step whose course depends on elements of tensors",
                     "one that launches the same kernels every time");
    }
    Plan plan;
    plan.m_arena = m_recorder->arena();
    plan.m_parts = m_recorder->takeParts();
    plan.m_launches = m_recorder->launches();
    return plan;
}

Result<Plan> Plan::capture(FunctionRef<void()> step)
{
    PlanBuilder builder;
    builder.record(step);
    return builder.finish();
}

void Plan::run() const
{
    for (size_t part = 0; part < m_parts.size(); ++part)
        run(part);
}

void Plan::run(size_t part) const
{
    for (const std::function<void()> &kernel : m_parts.at(part))
        kernel();
}

int64_t Plan::kernelCount() const
{
    int64_t count = 0;
    for (const auto &part : m_parts)
        count += static_cast<int64_t>(part.size());
    return count;
}

int64_t Plan::bytes() const { return static_cast<int64_t>(m_arena->bytes()); }

} // namespace mrg
