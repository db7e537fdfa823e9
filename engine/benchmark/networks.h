// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/benchmark/Workload.h"
#include "engine/nn/Module.h"

namespace mrg {

/// A module by its name and arguments.
struct Layer {
    std::string name;
    Arguments args = {};
};

/// A network that benchmarks train: its modules, and how a batch goes through them.
struct BenchmarkNetwork {
    std::vector<std::shared_ptr<Module>> modules;
    std::function<Tensor(const Tensor &)> forward;
};

/// Modules one after the other.
BenchmarkNetwork chain(const BenchmarkSubject &subject, const std::vector<Layer> &layers);
/// Stem, residual stages of 16, 32 and 64 channels (conv-BN-ReLU-conv-BN, 1x1 shortcut where the
/// shape changes), global average pool, Linear: He et al. 2016, small.
BenchmarkNetwork residualNetwork(const BenchmarkSubject &subject);
/// Embedding, LSTM, Linear over all positions.
BenchmarkNetwork characterModel(const BenchmarkSubject &subject);
/// Two encoder layers, mean over positions, Linear.
BenchmarkNetwork encoder(const BenchmarkSubject &subject);

/// Training steps of a network on one batch.
BenchmarkStep trainingStep(const BenchmarkSubject &subject, BenchmarkNetwork network,
                           const Layer &loss, const Layer &optimizer, const Tensor &input,
                           const Tensor &target);

} // namespace mrg
