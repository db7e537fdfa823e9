// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/Tensor.h"

namespace mrg {

/// A tensor that a module learns: shares the memory of `data` and asks for a gradient.
///
///     module.registerParameter("scale", Parameter(Tensor::ones({4})));
///
/// **Errors**: dtype where a gradient is asked of integers.
struct Parameter {
    explicit Parameter(const Tensor &data, bool requiresGrad = true);
    Tensor tensor;
};

/// A tensor of a module's state that is not learnt; a persistent one is in the state_dict.
struct Buffer {
    explicit Buffer(const Tensor &data, bool persistent_ = true)
        : tensor(data),
          persistent(persistent_)
    {
    }
    Tensor tensor;
    bool persistent;
};

/// A parameter without a shape yet.
struct UninitializedParameter {
    DType dtype = DType::Float32;
    bool requiresGrad = true;
    /// The parameter it becomes; its values are arbitrary.
    Parameter materialize(const Shape &shape) const;
};

/// A buffer without a shape yet.
struct UninitializedBuffer {
    DType dtype = DType::Float32;
    bool persistent = true;
    /// The buffer it becomes; its values are 0.
    Buffer materialize(const Shape &shape) const;
};

} // namespace mrg
