// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Random.h"
#include "engine/training/Session.h"
#include "tests/engine/network/drawing.h"

#include <chrono>
#include <thread>

namespace mrg::test {

/// Thread sanitizer makes everything some ten times slower.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr int slowness = 10;
#else
inline constexpr int slowness = 1;
#endif

/// Points around one corner a class, which a small network tells apart.
inline Dataset corners(int64_t samples, int64_t features, int64_t classes, uint64_t seed = 1)
{
    RandomStream random(seed);
    Dataset out;
    out.name = "corners";
    out.task = Task::SingleLabel;
    out.inputs = Tensor::empty({samples, features});
    for (int64_t c = 0; c < classes; ++c)
        out.labelNames.push_back("corner " + std::to_string(c));
    for (int64_t n = 0; n < samples; ++n) {
        const int64_t label = random.below(classes);
        out.classes.push_back(label);
        for (int64_t f = 0; f < features; ++f)
            out.inputs.data<float>()[n * features + f]
                    = static_cast<float>(random.normal() * 0.3 + (f % classes == label ? 2 : 0));
    }
    return out;
}

inline DataSplit split(Dataset train, Dataset validation)
{
    return {std::make_shared<const Dataset>(std::move(train)),
            std::make_shared<const Dataset>(std::move(validation)),
            {},
            "made up"};
}
inline DataSplit smallData() { return split(corners(60, 2, 3), corners(30, 2, 3, 2)); }

/// The drawing of soundDrawing(), 6 steps an epoch over smallData().
inline Experiment smallExperiment()
{
    Experiment out;
    out.title = "corners";
    out.network = soundDrawing().network;
    out.training.optimizer = "SGD";
    out.training.optimizerArgs = {{"lr", 0.1}};
    out.training.batchSize = 10;
    out.training.epochs = 5;
    return out;
}

/// Fetches snapshots until one is as wanted; false after `timeoutMs`.
template <typename Wanted> bool waitFor(Session &session, Wanted wanted, int timeoutMs = 5000)
{
    const auto end
            = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeoutMs * slowness);
    do {
        if (session.snapshots().fetch() && wanted(session.snapshots().current()))
            return true;
        std::this_thread::sleep_for(std::chrono::microseconds(100));
    } while (std::chrono::steady_clock::now() < end);
    return false;
}
inline bool waitForState(Session &session, RunState state, int timeoutMs = 5000)
{
    return waitFor(
            session, [state](const Snapshot &now) { return now.state == state; }, timeoutMs);
}

/// All points that have come, by series.
inline std::map<std::string, std::vector<MetricPoint>> takePoints(Session &session)
{
    std::map<std::string, std::vector<MetricPoint>> out;
    std::array<MetricPoint, 256> some;
    while (const size_t count = session.points().pop(some)) {
        for (size_t i = 0; i < count; ++i)
            out[session.seriesNames().at(some[i].series)].push_back(some[i]);
    }
    return out;
}

} // namespace mrg::test
