// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Random.h"
#include "engine/tensor/Tensor.h"

#include <string>

namespace mrg::init {

// torch.nn.init: fill a tensor in place, drawing from `random`. Row-major, one draw an element.

/// Inputs and outputs of one unit of a weight of two or more dimensions: sizes 1 and 0 times the
/// product of the rest. Throws Error (value) for fewer dimensions.
struct Fans {
    int64_t in;
    int64_t out;
};
Fans fans(const Shape &shape);

/// The factor that keeps variances level through a nonlinearity: 1 for linear, conv and sigmoid,
/// 5/3 for tanh, sqrt(2) for relu, sqrt(2 / (1 + slope^2)) for leaky_relu, 3/4 for selu.
/// Throws Error (value) for other names.
double calculateGain(const std::string &nonlinearity, double slope = 0.01);

void uniform(const Tensor &tensor, RandomStream &random, double low = 0, double high = 1);
void normal(const Tensor &tensor, RandomStream &random, double mean = 0, double deviation = 1);
void constant(const Tensor &tensor, double value);
/// Bound sqrt(3) * gain / sqrt(fan_in) with the gain of leaky_relu(slope): He et al., 2015.
/// With slope sqrt(5), the default of Linear and Conv, the bound is 1 / sqrt(fan_in).
void kaimingUniform(const Tensor &tensor, RandomStream &random, double slope);
/// A module's bias beside a weight: uniform within 1 / sqrt(fan_in).
void biasFor(const Tensor &bias, const Tensor &weight, RandomStream &random);

} // namespace mrg::init
