// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/autograd/tensor_hooks.h"

namespace mrg {

namespace {
Error withoutGradient(const char *where)
{
    return Error(ErrorCategory::State, "tensor_without_gradient", where,
                 "a tensor that does not require a gradient", "one that does",
                 "call setRequiresGrad() on it, or leave no_grad");
}

LeafHooks &leafHooks(const Tensor &leaf)
{
    std::shared_ptr<LeafHooks> &hooks = leaf.mutableImpl()->hooks;
    if (!hooks)
        hooks = std::make_shared<LeafHooks>();
    return *hooks;
}
} // namespace

RemovableHandle registerHook(const Tensor &tensor, TensorHook hook)
{
    if (!tensor.requiresGrad())
        throw withoutGradient("register_hook");
    if (tensor.isLeaf())
        return leafHooks(tensor).before.add(std::move(hook));
    return tensor.gradFn()->extras().tensorHooks[tensor.outputNumber()].add(std::move(hook));
}

RemovableHandle registerPostAccumulateGradHook(const Tensor &leaf,
                                               std::function<void(const Tensor &)> hook)
{
    if (!leaf.requiresGrad())
        throw withoutGradient("register_post_accumulate_grad_hook");
    if (!leaf.isLeaf()) {
        throw Error(ErrorCategory::State, "not_a_leaf", "register_post_accumulate_grad_hook",
                    "a result of an operation", "a leaf", "use registerHook()");
    }
    return leafHooks(leaf).after.add(std::move(hook));
}

void retainGrad(const Tensor &tensor)
{
    if (!tensor.requiresGrad())
        throw withoutGradient("retain_grad");
    if (!tensor.isLeaf() && !retainsGrad(tensor))
        tensor.gradFn()->extras().retained.emplace_back(tensor.outputNumber(), tensor.weakImpl());
}

bool retainsGrad(const Tensor &tensor)
{
    if (tensor.isLeaf() || !tensor.gradFn()->hasExtras())
        return false;
    for (const auto &[output, impl] : tensor.gradFn()->extras().retained) {
        if (impl.lock().get() == tensor.impl())
            return true;
    }
    return false;
}

RemovableHandle registerNodeHook(const Tensor &tensor, NodeHook hook)
{
    if (!tensor.gradFn())
        throw withoutGradient("register_hook");
    return tensor.gradFn()->extras().after.add(std::move(hook));
}

} // namespace mrg
