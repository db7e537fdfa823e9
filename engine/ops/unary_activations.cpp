// SPDX-License-Identifier: GPL-3.0-or-later
// Activations of one number without options.
#include "engine/ops/families.h"
#include "engine/ops/unary.h"

namespace mrg {

namespace {

using namespace rules;
using namespace math;

// Klambauer et al., "Self-normalizing neural networks", 2017.
constexpr Constant seluScale{1.0507009873554804934193349852946};
constexpr Constant seluSlope{1.0507009873554804934193349852946 * 1.6732632423543772848170429916717};

// torch's own, which is rounded to a float.
constexpr Constant sixth{1.0f / 6.0f};

Tensor softsignOf(const char *name, const Tensor &x)
{
    if (x.isComplex() || x.dtype() == DType::Bool)
        return mrg::div(x, mrg::add(mrg::abs(x), Number(1)));
    return unaryFunction<types::Floats | types::IntegersAsFloats>(
            name, x, [](auto v) { return v / (1_c + abs(v)); }, ofInput([](auto v) {
                const auto size = 1_c + abs(v);
                // 1 / size^2, but NaN where x is infinite, as in torch.
                return (size - abs(v)) / (size * size);
            }));
}

constexpr std::array rows{
        UnaryRow{"sigmoid", "Squashes numbers into (0, 1).", R"(\frac{1}{1 + e^{-x}})",
                 ofFields([](auto x) { return 1_c / (1_c + exp(-x)); },
                          ofOutput([](auto y) { return y * (1_c - y); }))},
        UnaryRow{"relu", "Negative numbers become 0; a NaN stays.", R"(\max(0, x))",
                 function<types::Integers | types::Floats>(
                         [](auto x) { return where(x <= 0_c, 0_c, x); },
                         ofOutput([](auto y) { return !(y <= 0_c); }))},
        UnaryRow{"silu", "The number times its sigmoid, also called swish.",
                 R"(\frac{x}{1 + e^{-x}})",
                 function<types::Floats>([](auto x) { return x / (1_c + exp(-x)); },
                                         ofInput([](auto x) {
                                             const auto s = sigmoid(x);
                                             return s * (1_c + x * (1_c - s));
                                         }))},
        UnaryRow{"selu", "The scaled exponential linear unit of self-normalising networks.",
                 R"(\lambda (\max(0, x) + \min(0, \alpha (e^x - 1))))",
                 function<types::Floats>(
                         [](auto x) { return where(x > 0_c, seluScale * x, seluSlope * expm1(x)); },
                         ofInput([](auto x) {
                             return where(x <= 0_c, seluSlope * exp(x), seluScale);
                         }))},
        UnaryRow{"softsign",
                 "Squashes numbers into (-1, 1) more slowly than tanh.",
                 R"(\frac{x}{1 + |x|})",
                 {softsignOf, true, "any", "any"}},
        UnaryRow{"hardsigmoid", "A sigmoid of three straight pieces.",
                 R"(\min(1, \max(0, \frac{x + 3}{6})))",
                 function<types::Floats>(
                         [](auto x) {
                             const auto y = (x + 3_c) / 6_c;
                             return where(y < 0_c, 0_c, where(y > 1_c, 1_c, y));
                         },
                         ofInput([](auto x) {
                             return where(x > -3_c && x < 3_c, like(x, sixth), 0_c);
                         }))},
        UnaryRow{"hardswish", "The number times its hardsigmoid.",
                 R"(x \min(1, \max(0, \frac{x + 3}{6})))",
                 function<types::Floats>(
                         [](auto x) {
                             const auto y = x + 3_c;
                             return x * where(y < 0_c, 0_c, where(y > 6_c, 6_c, y)) / 6_c;
                         },
                         ofInput([](auto x) {
                             return where(x < -3_c, 0_c, where(x < 3_c, x / 3_c + 0.5_c, 1_c));
                         }))},
};

} // namespace

Tensor sigmoid(const Tensor &x) { return rowOf(rows, "sigmoid")(x); }
Tensor relu(const Tensor &x) { return rowOf(rows, "relu")(x); }
Tensor silu(const Tensor &x) { return rowOf(rows, "silu")(x); }
Tensor selu(const Tensor &x) { return rowOf(rows, "selu")(x); }
Tensor softsign(const Tensor &x) { return rowOf(rows, "softsign")(x); }
Tensor hardsigmoid(const Tensor &x) { return rowOf(rows, "hardsigmoid")(x); }
Tensor hardswish(const Tensor &x) { return rowOf(rows, "hardswish")(x); }

std::vector<FunctionSpec> activationFunctions() { return declareUnary(rows); }

} // namespace mrg
