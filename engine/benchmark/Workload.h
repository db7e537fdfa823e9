// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/optim/Optimizer.h"
#include "engine/spec/Registry.h"

#include <functional>
#include <string>
#include <vector>

namespace mrg {

/// What benchmarks are built from.
struct BenchmarkSubject {
    const Registry &registry;
    const std::vector<OptimizerSpec> &optimizers;
};

/// Something ready to be timed.
struct BenchmarkStep {
    std::function<void()> run; ///< one step, on a batch already in memory
    double flops = 0; ///< floating-point operations of a step, where that is its measure
    double bytes = 0; ///< memory that a step must move, where that is its measure
};

/// A job that is timed side by side with a peer: a training step, or one kernel.
///
/// All are float32 with inputs drawn N(0,1), seed 0; a training step is forward, loss, backward and
/// update.
struct Workload {
    std::string id;
    std::string summary;
    std::function<BenchmarkStep(const BenchmarkSubject &)> make;
};
/// In the order of tests/bench/bench_torch.py.
std::vector<Workload> workloads();

/// How the time of a step grows with one size.
struct Growth {
    std::string id; ///< "batch", "classes", "targets", "depth"
    std::string summary;
    std::vector<int64_t> sizes;
    std::function<BenchmarkStep(const BenchmarkSubject &, int64_t size)> make;
};
std::vector<Growth> growths();

} // namespace mrg
