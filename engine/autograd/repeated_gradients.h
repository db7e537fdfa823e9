// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/autograd/Node.h"

namespace mrg {

/// An operation as recorded functions: outputs for inputs, undefined where there is none.
using Operations = std::function<std::vector<Tensor>(std::span<const Tensor> inputs)>;

/// The gradients of an operation whose own backward is a kernel, themselves recorded: for
/// create_graph. The operation is repeated by `operations`, which are differentiated in turn.
///
/// `inputs` are those of the operation's node, `incoming` the gradients of its outputs.
///
///     record("gru", inputs, {out}, [=](const Gradients &g) {
///         return gradEnabled() ? repeatedGradients(inputs, stepByStep, g) : gruBackward(g);
///     });
Gradients repeatedGradients(std::span<const Tensor> inputs, const Operations &operations,
                            const Gradients &incoming);

} // namespace mrg
