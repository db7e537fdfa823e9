// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/network/check.h"

#include <algorithm>

namespace mrg {

namespace {

/// Of wires drawn twice the later one.
void removeWire(Network &network, const Wire &wire)
{
    const auto found = std::find(network.wires.rbegin(), network.wires.rend(), wire);
    if (found != network.wires.rend())
        network.wires.erase(std::next(found).base());
}

void addWire(Network &network, const Wire &wire)
{
    std::erase_if(network.wires, [&](const Wire &other) { return other.to == wire.to; });
    network.wires.push_back(wire);
}

/// Room between two nodes on the canvas for one more, in scene units.
constexpr double insertedNodeOffset = 90;

void apply(Network &network, const SetArgsFix &fix)
{
    if (NetworkNode *node = network.find(fix.node)) {
        for (const auto &[name, value] : fix.args)
            node->args[name] = value;
    }
}

void apply(Network &network, const InsertNodeFix &fix)
{
    const NetworkNode *target = network.find(fix.wire.to.node);
    const NetworkNode *source = network.find(fix.wire.from.node);
    if (!target || !source)
        return;
    NetworkNode node;
    node.id = network.nextId++;
    node.type = fix.type;
    node.args = fix.args;
    node.x = (source->x + target->x) / 2;
    node.y = (source->y + target->y) / 2 + insertedNodeOffset;
    network.nodes.push_back(node);
    removeWire(network, fix.wire);
    addWire(network, {fix.wire.from, {node.id, "input", 0}});
    addWire(network, {{node.id, "output", 0}, fix.wire.to});
}

void apply(Network &network, const AddWireFix &fix) { addWire(network, fix.wire); }
void apply(Network &network, const RemoveWireFix &fix) { removeWire(network, fix.wire); }

void apply(Network &network, const RemoveNodeFix &fix)
{
    // What came in goes on to whoever took the node's output.
    std::optional<PortRef> source;
    for (const Wire &wire : network.wires) {
        if (wire.to.node == fix.node && !source)
            source = wire.from;
    }
    for (Wire &wire : network.wires) {
        if (source && wire.from.node == fix.node)
            wire.from = *source;
    }
    std::erase_if(network.wires, [&](const Wire &wire) {
        return wire.to.node == fix.node || wire.from.node == fix.node;
    });
    std::erase_if(network.nodes, [&](const NetworkNode &node) { return node.id == fix.node; });
}

void apply(Network &network, const ReplaceNodeFix &fix)
{
    if (NetworkNode *node = network.find(fix.node)) {
        node->type = fix.type;
        node->args = fix.args;
    }
}

} // namespace

Network applyFix(Network network, const Fix &fix)
{
    std::visit([&network](const auto &edit) { apply(network, edit); }, fix.edit);
    return network;
}

} // namespace mrg
