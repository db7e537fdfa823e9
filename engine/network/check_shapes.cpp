// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/network/Checker.h"

#include "engine/network/target_forms.h"
#include "engine/nn/Module.h"

#include <algorithm>

namespace mrg {

SymbolicShape Checker::symbolic(const Shape &shape, const Shape &other, DType dtype, Probe probe)
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

Shape Checker::otherShape(const SymbolicShape &shape, Probe probe)
{
    Shape out;
    for (const SymbolicShape::Dim &dim : shape.dims)
        out.push_back(dim.perSample ? dim.perSample * probe.other : dim.size);
    return out;
}

void Checker::inferNode(NodeId id)
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

void Checker::inferData(const NetworkNode &node)
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
    bool oneSign = false;
    for (const Wire &wire : m_network.wires) {
        if (wire.from != PortRef{node.id, "target", 0})
            continue;
        const Port *port = inputPort(wire.to);
        if (port && port->form != TargetForm::None) {
            form = port->form;
            oneSign = takesOneSign(*port);
            checkForm(*described, *port, wire);
            break;
        }
    }
    m_result.shapes[{node.id, "target", 0}] = targetShape(*described, form, oneSign);
}

SymbolicShape Checker::targetShape(const DataDescription &data, TargetForm form, bool oneSign) const
{
    SymbolicShape out;
    out.dims.push_back({m_probe.batch, 1});
    const bool indices = form == TargetForm::ClassIndex || form == TargetForm::LabelIndices;
    out.dtype = indices ? DType::Int64 : DType::Float32;
    if (form != TargetForm::ClassIndex && !oneSign)
        out.dims.push_back({data.classes, 0});
    return out;
}

void Checker::checkForm(const DataDescription &data, const Port &wanted, const Wire &wire)
{
    const TargetForm form = wanted.form;
    const bool tooMany = takesOneSign(wanted) && data.classes > 2;
    if (canDeliver(data.task, form) && !tooMany)
        return;
    Issue &issue = add("target_form", wire.to.node, "", wire.to.port);
    issue.wire = wire;
    issue.got = taskWords(data.task);
    issue.wanted = formWords(form);
    if (tooMany) {
        issue.got += ", " + std::to_string(data.classes) + " labels";
        issue.wanted += ", of one label or two classes";
    }
    issue.text = nameOf(wire.to.node) + " wants " + issue.wanted + ", but " + nameOf(wire.from.node)
            + " has " + issue.got + ".";
    for (const ModuleSpec &spec : m_vocabulary.registry.modules()) {
        const bool fits = spec.isLoss()
                && std::any_of(spec.inputs.begin(), spec.inputs.end(), [&](const Port &port) {
                              return port.form != TargetForm::None && suits(data.task, port.form);
                          });
        if (fits && issue.fixes.size() < 3)
            issue.fixes.push_back(
                    {"Use " + spec.name, ReplaceNodeFix{wire.to.node, "nn." + spec.name, {}}});
    }
}

std::optional<std::vector<Wire>> Checker::incoming(const NetworkNode &node, const Spec &spec)
{
    std::vector<Wire> wires;
    bool known = true;
    for (const Port &port : spec.inputs) {
        int found = 0;
        for (int index = 0; const Wire *wire = m_network.wireInto({node.id, port.name, index});
             ++index) {
            ++found;
            wires.push_back(*wire);
            if (m_given.contains(wire->from.node) && !m_result.shapes.contains(wire->from))
                reportNotGiven(*wire);
            known = known && m_result.shapes.contains(wire->from) && !m_refused.contains(*wire);
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

void Checker::reportNotGiven(const Wire &wire)
{
    Issue &issue = add("output_not_given", wire.to.node,
                       nameOf(wire.from.node) + " gives no " + wire.from.port
                               + (wire.from.index ? " " + std::to_string(wire.from.index) : "")
                               + " with these arguments, but " + nameOf(wire.to.node) + "."
                               + wire.to.port + " is wired to it.",
                       wire.to.port);
    issue.wire = wire;
    issue.fixes.push_back({"Remove the wire", RemoveWireFix{wire}});
}

void Checker::reportUnconnected(const NetworkNode &node, const Port &port)
{
    Issue &issue
            = add("not_connected", node.id,
                  "Nothing is wired into " + nameOf(node.id) + "." + port.name + ".", port.name);
    if (port.form != TargetForm::None && m_result.data) {
        const Wire wire{{*m_result.data, "target", 0}, {node.id, port.name, 0}};
        issue.fixes.push_back({"Wire the target of " + nameOf(*m_result.data), AddWireFix{wire}});
    }
}

Shapes Checker::byPort(const Spec &spec, const std::vector<Wire> &wires, const Shapes &shapes)
{
    Shapes out;
    size_t next = 0;
    for (const Port &port : spec.inputs) {
        const size_t first = next;
        while (next < wires.size() && wires[next].to.port == port.name)
            out.push_back(shapes[next++]);
        if (next == first && next < wires.size())
            out.push_back(leftOut);
    }
    return out;
}

void Checker::inferModule(const NetworkNode &node, const Spec &spec)
{
    // Parameters are counted, not made.
    const ShapesOnly scope;
    const std::shared_ptr<Module> module = makeModule(node);
    const std::optional<std::vector<Wire>> wires = incoming(node, spec);
    if (!wires || !dtypesFit(node, *wires)) {
        countParameters(node, module);
        return;
    }
    Shapes shapes;
    Shapes others;
    for (const Wire &wire : *wires) {
        const SymbolicShape &shape = m_result.shapes.at(wire.from);
        shapes.push_back(shape.shape());
        others.push_back(otherShape(shape, m_probe));
    }
    const Result<Shapes> outputs = spec.infer(node.args, byPort(spec, *wires, shapes));
    if (!outputs) {
        countParameters(node, module);
        reportShapes(node, spec, *wires, shapes, outputs.error());
        return;
    }
    // Shapes alone don't tell shares of classes from classes; the type does.
    for (size_t i = 0; i < wires->size(); ++i) {
        const Port *port = inputPort((*wires)[i].to);
        if (port->form == TargetForm::ClassIndex && shapes[i] == shapes[0]
            && !isFloating(m_result.shapes.at((*wires)[i].from).dtype)) {
            countParameters(node, module);
            reportShapes(node, spec, *wires, shapes,
                         Error(ErrorCategory::Shape, "dimension_count_mismatch", "",
                               spec.inputs[0].name + " " + toString(shapes[0]),
                               "a score for every class: one dimension more than the target"));
            return;
        }
    }
    const Result<TensorOutlines> outlines = outline(node, spec, *wires, module);
    countParameters(node, module);
    if (!outlines && !isUnknown(outlines.error())) {
        reportShapes(node, spec, *wires, shapes, outlines.error());
        return;
    }
    m_given.insert(node.id);
    const Result<Shapes> otherOutputs = spec.infer(node.args, byPort(spec, *wires, others));
    for (size_t i = 0; i < outputs->size(); ++i) {
        // What comes behind the last port belongs to it, if it is variadic.
        const size_t number = std::min(i, spec.outputs.size() - 1);
        const Port &port = spec.outputs[number];
        if (i > number && !port.variadic)
            break;
        const bool known = outlines && i < outlines->size() && (*outlines)[i];
        const DType dtype = known ? (*outlines)[i]->dtype : declaredType(port, *wires);
        const bool both = otherOutputs && i < otherOutputs->size();
        m_result.shapes[{node.id, port.name, static_cast<int>(i - number)}] = symbolic(
                (*outputs)[i], both ? (*otherOutputs)[i] : (*outputs)[i], dtype, m_probe);
    }
}

DType Checker::declaredType(const Port &port, const std::vector<Wire> &wires) const
{
    DType floating = DType::Float32;
    DType common = DType::Bool;
    for (const Wire &wire : wires) {
        const DType dtype = m_result.shapes.at(wire.from).dtype;
        common = promoteTypes(common, dtype);
        if (isFloating(dtype))
            floating = dtype;
    }
    return port.dtype == "float"    ? floating
            : port.dtype == "int64" ? DType::Int64
            : port.dtype == "bool"  ? DType::Bool
                                    : common;
}

Result<TensorOutlines> Checker::outline(const NetworkNode &node, const Spec &spec,
                                        const std::vector<Wire> &wires,
                                        const std::shared_ptr<Module> &module) const
{
    TensorOutlines inputs;
    size_t next = 0;
    for (const Port &port : spec.inputs) {
        const size_t first = next;
        for (; next < wires.size() && wires[next].to.port == port.name; ++next) {
            const SymbolicShape &shape = m_result.shapes.at(wires[next].from);
            inputs.push_back(TensorOutline{shape.shape(), shape.dtype});
        }
        if (next == first && !port.variadic && (!module || next < wires.size()))
            inputs.push_back(std::nullopt);
    }
    if (module)
        return outlineOfCall([&](std::span<const Tensor> tensors) { return module->call(tensors); },
                             inputs);
    const FunctionSpec *function = m_vocabulary.registry.function(spec.name);
    return outlineOfCall(
            [&](std::span<const Tensor> tensors) { return function->call(node.args, tensors); },
            inputs);
}

bool Checker::dtypesFit(const NetworkNode &node, const std::vector<Wire> &wires)
{
    for (const Wire &wire : wires) {
        const Port *port = inputPort(wire.to);
        const DType got = m_result.shapes.at(wire.from).dtype;
        const bool fits = !port || port->dtype == "any"
                || (port->dtype == "float"              ? isFloating(got)
                            : port->dtype == "integral" ? isIntegral(got)
                            : port->dtype == "complex"  ? isComplex(got)
                                                        : port->dtype == dtypeName(got));
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

std::shared_ptr<Module> Checker::makeModule(const NetworkNode &node) const
{
    const ModuleSpec *module = node.type.rfind("nn.", 0) == 0
            ? m_vocabulary.registry.module(node.type.substr(3))
            : nullptr;
    try {
        return module ? module->make(node.args) : nullptr;
    } catch (const std::exception &) {
        return nullptr; // said by validate
    }
}

void Checker::countParameters(const NetworkNode &node, const std::shared_ptr<Module> &module)
{
    if (node.type.rfind("nn.", 0) != 0)
        return;
    const bool known = module && !module->hasUninitialized();
    m_result.parameters[node.id] = known ? module->parameterCount() : 0;
}

void Checker::reportShapes(const NetworkNode &node, const Spec &spec,
                           const std::vector<Wire> &wires, const Shapes &shapes, const Error &error)
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

std::vector<Fix> Checker::shapeFixes(const NetworkNode &node, const Spec &spec,
                                     const std::vector<Wire> &wires, const Shapes &shapes,
                                     size_t at, const Error &error)
{
    std::vector<Fix> fixes;
    const auto tryArgs = [&](const NetworkNode &target, const std::string &name,
                             const Value &value) {
        Arguments args{{name, value}};
        fixes.push_back({"Set " + name + " of " + nameOf(target.id) + " to " + value.toString(),
                         SetArgsFix{target.id, args}});
    };
    // An input of many dimensions into a module of vectors: flatten it.
    if (at < shapes.size() && shapes[at].size() > 2 && m_vocabulary.spec("nn.Flatten")) {
        const Shape flat{shapes[at][0], numel(shapes[at]) / std::max<int64_t>(shapes[at][0], 1)};
        Shapes flattened = shapes;
        flattened[at] = flat;
        Result<Shapes> then = spec.infer(node.args, byPort(spec, wires, flattened));
        const bool mendable = then.ok()
                || (!error.fixArgument.empty() && then.error().fixArgument == error.fixArgument);
        if (mendable)
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

std::pair<const NetworkNode *, std::string> Checker::lastSizeOf(PortRef ref) const
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

} // namespace mrg
