// SPDX-License-Identifier: GPL-3.0-or-later
// The larger and the smaller of two numbers.
#include "engine/ops/binary.h"
#include "engine/ops/families.h"

namespace mrg {

namespace {

using namespace rules;
using namespace math;

constexpr std::array rows{
        BinaryRow{.name = "maximum",
                  .summary = "The larger of two numbers; NaN if one is NaN.",
                  .formula = R"(\max(x, y))",
                  .function = binaryOf<types::Reals>(
                          [](auto a, auto b) { return a > b || a != a ? a : b; },
                          // Equal numbers share the gradient.
                          ofBoth([](auto a, auto b) {
                              return where(a == b, 0.5_c, where(a < b, 0_c, like(a, 1_c)));
                          }),
                          ofBoth([](auto a, auto b) {
                              return where(a == b, 0.5_c, where(a > b, 0_c, like(a, 1_c)));
                          }))},
        BinaryRow{.name = "minimum",
                  .summary = "The smaller of two numbers; NaN if one is NaN.",
                  .formula = R"(\min(x, y))",
                  .function = binaryOf<types::Reals>(
                          [](auto a, auto b) { return a < b || a != a ? a : b; },
                          ofBoth([](auto a, auto b) {
                              return where(a == b, 0.5_c, where(a > b, 0_c, like(a, 1_c)));
                          }),
                          ofBoth([](auto a, auto b) {
                              return where(a == b, 0.5_c, where(a < b, 0_c, like(a, 1_c)));
                          }))},
        BinaryRow{.name = "fmax",
                  .summary = "The larger of two numbers; the other if one is NaN.",
                  .formula = R"(\max(x, y))",
                  .function = binaryOf<types::Reals>(
                          [](auto a, auto b) { return a >= b || b != b ? a : b; },
                          ofBoth([](auto a, auto b) { return a >= b || isnan(b); }),
                          ofBoth([](auto a, auto b) { return !(a >= b || isnan(b)); }))},
        BinaryRow{.name = "fmin",
                  .summary = "The smaller of two numbers; the other if one is NaN.",
                  .formula = R"(\min(x, y))",
                  .function = binaryOf<types::Reals>(
                          [](auto a, auto b) { return a <= b || b != b ? a : b; },
                          ofBoth([](auto a, auto b) { return a <= b || isnan(b); }),
                          ofBoth([](auto a, auto b) { return !(a <= b || isnan(b)); }))},
};

} // namespace

Tensor maximum(const Tensor &a, const Tensor &b) { return rowOf(rows, "maximum")(a, b); }
Tensor minimum(const Tensor &a, const Tensor &b) { return rowOf(rows, "minimum")(a, b); }
Tensor fmax(const Tensor &a, const Tensor &b) { return rowOf(rows, "fmax")(a, b); }
Tensor fmin(const Tensor &a, const Tensor &b) { return rowOf(rows, "fmin")(a, b); }

std::vector<FunctionSpec> binaryExtremeFunctions() { return declareBinary(rows); }

} // namespace mrg
