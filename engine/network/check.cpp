// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/network/Checker.h"

#include "engine/network/execution_order.h"
#include "engine/network/lint.h"

#include <algorithm>

namespace mrg {

namespace {
/// Larger batches are checked as this one, so that no product of sizes overflows.
constexpr int64_t largestBatch = int64_t{1} << 30;
} // namespace

Checker::Checker(const Network &network, const Vocabulary &vocabulary,
                 const DescribeData &describeData, int64_t batchSize)
    : m_network(network),
      m_vocabulary(vocabulary),
      m_describe(describeData),
      m_probe{std::clamp<int64_t>(batchSize, 2, largestBatch),
              std::clamp<int64_t>(batchSize, 2, largestBatch) + 1}
{
}

CheckedNetwork Checker::run()
{
    findSpecs();
    checkWires();
    findOrder();
    findRoles();
    for (NodeId id : m_result.order)
        inferNode(id);
    findUnused();
    lint(m_network, m_vocabulary, m_result);
    return std::move(m_result);
}

std::string Checker::nameOf(NodeId id) const
{
    const NetworkNode *node = m_network.find(id);
    if (!node)
        return "?";
    return node->title.empty() ? node->type.substr(node->type.find('.') + 1) : node->title;
}

Issue &Checker::add(std::string kind, NodeId node, std::string text, std::string port)
{
    Issue issue;
    issue.kind = std::move(kind);
    issue.node = node;
    issue.port = std::move(port);
    issue.text = std::move(text);
    m_result.issues.push_back(std::move(issue));
    return m_result.issues.back();
}

void Checker::findSpecs()
{
    for (const NetworkNode &node : m_network.nodes) {
        const Spec *spec = m_vocabulary.spec(node.type);
        if (!spec) {
            Issue &issue = add("unknown_type", node.id,
                               "This Marginalia knows no " + node.type
                                       + ". It is kept as it is, but can't run.");
            issue.fixes.push_back({"Remove " + node.type, RemoveNodeFix{node.id}});
            continue;
        }
        m_specs[node.id] = spec;
        const Result<void> valid = spec->validate ? spec->validate(node.args) : Result<void>();
        if (!valid) {
            Issue &issue = add(valid.error().kind, node.id, valid.error().text());
            issue.got = valid.error().got;
            issue.wanted = valid.error().wanted;
            m_broken.insert(node.id);
        }
    }
}

bool Checker::hasPort(const std::vector<Port> &ports, const PortRef &ref)
{
    return std::any_of(ports.begin(), ports.end(), [&](const Port &port) {
        return port.name == ref.port && (port.variadic || ref.index == 0);
    });
}

void Checker::checkWires()
{
    std::set<PortRef> taken;
    for (const Wire &wire : m_network.wires) {
        const Spec *from = specOf(wire.from.node);
        const Spec *to = specOf(wire.to.node);
        const bool endsExist = m_network.find(wire.from.node) && m_network.find(wire.to.node);
        const bool portsExist = (!from || hasPort(from->outputs, wire.from))
                && (!to || hasPort(to->inputs, wire.to));
        if (endsExist && portsExist && taken.insert(wire.to).second) {
            checkTargetWire(wire);
            continue;
        }
        // Told at the end that there is.
        const bool toExists = m_network.find(wire.to.node) != nullptr;
        const NodeId end = toExists              ? wire.to.node
                : m_network.find(wire.from.node) ? wire.from.node
                                                 : 0;
        Issue &issue
                = add("dangling_wire", end,
                      "A wire leads from " + nameOf(wire.from.node) + "." + wire.from.port + " to "
                              + nameOf(wire.to.node) + "." + wire.to.port + ", which can't be.",
                      toExists ? wire.to.port : std::string());
        issue.wire = wire;
        issue.fixes.push_back({"Remove the wire", RemoveWireFix{wire}});
    }
}

void Checker::checkTargetWire(const Wire &wire)
{
    const Port *port = inputPort(wire.to);
    const NetworkNode &source = *m_network.find(wire.from.node);
    const bool given = isData(source.type) && wire.from.port == "target";
    const bool wanted = port && port->form != TargetForm::None;
    if (!port || !specOf(source.id) || given == wanted)
        return;
    m_refused.insert(wire);
    const std::string to = nameOf(wire.to.node) + "." + wire.to.port;
    if (given) {
        Issue &issue = add("target_into_network", wire.to.node,
                           "The target of " + nameOf(source.id) + " is wired into " + to
                                   + ": a network that sees the answer learns nothing else.",
                           wire.to.port);
        issue.wire = wire;
        if (!specOf(wire.to.node)->isLoss())
            issue.fixes.push_back({"Wire the input of " + nameOf(source.id) + " instead",
                                   AddWireFix{{{source.id, "input", 0}, wire.to}}});
        issue.fixes.push_back({"Remove the wire", RemoveWireFix{wire}});
        return;
    }
    Issue &issue = add("target_not_from_data", wire.to.node,
                       to + " wants the target of the data source, but " + nameOf(source.id) + "."
                               + wire.from.port + " is wired into it.",
                       wire.to.port);
    issue.wire = wire;
    for (const NetworkNode &node : m_network.nodes) {
        if (isData(node.type) && issue.fixes.empty())
            issue.fixes.push_back({"Wire the target of " + nameOf(node.id) + " instead",
                                   AddWireFix{{{node.id, "target", 0}, wire.to}}});
    }
    issue.fixes.push_back({"Remove the wire", RemoveWireFix{wire}});
}

void Checker::findOrder()
{
    ExecutionOrder order = executionOrder(m_network);
    m_result.order = std::move(order.nodes);
    for (const Wire &wire : order.loops) {
        Issue &issue = add("cycle", wire.to.node,
                           nameOf(wire.to.node)
                                   + " is part of a loop of wires: its input "
                                     "depends on its own output.",
                           wire.to.port);
        issue.wire = wire;
        issue.fixes.push_back({"Remove this wire", RemoveWireFix{wire}});
    }
}

void Checker::findRoles()
{
    std::vector<NodeId> losses;
    std::vector<NodeId> sources;
    for (const NetworkNode &node : m_network.nodes) {
        const Spec *spec = specOf(node.id);
        if (spec && isData(node.type))
            sources.push_back(node.id);
        else if (spec && spec->isLoss())
            losses.push_back(node.id);
    }
    if (losses.size() == 1) {
        m_result.loss = losses.front();
        const Spec *spec = specOf(losses.front());
        if (const Wire *wire = m_network.wireInto({losses.front(), spec->inputs[0].name, 0}))
            m_result.scores = wire->from;
    } else if (losses.empty()) {
        add("no_loss", 0,
            "There is no loss yet: add one and wire the scores and the target "
            "into it.");
    }
    for (size_t i = 1; i < losses.size(); ++i) {
        Issue &issue = add("second_loss", losses[i],
                           "There is another loss already: a network "
                           "is trained on one.");
        issue.fixes.push_back({"Remove " + nameOf(losses[i]), RemoveNodeFix{losses[i]}});
    }
    if (sources.size() == 1)
        m_result.data = sources.front();
    else if (sources.empty())
        add("no_data", 0, "There is no data source yet: drag one in from the palette.");
    for (size_t i = 1; i < sources.size(); ++i) {
        Issue &issue = add("second_data", sources[i],
                           "There is another data source already: "
                           "a network is trained on one.");
        issue.fixes.push_back({"Remove " + nameOf(sources[i]), RemoveNodeFix{sources[i]}});
    }
}

const Port *Checker::inputPort(const PortRef &ref) const
{
    const Spec *spec = specOf(ref.node);
    if (!spec)
        return nullptr;
    const auto found = std::find_if(spec->inputs.begin(), spec->inputs.end(),
                                    [&](const Port &port) { return port.name == ref.port; });
    return found == spec->inputs.end() ? nullptr : &*found;
}

void Checker::findUnused()
{
    if (!m_result.loss)
        return;
    std::set<NodeId> used;
    std::vector<NodeId> open{*m_result.loss};
    while (!open.empty()) {
        const NodeId id = open.back();
        open.pop_back();
        if (!used.insert(id).second)
            continue;
        for (const Wire &wire : m_network.wires) {
            if (wire.to.node == id)
                open.push_back(wire.from.node);
        }
    }
    for (const NetworkNode &node : m_network.nodes) {
        if (used.contains(node.id) || !specOf(node.id))
            continue;
        Issue &issue = add("unused", node.id,
                           nameOf(node.id)
                                   + " leads nowhere: the loss does "
                                     "not depend on it.");
        issue.severity = Severity::Warning;
    }
    // What the loss does not need may be unfinished: it is not run.
    for (Issue &issue : m_result.issues) {
        if (issue.node != 0 && !used.contains(issue.node) && issue.kind != "second_loss"
            && issue.kind != "second_data")
            issue.severity = Severity::Warning;
    }
    std::erase_if(m_result.order, [&](NodeId id) { return !used.contains(id); });
}

bool CheckedNetwork::ok() const
{
    return std::none_of(issues.begin(), issues.end(),
                        [](const Issue &issue) { return issue.severity == Severity::Error; });
}

std::vector<Issue> CheckedNetwork::issuesOf(NodeId node) const
{
    std::vector<Issue> out;
    std::copy_if(issues.begin(), issues.end(), std::back_inserter(out),
                 [node](const Issue &issue) { return issue.node == node; });
    return out;
}

CheckedNetwork check(const Network &network, const Vocabulary &vocabulary,
                     const DescribeData &describeData, int64_t batchSize)
{
    return Checker(network, vocabulary, describeData, batchSize).run();
}

} // namespace mrg
