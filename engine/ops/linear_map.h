// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/autograd/Node.h"

namespace mrg {

/// y of `shape` = A x for a linear map A with kernels for A and its transpose, each called as
/// kernel(source, target) with compact tensors, to write all of the target. Either kernel is the
/// other's derivative, so gradients of every order come from the two.
template <typename Kernel, typename Transpose>
Tensor linearMap(const char *name, const Tensor &x, const Shape &shape, Kernel kernel,
                 Transpose transpose)
{
    Tensor y = Tensor::empty(shape, x.dtype());
    kernel(x.compact(), y);
    if (shouldRecord({&x})) {
        record(name, {x}, {y}, [name, kernel, transpose, from = x.shape()](const Gradients &g) {
            return Gradients{linearMap(name, g[0], from, transpose, kernel)};
        });
    }
    return y;
}

} // namespace mrg
