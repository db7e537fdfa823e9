// SPDX-License-Identifier: GPL-3.0-or-later
// Products, powers, angles and logarithms of two numbers.
#include "engine/ops/binary.h"
#include "engine/ops/families.h"

#include <numbers>

namespace mrg {

namespace {

using namespace rules;
using namespace math;

/// log(e^a + e^b) to another base's power.
template <typename T> T logSum(T a, T b, T (*power)(T), T (*logOfOnePlus)(T))
{
    if (std::isinf(a) && a == b)
        return a;
    const T larger = a > b ? a : b;
    return larger + logOfOnePlus(power(-std::abs(a - b)));
}

constexpr Types numbers = types::Integers | types::Floats | types::Complexes | types::PlainNumbers;
constexpr Types floats = types::Floats | types::IntegersAsFloats;
constexpr Constant ln2{std::numbers::ln2};

/// x^exponent where a product or a root does it.
Tensor simplePower(const char *name, const Tensor &x, double exponent)
{
    if (exponent == 2)
        return unaryFunction<numbers>(
                name, x, [](auto v) { return v * v; }, ofInput([](auto v) { return 2_c * v; }));
    if (exponent == 3) {
        return unaryFunction<numbers>(
                name, x, [](auto v) { return v * v * v; },
                ofInput([](auto v) { return 3_c * v * v; }));
    }
    return unaryFunction<types::Floats>(
            name, x, [](auto v) { return sqrt(v); }, ofOutput([](auto y) { return 0.5_c / y; }));
}

Tensor power(const char *name, const Tensor &a, const Tensor &b)
{
    const DType dtype = resultType({&a, &b});
    if (b.isNumber() && !isComplex(b.dtype())) {
        const double exponent = Number(b).to<double>();
        if (isIntegral(dtype) && exponent < 0) {
            throw Error(ErrorCategory::Value, "integer_to_a_negative_power", name,
                        "exponent " + std::to_string(Number(b).to<int64_t>()),
                        "0 or more for integers", "convert the base to a floating type");
        }
        const bool simple
                = exponent == 2 || exponent == 3 || (exponent == 0.5 && isFloating(dtype));
        if (simple && !a.isNumber() && dtype == a.dtype())
            return simplePower(name, a, exponent);
    }
    return binaryFunction<numbers>(
            name, a, b, [](auto x, auto y) { return pow(x, y); },
            ofBoth([](auto x, auto y) { return where(y == 0_c, 0_c, y * pow(x, y - 1_c)); }),
            ofBoth([](auto x, auto y) {
                return where(x == 0_c && realPart(y) >= 0_c, 0_c, pow(x, y) * log(x));
            }));
}

constexpr std::array rows{
        BinaryRow{.name = "mul",
                  .summary = "Multiplies two tensors, element by element.",
                  .formula = R"(x \cdot y)",
                  .function = binaryOf<types::All | types::PlainNumbers>(
                          [](auto a, auto b) { return a * b; }, ofRight([](auto b) { return b; }),
                          ofLeft([](auto a) { return a; })),
                  .number = true},
        BinaryRow{.name = "pow",
                  .summary = "The first number to the power of the second.",
                  .formula = "x^y",
                  .function = {power, true, "any", "any"},
                  .second = "exponent",
                  .number = true,
                  .domain = {.low = 0}},
        BinaryRow{.name = "atan2",
                  .summary = "The angle of the point (y, x).",
                  .formula = R"(\operatorname{atan2}(x, y))",
                  .function
                  = binaryOf<floats>([](auto a, auto b) { return atan2(a, b); },
                                     ofBoth([](auto a, auto b) { return b / (a * a + b * b); }),
                                     ofBoth([](auto a, auto b) { return -a / (a * a + b * b); })),
                  .domain = {.low = 0}},
        BinaryRow{.name = "hypot",
                  .summary = "The length of the vector (x, y).",
                  .formula = R"(\sqrt{x^2 + y^2})",
                  .function = binaryOf<types::Floats>(
                          [](auto a, auto b) { return hypot(a, b); },
                          ofBoth([](auto a, auto b) { return a / hypot(a, b); }),
                          ofBoth([](auto a, auto b) { return b / hypot(a, b); }))},
        BinaryRow{.name = "copysign",
                  .summary = "The first number with the sign of the second.",
                  .formula = R"(|x| \operatorname{sign}(y))",
                  .function = binaryOf<floats>([](auto a, auto b) { return copysign(a, b); },
                                               // 1 or -1, 0 at 0, and NaN at the infinities.
                                               ofBoth([](auto a, auto b) {
                                                   return where(a == 0_c, 0_c, copysign(a, b) / a);
                                               }),
                                               Everywhere<0>{}),
                  .number = true},
        BinaryRow{.name = "xlogy",
                  .summary = "x times the logarithm of y; 0 where x is 0.",
                  .formula = R"(x \ln y)",
                  .function = binaryOf<floats>(
                          [](auto a, auto b) {
                              return isnan(b) ? b : a == 0_c ? like(a, 0_c) : a * log(b);
                          },
                          ofBoth([](auto a, auto b) {
                              return where(a == 0_c && b <= 0_c, 0_c, log(b));
                          }),
                          ofBoth([](auto a, auto b) { return a / b; })),
                  .number = true,
                  .domain = {.low = 0}},
        BinaryRow{.name = "logaddexp",
                  .summary = "The logarithm of the sum of two exponentials.",
                  .formula = R"(\ln(e^x + e^y))",
                  .function = binaryOf<types::Floats>(
                          [](auto a, auto b) { return logSum<decltype(a)>(a, b, exp, log1p); },
                          ofBoth([](auto a, auto b) { return 1_c / (1_c + exp(b - a)); }),
                          ofBoth([](auto a, auto b) { return 1_c / (1_c + exp(a - b)); }))},
        BinaryRow{.name = "logaddexp2",
                  .summary = "The logarithm to base 2 of the sum of two powers of 2.",
                  .formula = R"(\log_2(2^x + 2^y))",
                  .function = binaryOf<types::Floats>(
                          [](auto a, auto b) {
                              using T = decltype(a);
                              return logSum<T>(a, b, exp2, [](T v) { return log1p(v) / ln2; });
                          },
                          ofBoth([](auto a, auto b) { return 1_c / (1_c + exp2(b - a)); }),
                          ofBoth([](auto a, auto b) { return 1_c / (1_c + exp2(a - b)); }))},
};

} // namespace

Tensor mul(const Tensor &a, const Tensor &b) { return rowOf(rows, "mul")(a, b); }
Tensor atan2(const Tensor &a, const Tensor &b) { return rowOf(rows, "atan2")(a, b); }
Tensor hypot(const Tensor &a, const Tensor &b) { return rowOf(rows, "hypot")(a, b); }
Tensor copysign(const Tensor &a, const Tensor &b) { return rowOf(rows, "copysign")(a, b); }
Tensor xlogy(const Tensor &a, const Tensor &b) { return rowOf(rows, "xlogy")(a, b); }
Tensor logaddexp(const Tensor &a, const Tensor &b) { return rowOf(rows, "logaddexp")(a, b); }
Tensor logaddexp2(const Tensor &a, const Tensor &b) { return rowOf(rows, "logaddexp2")(a, b); }

Tensor pow(const Tensor &a, const Tensor &b) { return rowOf(rows, "pow")(a, b); }

std::vector<FunctionSpec> binaryArithmeticFunctions() { return declareBinary(rows); }

} // namespace mrg
