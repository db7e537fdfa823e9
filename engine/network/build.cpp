// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/network/build.h"

#include "engine/autograd/anomaly.h"
#include "engine/core/Random.h"
#include "engine/network/outline.h"
#include "engine/network/target_forms.h"
#include "engine/nn/ModuleProfiler.h"
#include "engine/ops/views.h"

#include <algorithm>
#include <optional>

namespace mrg {

namespace {

/// Of random functions; modules have streams by the numbers of their nodes.
constexpr uint64_t functionStream = ~uint64_t{0};
/// Steps lie 2^40 draws apart, as those of modules do.
constexpr int stepBits = 40;

/// Lets a profiler tell the nodes apart: each is called under its number.
class NodeCall {
public:
    explicit NodeCall(NodeId node)
    {
        if (ModuleProfiler::current()) {
            m_origin.emplace(std::to_string(node));
            m_call.emplace(OperationOrigin::current());
        }
    }

private:
    std::optional<OperationOrigin> m_origin;
    std::optional<ModuleProfiler::Call> m_call;
};

} // namespace

Tensor BuiltNetwork::scores(const Tensor &input)
{
    m_values.assign(m_slots, Tensor());
    m_values[0] = input;
    std::vector<Tensor> inputs;
    for (const Step &step : m_steps) {
        inputs.clear();
        for (size_t slot : step.inputs)
            inputs.push_back(slot == Step::none ? Tensor() : m_values[slot]);
        const NodeCall call(step.node);
        std::vector<Tensor> outputs
                = step.module ? step.module->call(inputs) : step.function->call(step.args, inputs);
        for (size_t i = 0; i < step.outputs.size() && i < outputs.size(); ++i)
            m_values[step.outputs[i]] = std::move(outputs[i]);
    }
    m_lossValues.clear();
    for (size_t slot : m_lossInputs) {
        const bool other = slot < m_slots && slot != m_scoreSlot;
        m_lossValues.push_back(other ? m_values[slot] : Tensor());
    }
    Tensor result = m_values[m_scoreSlot];
    m_values.clear();
    return result;
}

Tensor BuiltNetwork::loss(const Tensor &scores, const Tensor &target)
{
    std::vector<Tensor> inputs = m_lossValues;
    for (size_t i = 0; i < inputs.size(); ++i) {
        if (m_lossInputs[i] == targetSlot)
            inputs[i] = m_oneSign ? select(target, 1, -1) : target;
        else if (m_lossInputs[i] == m_scoreSlot)
            inputs[i] = scores;
    }
    const NodeCall call(m_lossNode);
    return m_loss->call(inputs).at(m_lossOutput);
}

template <typename Action> void BuiltNetwork::forEachLearning(Action action) const
{
    for (const Step &step : m_steps) {
        if (step.module)
            action(step.node, *step.module);
    }
    if (!m_loss->parameters().empty())
        action(m_lossNode, *m_loss);
}

void BuiltNetwork::train(bool on)
{
    for (const Step &step : m_steps) {
        if (step.module)
            step.module->train(on);
    }
    m_loss->train(on);
}

void BuiltNetwork::zeroGrad()
{
    forEachLearning([](NodeId, Module &module) { module.zeroGrad(); });
}

void BuiltNetwork::to(DType dtype)
{
    for (const Step &step : m_steps) {
        if (step.module)
            step.module->to(dtype);
    }
    m_loss->to(dtype);
}

namespace {
void append(NamedTensors &out, NodeId node, const NamedTensors &tensors)
{
    for (const auto &[name, tensor] : tensors)
        out.emplace_back(std::to_string(node) + "." + name, tensor);
}
} // namespace

NamedTensors BuiltNetwork::namedParameters() const
{
    NamedTensors out;
    forEachLearning([&out](NodeId node, const Module &module) {
        append(out, node, module.namedParameters());
    });
    return out;
}

std::vector<Tensor> BuiltNetwork::parameters() const
{
    std::vector<Tensor> out;
    for (auto &[name, tensor] : namedParameters())
        out.push_back(tensor);
    return out;
}

NamedTensors BuiltNetwork::stateDict() const
{
    NamedTensors out;
    forEachLearning([&out](NodeId node, Module &module) { append(out, node, module.stateDict()); });
    return out;
}

void BuiltNetwork::loadStateDict(const NamedTensors &state)
{
    forEachLearning([&state](NodeId node, Module &module) {
        const std::string prefix = std::to_string(node) + ".";
        NamedTensors own;
        for (const auto &[name, tensor] : state) {
            if (name.rfind(prefix, 0) == 0)
                own.emplace_back(name.substr(prefix.size()), tensor);
        }
        module.loadStateDict(own);
    });
}

Module *BuiltNetwork::module(NodeId node) const
{
    if (node == m_lossNode)
        return m_loss.get();
    const auto found = std::find_if(m_steps.begin(), m_steps.end(),
                                    [node](const Step &step) { return step.node == node; });
    return found == m_steps.end() ? nullptr : found->module.get();
}

Module &BuiltNetwork::lossModule() const { return *m_loss; }

void BuiltNetwork::setLoss(std::shared_ptr<Module> loss) { m_loss = std::move(loss); }

void BuiltNetwork::seekRandom(uint64_t step)
{
    for (const Step &module : m_steps) {
        if (module.module)
            module.module->seekRandom(step);
    }
    if (m_callsFunctions) {
        defaultGenerator() = RandomStream(m_seed, functionStream);
        defaultGenerator().seek(step << stepBits);
    }
}

Result<BuiltNetwork> build(const Network &network, const CheckedNetwork &checked,
                           const Vocabulary &vocabulary, uint64_t seed)
{
    if (!checked.ok() || !checked.loss || !checked.data || !checked.scores) {
        for (const Issue &issue : checked.issues) {
            if (issue.severity == Severity::Error)
                return Error(ErrorCategory::State, issue.kind, "network", issue.text);
        }
        return Error(ErrorCategory::State, "network_not_complete", "network",
                     "no path from a data source to a loss", "data, modules and a loss, wired");
    }
    BuiltNetwork built;
    built.m_seed = seed;
    std::map<PortRef, size_t> slots;
    slots[{*checked.data, "input", 0}] = 0;
    built.m_slots = 1;
    try {
        for (NodeId id : checked.order) {
            const NetworkNode &node = *network.find(id);
            if (id == *checked.data)
                continue;
            const Spec &spec = *vocabulary.spec(node.type);
            std::shared_ptr<Module> module;
            const std::string name = node.type.substr(node.type.find('.') + 1);
            if (const ModuleSpec *found
                = node.type.rfind("nn.", 0) == 0 ? vocabulary.registry.module(name) : nullptr) {
                module = found->make(node.args);
                module->initialize(RandomStream(seed, static_cast<uint64_t>(id)));
            }
            if (id == *checked.loss) {
                built.m_loss = module;
                built.m_lossNode = id;
                // AdaptiveLogSoftmaxWithLoss gives more than its loss.
                for (size_t i = 0; i < spec.outputs.size(); ++i)
                    built.m_lossOutput = spec.outputs[i].name == "loss" ? i : built.m_lossOutput;
                const PortRef target{*checked.data, "target", 0};
                for (const Port &port : spec.inputs) {
                    const Wire *wire = network.wireInto({id, port.name, 0});
                    const bool isTarget = wire && wire->from == target;
                    built.m_lossInputs.push_back(!wire              ? BuiltNetwork::Step::none
                                                         : isTarget ? BuiltNetwork::targetSlot
                                                                    : slots.at(wire->from));
                    if (isTarget) {
                        built.m_targetForm = port.form;
                        built.m_oneSign = takesOneSign(port);
                    }
                }
                continue;
            }
            BuiltNetwork::Step step;
            step.node = id;
            step.module = std::move(module);
            step.args = node.args;
            built.m_callsFunctions = built.m_callsFunctions || !step.module;
            if (!step.module)
                step.function = vocabulary.registry.function(name);
            Shapes shapes;
            TensorOutlines given;
            for (const Port &port : spec.inputs) {
                if (!port.variadic && !network.wireInto({id, port.name, 0})) {
                    step.inputs.push_back(BuiltNetwork::Step::none);
                    shapes.push_back(leftOut);
                    given.emplace_back();
                    continue;
                }
                for (int index = 0; const Wire *wire = network.wireInto({id, port.name, index});
                     ++index) {
                    if (wire->from == PortRef{*checked.data, "target", 0}) {
                        return Error(ErrorCategory::State, "target_into_network", name,
                                     "the target wired into " + port.name,
                                     "the target at the loss only", "remove that wire");
                    }
                    step.inputs.push_back(slots.at(wire->from));
                    const SymbolicShape &shape = checked.shapes.at(wire->from);
                    shapes.push_back(shape.shape());
                    given.push_back(TensorOutline{shape.shape(), shape.dtype});
                    if (!port.variadic)
                        break;
                }
            }
            // A function gets one input a port; modules take the last ones as left out.
            while (step.module && !step.inputs.empty()
                   && step.inputs.back() == BuiltNetwork::Step::none)
                step.inputs.pop_back();
            if (step.module)
                step.module->materializeUninitialized(shapes);
            // Lazy members of a container learn their sizes from what comes to them.
            if (step.module && step.module->hasUninitialized()) {
                const Result<TensorOutlines> outlines = outlineOfCall(
                        [&](std::span<const Tensor> inputs) { return step.module->call(inputs); },
                        given);
                if (!outlines)
                    return outlines.error().within("network");
            }
            for (const Port &port : spec.outputs) {
                for (int index = 0; index == 0
                     || (port.variadic && checked.shapes.contains({id, port.name, index}));
                     ++index) {
                    slots[{id, port.name, index}] = built.m_slots;
                    step.outputs.push_back(built.m_slots++);
                }
            }
            built.m_steps.push_back(std::move(step));
        }
        built.m_scoreSlot = slots.at(*checked.scores);
    } catch (const Error &error) {
        return error.within("network");
    }
    return built;
}

} // namespace mrg
