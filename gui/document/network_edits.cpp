// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/document/network_edits.h"

#include <algorithm>
#include <map>

namespace mrg {

QString shortTypeName(const QString &type) { return type.mid(type.indexOf('.') + 1); }

QString nodeName(const NetworkNode &node)
{
    return QString::fromStdString(node.title).isEmpty()
            ? shortTypeName(QString::fromStdString(node.type))
            : QString::fromStdString(node.title);
}

Arguments tidyArguments(const Vocabulary &vocabulary, const std::string &type,
                        const Arguments &args)
{
    const Spec *spec = vocabulary.spec(type);
    return spec ? withoutDefaults(spec->args, args) : args;
}

std::vector<NodeId> appendNetwork(Network &network, const Network &added, double dx, double dy)
{
    std::map<NodeId, NodeId> renamed;
    std::vector<NodeId> out;
    for (NetworkNode node : added.nodes) {
        const NodeId id = network.nextId++;
        renamed[node.id] = id;
        out.push_back(id);
        node.id = id;
        node.x += dx;
        node.y += dy;
        network.nodes.push_back(std::move(node));
    }
    for (Wire wire : added.wires) {
        if (!renamed.contains(wire.from.node) || !renamed.contains(wire.to.node))
            continue;
        wire.from.node = renamed[wire.from.node];
        wire.to.node = renamed[wire.to.node];
        network.wires.push_back(wire);
    }
    return out;
}

void numberVariadicWires(Network &network)
{
    std::map<std::pair<NodeId, std::string>, std::vector<Wire *>> byPort;
    for (Wire &wire : network.wires)
        byPort[{wire.to.node, wire.to.port}].push_back(&wire);
    for (auto &[port, wires] : byPort) {
        std::stable_sort(wires.begin(), wires.end(),
                         [](const Wire *a, const Wire *b) { return a->to.index < b->to.index; });
        for (size_t i = 0; i < wires.size(); ++i)
            wires[i]->to.index = static_cast<int>(i);
    }
}

namespace {

/// The port of `spec` for a wire that ended at port `name` of the former type.
std::string matchingPort(const std::vector<Port> &former, const std::vector<Port> &now,
                         const std::string &name)
{
    const auto named = [&name](const Port &port) { return port.name == name; };
    if (std::any_of(now.begin(), now.end(), named))
        return name;
    const auto place = std::find_if(former.begin(), former.end(), named) - former.begin();
    return place < static_cast<std::ptrdiff_t>(now.size()) ? now[static_cast<size_t>(place)].name
                                                           : std::string();
}

} // namespace

void replaceNodeType(Network &network, const Vocabulary &vocabulary, NodeId id,
                     const std::string &type)
{
    NetworkNode *node = network.find(id);
    if (!node)
        return;
    const Spec *former = vocabulary.spec(node->type);
    const Spec *now = vocabulary.spec(type);
    const Arguments args = std::move(node->args);
    node->type = type;
    node->args.clear();
    if (!now || !former)
        return;
    for (const auto &[name, value] : args) {
        Arguments with = node->args;
        with[name] = value;
        if (now->findArg(name) && now->validate && now->validate(with))
            node->args = with;
    }
    for (Wire &wire : network.wires) {
        if (wire.to.node == id)
            wire.to.port = matchingPort(former->inputs, now->inputs, wire.to.port);
        if (wire.from.node == id)
            wire.from.port = matchingPort(former->outputs, now->outputs, wire.from.port);
    }
    std::set<PortRef> taken;
    std::erase_if(network.wires, [&](const Wire &wire) {
        return wire.to.port.empty() || wire.from.port.empty() || !taken.insert(wire.to).second;
    });
}

bool sameComputation(Network a, Network b)
{
    for (Network *network : {&a, &b}) {
        network->nextId = 0;
        for (NetworkNode &node : network->nodes) {
            node.x = node.y = 0;
            node.title.clear();
        }
    }
    return a == b;
}

Network fragment(const Network &network, const std::set<NodeId> &nodes)
{
    Network out;
    out.nextId = network.nextId;
    std::copy_if(network.nodes.begin(), network.nodes.end(), std::back_inserter(out.nodes),
                 [&](const NetworkNode &node) { return nodes.contains(node.id); });
    std::copy_if(network.wires.begin(), network.wires.end(), std::back_inserter(out.wires),
                 [&](const Wire &wire) {
                     return nodes.contains(wire.from.node) && nodes.contains(wire.to.node);
                 });
    return out;
}

} // namespace mrg
