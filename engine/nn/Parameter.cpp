// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/Parameter.h"

namespace mrg {

Parameter::Parameter(const Tensor &data, bool requiresGrad) : tensor(data.detach())
{
    tensor.setRequiresGrad(requiresGrad);
}

Parameter UninitializedParameter::materialize(const Shape &shape) const
{
    return Parameter(Tensor::empty(shape, dtype), requiresGrad);
}

Buffer UninitializedBuffer::materialize(const Shape &shape) const
{
    return Buffer(Tensor::zeros(shape, dtype), persistent);
}

} // namespace mrg
