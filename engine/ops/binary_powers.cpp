// SPDX-License-Identifier: GPL-3.0-or-later
// Functions of two numbers that are made of others, and those of floating numbers' bits.
#include "engine/ops/binary.h"
#include "engine/ops/families.h"

namespace mrg {

namespace {

Tensor floatPowerOf(const char *, const Tensor &a, const Tensor &b)
{
    const DType dtype = isComplex(resultType({&a, &b})) ? DType::Complex128 : DType::Float64;
    const auto converted = [dtype](const Tensor &x) { return x.isNumber() ? x : to(x, dtype); };
    if (a.isNumber() && b.isNumber())
        return pow(a.toType(dtype), b);
    return pow(converted(a), converted(b));
}

Tensor ldexpOf(const char *, const Tensor &a, const Tensor &b)
{
    return mul(a, pow(Number(2.0), b));
}

Tensor heavisideOf(const char *name, const Tensor &a, const Tensor &b)
{
    if (a.dtype() != b.dtype()) {
        throw Error(ErrorCategory::DType, "dtype_mismatch", name,
                    std::string(dtypeName(a.dtype())) + " and " + dtypeName(b.dtype()),
                    "one type for both", "convert one of them");
    }
    return binaryFunction<types::Reals>(
            name, a, b,
            [](auto x, auto y) {
                using T = decltype(x);
                return x == T(0) ? y : static_cast<T>(x > T(0));
            },
            NoSlope{}, NoSlope{});
}

constexpr std::array rows{
        BinaryRow{.name = "float_power",
                  .summary = "The first number to the power of the second, in float64.",
                  .formula = "x^y",
                  .function = {floatPowerOf, true, "any", "float64"},
                  .second = "exponent",
                  .number = true,
                  .domain = {.low = 0}},
        BinaryRow{.name = "ldexp",
                  .summary = "The first number times 2 to the power of the second.",
                  .formula = "x 2^y",
                  .function = {ldexpOf, true, "any", "any"}},
        BinaryRow{.name = "heaviside",
                  .summary = "0 below 0, 1 above, and at 0 what the second number says.",
                  .formula = R"(\Theta(x))",
                  .function = {heavisideOf, false, "any", "any"},
                  .second = "values"},
        BinaryRow{.name = "nextafter",
                  .summary = "The floating number that follows the first one towards the second.",
                  .formula = R"(\operatorname{nextafter}(x, y))",
                  .function
                  = binaryOf<types::Floats>([](auto a, auto b) { return std::nextafter(a, b); },
                                            NoSlope{}, NoSlope{})},
};

} // namespace

Tensor floatPower(const Tensor &a, const Tensor &b) { return rowOf(rows, "float_power")(a, b); }
Tensor ldexp(const Tensor &a, const Tensor &b) { return rowOf(rows, "ldexp")(a, b); }
Tensor heaviside(const Tensor &a, const Tensor &b) { return rowOf(rows, "heaviside")(a, b); }
Tensor nextafter(const Tensor &a, const Tensor &b) { return rowOf(rows, "nextafter")(a, b); }

Mantissa frexp(const Tensor &x)
{
    const Tensor source = x.compact();
    Mantissa out{Tensor::empty(x.shape(), x.dtype()), Tensor::empty(x.shape(), DType::Int32)};
    dispatchFloating(x.dtype(), "frexp", [&](auto tag) {
        using T = typename decltype(tag)::type;
        launchPointwise(x.numel(),
                        [in = source.data<T>(), mantissa = out.mantissa.data<T>(),
                         exponent = out.exponent.data<int32_t>()](int64_t begin, int64_t end) {
                            for (int64_t i = begin; i < end; ++i) {
                                int power = 0;
                                mantissa[i] = std::frexp(in[i], &power);
                                exponent[i] = power;
                            }
                        });
    });
    return out;
}

std::vector<FunctionSpec> powerFunctions()
{
    struct NoOptions { };
    std::vector<FunctionSpec> out = declareBinary(rows);
    out.push_back(declareFunction<NoOptions>(
            {.name = "frexp",
             .group = Group::UnaryPointwise,
             .summary = "Takes a number apart: a part of size 1/2 to 1, and a power of 2.",
             .formula = "x = m 2^e",
             .source = "torch.frexp",
             .inputs = {{.name = "input", .pattern = "*"}},
             .outputs = {{.name = "mantissa", .pattern = "*"},
                         {.name = "exponent", .pattern = "*", .dtype = "int32"}},
             .samples = {{.inputs = {{2, 3}}}},
             .differentiable = false},
            [](const NoOptions &, std::span<const Tensor> in) {
                const Mantissa parts = frexp(in[0]);
                return std::vector<Tensor>{parts.mantissa, parts.exponent};
            }));
    return out;
}

} // namespace mrg
