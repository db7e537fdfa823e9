// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/inplace.h"

#include "engine/autograd/view_history.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/views.h"

namespace mrg {

namespace {

/// Elements of memory that a placement spans, from its base's first one on.
int64_t extentOf(const Placement &base)
{
    if (numel(base.shape) == 0)
        return 0;
    int64_t last = 0;
    for (size_t d = 0; d < base.shape.size(); ++d)
        last += (base.shape[d] - 1) * base.strides[d];
    return last + 1;
}

ViewRules rulesOf(const Placement &view, const Placement &base)
{
    const auto mover = [extent = extentOf(base)](const Placement &from, const Placement &to) {
        return [=](const Tensor &x) {
            const Tensor memory = embed(x, {extent}, {from.shape, from.strides, from.offset});
            return asStrided(memory, to.shape, to.strides, memory.offset() + to.offset);
        };
    };
    const ViewRules::Rule placed = mover(view, base);
    return {.shown = mover(base, view), .placed = placed, .blanked = [=](const Tensor &x) {
                const Tensor covered = placed(Tensor::ones(view.shape, x.dtype()));
                return where(eq(covered, Number(0)), x, Number(0));
            }};
}

} // namespace

void assign(const Tensor &x, const Tensor &values)
{
    requireChangeable(x);
    Tensor memory = x.detach();
    memory.copyFrom(values.detach());
    rewriteHistory(x, values, rulesOf);
}

Tensor inPlace(const Tensor &target, const std::function<Tensor(const Tensor &)> &function)
{
    requireChangeable(target);
    // What the function keeps for its backward must outlast the change.
    Tensor source = target;
    if (shouldRecord({&target})) {
        source = target.copy();
        record("clone", {target}, {source}, [](const Gradients &g) { return Gradients{g[0]}; });
    }
    const Tensor result = function(source);
    if (result.shape() != target.shape()) {
        throw Error(ErrorCategory::Shape, "inplace_shape_mismatch", "inplace",
                    toString(result.shape()), toString(target.shape()));
    }
    if (result.dtype() != target.dtype()) {
        throw Error(ErrorCategory::DType, "dtype_mismatch", "inplace", dtypeName(result.dtype()),
                    dtypeName(target.dtype()));
    }
    // The function may have given back the very tensor (dropout in evaluation).
    if (result.impl() != source.impl())
        assign(target, result);
    return target;
}

} // namespace mrg
