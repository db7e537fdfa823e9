// SPDX-License-Identifier: GPL-3.0-or-later
// Powers, exponentials and logarithms of one number.
#include "engine/ops/families.h"
#include "engine/ops/unary.h"

#include <numbers>

namespace mrg {

namespace {

using namespace rules;
using namespace math;

constexpr Constant ln2{std::numbers::ln2};
constexpr Constant ln10{std::numbers::ln10};

/// Masks count as whole numbers.
Tensor squareOf(const char *name, const Tensor &x)
{
    return unaryFunction<types::Integers | types::Floats | types::Complexes>(
            name, x.dtype() == DType::Bool ? x.toType(DType::Int64) : x,
            [](auto v) { return v * v; }, ofInput([](auto v) { return 2_c * v; }));
}

constexpr std::array rows{
        UnaryRow{"neg", "Changes the sign.", "-x",
                 function<types::Integers | types::Floats | types::Complexes>(
                         [](auto x) { return -x; }, Everywhere<-1>{})},
        UnaryRow{"positive", "Leaves every number as it is; refuses bools.", "+x",
                 function<types::Integers | types::Floats | types::Complexes>(
                         [](auto x) { return x; }, Everywhere<1>{})},
        UnaryRow{"square",
                 "Multiplies every number with itself.",
                 "x^2",
                 {squareOf, true, "any", "any"}},
        UnaryRow{
                "reciprocal",
                "1 divided by the number.",
                R"(\frac1x)",
                ofFields([](auto x) { return 1_c / x; }, ofOutput([](auto y) { return -(y * y); })),
                {.low = 0}},
        UnaryRow{"sqrt",
                 "The square root; NaN for negative numbers.",
                 R"(\sqrt x)",
                 ofFields([](auto x) { return sqrt(x); },
                          ofOutput([](auto y) { return 0.5_c / y; })),
                 {.low = 0}},
        UnaryRow{"rsqrt",
                 "1 divided by the square root.",
                 R"(\frac{1}{\sqrt x})",
                 ofFields([](auto x) { return 1_c / sqrt(x); },
                          ofOutput([](auto y) { return -0.5_c * y * y * y; })),
                 {.low = 0}},
        UnaryRow{"exp", "e to the power of the number.", "e^x",
                 ofFields([](auto x) { return exp(x); }, ofOutput([](auto y) { return y; }))},
        UnaryRow{
                "exp2", "2 to the power of the number.", "2^x",
                ofFloats([](auto x) { return exp2(x); }, ofOutput([](auto y) { return y * ln2; }))},
        UnaryRow{"expm1", "e to the power of the number, less 1; exact near 0.", "e^x - 1",
                 ofFloats([](auto x) { return expm1(x); },
                          ofOutput([](auto y) { return y + 1_c; }))},
        UnaryRow{"log",
                 "The natural logarithm.",
                 R"(\ln x)",
                 ofFields([](auto x) { return log(x); }, ofInput([](auto x) { return 1_c / x; })),
                 {.low = 0}},
        UnaryRow{"log2",
                 "The logarithm to base 2.",
                 R"(\log_2 x)",
                 ofFields([](auto x) { return log2(x); },
                          ofInput([](auto x) { return 1_c / (x * ln2); })),
                 {.low = 0}},
        UnaryRow{"log10",
                 "The logarithm to base 10.",
                 R"(\log_{10} x)",
                 ofFields([](auto x) { return log10(x); },
                          ofInput([](auto x) { return 1_c / (x * ln10); })),
                 {.low = 0}},
        UnaryRow{"log1p",
                 "The natural logarithm of 1 + x; exact near 0.",
                 R"(\ln(1 + x))",
                 ofFloats([](auto x) { return log1p(x); },
                          ofInput([](auto x) { return 1_c / (x + 1_c); })),
                 {.low = -1}},
};

} // namespace

Tensor neg(const Tensor &x) { return rowOf(rows, "neg")(x); }
Tensor positive(const Tensor &x) { return rowOf(rows, "positive")(x); }
Tensor square(const Tensor &x) { return rowOf(rows, "square")(x); }
Tensor reciprocal(const Tensor &x) { return rowOf(rows, "reciprocal")(x); }
Tensor sqrt(const Tensor &x) { return rowOf(rows, "sqrt")(x); }
Tensor rsqrt(const Tensor &x) { return rowOf(rows, "rsqrt")(x); }
Tensor exp(const Tensor &x) { return rowOf(rows, "exp")(x); }
Tensor exp2(const Tensor &x) { return rowOf(rows, "exp2")(x); }
Tensor expm1(const Tensor &x) { return rowOf(rows, "expm1")(x); }
Tensor log(const Tensor &x) { return rowOf(rows, "log")(x); }
Tensor log2(const Tensor &x) { return rowOf(rows, "log2")(x); }
Tensor log10(const Tensor &x) { return rowOf(rows, "log10")(x); }
Tensor log1p(const Tensor &x) { return rowOf(rows, "log1p")(x); }

std::vector<FunctionSpec> unaryArithmeticFunctions() { return declareUnary(rows); }

} // namespace mrg
