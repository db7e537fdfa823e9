// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/activations.h"

#include "engine/core/Launch.h"
#include "engine/ops/unary.h"
#include "engine/ops/views.h"

namespace mrg {

using namespace rules;
using namespace math;

Tensor celu(const Tensor &x, double alpha)
{
    const Constant a{alpha};
    return unaryFunction<types::Floats>(
            "celu", x, [a](auto v) { return where(v > 0_c, v, a * expm1(v / a)); },
            ofInput([a](auto v) { return where(v <= 0_c, exp(v / a), 1_c); }));
}

Tensor hardtanh(const Tensor &x, double low, double high)
{
    const Constant a{low};
    const Constant b{high};
    return unaryFunction<types::Integers | types::Floats>(
            "hardtanh", x, [a, b](auto v) { return where(v < a, a, where(v > b, b, v)); },
            ofInput([a, b](auto v) {
                return where(v <= a, 0_c, where(v >= b, like(v, 0_c), 1_c));
            }));
}

Tensor hardshrink(const Tensor &x, double lambd)
{
    const Constant l{lambd};
    return unaryFunction<types::Floats>(
            "hardshrink", x, [l](auto v) { return where(v >= -l && v <= l, 0_c, v); },
            ofInput([l](auto v) { return where(v >= -l && v <= l, like(v, 0_c), 1_c); }));
}

Tensor softshrink(const Tensor &x, double lambd)
{
    const Constant l{lambd};
    return unaryFunction<types::Floats>(
            "softshrink", x, [l](auto v) { return where(v > l, v - l, where(v < -l, v + l, 0_c)); },
            ofInput([l](auto v) { return where(v >= -l && v <= l, like(v, 0_c), 1_c); }));
}

Tensor tanhshrink(const Tensor &x)
{
    if (x.dtype() == DType::Bool) {
        throw Error(ErrorCategory::DType, "dtype_not_supported", "tanhshrink", "bool", "numbers",
                    "convert the masks to float32");
    }
    return unaryFunction<types::Floats | types::IntegersAsFloats>(
            "tanhshrink", x, [](auto v) { return v - tanh(v); }, ofInput([](auto v) {
                const auto t = tanh(v);
                return t * t;
            }));
}

Tensor logSigmoid(const Tensor &x)
{
    return unaryFunction<types::Floats>(
            "log_sigmoid", x, [](auto v) { return where(v < 0_c, v, 0_c) - log1p(exp(-abs(v))); },
            ofInput([](auto v) { return sigmoid(-v); }));
}

Tensor mish(const Tensor &x)
{
    return unaryFunction<types::Floats>(
            "mish", x, [](auto v) { return v * tanh(log1p(exp(v))); }, ofInput([](auto v) {
                const auto t = tanh(log1p(exp(v)));
                return t + v * sigmoid(v) * (1_c - t * t);
            }));
}

Tensor threshold(const Tensor &x, double least, double value)
{
    const Constant t{least};
    const Constant other{value};
    return unaryFunction<types::Integers | types::Floats>(
            "threshold", x, [t, other](auto v) { return where(v <= t, other, v); },
            ofInput([t](auto v) { return where(v <= t, like(v, 0_c), 1_c); }));
}

Tensor prelu(const Tensor &x, const Tensor &weight)
{
    if (x.dtype() != weight.dtype()) {
        throw Error(ErrorCategory::DType, "dtype_mismatch", "PReLU", dtypeName(x.dtype()),
                    std::string("the weight's type ") + dtypeName(weight.dtype()),
                    "convert the input or the module");
    }
    Tensor slope = weight;
    if (weight.numel() != 1) {
        const int64_t channels = x.dim() > 1 ? x.size(1) : 1;
        if (weight.numel() != channels) {
            throw Error(ErrorCategory::Shape, "size_mismatch", "PReLU",
                        "input " + toString(x.shape()),
                        std::to_string(weight.numel()) + " channels in dimension 1",
                        "set num_parameters to " + std::to_string(channels));
        }
        Shape shape(static_cast<size_t>(x.dim()), 1);
        shape[1] = channels;
        slope = reshape(weight, shape);
    } else {
        slope = reshape(weight, Shape(static_cast<size_t>(x.dim()), 1));
    }
    return where(gt(x, 0), x, mul(x, slope));
}

Tensor rrelu(const Tensor &x, double lower, double upper, bool training, RandomStream &random)
{
    if (!training)
        return leakyRelu(x, (lower + upper) / 2);
    const Tensor source = x.compact();
    Tensor slopes = Tensor::empty(x.shape(), x.dtype());
    dispatchFloating(x.dtype(), "rrelu", [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([stream = &random, lower, upper, from = source.data<T>(), to = slopes.data<T>(),
                count = x.numel()] {
            for (int64_t i = 0; i < count; ++i)
                to[i] = from[i] <= 0 ? static_cast<T>(stream->uniform(lower, upper)) : T(1);
        });
    });
    return mul(x, slopes);
}

} // namespace mrg
