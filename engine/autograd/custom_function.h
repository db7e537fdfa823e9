// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/autograd/Node.h"

namespace mrg {

/// What forward hands on to backward.
class FunctionContext {
public:
    /// Keeps inputs or outputs; what was changed in place meanwhile is noticed when they are asked
    /// for.
    void saveForBackward(std::vector<Tensor> tensors) { m_toSave = std::move(tensors); }
    std::vector<Tensor> savedTensors() const;
    /// Whether input number i asks for a gradient; one that does not may be given an undefined one.
    bool needsInputGradient(size_t i) const { return m_needs.at(i); }
    /// Outputs through which no gradient flows.
    void markNonDifferentiable(const Tensor &output) { m_without.push_back(output); }
    /// Inputs that forward changed in place and gives back.
    void markDirty(const Tensor &input) { m_dirty.push_back(input); }

private:
    friend struct CustomFunction;
    std::vector<Tensor> m_toSave;
    std::vector<SavedTensor> m_saved;
    std::vector<bool> m_needs;
    std::vector<Tensor> m_without;
    std::vector<Tensor> m_dirty;
};

/// An operation with a derivative of the caller's own (torch.autograd.Function):
///
///     const CustomFunction cube{"cube",
///             [](FunctionContext &context, std::span<const Tensor> in) {
///                 context.saveForBackward({in[0]});
///                 return std::vector{in[0] * in[0] * in[0]};
///             },
///             [](FunctionContext &context, const Gradients &g) {
///                 const Tensor x = context.savedTensors()[0];
///                 return Gradients{mul(g[0] * x * x, 3)};
///             }};
///     const Tensor y = cube({x})[0];
///
/// Forward is not recorded itself. Backward written with recorded operations can be differentiated.
///
/// **Errors**: state `leaf_changed_in_place`; at backward: value `wrong_gradient_count` unless
/// backward gives one gradient an input, shape `gradient_shape_mismatch`.
struct CustomFunction {
    const char *name; ///< outlives the graph
    std::function<std::vector<Tensor>(FunctionContext &, std::span<const Tensor> inputs)> forward;
    std::function<Gradients(FunctionContext &, const Gradients &outputGradients)> backward;

    std::vector<Tensor> operator()(const std::vector<Tensor> &inputs) const;
};

} // namespace mrg
