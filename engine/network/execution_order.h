// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/Network.h"

namespace mrg {

/// In which order the nodes of a network can run.
struct ExecutionOrder {
    /// Every node after those it depends on, smallest id first; without those in or behind loops.
    std::vector<NodeId> nodes;
    /// The wires that are part of a loop.
    std::vector<Wire> loops;
};
ExecutionOrder executionOrder(const Network &network);

} // namespace mrg
