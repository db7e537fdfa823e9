// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/network/execution_order.h"

#include <map>
#include <set>

namespace mrg {

namespace {

/// Everything that depends on a node, itself included.
std::set<NodeId> dependents(const std::multimap<NodeId, NodeId> &next, NodeId start)
{
    std::set<NodeId> seen{start};
    std::vector<NodeId> open{start};
    while (!open.empty()) {
        const auto [first, last] = next.equal_range(open.back());
        open.pop_back();
        for (auto entry = first; entry != last; ++entry) {
            if (seen.insert(entry->second).second)
                open.push_back(entry->second);
        }
    }
    return seen;
}

} // namespace

ExecutionOrder executionOrder(const Network &network)
{
    ExecutionOrder out;
    std::map<NodeId, int> waiting; ///< wires into a node whose other end has not run
    for (const NetworkNode &node : network.nodes)
        waiting[node.id] = 0;
    std::multimap<NodeId, NodeId> next;
    for (const Wire &wire : network.wires) {
        if (waiting.contains(wire.to.node) && waiting.contains(wire.from.node)) {
            ++waiting[wire.to.node];
            next.emplace(wire.from.node, wire.to.node);
        }
    }
    std::set<NodeId> ready;
    for (const auto &[id, count] : waiting) {
        if (count == 0)
            ready.insert(id);
    }
    while (!ready.empty()) {
        const NodeId id = *ready.begin();
        ready.erase(ready.begin());
        waiting.erase(id);
        out.nodes.push_back(id);
        const auto [first, last] = next.equal_range(id);
        for (auto entry = first; entry != last; ++entry) {
            if (--waiting.at(entry->second) == 0)
                ready.insert(entry->second);
        }
    }
    // What is left is part of a loop or only follows one.
    for (const auto &[id, count] : waiting) {
        const std::set<NodeId> after = dependents(next, id);
        for (const Wire &wire : network.wires) {
            if (wire.to.node == id && waiting.contains(wire.from.node)
                && after.contains(wire.from.node))
                out.loops.push_back(wire);
        }
    }
    return out;
}

} // namespace mrg
