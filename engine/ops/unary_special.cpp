// SPDX-License-Identifier: GPL-3.0-or-later
// Special functions of one number.
#include "engine/kernels/special_functions.h"
#include "engine/ops/families.h"
#include "engine/ops/unary.h"

namespace mrg {

namespace {

using namespace rules;
using namespace math;

constexpr Constant twoByRootPi{2 * std::numbers::inv_sqrtpi};
constexpr Constant halfRootPi{0.5 / std::numbers::inv_sqrtpi};

constexpr std::array rows{
        UnaryRow{"erf", "The error function: how much of a normal distribution lies within x.",
                 R"(\frac{2}{\sqrt\pi} \int_0^x e^{-t^2} dt)",
                 ofFloats([](auto x) { return erf(x); },
                          ofInput([](auto x) { return twoByRootPi * exp(-(x * x)); }))},
        UnaryRow{"erfc", "1 less the error function; exact where that is near 1.",
                 R"(1 - \operatorname{erf} x)",
                 ofFloats([](auto x) { return erfc(x); },
                          ofInput([](auto x) { return -twoByRootPi * exp(-(x * x)); }))},
        UnaryRow{"erfinv",
                 "The number with this error function.",
                 R"(\operatorname{erf}^{-1} x)",
                 ofFloats([](auto x) { return erfinv(x); },
                          ofOutput([](auto y) { return halfRootPi * exp(y * y); })),
                 {.low = -1, .high = 1}},
        UnaryRow{"lgamma",
                 "The logarithm of the gamma function's size.",
                 R"(\ln |\Gamma(x)|)",
                 ofFloats([](auto x) { return lgamma(x); },
                          ofInput([](auto x) { return digamma(x); })),
                 {.low = 0}},
        UnaryRow{"digamma",
                 "The derivative of lgamma.",
                 R"(\psi(x))",
                 ofFloats([](auto x) { return digamma(x); },
                          ofInput([](auto x) { return polygamma(1, x); })),
                 {.low = 0}},
        UnaryRow{"i0", "The modified Bessel function of the first kind, of order 0.", "I_0(x)",
                 ofFloats([](auto x) { return i0(x); }, ofInput([](auto x) { return i1(x); }))},
};

} // namespace

Tensor erf(const Tensor &x) { return rowOf(rows, "erf")(x); }
Tensor erfc(const Tensor &x) { return rowOf(rows, "erfc")(x); }
Tensor erfinv(const Tensor &x) { return rowOf(rows, "erfinv")(x); }
Tensor lgamma(const Tensor &x) { return rowOf(rows, "lgamma")(x); }
Tensor digamma(const Tensor &x) { return rowOf(rows, "digamma")(x); }
Tensor i0(const Tensor &x) { return rowOf(rows, "i0")(x); }

namespace {

/// Derivative number n of digamma, of elements and of tensors.
struct Polygamma {
    int64_t n;
    template <typename T> auto operator()(const T &x) const { return polygamma(n, x); }
};

} // namespace

Tensor polygamma(int64_t n, const Tensor &x)
{
    return unaryFunction<types::Floats | types::IntegersAsFloats>("polygamma", x, Polygamma{n},
                                                                  ofInput(Polygamma{n + 1}));
}

Tensor i1(const Tensor &x)
{
    return unaryFunction<types::Floats | types::IntegersAsFloats>(
            "i1", x, [](auto v) { return i1(v); },
            ofInput([](auto v) { return where(v == 0_c, 0.5_c, i0(v) - i1(v) / v); }));
}

std::vector<FunctionSpec> specialFunctions() { return declareUnary(rows); }

} // namespace mrg
