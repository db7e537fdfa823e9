// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/document/commands.h"

#include <algorithm>

namespace mrg {

ArgProperty::Type ArgProperty::get(const Experiment &experiment) const
{
    const NetworkNode *found = experiment.network.find(node);
    if (!found)
        return {};
    const auto value = found->args.find(name);
    return value == found->args.end() ? Type() : Type(value->second);
}

void ArgProperty::set(Experiment &experiment, const Type &value) const
{
    NetworkNode *found = experiment.network.find(node);
    if (!found)
        return;
    if (value)
        found->args[name] = *value;
    else
        found->args.erase(name);
}

TitleProperty::Type TitleProperty::get(const Experiment &experiment) const
{
    const NetworkNode *found = experiment.network.find(node);
    return found ? found->title : std::string();
}

void TitleProperty::set(Experiment &experiment, const Type &value) const
{
    if (NetworkNode *found = experiment.network.find(node))
        found->title = value;
}

PositionsProperty::Type PositionsProperty::get(const Experiment &experiment) const
{
    Type out;
    for (NodeId each : nodes) {
        if (const NetworkNode *node = experiment.network.find(each))
            out[each] = {node->x, node->y};
    }
    return out;
}

void PositionsProperty::set(Experiment &experiment, const Type &value) const
{
    for (const auto &[each, position] : value) {
        if (NetworkNode *node = experiment.network.find(each))
            std::tie(node->x, node->y) = position;
    }
}

namespace {

NodeId keyOf(const NetworkNode &node) { return node.id; }
const Wire &keyOf(const Wire &wire) { return wire; }

/// Items of `from` that `to` lacks, with their places in `from`.
template <typename T>
NetworkPatch::Placed<T> missing(const std::vector<T> &from, const std::vector<T> &to)
{
    NetworkPatch::Placed<T> out;
    for (size_t i = 0; i < from.size(); ++i) {
        const bool kept = std::any_of(to.begin(), to.end(),
                                      [&](const T &item) { return keyOf(item) == keyOf(from[i]); });
        if (!kept)
            out.emplace_back(i, from[i]);
    }
    return out;
}

template <typename T>
void exchange(std::vector<T> &items, const NetworkPatch::Placed<T> &removed,
              const NetworkPatch::Placed<T> &added)
{
    for (const auto &[index, item] : removed)
        std::erase_if(items, [&item](const T &other) { return keyOf(other) == keyOf(item); });
    for (const auto &[index, item] : added)
        items.insert(items.begin() + static_cast<std::ptrdiff_t>(std::min(index, items.size())),
                     item);
}

} // namespace

NetworkPatch NetworkPatch::between(const Network &before, const Network &after)
{
    NetworkPatch patch;
    patch.removedNodes = missing(before.nodes, after.nodes);
    patch.addedNodes = missing(after.nodes, before.nodes);
    for (const NetworkNode &node : before.nodes) {
        const NetworkNode *now = after.find(node.id);
        if (now && !(*now == node))
            patch.alteredNodes.emplace_back(node, *now);
    }
    patch.removedWires = missing(before.wires, after.wires);
    patch.addedWires = missing(after.wires, before.wires);
    patch.nextIdBefore = before.nextId;
    patch.nextIdAfter = after.nextId;
    return patch;
}

NetworkPatch NetworkPatch::reversed() const
{
    NetworkPatch out{addedNodes,   removedNodes, alteredNodes, addedWires,
                     removedWires, nextIdAfter,  nextIdBefore};
    for (auto &[before, after] : out.alteredNodes)
        std::swap(before, after);
    return out;
}

bool NetworkPatch::empty() const
{
    return removedNodes.empty() && addedNodes.empty() && alteredNodes.empty() && !touchesWires();
}

std::set<NodeId> NetworkPatch::nodes() const
{
    std::set<NodeId> out;
    for (const auto &[index, node] : removedNodes)
        out.insert(node.id);
    for (const auto &[index, node] : addedNodes)
        out.insert(node.id);
    for (const auto &[before, after] : alteredNodes)
        out.insert(after.id);
    return out;
}

void NetworkPatch::applyTo(Network &network) const
{
    exchange(network.nodes, removedNodes, addedNodes);
    for (const auto &[before, after] : alteredNodes) {
        if (NetworkNode *node = network.find(after.id))
            *node = after;
    }
    exchange(network.wires, removedWires, addedWires);
    network.nextId = nextIdAfter;
}

void PatchCommand::put(const NetworkPatch &patch)
{
    Experiment next = experiment();
    patch.applyTo(next.network);
    const std::set<NodeId> nodes = patch.nodes();
    apply(std::move(next), nodes.empty() ? Change(WiresChanged{}) : Change(NodesChanged{nodes}));
}

} // namespace mrg
