// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/autograd/backward.h"

#include "engine/autograd/BackwardObserver.h"
#include "engine/autograd/accumulate.h"
#include "engine/autograd/anomaly.h"
#include "engine/core/Launch.h"

#include <algorithm>
#include <unordered_map>

namespace mrg {

namespace {

void accumulate(Tensor &slot, const Tensor &gradient)
{
    if (!gradient.defined())
        return;
    if (!slot.defined())
        slot = gradient;
    else if (!gradEnabled() && slot.isSoleOwner() && slot.isContiguous()
             && slot.dtype() == gradient.dtype() && slot.shape() == gradient.shape())
        accumulateInto(slot, gradient);
    else
        slot = addGradients(slot, gradient);
}

/// Where a gradient is wanted: at an output of a node, or arriving at a leaf.
using Capture = std::unordered_map<Node *, std::vector<std::pair<int64_t, size_t>>>;

class Run {
public:
    Run(BackwardOptions options, const Capture *captures, std::vector<Tensor> *captured)
        : m_options(options),
          m_captures(captures),
          m_captured(captured)
    {
    }

    void seed(const Edge &edge, const Tensor &gradient) { arrive(edge, gradient); }

    void execute()
    {
        const GradMode mode(m_options.createGraph);
        while (!m_queue.empty()) {
            std::pop_heap(m_queue.begin(), m_queue.end(), bySequence);
            const std::shared_ptr<Node> node = std::move(m_queue.back());
            m_queue.pop_back();
            const auto found = m_pending.find(node.get());
            Gradients gradients = std::move(found->second);
            m_pending.erase(found);
            process(node, std::move(gradients));
        }
    }

private:
    static bool bySequence(const std::shared_ptr<Node> &a, const std::shared_ptr<Node> &b)
    {
        return a->sequence() < b->sequence();
    }

    void arrive(const Edge &edge, const Tensor &gradient)
    {
        if (!edge.node || !gradient.defined())
            return;
        const auto [entry, fresh] = m_pending.try_emplace(edge.node.get());
        if (fresh) {
            entry->second.resize(static_cast<size_t>(edge.node->outputs));
            m_queue.push_back(edge.node);
            std::push_heap(m_queue.begin(), m_queue.end(), bySequence);
        }
        accumulate(entry->second[static_cast<size_t>(edge.input)], gradient);
    }

    void process(const std::shared_ptr<Node> &node, Gradients arrived)
    {
        const Gradients gradients = node->hooked(arrived);
        arrived.clear(); // nobody else shall hold them: a leaf may take them over
        if (m_captures) {
            const auto wanted = m_captures->find(node.get());
            if (wanted != m_captures->end()) {
                for (const auto &[output, slot] : wanted->second)
                    (*m_captured)[slot] = gradients[static_cast<size_t>(output)];
            }
            // grad() leaves the leaves alone: their accumulators have no edges and would add.
            if (node->edges.empty())
                return;
        }
        if (!node->usable()) {
            throw Error(ErrorCategory::State, "backward_twice", node->name(),
                        "a graph whose saved tensors were freed", "a fresh graph",
                        "run forward again, or pass retain_graph to the first backward");
        }
        const RunningNode running(node);
        Gradients inputs = observed(*node, gradients);
        if (anomalyEnabled()) {
            readsElements("anomaly mode");
            checkGradients(*node, inputs);
        }
        if (node->hasExtras()) {
            node->extras().after.forEach([&](const NodeHook &hook) {
                if (std::optional<Gradients> replaced = hook(inputs, gradients))
                    inputs = std::move(*replaced);
            });
        }
        for (size_t i = 0; i < node->edges.size() && i < inputs.size(); ++i)
            arrive(node->edges[i], inputs[i]);
        if (!m_options.retainGraph && !m_options.createGraph)
            node->release();
    }

    static Gradients observed(Node &node, const Gradients &gradients)
    {
        BackwardObserver *observer = BackwardObserver::current();
        if (!observer || !node.hasExtras())
            return node.backward(gradients);
        const std::string origin = node.extras().origin;
        observer->backwardBegins(origin);
        Gradients out = node.backward(gradients);
        observer->backwardEnds(origin);
        return out;
    }

    BackwardOptions m_options;
    const Capture *m_captures;
    std::vector<Tensor> *m_captured;
    std::unordered_map<Node *, Gradients> m_pending;
    std::vector<std::shared_ptr<Node>> m_queue;
};

Tensor cotangent(const Tensor &output, const Tensor &gradient)
{
    if (!output.requiresGrad()) {
        throw Error(ErrorCategory::State, "backward_without_graph", "backward",
                    "a tensor that does not require a gradient", "a result of recorded operations",
                    "set requires_grad on an input, or leave no_grad");
    }
    if (!gradient.defined()) {
        if (output.numel() != 1) {
            throw Error(ErrorCategory::Shape, "gradient_shape_mismatch", "backward",
                        "an output of shape " + toString(output.shape()) + " and no gradient",
                        "a scalar",
                        "pass a gradient of the same shape, or reduce with sum or mean");
        }
        return Tensor::ones(output.shape(), output.dtype());
    }
    if (gradient.shape() != output.shape()) {
        throw Error(ErrorCategory::Shape, "gradient_shape_mismatch", "backward",
                    toString(gradient.shape()), toString(output.shape()));
    }
    return gradient;
}

} // namespace

void backward(const Tensor &output, const Tensor &gradient, BackwardOptions options)
{
    const Tensor outputs[] = {output};
    const Tensor gradients[] = {cotangent(output, gradient)};
    backward(outputs, gradients, options);
}

void backward(std::span<const Tensor> outputs, std::span<const Tensor> gradients,
              BackwardOptions options)
{
    Run run(options, nullptr, nullptr);
    for (size_t i = 0; i < outputs.size(); ++i) {
        if (gradients[i].defined())
            run.seed(gradientEdge(outputs[i]), cotangent(outputs[i], gradients[i]));
    }
    run.execute();
}

std::vector<Tensor> grad(std::span<const Tensor> outputs, std::span<const Tensor> inputs,
                         std::span<const Tensor> gradients, BackwardOptions options)
{
    std::vector<Tensor> captured(inputs.size());
    Capture captures;
    std::vector<Edge> keepAlive;
    for (size_t i = 0; i < inputs.size(); ++i) {
        const Edge edge = gradientEdge(inputs[i]);
        if (!edge.node) {
            throw Error(ErrorCategory::State, "backward_without_graph", "grad",
                        "input " + std::to_string(i) + " does not require a gradient",
                        "an input that does", "call setRequiresGrad() on it before the forward");
        }
        captures[edge.node.get()].push_back({edge.input, i});
        keepAlive.push_back(edge);
    }
    Run run(options, &captures, &captured);
    for (size_t i = 0; i < outputs.size(); ++i) {
        const Tensor given = i < gradients.size() ? gradients[i] : Tensor();
        run.seed(gradientEdge(outputs[i]), cotangent(outputs[i], given));
    }
    run.execute();
    return captured;
}

} // namespace mrg
