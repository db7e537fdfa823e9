// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/autograd/HookList.h"
#include "engine/tensor/Tensor.h"

#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace mrg {

/// Gradients in the order of an operation's inputs (or outputs); undefined: none flows there.
using Gradients = std::vector<Tensor>;

/// Where a gradient flows on to: input number `input` of `node`. A null node: nowhere.
struct Edge {
    std::shared_ptr<Node> node;
    int64_t input = 0;
};

/// Gets the gradient of a tensor; a defined tensor that it returns replaces it.
using TensorHook = std::function<Tensor(const Tensor &gradient)>;
/// Gets the gradients of an operation's inputs and outputs; what it returns replaces the former.
using NodeHook = std::function<std::optional<Gradients>(const Gradients &inputGradients,
                                                        const Gradients &outputGradients)>;

/// What few operations have.
struct NodeExtras {
    std::map<int64_t, HookList<TensorHook>> tensorHooks; ///< by output
    std::vector<std::pair<int64_t, std::weak_ptr<TensorImpl>>>
            retained; ///< outputs that keep their grad
    HookList<NodeHook> after;
    std::string origin; ///< the module that called the operation, in anomaly mode
};

/// Hooks of a leaf; its node comes and goes with the graphs.
struct LeafHooks {
    HookList<TensorHook> before;
    HookList<std::function<void(const Tensor &leaf)>> after;
};

/// One recorded operation of the tape: turns the gradients of its outputs into those of its inputs.
///
/// Functions do not derive from it; they call record() with a lambda.
class Node {
public:
    explicit Node(const char *name);
    virtual ~Node();

    /// One gradient per edge, from one per output. Undefined outputs' gradients stay undefined.
    virtual Gradients backward(const Gradients &outputGradients) = 0;
    /// Drops what was saved for backward; a second backward then says so.
    virtual void release() { }
    /// False once release() has dropped what backward needs.
    virtual bool usable() const { return true; }

    /// The operation's torch name, for anomaly messages.
    const char *name() const { return m_name; }
    /// The gradients that arrived, as the hooks of the outputs leave them.
    virtual Gradients hooked(const Gradients &outputGradients);
    bool hasExtras() const { return m_extras != nullptr; }
    NodeExtras &extras();

    /// Grows with every node made in this thread: backward runs from the largest down.
    uint64_t sequence() const { return m_sequence; }

    std::vector<Edge> edges;
    /// Number of outputs, hence of gradients that backward takes.
    int64_t outputs = 1;

protected:
    Node(const char *name, uint64_t sequence);

private:
    const char *m_name;
    uint64_t m_sequence;
    std::unique_ptr<NodeExtras> m_extras;
};

/// A tensor kept for backward, which notices in-place changes made meanwhile.
///
/// An output of the very operation that keeps it must be kept as SavedTensor::Output, or it would
/// keep itself alive for ever; say which, if there are several.
class SavedTensor {
public:
    enum Role { Input, Output };
    SavedTensor() = default;
    SavedTensor(const Tensor &tensor, Role role = Input, int64_t outputNumber = 0);

    bool defined() const { return m_tensor.defined(); }
    /// The tensor as it was; throws Error (state, `saved_tensor_changed_in_place`) if changed
    /// since. An Output is on the tape again while gradients are recorded, and detached otherwise.
    Tensor unpack() const;

private:
    Tensor m_tensor;
    uint64_t m_version = 0;
    int64_t m_outputNumber = -1; ///< of an Output
};

/// Says which node's backward runs in this thread for a scope, so that it can put its outputs back
/// on the tape.
class RunningNode {
public:
    explicit RunningNode(const std::shared_ptr<Node> &node);
    ~RunningNode();
    RunningNode(const RunningNode &) = delete;
    RunningNode &operator=(const RunningNode &) = delete;

private:
    const std::shared_ptr<Node> *m_previous;
};

/// Whether operations are recorded in this thread (true at start).
bool gradEnabled();

/// Switches recording for a scope: `const GradMode off(false);` is PyTorch's no_grad.
class GradMode {
public:
    explicit GradMode(bool enabled);
    ~GradMode();
    GradMode(const GradMode &) = delete;
    GradMode &operator=(const GradMode &) = delete;

private:
    bool m_previous;
};

/// Switches recording off for a scope and marks what is made in it: such tensors can never take
/// part in a recorded operation that must keep them (torch.inference_mode).
class InferenceMode {
public:
    explicit InferenceMode(bool enabled = true);
    ~InferenceMode();
    InferenceMode(const InferenceMode &) = delete;
    InferenceMode &operator=(const InferenceMode &) = delete;

private:
    bool m_previous;
    GradMode m_grad;
};

/// True if recording is on and one of the inputs asks for a gradient.
bool shouldRecord(std::initializer_list<const Tensor *> inputs);
bool shouldRecord(std::span<const Tensor> inputs);

/// The edge along which a gradient of `tensor` flows (to its producer, or into a leaf's grad).
Edge gradientEdge(const Tensor &tensor);

/// A node around a callable Gradients(const Gradients &outputGradients).
template <typename Backward> class FunctionNode final : public Node {
public:
    FunctionNode(const char *name, Backward backward) : Node(name), m_backward(std::move(backward))
    {
    }
    Gradients backward(const Gradients &outputGradients) override
    {
        return (*m_backward)(outputGradients);
    }
    void release() override { m_backward.reset(); }
    bool usable() const override { return m_backward.has_value(); }

private:
    std::optional<Backward> m_backward;
};

/// The sum of two gradients of one shape and type, itself recorded.
Tensor addGradients(const Tensor &a, const Tensor &b);

/// In anomaly mode: throws Error (state, `nan_in_backward`) if one of the gradients that the node
/// gave has a NaN.
void checkGradients(Node &node, const Gradients &gradients);

/// Ties `node` between inputs and outputs. Called by record().
void connect(const std::shared_ptr<Node> &node, std::span<const Tensor> inputs,
             std::span<const Tensor> outputs);

/// Records an operation on the tape. Call it only if shouldRecord(inputs), so that what `backward`
/// captures is not built in vain:
///
///     Tensor y = Tensor::empty(x.shape(), x.dtype());
///     kernels::exp(x, y);
///     if (shouldRecord({&x})) {
///         record("exp", {x}, {y}, [saved = SavedTensor(y, SavedTensor::Output)](const Gradients
///         &g) {
///             return Gradients{mul(g[0], saved.unpack())};
///         });
///     }
///
/// `backward` gets one gradient per output (never undefined for a single output) and returns one
/// per input; an undefined Tensor where the input needs none. Written with ops it can itself be
/// differentiated.
template <typename Backward>
void record(const char *name, std::initializer_list<Tensor> inputs,
            std::initializer_list<Tensor> outputs, Backward backward)
{
    auto node = std::make_shared<FunctionNode<Backward>>(name, std::move(backward));
    connect(node, {inputs.begin(), inputs.size()}, {outputs.begin(), outputs.size()});
}
template <typename Backward>
void record(const char *name, std::span<const Tensor> inputs, std::initializer_list<Tensor> outputs,
            Backward backward)
{
    auto node = std::make_shared<FunctionNode<Backward>>(name, std::move(backward));
    connect(node, inputs, {outputs.begin(), outputs.size()});
}

} // namespace mrg
