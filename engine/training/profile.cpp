// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/profile.h"

#include "engine/autograd/backward.h"
#include "engine/core/Denormals.h"
#include "engine/core/Parallel.h"
#include "engine/core/Random.h"
#include "engine/nn/ModuleProfiler.h"
#include "engine/tensor/memory.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>

namespace mrg {

namespace {

using Clock = std::chrono::steady_clock;

/// Steps before the first one that counts: afterwards momenta exist and memory has been touched.
constexpr int64_t warmUpSteps = 2;
constexpr int64_t fewestSteps = 3;
constexpr int64_t mostSteps = 30;
constexpr double roomMs = 2000;

/// Adds to `milliseconds` what an action takes.
template <typename Action> void timed(double &milliseconds, Action action)
{
    const Clock::time_point begin = Clock::now();
    action();
    milliseconds += std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

double median(std::vector<double> values)
{
    if (values.empty())
        return 0;
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    if (values.size() % 2)
        return *middle;
    return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

/// This thread's random stream as it was, once the scope is left.
class KeepRandom {
public:
    KeepRandom() : m_before(defaultGenerator()) { }
    ~KeepRandom() { defaultGenerator() = m_before; }
    KeepRandom(const KeepRandom &) = delete;
    KeepRandom &operator=(const KeepRandom &) = delete;

private:
    RandomStream m_before;
};

struct StepTimes {
    double data = 0;
    double forward = 0;
    double backward = 0;
    double optimizer = 0;
};

/// What the steps took, one entry each.
struct Samples {
    std::vector<double> forward;
    std::vector<double> backward;
};

class Profiling {
public:
    Profiling(BuiltNetwork &network, Optimizer &optimizer, Batcher &batcher, StepExtras *extras)
        : m_network(network),
          m_optimizer(optimizer),
          m_batcher(batcher),
          m_extras(extras),
          // A shorter last batch would be no example of the others.
          m_batches(std::max<int64_t>(batcher.batchesPerEpoch() - 1, 1))
    {
        network.train(true);
        network.lossModule().watchMargins(&m_margins);
    }
    ~Profiling() { m_network.lossModule().watchMargins(nullptr); }
    Profiling(const Profiling &) = delete;
    Profiling &operator=(const Profiling &) = delete;

    StepTimes step()
    {
        StepTimes times;
        timed(times.data, [&] { m_batch = &m_batcher.batch(0, m_step % m_batches); });
        m_network.seekRandom(static_cast<uint64_t>(m_step++));
        const FlushDenormals flushing;
        double rest = 0;
        timed(rest, [&] {
            if (m_optimizer.needsClosure()) {
                m_optimizer.step([&] { return evaluate(times); });
            } else {
                evaluate(times);
                m_optimizer.step();
            }
            if (m_extras)
                m_extras->afterUpdate();
        });
        times.optimizer = rest - times.forward - times.backward;
        return times;
    }
    /// One more step, whose nodes are measured.
    void measure(ModuleProfiler &profiler)
    {
        profiler.clear();
        const StepTimes times = step();
        m_data.push_back(times.data);
        m_optimizing.push_back(times.optimizer);
        std::map<NodeId, std::pair<double, double>> ofNode;
        for (const ModuleProfile &one : profiler.profiles())
            add(one, ofNode);
        double forward = times.forward;
        double backward = times.backward;
        for (const auto &[node, time] : ofNode) {
            m_samples[node].forward.push_back(time.first);
            m_samples[node].backward.push_back(time.second);
            forward -= time.first;
            backward -= time.second;
        }
        m_between.forward.push_back(forward);
        m_between.backward.push_back(backward);
    }
    NetworkProfile result(NodeId data)
    {
        NetworkProfile out;
        out.steps = static_cast<int64_t>(m_data.size());
        out.batchSize = m_batch->input.shape().front();
        out.threads = numThreads();
        out.dataMs = median(m_data);
        // Part by part: where other programs take the processor now and then, some node is hit in
        // most steps, but no node is.
        out.forwardMs = median(m_between.forward);
        out.backwardMs = median(m_between.backward);
        out.optimizerMs = median(m_optimizing);
        const int64_t bytes = bytesOf(m_batch->input) + bytesOf(m_batch->target);
        out.nodes.push_back({.node = data,
                             .calls = 1,
                             .forwardMs = out.dataMs,
                             .allocatedBytes = bytes,
                             .peakBytes = bytes});
        for (NodeProfile &node : m_nodes) {
            node.forwardMs = median(m_samples[node.node].forward);
            node.backwardMs = median(m_samples[node.node].backward);
            out.forwardMs += node.forwardMs;
            out.backwardMs += node.backwardMs;
            if (const Module *module = m_network.module(node.node)) {
                for (const auto &[name, parameter] : module->namedParameters())
                    node.parameters += parameter.numel();
            }
            out.nodes.push_back(node);
        }
        const double all = std::accumulate(out.nodes.begin(), out.nodes.end(), 0.0,
                                           [](double sum, const NodeProfile &node) {
                                               return sum + node.forwardMs + node.backwardMs;
                                           });
        for (NodeProfile &node : out.nodes)
            node.share = all > 0 ? (node.forwardMs + node.backwardMs) / all : 0;
        return out;
    }

private:
    double evaluate(StepTimes &times)
    {
        m_optimizer.zeroGrad();
        Tensor loss;
        timed(times.forward, [&] {
            loss = scalarLoss(m_network, m_network.scores(m_batch->input), m_batch->target);
        });
        // The tape goes with the loss.
        timed(times.backward, [&] {
            backward(loss);
            loss = loss.detach();
        });
        if (m_extras)
            m_extras->beforeUpdate();
        return loss.item();
    }
    /// BuiltNetwork calls nodes under their numbers: "3" is node 3 as a whole, "3.Linear" its
    /// module, whose backward is that of its own operations.
    void add(const ModuleProfile &one, std::map<NodeId, std::pair<double, double>> &ofNode)
    {
        NodeId node = 0;
        const char *end = one.path.data() + one.path.size();
        const auto [rest, failure] = std::from_chars(one.path.data(), end, node);
        if (failure != std::errc())
            return;
        ofNode[node].second += one.backwardMs;
        if (rest != end)
            return;
        ofNode[node].first += one.forwardMs;
        auto known = std::find_if(m_nodes.begin(), m_nodes.end(),
                                  [node](const NodeProfile &other) { return other.node == node; });
        if (known == m_nodes.end())
            known = m_nodes.insert(m_nodes.end(), NodeProfile{.node = node});
        known->calls = one.calls;
        known->allocatedBytes = one.keptBytes / one.calls;
        known->peakBytes = one.peakBytes;
    }
    static int64_t bytesOf(const Tensor &tensor)
    {
        return tensor.defined() ? tensor.numel() * static_cast<int64_t>(dtypeSize(tensor.dtype()))
                                : 0;
    }

    BuiltNetwork &m_network;
    Optimizer &m_optimizer;
    Batcher &m_batcher;
    StepExtras *m_extras;
    int64_t m_batches;
    int64_t m_step = 0;
    const Batch *m_batch = nullptr;
    MarginStatistics m_margins; ///< looked at as in training, as that costs too
    std::vector<double> m_data;
    std::vector<double> m_optimizing;
    Samples m_between; ///< what the step took beside its nodes
    std::map<NodeId, Samples> m_samples;
    std::vector<NodeProfile> m_nodes; ///< in the order of their first calls
};

} // namespace

int64_t NetworkProfile::parameters() const
{
    return std::accumulate(
            nodes.begin(), nodes.end(), int64_t{0},
            [](int64_t sum, const NodeProfile &node) { return sum + node.parameters; });
}

Result<NetworkProfile> profileSteps(BuiltNetwork &network, Optimizer &optimizer, Batcher &batcher,
                                    const ProfileOptions &options, const Cancelled &cancelled)
{
    const auto brokenOff = [&] { return cancelled && cancelled(); };
    const Error whenBrokenOff(ErrorCategory::State, "profile_broken_off", "profile",
                              "a command that ends or pauses the run", "some undisturbed steps",
                              "measure again");
    const KeepRandom keep;
    try {
        Profiling profiling(network, optimizer, batcher, options.extras);
        double stepMs = 0;
        int64_t peak = 0;
        for (int64_t i = 0; i < warmUpSteps; ++i) {
            if (brokenOff())
                return whenBrokenOff;
            // The step's own gradients are part of what it holds; those of the one before are not.
            optimizer.zeroGrad();
            const int64_t before = memoryStatistics().allocatedBytes;
            resetPeakMemory();
            stepMs = 0;
            timed(stepMs, [&] { profiling.step(); });
            peak = memoryStatistics().peakBytes - before;
        }
        const auto room = static_cast<int64_t>(roomMs / std::max(stepMs, 0.001));
        const int64_t steps
                = options.steps > 0 ? options.steps : std::clamp(room, fewestSteps, mostSteps);
        ModuleProfiler profiler;
        for (int64_t i = 0; i < steps; ++i) {
            if (brokenOff())
                return whenBrokenOff;
            profiling.measure(profiler);
        }
        NetworkProfile out = profiling.result(options.data);
        out.peakBytes = peak;
        return out;
    } catch (const Error &error) {
        return error;
    }
}

} // namespace mrg
