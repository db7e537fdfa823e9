// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/spec/Value.h"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mrg {

/// Identity of a node within its network; positive, never used again after removal.
using NodeId = int64_t;

/// One end of a wire: a port of a node. `index` numbers, from 0, the wires into a variadic port and
/// the tensors that come out of one (the pieces of split).
struct PortRef {
    NodeId node = 0;
    std::string port;
    int index = 0;
    friend auto operator<=>(const PortRef &, const PortRef &) = default;
};

/// From an output port to an input port. An input port has one wire at most.
struct Wire {
    PortRef from;
    PortRef to;
    friend auto operator<=>(const Wire &, const Wire &) = default;
};

/// A module, function or data source placed on the canvas.
struct NetworkNode {
    NodeId id = 0;
    /// "nn.Linear", "torch.add" or "data.debtags": the vocabulary's name for what it is.
    std::string type;
    /// Only what differs from the defaults.
    Arguments args;
    /// The user's own name for it; empty: the type's.
    std::string title;
    /// Canvas position of the node's top left corner, in scene units.
    double x = 0;
    double y = 0;
    /// What a file said of this node that this build does not understand, as JSON text; saved back
    /// unchanged. Empty for nodes made here.
    std::string opaque;
    friend bool operator==(const NetworkNode &, const NetworkNode &) = default;
};

/// A drawing of nodes and wires as a plain value. It may be unfinished or wrong: check() says so.
struct Network {
    std::vector<NetworkNode> nodes;
    std::vector<Wire> wires;
    NodeId nextId = 1;

    const NetworkNode *find(NodeId id) const;
    NetworkNode *find(NodeId id);
    /// The wire into an input port, if any.
    const Wire *wireInto(const PortRef &to) const;
    /// All wires that touch a node.
    std::vector<Wire> wiresOf(NodeId id) const;
    friend bool operator==(const Network &, const Network &) = default;
};

/// How a network is trained.
struct TrainingSettings {
    std::string optimizer = "Adam";
    Arguments optimizerArgs;
    std::string scheduler; ///< empty: constant learning rate
    Arguments schedulerArgs;
    int64_t batchSize = 64;
    int64_t epochs = 15;
    uint64_t seed = 0;
    bool shuffle = true;
    bool dropLast = false;
    /// Evaluate on validation data after every so many epochs.
    int64_t validateEvery = 1;
    /// What a step does around the optimizer's update: see StepOptions.
    Arguments options;
    friend bool operator==(const TrainingSettings &, const TrainingSettings &) = default;
};

/// All that a file *.mrg holds: what to train, on what, and how.
struct Experiment {
    std::string title;
    std::string notes;
    Network network;
    TrainingSettings training;
    friend bool operator==(const Experiment &, const Experiment &) = default;
};

} // namespace mrg
