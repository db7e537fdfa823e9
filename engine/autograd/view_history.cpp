// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/autograd/view_history.h"

namespace mrg {

namespace {

Placement placementOf(const TensorImpl &tensor, const TensorImpl &base)
{
    return {tensor.shape, tensor.strides, tensor.offset - base.offset};
}

template <typename Backward>
void setHistory(TensorImpl &tensor, const char *name, std::vector<Edge> edges, Backward backward)
{
    const auto node = std::make_shared<FunctionNode<Backward>>(name, std::move(backward));
    node->edges = std::move(edges);
    tensor.gradFn = node;
    tensor.outputNumber = 0;
}

/// The views of a base whose history has changed are views of what it has become.
void renewViews(TensorImpl &base, MakeViewRules rules)
{
    for (const std::weak_ptr<TensorImpl> &weak : base.views) {
        if (const std::shared_ptr<TensorImpl> view = weak.lock()) {
            setHistory(*view, "as_strided", {{base.gradFn, base.outputNumber}},
                       [rule = rules(placementOf(*view, base), placementOf(base, base))](
                               const Gradients &g) { return Gradients{rule.placed(g[0])}; });
        }
    }
}

bool asksForGradient(const TensorImpl &leaf) { return leaf.requiresGrad && !leaf.gradFn; }

/// Ties a tensor that is no view to what gave its new elements.
void becomeResult(const Tensor &x, const Tensor &result)
{
    if (result.gradFn()) {
        x.setGradFn(result.gradFn(), result.outputNumber());
    } else if (shouldRecord({&x, &result})) {
        record("copy", {x, result}, {x}, [](const Gradients &g) {
            return Gradients{Tensor::zeros(g[0].shape(), g[0].dtype()), g[0]};
        });
    }
}

} // namespace

void registerView(const Tensor &view, const Tensor &x)
{
    const std::shared_ptr<TensorImpl> &above = x.impl()->base;
    const std::shared_ptr<TensorImpl> base = above ? above : x.weakImpl().lock();
    view.mutableImpl()->base = base;
    // Leaves that ask for a gradient are not changed in place while that matters.
    if (asksForGradient(*base))
        return;
    // Now and then those that are gone are dropped.
    std::vector<std::weak_ptr<TensorImpl>> &views = base->views;
    const size_t count = views.size();
    if (count >= 8 && (count & (count - 1)) == 0)
        std::erase_if(views, [](const auto &weak) { return weak.expired(); });
    views.push_back(view.weakImpl());
}

void requireChangeable(const Tensor &x)
{
    if (!gradEnabled())
        return;
    const char *fix = "clone() it first, or switch recording off";
    if (asksForGradient(*x.impl())) {
        throw Error(ErrorCategory::State, "leaf_changed_in_place", "inplace",
                    "a leaf that requires a gradient", "a result of operations, or no_grad", fix);
    }
    if (x.impl()->base && asksForGradient(*x.impl()->base)) {
        throw Error(ErrorCategory::State, "leaf_view_changed_in_place", "inplace",
                    "a view of a leaf that requires a gradient",
                    "a result of operations, or no_grad", fix);
    }
}

void rewriteHistory(const Tensor &x, const Tensor &result, MakeViewRules rules)
{
    if (!gradEnabled())
        return;
    const std::shared_ptr<TensorImpl> base = x.impl()->base;
    if (!base) {
        becomeResult(x, result);
        if (x.gradFn())
            renewViews(*x.mutableImpl(), rules);
        return;
    }
    if (!base->gradFn && !result.requiresGrad())
        return;
    setHistory(*base, "copy_slices", {{base->gradFn, base->outputNumber}, gradientEdge(result)},
               [rule = rules(placementOf(*x.impl(), *base), placementOf(*base, *base))](
                       const Gradients &g) {
                   return Gradients{rule.blanked(g[0]), rule.shown(g[0])};
               });
    renewViews(*base, rules);
}

} // namespace mrg
