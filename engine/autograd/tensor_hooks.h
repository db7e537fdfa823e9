// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/autograd/Node.h"

namespace mrg {

/// Calls `hook` whenever the gradient of `tensor` has been computed; a defined tensor that it
/// returns replaces the gradient (torch.Tensor.register_hook). Hooks of one tensor run in the order
/// of their registration, before the gradient flows on or into grad.
/// **Errors**: state `tensor_without_gradient` if the tensor does not ask for one; at backward,
/// shape `gradient_shape_mismatch` if a hook changes the shape.
RemovableHandle registerHook(const Tensor &tensor, TensorHook hook);

/// Calls `hook` on a leaf after a gradient was added to its grad.
/// **Errors**: state `not_a_leaf`.
RemovableHandle registerPostAccumulateGradHook(const Tensor &leaf,
                                               std::function<void(const Tensor &leaf)> hook);

/// Makes backward keep the gradient of a tensor that is no leaf in its grad
/// (torch.Tensor.retain_grad).
/// **Errors**: state `tensor_without_gradient`.
void retainGrad(const Tensor &tensor);
bool retainsGrad(const Tensor &tensor);

/// Calls `hook` after the operation that made `tensor` has computed the gradients of its inputs
/// (torch.autograd.graph.Node.register_hook); what it returns replaces these.
/// **Errors**: state `tensor_without_gradient` for a leaf.
RemovableHandle registerNodeHook(const Tensor &tensor, NodeHook hook);

} // namespace mrg
