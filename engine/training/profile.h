// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/Batcher.h"
#include "engine/network/build.h"
#include "engine/optim/Optimizer.h"
#include "engine/training/StepExtras.h"
#include "engine/training/evaluation.h"

namespace mrg {

/// What a node of the network costs in a step of training.
struct NodeProfile {
    NodeId node = 0;
    int64_t calls = 0; ///< more than one for optimizers that evaluate several times a step
    // Medians over the steps, in milliseconds. Of a data source: forward is dealing out the batch.
    double forwardMs = 0;
    double backwardMs = 0;
    /// Its part of forward and backward of all nodes, from 0 to 1.
    double share = 0;
    int64_t allocatedBytes = 0; ///< what its forward leaves held: outputs and what backward needs
    int64_t peakBytes = 0; ///< the most that its forward holds at once beyond what was there before
    int64_t parameters = 0; ///< numbers that are trained
};

/// What a step of training costs, node by node. Times are in milliseconds: medians over the steps,
/// of forward and backward the sums of those of the nodes and of what lies between them.
struct NetworkProfile {
    std::vector<NodeProfile> nodes; ///< data source, then in the order in which they compute
    double dataMs = 0;
    double forwardMs = 0;
    double backwardMs = 0;
    double optimizerMs = 0; ///< the update; gradients dropped and clipped, weights averaged
    /// The most that a step holds at once, gradients included, beyond parameters and what the
    /// optimizer remembers.
    int64_t peakBytes = 0;
    int64_t steps = 0; ///< that were measured
    int64_t batchSize = 0;
    int threads = 1; ///< that kernels might use

    double totalMs() const { return dataMs + forwardMs + backwardMs + optimizerMs; }
    /// Numbers that are trained.
    int64_t parameters() const;
};

struct ProfileOptions {
    /// How many steps to measure. 0: what two seconds have room for, from 3 to 30.
    int64_t steps = 0;
    NodeId data = 0; ///< the node whose data `batcher` deals out
    StepExtras *extras = nullptr; ///< of the network; null: none
};

/// Trains some steps and measures them. They run eagerly, one operation after the other, while
/// training replays captured plans: each is slower here than there, their proportions are much the
/// same.
///
/// The network and the optimizer are changed as by training: give it copies. The thread's random
/// stream is put back.
///
/// **Errors**: what the network complains about; state `profile_broken_off` where `cancelled`,
/// asked before every step, says so.
Result<NetworkProfile> profileSteps(BuiltNetwork &network, Optimizer &optimizer, Batcher &batcher,
                                    const ProfileOptions &options, const Cancelled &cancelled = {});

} // namespace mrg
