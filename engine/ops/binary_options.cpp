// SPDX-License-Identifier: GPL-3.0-or-later
// Sums and differences with a factor, quotients with their ways of rounding, and remainders.
#include "engine/ops/binary.h"
#include "engine/ops/families.h"

namespace mrg {

template <> struct EnumTexts<RoundingMode> {
    static constexpr std::array texts{std::pair{RoundingMode::Trunc, "trunc"},
                                      std::pair{RoundingMode::Floor, "floor"}};
};

namespace {

using namespace rules;
using namespace math;

constexpr Types numbers = types::Integers | types::Floats | types::Complexes | types::PlainNumbers;
constexpr Types reals = types::Integers | types::Floats;

Tensor addScaled(const char *name, const Tensor &a, const Tensor &b, const Number &alpha,
                 bool negative)
{
    if (negative && (a.dtype() == DType::Bool || b.dtype() == DType::Bool)) {
        throw Error(ErrorCategory::DType, "dtype_not_supported", name, "bool", "numbers",
                    "use logical_xor or logical_not for masks");
    }
    const DType dtype = resultType({&a, &b});
    const bool plain = alpha.dtype() != DType::Bool && alpha.to<std::complex<double>>() == 1.0;
    if (!plain && isIntegral(dtype) && !isIntegral(alpha.dtype())) {
        throw Error(ErrorCategory::Value, "wrong_argument", name,
                    "alpha of type " + std::string(dtypeName(alpha.dtype())),
                    "an integer, as the tensors are integers");
    }
    const Number factor = !negative     ? alpha
            : isComplex(alpha.dtype())  ? Number(-alpha.to<std::complex<double>>())
            : isFloating(alpha.dtype()) ? Number(-alpha.to<double>())
                                        : Number(-alpha.to<int64_t>());
    const FactorSlope one{1, true};
    const FactorSlope other{factor, plain && !negative};
    if (plain && !negative)
        return binaryFunction<types::All | types::PlainNumbers>(
                name, a, b, [](auto x, auto y) { return x + y; }, one, other);
    if (plain)
        return binaryFunction<numbers>(
                name, a, b, [](auto x, auto y) { return x - y; }, one, other);
    return binaryFunction<types::All>(
            name, a, b, [factor](auto x, auto y) { return x + factor.to<decltype(y)>() * y; }, one,
            other);
}

/// The quotient, rounded down or towards 0. Integers can't be divided by 0.
template <RoundingMode mode> struct RoundedQuotient {
    template <typename T> T operator()(T a, T b) const
    {
        if constexpr (std::is_integral_v<T>) {
            if (b == 0)
                throw Error(ErrorCategory::Value, "division_by_zero", "div",
                            "an integer divided by 0", "a divisor that is not 0");
            // The smallest integer by -1 overflows; it wraps around.
            if constexpr (std::is_signed_v<T>) {
                if (b == -1)
                    return static_cast<T>(-static_cast<std::make_unsigned_t<T>>(a));
            }
            const T quotient = static_cast<T>(a / b);
            const bool down = mode == RoundingMode::Floor && a % b != 0 && (a < 0) != (b < 0);
            return static_cast<T>(quotient - down);
        } else if constexpr (mode == RoundingMode::Trunc) {
            return trunc(a / b);
        } else {
            if (b == 0)
                return a / b;
            // floor(a / b) would be one too many where the quotient rounds up to a whole number.
            const T rest = fmod(a, b);
            T quotient = (a - rest) / b;
            if (rest != 0 && (b < 0) != (rest < 0))
                quotient -= 1;
            if (quotient == 0)
                return copysign(T(0), a / b);
            const T down = floor(quotient);
            return quotient - down > T(0.5) ? down + 1 : down;
        }
    }
};

/// What is left of a after taking away b a whole number of times.
template <RoundingMode mode> struct Rest {
    template <typename T> T operator()(T a, T b) const
    {
        if constexpr (std::is_integral_v<T>) {
            if (b == 0)
                throw Error(ErrorCategory::Value, "division_by_zero", "remainder",
                            "an integer divided by 0", "a divisor that is not 0");
            if constexpr (std::is_signed_v<T>) {
                if (b == -1)
                    return T(0);
            }
            const T rest = static_cast<T>(a % b);
            return mode == RoundingMode::Floor && rest != 0 && (rest < 0) != (b < 0)
                    ? static_cast<T>(rest + b)
                    : rest;
        } else {
            const T rest = fmod(a, b);
            return mode == RoundingMode::Floor && rest != 0 && (rest < 0) != (b < 0) ? rest + b
                                                                                     : rest;
        }
    }
};

template <RoundingMode mode>
Tensor roundedQuotient(const char *name, const Tensor &a, const Tensor &b)
{
    return binaryFunction<reals>(name, a, b, RoundedQuotient<mode>{}, Everywhere<0>{},
                                 Everywhere<0>{});
}

// The rest's derivative by the divisor is minus the rounded quotient, a step function.
struct MinusQuotient {
    RoundingMode mode;
    template <typename T> T operator()(T a, T b) const
    {
        return mode == RoundingMode::Floor ? -RoundedQuotient<RoundingMode::Floor>{}(a, b)
                                           : -RoundedQuotient<RoundingMode::Trunc>{}(a, b);
    }
    Tensor operator()(const Tensor &a, const Tensor &b) const { return neg(div(a, b, mode)); }
};

template <RoundingMode mode> Tensor rest(const char *name, const Tensor &a, const Tensor &b)
{
    return binaryFunction<reals>(name, a, b, Rest<mode>{}, FactorSlope{},
                                 ofBoth(MinusQuotient{mode}));
}

constexpr std::array rows{
        BinaryRow{.name = "floor_divide",
                  .summary = "The quotient rounded down.",
                  .formula = R"(\lfloor x / y \rfloor)",
                  .function = {roundedQuotient<RoundingMode::Floor>, false, "any", "any"},
                  .number = true},
        BinaryRow{.name = "remainder",
                  .summary = "What is left of a division; it has the divisor's sign.",
                  .formula = R"(x - y \lfloor x / y \rfloor)",
                  .function = {rest<RoundingMode::Floor>, true, "any", "any"},
                  .number = true},
        BinaryRow{.name = "fmod",
                  .summary = "What is left of a division; it has the dividend's sign.",
                  .formula = R"(x - y \operatorname{trunc}(x / y))",
                  .function = {rest<RoundingMode::Trunc>, true, "any", "any"},
                  .number = true},
};

struct AlphaOptions {
    Number alpha = 1;
};

FunctionSpec declareSum(const char *name, const char *summary, const char *formula, bool negative)
{
    using O = AlphaOptions;
    return declareFunction<O>(
            {.name = name,
             .group = Group::BinaryPointwise,
             .summary = summary,
             .formula = formula,
             .source = std::string("torch.") + name,
             .args = {arg("alpha", &O::alpha, "Factor of the second tensor.")},
             .inputs = {{.name = "input", .dtype = "any", .number = true},
                        {.name = "other", .dtype = "any", .number = true}},
             .outputs = {{.name = "output", .dtype = "any"}},
             .infer = [](const O &, const Shapes &in) { return inferBroadcast(in); },
             .samples =
                     [] {
                         std::vector<Sample> samples = broadcastSamples({});
                         samples.push_back({.args = {{"alpha", 0.5}}, .inputs = {{3, 4}, {4}}});
                         return samples;
                     }(),
             .badSamples = broadcastBadSamples()},
            [name, negative](const O &options, std::span<const Tensor> in) {
                return std::vector<Tensor>{addScaled(name, in[0], in[1], options.alpha, negative)};
            });
}

struct DivOptions {
    std::optional<RoundingMode> rounding_mode;
};

FunctionSpec declareQuotient()
{
    using O = DivOptions;
    return declareFunction<O>(
            {.name = "div",
             .group = Group::BinaryPointwise,
             .summary = "Divides two tensors, element by element.",
             .formula = R"(\frac{x}{y})",
             .source = "torch.div",
             .args = {arg("rounding_mode", &O::rounding_mode,
                          "How the quotient is rounded: trunc (towards 0) or floor.")},
             .inputs = {{.name = "input", .dtype = "any", .number = true, .domain = {.low = 0}},
                        {.name = "other", .dtype = "any", .number = true, .domain = {.low = 0}}},
             .outputs = {{.name = "output", .dtype = "any"}},
             .infer = [](const O &, const Shapes &in) { return inferBroadcast(in); },
             .samples =
                     [] {
                         std::vector<Sample> samples = broadcastSamples({});
                         samples.push_back(
                                 {.args = {{"rounding_mode", "floor"}}, .inputs = {{3, 4}, {4}}});
                         samples.push_back(
                                 {.args = {{"rounding_mode", "trunc"}}, .inputs = {{3, 4}, {4}}});
                         return samples;
                     }(),
             .badSamples = broadcastBadSamples()},
            [](const O &options, std::span<const Tensor> in) {
                return std::vector<Tensor>{
                        div(in[0], in[1], options.rounding_mode.value_or(RoundingMode::None))};
            });
}

} // namespace

Tensor add(const Tensor &a, const Tensor &b, Number alpha)
{
    return addScaled("add", a, b, alpha, false);
}
Tensor sub(const Tensor &a, const Tensor &b, Number alpha)
{
    return addScaled("sub", a, b, alpha, true);
}

Tensor div(const Tensor &a, const Tensor &b)
{
    return binaryFunction<types::Floats | types::Complexes | types::IntegersAsFloats
                          | types::PlainNumbers>(
            "div", a, b, [](auto x, auto y) { return x / y; },
            ofRight([](auto y) { return 1_c / y; }),
            ofBoth([](auto x, auto y) { return -(x / y) / y; }));
}

Tensor div(const Tensor &a, const Tensor &b, RoundingMode mode)
{
    switch (mode) {
    case RoundingMode::Floor: return roundedQuotient<RoundingMode::Floor>("div", a, b);
    case RoundingMode::Trunc: return roundedQuotient<RoundingMode::Trunc>("div", a, b);
    case RoundingMode::None: break;
    }
    return div(a, b);
}

Tensor fmod(const Tensor &a, const Tensor &b) { return rowOf(rows, "fmod")(a, b); }
Tensor remainder(const Tensor &a, const Tensor &b) { return rowOf(rows, "remainder")(a, b); }

std::vector<FunctionSpec> sumAndQuotientFunctions()
{
    std::vector<FunctionSpec> out = declareBinary(rows);
    out.push_back(
            declareSum("add", "Adds two tensors, element by element.", R"(x + \alpha y)", false));
    out.push_back(declareSum("sub", "Subtracts one tensor from another, element by element.",
                             R"(x - \alpha y)", true));
    out.push_back(declareQuotient());
    return out;
}

} // namespace mrg
