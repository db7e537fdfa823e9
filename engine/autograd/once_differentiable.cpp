// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/autograd/once_differentiable.h"

namespace mrg {

Gradients onceDifferentiable(const char *name, Gradients gradients, std::span<const Tensor> madeOf)
{
    if (!shouldRecord(madeOf))
        return gradients;
    const auto refuse = [name](const Gradients &) -> Gradients {
        throw Error(
                ErrorCategory::State, "double_backward_not_supported", name,
                "the gradient of a gradient", "a first gradient",
                "leave create_graph out, or keep this module out of what is differentiated twice");
    };
    connect(std::make_shared<FunctionNode<decltype(refuse)>>(name, refuse), madeOf, gradients);
    return gradients;
}

} // namespace mrg
