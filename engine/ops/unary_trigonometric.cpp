// SPDX-License-Identifier: GPL-3.0-or-later
// Circular and hyperbolic functions of one number.
#include "engine/ops/families.h"
#include "engine/ops/unary.h"

#include <numbers>

namespace mrg {

namespace {

using namespace rules;
using namespace math;

constexpr Constant pi{std::numbers::pi};
constexpr Constant radian{std::numbers::pi / 180};
constexpr Constant degree{180 / std::numbers::pi};

constexpr std::array rows{
        UnaryRow{"sin", "The sine of an angle in radians.", R"(\sin x)",
                 ofFields([](auto x) { return sin(x); }, ofInput([](auto x) { return cos(x); }))},
        UnaryRow{"cos", "The cosine of an angle in radians.", R"(\cos x)",
                 ofFields([](auto x) { return cos(x); }, ofInput([](auto x) { return -sin(x); }))},
        UnaryRow{"tan",
                 "The tangent of an angle in radians.",
                 R"(\tan x)",
                 ofFields([](auto x) { return tan(x); },
                          ofOutput([](auto y) { return 1_c + y * y; })),
                 {.low = -1.2, .high = 1.2}},
        UnaryRow{"asin",
                 "The angle with this sine.",
                 R"(\arcsin x)",
                 ofFields([](auto x) { return asin(x); },
                          ofInput([](auto x) { return 1_c / sqrt(1_c - x * x); })),
                 {.low = -1, .high = 1}},
        UnaryRow{"acos",
                 "The angle with this cosine.",
                 R"(\arccos x)",
                 ofFields([](auto x) { return acos(x); },
                          ofInput([](auto x) { return -1_c / sqrt(1_c - x * x); })),
                 {.low = -1, .high = 1}},
        UnaryRow{"atan", "The angle with this tangent.", R"(\arctan x)",
                 ofFields([](auto x) { return atan(x); },
                          ofInput([](auto x) { return 1_c / (x * x + 1_c); }))},
        UnaryRow{"sinh", "The hyperbolic sine.", R"(\sinh x)",
                 ofFields([](auto x) { return sinh(x); }, ofInput([](auto x) { return cosh(x); }))},
        UnaryRow{"cosh", "The hyperbolic cosine.", R"(\cosh x)",
                 ofFields([](auto x) { return cosh(x); }, ofInput([](auto x) { return sinh(x); }))},
        UnaryRow{"tanh", "The hyperbolic tangent: squashes numbers into (-1, 1).", R"(\tanh x)",
                 ofFields([](auto x) { return tanh(x); },
                          ofOutput([](auto y) { return 1_c - y * y; }))},
        UnaryRow{"asinh", "The number with this hyperbolic sine.", R"(\operatorname{arsinh} x)",
                 ofFields([](auto x) { return asinh(x); },
                          ofInput([](auto x) { return 1_c / sqrt(x * x + 1_c); }))},
        UnaryRow{"acosh",
                 "The number with this hyperbolic cosine.",
                 R"(\operatorname{arcosh} x)",
                 ofFields([](auto x) { return acosh(x); }, ofInput([](auto x) {
                              // Of complex numbers the root of the product may have the other sign.
                              if constexpr (std::is_floating_point_v<decltype(x)>)
                                  return 1_c / sqrt(x * x - 1_c);
                              else
                                  return 1_c / (sqrt(x - 1_c) * sqrt(x + 1_c));
                          })),
                 {.low = 1}},
        UnaryRow{"atanh",
                 "The number with this hyperbolic tangent.",
                 R"(\operatorname{artanh} x)",
                 ofFields([](auto x) { return atanh(x); },
                          ofInput([](auto x) { return 1_c / (1_c - x * x); })),
                 {.low = -1, .high = 1}},
        UnaryRow{"sinc", "The normalised cardinal sine; 1 at 0.", R"(\frac{\sin \pi x}{\pi x})",
                 ofFields(
                         [](auto x) {
                             const auto scaled = pi * x;
                             return where(x == 0_c, 1_c, sin(scaled) / scaled);
                         },
                         ofInput([](auto x) {
                             const auto scaled = pi * x;
                             return where(x == 0_c, 0_c,
                                          (cos(scaled) * scaled - sin(scaled)) / (scaled * x));
                         }))},
        UnaryRow{"deg2rad", "Degrees to radians.", R"(x \frac{\pi}{180})",
                 ofFloats([](auto x) { return x * radian; },
                          ofInput([](auto x) { return like(x, radian); }))},
        UnaryRow{"rad2deg", "Radians to degrees.", R"(x \frac{180}{\pi})",
                 ofFloats([](auto x) { return x * degree; },
                          ofInput([](auto x) { return like(x, degree); }))},
};

} // namespace

Tensor sin(const Tensor &x) { return rowOf(rows, "sin")(x); }
Tensor cos(const Tensor &x) { return rowOf(rows, "cos")(x); }
Tensor tan(const Tensor &x) { return rowOf(rows, "tan")(x); }
Tensor asin(const Tensor &x) { return rowOf(rows, "asin")(x); }
Tensor acos(const Tensor &x) { return rowOf(rows, "acos")(x); }
Tensor atan(const Tensor &x) { return rowOf(rows, "atan")(x); }
Tensor sinh(const Tensor &x) { return rowOf(rows, "sinh")(x); }
Tensor cosh(const Tensor &x) { return rowOf(rows, "cosh")(x); }
Tensor tanh(const Tensor &x) { return rowOf(rows, "tanh")(x); }
Tensor asinh(const Tensor &x) { return rowOf(rows, "asinh")(x); }
Tensor acosh(const Tensor &x) { return rowOf(rows, "acosh")(x); }
Tensor atanh(const Tensor &x) { return rowOf(rows, "atanh")(x); }
Tensor sinc(const Tensor &x) { return rowOf(rows, "sinc")(x); }
Tensor deg2rad(const Tensor &x) { return rowOf(rows, "deg2rad")(x); }
Tensor rad2deg(const Tensor &x) { return rowOf(rows, "rad2deg")(x); }

std::vector<FunctionSpec> trigonometricFunctions() { return declareUnary(rows); }

} // namespace mrg
