// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/init.h"

#include <cmath>

namespace mrg::init {

namespace {
template <typename Draw> void fillWith(const Tensor &tensor, Draw draw)
{
    const Tensor target = tensor.detach();
    dispatchFloating(tensor.dtype(), "init", [&](auto tag) {
        using T = typename decltype(tag)::type;
        T *values = target.data<T>();
        for (int64_t i = 0; i < target.numel(); ++i)
            values[i] = static_cast<T>(draw());
    });
    tensor.bumpVersion();
}
} // namespace

Fans fans(const Shape &shape)
{
    if (shape.size() < 2) {
        throw Error(ErrorCategory::Value, "fan_needs_two_dimensions", "init", toString(shape),
                    "two dimensions or more");
    }
    int64_t field = 1;
    for (size_t d = 2; d < shape.size(); ++d)
        field *= shape[d];
    return {shape[1] * field, shape[0] * field};
}

double calculateGain(const std::string &nonlinearity, double slope)
{
    if (nonlinearity == "linear" || nonlinearity == "sigmoid" || nonlinearity.rfind("conv", 0) == 0)
        return 1;
    if (nonlinearity == "tanh")
        return 5.0 / 3.0;
    if (nonlinearity == "relu")
        return std::sqrt(2.0);
    if (nonlinearity == "leaky_relu")
        return std::sqrt(2.0 / (1.0 + slope * slope));
    if (nonlinearity == "selu")
        return 0.75;
    throw Error(ErrorCategory::Value, "unknown_nonlinearity", "calculate_gain", nonlinearity,
                "linear, conv*, sigmoid, tanh, relu, leaky_relu or selu");
}

void uniform(const Tensor &tensor, RandomStream &random, double low, double high)
{
    fillWith(tensor, [&] { return random.uniform(low, high); });
}

void normal(const Tensor &tensor, RandomStream &random, double mean, double deviation)
{
    fillWith(tensor, [&] { return mean + deviation * random.normal(); });
}

void constant(const Tensor &tensor, double value)
{
    tensor.detach().fill(value);
}

void kaimingUniform(const Tensor &tensor, RandomStream &random, double slope)
{
    if (tensor.numel() == 0)
        return;
    const double gain = calculateGain("leaky_relu", slope);
    const double bound = std::sqrt(3.0) * gain / std::sqrt(static_cast<double>(fans(tensor.shape()).in));
    uniform(tensor, random, -bound, bound);
}

void biasFor(const Tensor &bias, const Tensor &weight, RandomStream &random)
{
    const int64_t fanIn = fans(weight.shape()).in;
    const double bound = fanIn > 0 ? 1 / std::sqrt(static_cast<double>(fanIn)) : 0;
    uniform(bias, random, -bound, bound);
}

} // namespace mrg::init
