// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/autograd/Node.h"

namespace mrg {

/// Options of backward() and grad().
struct BackwardOptions {
    /// Keep what was saved, so that backward can run again over the same graph.
    bool retainGraph = false;
    /// Record the gradients' own operations, for gradients of gradients. Implies retainGraph.
    bool createGraph = false;
};

/// Adds d(output)/d(leaf) into the grad of every leaf that asks for one (torch.Tensor.backward).
///
/// `gradient` is the cotangent of `output`; undefined means 1 and needs an output of one element.
/// **Errors**: state `backward_without_graph`, `backward_twice`; shape `gradient_shape_mismatch`.
void backward(const Tensor &output, const Tensor &gradient = {}, BackwardOptions options = {});
/// The same for several outputs at once, each with its cotangent (undefined: skipped).
void backward(std::span<const Tensor> outputs, std::span<const Tensor> gradients,
              BackwardOptions options = {});

/// d(outputs)/d(inputs) as new tensors; leaves' grads stay as they are (torch.autograd.grad).
/// An input that no output depends on gives an undefined tensor.
std::vector<Tensor> grad(std::span<const Tensor> outputs, std::span<const Tensor> inputs,
                         std::span<const Tensor> gradients, BackwardOptions options = {});

} // namespace mrg
