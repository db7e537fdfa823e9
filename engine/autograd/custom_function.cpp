// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/autograd/custom_function.h"

#include <algorithm>

namespace mrg {

namespace {
bool isAmong(const Tensor &tensor, std::span<const Tensor> tensors)
{
    return std::any_of(tensors.begin(), tensors.end(),
                       [&](const Tensor &other) { return other.impl() == tensor.impl(); });
}

void check(const char *name, const Gradients &gradients, const std::vector<Shape> &shapes)
{
    if (gradients.size() != shapes.size()) {
        throw Error(ErrorCategory::Value, "wrong_gradient_count", name,
                    std::to_string(gradients.size()) + " gradients",
                    std::to_string(shapes.size()) + ", one an input");
    }
    for (size_t i = 0; i < shapes.size(); ++i) {
        if (gradients[i].defined() && gradients[i].shape() != shapes[i]) {
            throw Error(ErrorCategory::Shape, "gradient_shape_mismatch", name,
                        toString(gradients[i].shape()) + " for input " + std::to_string(i),
                        toString(shapes[i]));
        }
    }
}
} // namespace

std::vector<Tensor> FunctionContext::savedTensors() const
{
    std::vector<Tensor> out;
    for (const SavedTensor &saved : m_saved)
        out.push_back(saved.unpack());
    return out;
}

std::vector<Tensor> CustomFunction::operator()(const std::vector<Tensor> &inputs) const
{
    const auto context = std::make_shared<FunctionContext>();
    std::vector<Shape> shapes;
    for (const Tensor &input : inputs) {
        context->m_needs.push_back(input.defined() && input.requiresGrad());
        shapes.push_back(input.defined() ? input.shape() : Shape());
    }
    std::vector<Tensor> outputs;
    {
        const GradMode off(false);
        outputs = forward(*context, inputs);
    }
    if (!shouldRecord(inputs))
        return outputs;
    for (const Tensor &dirty : context->m_dirty) {
        if (dirty.isLeaf() && dirty.requiresGrad()) {
            throw Error(ErrorCategory::State, "leaf_changed_in_place", name,
                        "a leaf that requires a gradient", "a result of operations");
        }
    }
    std::vector<Tensor> recorded = outputs;
    for (Tensor &output : recorded) {
        // An input given back as it is gets a history of its own.
        if (isAmong(output, inputs) && !isAmong(output, context->m_dirty))
            output = output.detach();
    }
    for (const Tensor &tensor : context->m_toSave) {
        const bool isOutput = isAmong(tensor, outputs) && !isAmong(tensor, inputs);
        context->m_saved.emplace_back(tensor, isOutput ? SavedTensor::Output : SavedTensor::Input);
    }
    context->m_toSave.clear();
    const auto run = [context, shapes, call = backward, title = name](const Gradients &gradients) {
        const Gradients out = call(*context, gradients);
        check(title, out, shapes);
        return out;
    };
    std::vector<Tensor> differentiable = recorded;
    for (size_t i = 0; i < outputs.size(); ++i) {
        if (isAmong(outputs[i], context->m_without))
            differentiable[i] = Tensor();
    }
    connect(std::make_shared<FunctionNode<decltype(run)>>(name, run), inputs, differentiable);
    return recorded;
}

} // namespace mrg
