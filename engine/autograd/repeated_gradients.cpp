// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/autograd/repeated_gradients.h"

#include "engine/autograd/backward.h"

namespace mrg {

Gradients repeatedGradients(std::span<const Tensor> inputs, const Operations &operations,
                            const Gradients &incoming)
{
    // Stand-ins for the inputs, at which the inner differentiation ends.
    std::vector<Tensor> repeated(inputs.begin(), inputs.end());
    std::vector<size_t> wanted;
    std::vector<Tensor> ends;
    for (size_t i = 0; i < inputs.size(); ++i) {
        if (!inputs[i].defined() || !inputs[i].requiresGrad())
            continue;
        repeated[i] = inputs[i].detach();
        const auto pass = [](const Gradients &g) { return Gradients{g[0]}; };
        connect(std::make_shared<FunctionNode<decltype(pass)>>("alias", pass), {},
                {&repeated[i], 1});
        wanted.push_back(i);
        ends.push_back(repeated[i]);
    }
    std::vector<Tensor> outputs;
    std::vector<Tensor> gradients;
    const std::vector<Tensor> all = operations(repeated);
    for (size_t i = 0; i < all.size(); ++i) {
        if (all[i].defined() && all[i].requiresGrad() && incoming[i].defined()) {
            outputs.push_back(all[i]);
            gradients.push_back(incoming[i]);
        }
    }
    Gradients result(inputs.size());
    if (outputs.empty() || ends.empty())
        return result;
    const std::vector<Tensor> found = grad(outputs, ends, gradients, {.createGraph = true});
    for (size_t i = 0; i < wanted.size(); ++i) {
        result[wanted[i]] = found[i];
        // From now on the stand-ins lead on to the inputs.
        ends[i].gradFn()->edges = {gradientEdge(inputs[wanted[i]])};
    }
    return result;
}

} // namespace mrg
