// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/network/check.h"

#include "engine/network/lint.h"
#include "engine/network/target_forms.h"
#include "engine/nn/Module.h"

#include <algorithm>
#include <set>

namespace mrg {

namespace {

/// Shapes are inferred for two batch sizes; a size that differs between them depends on the batch.
struct Probe {
    int64_t batch;
    int64_t other;
};

SymbolicShape symbolic(const Shape &shape, const Shape &other, DType dtype, Probe probe)
{
    SymbolicShape out;
    out.dtype = dtype;
    for (size_t i = 0; i < shape.size(); ++i) {
        const bool varies = i < other.size() && shape[i] != other[i] && shape[i] % probe.batch == 0
                && other[i] % probe.other == 0;
        out.dims.push_back({shape[i], varies ? shape[i] / probe.batch : 0});
    }
    return out;
}

/// The same shape for the other batch size.
Shape otherShape(const SymbolicShape &shape, Probe probe)
{
    Shape out;
    for (const SymbolicShape::Dim &dim : shape.dims)
        out.push_back(dim.perSample ? dim.perSample * probe.other : dim.size);
    return out;
}

/// The work of one check().
class Checker {
public:
    Checker(const Network &network, const Vocabulary &vocabulary, const DescribeData &describeData,
            int64_t batchSize)
        : m_network(network), m_vocabulary(vocabulary), m_describe(describeData),
          m_probe{std::max<int64_t>(batchSize, 2), std::max<int64_t>(batchSize, 2) + 1}
    {
    }

    CheckedNetwork run()
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

private:
    const Spec *specOf(NodeId id) const
    {
        const auto found = m_specs.find(id);
        return found == m_specs.end() ? nullptr : found->second;
    }

    static bool isData(const std::string &type) { return type.rfind("data.", 0) == 0; }

    std::string nameOf(NodeId id) const
    {
        const NetworkNode *node = m_network.find(id);
        if (!node)
            return "?";
        return node->title.empty() ? node->type.substr(node->type.find('.') + 1) : node->title;
    }

    Issue &add(std::string kind, NodeId node, std::string text, std::string port = {})
    {
        Issue issue;
        issue.kind = std::move(kind);
        issue.node = node;
        issue.port = std::move(port);
        issue.text = std::move(text);
        m_result.issues.push_back(std::move(issue));
        return m_result.issues.back();
    }

    void findSpecs()
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

    static bool hasPort(const std::vector<Port> &ports, const PortRef &ref)
    {
        return std::any_of(ports.begin(), ports.end(), [&](const Port &port) {
            return port.name == ref.port && (port.variadic || ref.index == 0);
        });
    }

    void checkWires()
    {
        std::set<PortRef> taken;
        for (const Wire &wire : m_network.wires) {
            const Spec *from = specOf(wire.from.node);
            const Spec *to = specOf(wire.to.node);
            const bool endsExist = m_network.find(wire.from.node) && m_network.find(wire.to.node);
            const bool portsExist = (!from || hasPort(from->outputs, wire.from))
                    && (!to || hasPort(to->inputs, wire.to));
            if (endsExist && portsExist && taken.insert(wire.to).second)
                continue;
            Issue &issue = add("dangling_wire", wire.to.node,
                               "A wire leads from " + nameOf(wire.from.node) + "." + wire.from.port
                                       + " to " + nameOf(wire.to.node) + "." + wire.to.port
                                       + ", which can't be.",
                               wire.to.port);
            issue.wire = wire;
            issue.fixes.push_back({"Remove the wire", RemoveWireFix{wire}});
        }
    }

    void findOrder()
    {
        std::map<NodeId, int> waiting;
        for (const NetworkNode &node : m_network.nodes)
            waiting[node.id] = 0;
        for (const Wire &wire : m_network.wires) {
            if (waiting.contains(wire.to.node) && waiting.contains(wire.from.node))
                ++waiting[wire.to.node];
        }
        std::set<NodeId> ready;
        for (const auto &[id, count] : waiting) {
            if (count == 0)
                ready.insert(id);
        }
        std::set<NodeId> done;
        while (!ready.empty()) {
            const NodeId id = *ready.begin();
            ready.erase(ready.begin());
            done.insert(id);
            m_result.order.push_back(id);
            for (const Wire &wire : m_network.wires) {
                if (wire.from.node == id && waiting.contains(wire.to.node)
                    && --waiting[wire.to.node] == 0)
                    ready.insert(wire.to.node);
            }
        }
        for (const Wire &wire : m_network.wires) {
            if (done.contains(wire.from.node) || done.contains(wire.to.node)
                || !waiting.contains(wire.from.node) || !waiting.contains(wire.to.node))
                continue;
            Issue &issue = add("cycle", wire.to.node,
                               nameOf(wire.to.node) + " is part of a loop of wires: its input "
                                                      "depends on its own output.",
                               wire.to.port);
            issue.wire = wire;
            issue.fixes.push_back({"Remove this wire", RemoveWireFix{wire}});
        }
    }

    void findRoles()
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
            add("no_loss", 0, "There is no loss yet: add one and wire the scores and the target "
                              "into it.");
        }
        for (size_t i = 1; i < losses.size(); ++i) {
            Issue &issue = add("second_loss", losses[i], "There is another loss already: a network "
                                                         "is trained on one.");
            issue.fixes.push_back({"Remove " + nameOf(losses[i]), RemoveNodeFix{losses[i]}});
        }
        if (sources.size() == 1)
            m_result.data = sources.front();
        else if (sources.empty())
            add("no_data", 0, "There is no data source yet: drag one in from the palette.");
        for (size_t i = 1; i < sources.size(); ++i) {
            Issue &issue = add("second_data", sources[i], "There is another data source already: "
                                                          "a network is trained on one.");
            issue.fixes.push_back({"Remove " + nameOf(sources[i]), RemoveNodeFix{sources[i]}});
        }
    }

    void inferNode(NodeId id)
    {
        const NetworkNode &node = *m_network.find(id);
        const Spec *spec = specOf(id);
        if (!spec || m_broken.contains(id))
            return;
        if (isData(node.type))
            inferData(node);
        else
            inferModule(node, *spec);
    }

    void inferData(const NetworkNode &node)
    {
        const Result<DataDescription> described = m_describe
                ? m_describe(node)
                : Result<DataDescription>(Error(ErrorCategory::State, "data_not_loaded", node.type));
        if (!described) {
            Issue &issue = add(described.error().kind, node.id, described.error().text());
            issue.got = described.error().got;
            issue.wanted = described.error().wanted;
            return;
        }
        m_data = *described;
        SymbolicShape input;
        input.dtype = described->inputDType;
        input.dims.push_back({m_probe.batch, 1});
        for (int64_t size : described->sampleShape)
            input.dims.push_back({size, 0});
        m_result.shapes[{node.id, "input", 0}] = input;
        // The target takes the form its reader asks for; several readers take the first one's.
        TargetForm form = described->task == Task::MultiLabel ? TargetForm::LabelIndices
                : described->task == Task::SingleLabel        ? TargetForm::ClassIndex
                                                              : TargetForm::Values;
        for (const Wire &wire : m_network.wires) {
            if (wire.from != PortRef{node.id, "target", 0})
                continue;
            const Port *port = inputPort(wire.to);
            if (port && port->form != TargetForm::None) {
                form = port->form;
                checkForm(*described, form, wire);
                break;
            }
        }
        m_result.shapes[{node.id, "target", 0}] = targetShape(*described, form);
    }

    SymbolicShape targetShape(const DataDescription &data, TargetForm form) const
    {
        SymbolicShape out;
        out.dims.push_back({m_probe.batch, 1});
        const bool indices = form == TargetForm::ClassIndex || form == TargetForm::LabelIndices;
        out.dtype = indices ? DType::Int64 : DType::Float32;
        if (form != TargetForm::ClassIndex)
            out.dims.push_back({data.classes, 0});
        return out;
    }

    void checkForm(const DataDescription &data, TargetForm form, const Wire &wire)
    {
        if (canDeliver(data.task, form))
            return;
        Issue &issue = add("target_form", wire.to.node,
                           nameOf(wire.to.node) + " wants " + formWords(form) + ", but "
                                   + nameOf(wire.from.node) + " has " + taskWords(data.task) + ".",
                           wire.to.port);
        issue.wire = wire;
        issue.got = taskWords(data.task);
        issue.wanted = formWords(form);
        for (const ModuleSpec &spec : m_vocabulary.registry.modules()) {
            const bool fits = spec.isLoss()
                    && std::any_of(spec.inputs.begin(), spec.inputs.end(), [&](const Port &port) {
                           return port.form != TargetForm::None && suits(data.task, port.form);
                       });
            if (fits && issue.fixes.size() < 3)
                issue.fixes.push_back({"Use " + spec.name, ReplaceNodeFix{wire.to.node, "nn." + spec.name, {}}});
        }
    }

    const Port *inputPort(const PortRef &ref) const
    {
        const Spec *spec = specOf(ref.node);
        if (!spec)
            return nullptr;
        const auto found = std::find_if(spec->inputs.begin(), spec->inputs.end(),
                                        [&](const Port &port) { return port.name == ref.port; });
        return found == spec->inputs.end() ? nullptr : &*found;
    }

    /// The wires into a node in port order; nothing if a required one is missing or its shape is
    /// unknown (said elsewhere).
    std::optional<std::vector<Wire>> incoming(const NetworkNode &node, const Spec &spec)
    {
        std::vector<Wire> wires;
        bool known = true;
        for (const Port &port : spec.inputs) {
            int found = 0;
            for (int index = 0; const Wire *wire = m_network.wireInto({node.id, port.name, index});
                 ++index) {
                ++found;
                wires.push_back(*wire);
                known = known && m_result.shapes.contains(wire->from);
                if (!port.variadic)
                    break;
            }
            if (found == 0 && !port.optional) {
                known = false;
                reportUnconnected(node, port);
            }
        }
        return known ? std::optional(wires) : std::nullopt;
    }

    void reportUnconnected(const NetworkNode &node, const Port &port)
    {
        Issue &issue = add("not_connected", node.id,
                           "Nothing is wired into " + nameOf(node.id) + "." + port.name + ".",
                           port.name);
        if (port.form != TargetForm::None && m_result.data) {
            const Wire wire{{*m_result.data, "target", 0}, {node.id, port.name, 0}};
            issue.fixes.push_back({"Wire the target of " + nameOf(*m_result.data), AddWireFix{wire}});
        }
    }

    void inferModule(const NetworkNode &node, const Spec &spec)
    {
        const std::optional<std::vector<Wire>> wires = incoming(node, spec);
        countParameters(node);
        if (!wires || !dtypesFit(node, *wires))
            return;
        Shapes shapes;
        Shapes others;
        DType floating = DType::Float32;
        DType common = DType::Bool;
        for (const Wire &wire : *wires) {
            const SymbolicShape &shape = m_result.shapes.at(wire.from);
            shapes.push_back(shape.shape());
            others.push_back(otherShape(shape, m_probe));
            common = promoteTypes(common, shape.dtype);
            if (isFloating(shape.dtype))
                floating = shape.dtype;
        }
        const Result<Shapes> outputs = spec.infer(node.args, shapes);
        if (!outputs) {
            reportShapes(node, spec, *wires, shapes, outputs.error());
            return;
        }
        const Result<Shapes> otherOutputs = spec.infer(node.args, others);
        for (size_t i = 0; i < spec.outputs.size() && i < outputs->size(); ++i) {
            const Port &port = spec.outputs[i];
            const DType dtype = port.dtype == "float" ? floating
                    : port.dtype == "int64"           ? DType::Int64
                    : port.dtype == "bool"            ? DType::Bool
                                                      : common;
            m_result.shapes[{node.id, port.name, 0}]
                    = symbolic((*outputs)[i], otherOutputs ? (*otherOutputs)[i] : (*outputs)[i],
                               dtype, m_probe);
        }
    }

    bool dtypesFit(const NetworkNode &node, const std::vector<Wire> &wires)
    {
        for (const Wire &wire : wires) {
            const Port *port = inputPort(wire.to);
            const DType got = m_result.shapes.at(wire.from).dtype;
            const bool fits = !port || port->dtype == "any"
                    || (port->dtype == "float" ? isFloating(got) : port->dtype == dtypeName(got));
            if (fits)
                continue;
            Issue &issue = add("dtype_mismatch", node.id,
                               nameOf(node.id) + "." + wire.to.port + " wants " + port->dtype
                                       + " numbers, but " + nameOf(wire.from.node) + " gives "
                                       + dtypeName(got) + ".",
                               wire.to.port);
            issue.wire = wire;
            issue.got = dtypeName(got);
            issue.wanted = port->dtype;
            return false;
        }
        return true;
    }

    void countParameters(const NetworkNode &node)
    {
        const ModuleSpec *module = node.type.rfind("nn.", 0) == 0
                ? m_vocabulary.registry.module(node.type.substr(3))
                : nullptr;
        if (!module)
            return;
        const ShapesOnly scope;
        try {
            m_result.parameters[node.id] = module->make(node.args)->parameterCount();
        } catch (const std::exception &) {
            m_result.parameters[node.id] = 0; // said by validate
        }
    }

    void reportShapes(const NetworkNode &node, const Spec &spec, const std::vector<Wire> &wires,
                      const Shapes &shapes, const Error &error)
    {
        // The error names the port it is about; if not, the first one is meant.
        size_t at = 0;
        for (size_t i = 0; i < wires.size(); ++i) {
            if (error.got.rfind(wires[i].to.port + " ", 0) == 0)
                at = i;
        }
        const Wire wire = wires.empty() ? Wire{} : wires[at];
        std::string text = nameOf(node.id) + " can't take " + (error.got.empty() ? "this" : error.got);
        if (!error.wanted.empty())
            text += ": it needs " + error.wanted;
        Issue issue;
        issue.kind = error.kind;
        issue.node = node.id;
        issue.port = wire.to.port;
        issue.wire = wire;
        issue.text = text + ".";
        issue.got = error.got;
        issue.wanted = error.wanted;
        issue.fixes = shapeFixes(node, spec, wires, shapes, at, error);
        m_result.issues.push_back(std::move(issue));
    }

    std::vector<Fix> shapeFixes(const NetworkNode &node, const Spec &spec,
                                const std::vector<Wire> &wires, const Shapes &shapes, size_t at,
                                const Error &error)
    {
        std::vector<Fix> fixes;
        const auto tryArgs = [&](const NetworkNode &target, const std::string &name, const Value &value) {
            Arguments args{{name, value}};
            fixes.push_back({"Set " + name + " of " + nameOf(target.id) + " to " + value.toString(),
                             SetArgsFix{target.id, args}});
        };
        // An input of many dimensions into a module of vectors: flatten it.
        if (at < shapes.size() && shapes[at].size() > 2 && m_vocabulary.spec("nn.Flatten")) {
            const Shape flat{shapes[at][0], numel(shapes[at]) / std::max<int64_t>(shapes[at][0], 1)};
            Shapes flattened = shapes;
            flattened[at] = flat;
            Result<Shapes> then = spec.infer(node.args, flattened);
            const bool mendable = then.ok() || then.error().fixArgument == error.fixArgument;
            if (mendable && !error.fixArgument.empty())
                fixes.push_back({"Insert Flatten", InsertNodeFix{wires[at], "nn.Flatten", {}}});
            if (then.ok() || error.fixArgument.empty())
                goto producers;
        }
        if (!error.fixArgument.empty() && !error.fixValue.empty())
            tryArgs(node, error.fixArgument, Value(error.fixValue[0]));
    producers:
        // The scores have the wrong number of classes: the last module that chose it can change.
        if (spec.isLoss() && m_data && !wires.empty() && !shapes.empty() && !shapes[0].empty()
            && shapes[0].back() != m_data->classes) {
            if (const auto [producer, name] = lastSizeOf(wires[0].from); producer)
                tryArgs(*producer, name, Value(m_data->classes));
        }
        return fixes;
    }

    /// The node and argument that decide the last dimension of what comes out of a port.
    std::pair<const NetworkNode *, std::string> lastSizeOf(PortRef ref) const
    {
        for (size_t hops = 0; hops <= m_network.nodes.size(); ++hops) {
            const NetworkNode *node = m_network.find(ref.node);
            const Spec *spec = node ? specOf(node->id) : nullptr;
            if (!spec || spec->outputs.empty() || spec->inputs.empty())
                return {};
            const std::string &pattern = spec->outputs[0].pattern;
            const std::string last = pattern.substr(pattern.find_last_of(' ') + 1);
            if (spec->findArg(last))
                return {node, last};
            const Wire *wire = m_network.wireInto({node->id, spec->inputs[0].name, 0});
            if (!wire || pattern != spec->inputs[0].pattern)
                return {};
            ref = wire->from;
        }
        return {};
    }

    void findUnused()
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
            Issue &issue = add("unused", node.id, nameOf(node.id) + " leads nowhere: the loss does "
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

    const Network &m_network;
    const Vocabulary &m_vocabulary;
    const DescribeData &m_describe;
    Probe m_probe;
    CheckedNetwork m_result;
    std::map<NodeId, const Spec *> m_specs;
    std::set<NodeId> m_broken;
    std::optional<DataDescription> m_data;
};

} // namespace

bool CheckedNetwork::ok() const
{
    return std::none_of(issues.begin(), issues.end(), [](const Issue &issue) {
        return issue.severity == Severity::Error;
    });
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
