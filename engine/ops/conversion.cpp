// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/conversion.h"

#include "engine/autograd/Node.h"

namespace mrg {

Tensor to(const Tensor &x, DType dtype)
{
    if (x.dtype() == dtype)
        return x;
    Tensor out = x.toType(dtype);
    if (isDifferentiable(dtype) && shouldRecord({&x})) {
        record("to", {x}, {out},
               [own = x.dtype()](const Gradients &g) { return Gradients{to(g[0], own)}; });
    }
    return out;
}

} // namespace mrg
