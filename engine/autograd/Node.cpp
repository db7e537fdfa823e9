// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/autograd/Node.h"

#include "engine/autograd/BackwardObserver.h"
#include "engine/autograd/accumulate.h"
#include "engine/autograd/anomaly.h"
#include "engine/core/Launch.h"

#include <algorithm>
#include <cmath>

namespace mrg {

namespace {

thread_local bool gradIsEnabled = true;
thread_local uint64_t nextSequence = 1;
thread_local const std::shared_ptr<Node> *runningNode = nullptr;

/// A gradient as hooks leave it.
Tensor applied(const HookList<TensorHook> &hooks, Tensor gradient)
{
    if (!gradient.defined() || hooks.empty())
        return gradient;
    readsElements("tensor hook");
    hooks.forEach([&gradient](const TensorHook &hook) {
        const Tensor replacement = hook(gradient);
        if (!replacement.defined())
            return;
        if (replacement.shape() != gradient.shape()) {
            throw Error(ErrorCategory::Shape, "gradient_shape_mismatch", "hook",
                        toString(replacement.shape()), toString(gradient.shape()));
        }
        gradient = replacement;
    });
    return gradient;
}

bool hasNan(const Tensor &tensor)
{
    bool found = false;
    if (!tensor.defined() || !isDifferentiable(tensor.dtype()))
        return false;
    for (const std::complex<double> value : tensor.toVector<std::complex<double>>())
        found |= std::isnan(value.real()) || std::isnan(value.imag());
    return found;
}

std::string placeOf(const char *operation, const std::string &origin)
{
    return origin.empty() ? operation : std::string(operation) + " in " + origin;
}

/// Adds the gradient that arrives into the grad of a leaf. Its sequence is the lowest: it waits
/// until all uses of the leaf have had their say.
class AccumulateGrad final : public Node {
public:
    explicit AccumulateGrad(const Tensor &leaf) : Node("AccumulateGrad", 0), m_leaf(leaf) { }

    Gradients hooked(const Gradients &outputGradients) override
    {
        const std::shared_ptr<LeafHooks> &hooks = m_leaf.mutableImpl()->hooks;
        return hooks ? Gradients{applied(hooks->before, outputGradients[0])} : outputGradients;
    }

    Gradients backward(const Gradients &outputGradients) override
    {
        accumulate(outputGradients);
        if (const std::shared_ptr<LeafHooks> &hooks = m_leaf.mutableImpl()->hooks)
            hooks->after.forEach([this](const auto &hook) { hook(m_leaf); });
        return {};
    }

private:
    Gradients accumulate(const Gradients &outputGradients)
    {
        if (!outputGradients[0].defined())
            return {};
        // One that nobody else holds may become the gradient itself.
        const bool own = outputGradients[0].isSoleOwner() && outputGradients[0].isContiguous();
        const Tensor incoming = outputGradients[0].toType(m_leaf.dtype());
        const Tensor &grad = m_leaf.grad();
        if (!grad.defined()) {
            // A gradient that others may hold as well (an expanded view, a saved tensor) is copied.
            m_leaf.setGrad(gradEnabled() || own ? incoming : incoming.copy());
            return {};
        }
        // One that a graph holds, or that shares its elements, is not changed in place.
        if (gradEnabled() || grad.gradFn() || !grad.isContiguous()) {
            m_leaf.setGrad(addGradients(grad, incoming));
            return {};
        }
        accumulateInto(grad, incoming);
        return {};
    }

    Tensor m_leaf;
};

} // namespace

void accumulateInto(Tensor sum, const Tensor &gradient)
{
    dispatchDifferentiable(sum.dtype(), "backward", [&](auto tag) {
        using T = typename decltype(tag)::type;
        const Tensor add = gradient.compact();
        launchPointwise(
                sum.numel(),
                [source = add.data<T>(), target = sum.data<T>()](int64_t begin, int64_t end) {
                    for (int64_t i = begin; i < end; ++i)
                        target[i] += source[i];
                });
    });
    sum.bumpVersion();
}

Tensor addGradients(const Tensor &a, const Tensor &b)
{
    Tensor out = Tensor::empty(a.shape(), a.dtype());
    dispatchDifferentiable(a.dtype(), "backward", [&](auto tag) {
        using T = typename decltype(tag)::type;
        const Tensor left = a.compact();
        const Tensor right = b.compact();
        launchPointwise(out.numel(),
                        [x = left.data<T>(), y = right.data<T>(),
                         target = out.data<T>()](int64_t begin, int64_t end) {
                            for (int64_t i = begin; i < end; ++i)
                                target[i] = x[i] + y[i];
                        });
    });
    if (shouldRecord({&a, &b}))
        record("add", {a, b}, {out}, [](const Gradients &g) { return Gradients{g[0], g[0]}; });
    return out;
}

Node::Node(const char *name) : Node(name, nextSequence++) { }
Node::Node(const char *name, uint64_t sequence) : m_name(name), m_sequence(sequence) { }

// A long chain of nodes is taken apart in a loop: freeing it by recursion would overflow the stack.
Node::~Node()
{
    std::vector<std::shared_ptr<Node>> pending;
    const auto take = [&pending](std::vector<Edge> &from) {
        for (Edge &edge : from) {
            if (edge.node && edge.node.use_count() == 1)
                pending.push_back(std::move(edge.node));
        }
        from.clear();
    };
    take(edges);
    while (!pending.empty()) {
        const std::shared_ptr<Node> node = std::move(pending.back());
        pending.pop_back();
        take(node->edges);
    }
}

Gradients Node::hooked(const Gradients &outputGradients)
{
    if (!m_extras)
        return outputGradients;
    Gradients out = outputGradients;
    for (const auto &[output, hooks] : m_extras->tensorHooks)
        out[static_cast<size_t>(output)] = applied(hooks, out[static_cast<size_t>(output)]);
    for (const auto &[output, weak] : m_extras->retained) {
        const Tensor &gradient = out[static_cast<size_t>(output)];
        const std::shared_ptr<TensorImpl> impl = weak.lock();
        if (!impl || !gradient.defined())
            continue;
        // As a leaf's grad does it adds up over several backwards.
        impl->grad = impl->grad.defined() ? addGradients(impl->grad, gradient)
                : gradEnabled()           ? gradient
                                          : gradient.copy();
    }
    return out;
}

NodeExtras &Node::extras()
{
    if (!m_extras)
        m_extras = std::make_unique<NodeExtras>();
    return *m_extras;
}

void checkGradients(Node &node, const Gradients &gradients)
{
    for (size_t i = 0; i < gradients.size(); ++i) {
        if (hasNan(gradients[i])) {
            throw Error(ErrorCategory::State, "nan_in_backward",
                        placeOf(node.name(), node.hasExtras() ? node.extras().origin : ""),
                        "NaN in the gradient of input " + std::to_string(i), "numbers");
        }
    }
}

SavedTensor::SavedTensor(const Tensor &tensor, Role role, int64_t outputNumber)
{
    if (!tensor.defined())
        return;
    if (tensor.impl()->inference) {
        throw Error(ErrorCategory::State, "inference_tensor_saved", "backward",
                    "a tensor made in inference mode", "one made outside of it",
                    "clone() it first");
    }
    if (role == Output)
        m_outputNumber = outputNumber;
    m_tensor = role == Output ? tensor.detach() : tensor;
    m_version = tensor.version();
}

Tensor SavedTensor::unpack() const
{
    if (m_tensor.defined() && m_tensor.version() != m_version) {
        throw Error(ErrorCategory::State, "saved_tensor_changed_in_place", "backward",
                    "version " + std::to_string(m_tensor.version()),
                    "version " + std::to_string(m_version),
                    "clone() the tensor before changing it in place");
    }
    if (m_outputNumber < 0 || !gradIsEnabled || !runningNode)
        return m_tensor;
    const Tensor output = m_tensor.detach();
    output.setGradFn(*runningNode, m_outputNumber);
    return output;
}

RunningNode::RunningNode(const std::shared_ptr<Node> &node) : m_previous(runningNode)
{
    runningNode = &node;
}
RunningNode::~RunningNode() { runningNode = m_previous; }

bool gradEnabled() { return gradIsEnabled; }

GradMode::GradMode(bool enabled) : m_previous(gradIsEnabled) { gradIsEnabled = enabled; }
GradMode::~GradMode() { gradIsEnabled = m_previous; }

InferenceMode::InferenceMode(bool enabled)
    : m_previous(Tensor::inferenceMode()),
      m_grad(!enabled && gradIsEnabled)
{
    Tensor::setInferenceMode(enabled);
}
InferenceMode::~InferenceMode() { Tensor::setInferenceMode(m_previous); }

bool shouldRecord(std::initializer_list<const Tensor *> inputs)
{
    if (!gradIsEnabled)
        return false;
    for (const Tensor *input : inputs) {
        if (input->defined() && input->requiresGrad())
            return true;
    }
    return false;
}

bool shouldRecord(std::span<const Tensor> inputs)
{
    if (!gradIsEnabled)
        return false;
    for (const Tensor &input : inputs) {
        if (input.defined() && input.requiresGrad())
            return true;
    }
    return false;
}

Edge gradientEdge(const Tensor &tensor)
{
    if (!tensor.defined() || !tensor.requiresGrad())
        return {};
    if (tensor.gradFn())
        return {tensor.gradFn(), tensor.outputNumber()};
    TensorImpl *impl = tensor.mutableImpl();
    std::shared_ptr<Node> accumulator = impl->accumulator.lock();
    if (!accumulator) {
        accumulator = std::make_shared<AccumulateGrad>(tensor);
        impl->accumulator = accumulator;
    }
    return {accumulator, 0};
}

namespace {
/// Looks whether the operation made a NaN.
void checkAnomaly(Node &node, std::span<const Tensor> inputs, std::span<const Tensor> outputs)
{
    readsElements("anomaly mode");
    if (std::any_of(inputs.begin(), inputs.end(), hasNan))
        return;
    for (size_t i = 0; i < outputs.size(); ++i) {
        if (hasNan(outputs[i])) {
            throw Error(ErrorCategory::State, "nan_in_forward",
                        placeOf(node.name(), node.extras().origin),
                        "NaN in output " + std::to_string(i), "numbers");
        }
    }
}
} // namespace

void connect(const std::shared_ptr<Node> &node, std::span<const Tensor> inputs,
             std::span<const Tensor> outputs)
{
    node->edges.reserve(inputs.size());
    for (const Tensor &input : inputs)
        node->edges.push_back(gradientEdge(input));
    node->outputs = static_cast<int64_t>(outputs.size());
    int64_t number = 0;
    for (const Tensor &output : outputs) {
        if (output.defined() && isDifferentiable(output.dtype()))
            output.setGradFn(node, number);
        ++number;
    }
    if (anomalyEnabled() || BackwardObserver::current())
        node->extras().origin = OperationOrigin::current();
    if (anomalyEnabled())
        checkAnomaly(*node, inputs, outputs);
}

} // namespace mrg
