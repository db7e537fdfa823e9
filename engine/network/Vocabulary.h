// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/DatasetSpec.h"
#include "engine/metrics/MetricSpec.h"
#include "engine/optim/Optimizer.h"
#include "engine/optim/Scheduler.h"
#include "engine/spec/Registry.h"

namespace mrg {

/// Everything that can be named in an experiment. Built once in main() and passed on.
struct Vocabulary {
    Registry registry;
    std::vector<DatasetSpec> datasets;
    /// The datasets as nodes with the output ports "input" and "target".
    std::vector<Spec> dataNodes;
    std::vector<OptimizerSpec> optimizers;
    std::vector<SchedulerSpec> schedulers;
    std::vector<MetricSpec> metrics;
    std::vector<Arg> stepOptions; ///< of training, whatever the optimizer

    const DatasetSpec *dataset(const std::string &name) const;
    const OptimizerSpec *optimizer(const std::string &name) const;
    const SchedulerSpec *scheduler(const std::string &name) const;

    /// The declaration of a node type "nn.X", "torch.x" or "data.x"; null if unknown. A data
    /// source's spec has the output ports "input" and "target".
    const Spec *spec(const std::string &type) const;
    /// Every node type that can be placed, in palette order: data, then groups.
    std::vector<std::string> nodeTypes() const;
};

/// The vocabulary of this build.
Vocabulary standardVocabulary();

} // namespace mrg
