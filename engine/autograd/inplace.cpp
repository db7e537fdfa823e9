// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/autograd/inplace.h"

namespace mrg {

Tensor inPlace(const Tensor &target, const std::function<Tensor(const Tensor &)> &function)
{
    const bool recorded = shouldRecord({&target});
    if (recorded && target.isLeaf()) {
        throw Error(ErrorCategory::State, "leaf_changed_in_place", "inplace",
                    "a leaf that requires a gradient", "a result of operations, or no_grad",
                    "leave inplace out");
    }
    // What the function keeps for its backward must outlast the change.
    Tensor source = target;
    if (recorded) {
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
    if (result.impl() == source.impl())
        return target;
    Tensor memory = target.detach();
    memory.copyFrom(result.detach());
    if (result.gradFn())
        target.setGradFn(result.gradFn(), result.outputNumber());
    return target;
}

} // namespace mrg
