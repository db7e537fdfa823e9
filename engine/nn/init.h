// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Random.h"
#include "engine/tensor/Tensor.h"

#include <string>

namespace mrg::init {

// torch.nn.init: fill a tensor in place, drawing from `random`. Row-major, one draw an element
// unless said. Not part of a training step: nothing here can be captured.

/// Inputs and outputs of one unit of a weight of two or more dimensions: sizes 1 and 0 times the
/// product of the rest. Throws Error (value, `fan_needs_two_dimensions`) for fewer dimensions.
struct Fans {
    int64_t in;
    int64_t out;
};
Fans fans(const Shape &shape);

/// The factor that keeps variances level through a nonlinearity: 1 for linear, conv and sigmoid,
/// 5/3 for tanh, sqrt(2) for relu, sqrt(2 / (1 + slope^2)) for leaky_relu, 3/4 for selu.
/// Throws Error (value, `unknown_nonlinearity`) for other names.
double calculateGain(const std::string &nonlinearity, double slope = 0.01);

void uniform(const Tensor &tensor, RandomStream &random, double low = 0, double high = 1);
void normal(const Tensor &tensor, RandomStream &random, double mean = 0, double deviation = 1);
/// Normal, but only what lies in [low, high].
void truncatedNormal(const Tensor &tensor, RandomStream &random, double mean = 0,
                     double deviation = 1, double low = -2, double high = 2);
void constant(const Tensor &tensor, double value);

/// The identity matrix, cut to the shape. Throws Error (value, `matrix_wanted`) unless 2-d.
void eye(const Tensor &tensor);
/// The convolution that passes its input on: 1 in the middle of kernel (i, i), in each group.
/// Throws Error (value) unless the weight has 3 to 5 dimensions, the first divisible by groups.
void dirac(const Tensor &tensor, int64_t groups = 1);

/// Deviation gain * sqrt(2 / (fan_in + fan_out)): Glorot and Bengio, 2010. The uniform one has the
/// bound sqrt(3) times that.
double xavierDeviation(const Shape &shape, double gain = 1);
void xavierUniform(const Tensor &tensor, RandomStream &random, double gain = 1);
void xavierNormal(const Tensor &tensor, RandomStream &random, double gain = 1);

/// Which side of a weight keeps its variance.
enum class FanMode { In, Out };
/// Deviation gain / sqrt(fan) with the gain of the nonlinearity: He et al., 2015. The uniform one
/// has the bound sqrt(3) times that: with slope sqrt(5), the default of Linear and Conv, 1 /
/// sqrt(fan_in).
double kaimingDeviation(const Shape &shape, double slope = 0, FanMode mode = FanMode::In,
                        const std::string &nonlinearity = "leaky_relu");
void kaimingUniform(const Tensor &tensor, RandomStream &random, double slope = 0,
                    FanMode mode = FanMode::In, const std::string &nonlinearity = "leaky_relu");
void kaimingNormal(const Tensor &tensor, RandomStream &random, double slope = 0,
                   FanMode mode = FanMode::In, const std::string &nonlinearity = "leaky_relu");

/// Rows (or columns, where there are more rows) of the matrix (size 0, the rest) orthonormal, times
/// gain: Saxe et al., 2013. Throws Error (value) for fewer than two dimensions.
void orthogonal(const Tensor &tensor, RandomStream &random, double gain = 1);
/// In each column a share of zeros at random rows, elsewhere normal: Martens, 2010. Throws Error
/// (value, `matrix_wanted`) unless 2-d.
void sparse(const Tensor &tensor, RandomStream &random, double sparsity, double deviation = 0.01);

/// A module's bias beside a weight: uniform within 1 / sqrt(fan_in).
void biasFor(const Tensor &bias, const Tensor &weight, RandomStream &random);

} // namespace mrg::init
