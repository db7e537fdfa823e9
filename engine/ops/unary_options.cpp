// SPDX-License-Identifier: GPL-3.0-or-later
// Functions of one number with options.
#include "engine/ops/binary.h"
#include "engine/ops/families.h"

#include <algorithm>
#include <numbers>

namespace mrg {

enum class GeluApproximation { None, Tanh };
template <> struct EnumTexts<GeluApproximation> {
    static constexpr std::array texts{std::pair{GeluApproximation::None, "none"},
                                      std::pair{GeluApproximation::Tanh, "tanh"}};
};

namespace {

using namespace rules;
using namespace math;

constexpr Types floats = types::Floats | types::IntegersAsFloats;

struct EluOptions {
    double alpha = 1.0;
};
Tensor eluOf(const Tensor &x, const EluOptions &options)
{
    const Constant alpha{options.alpha};
    return unaryFunction<types::Floats>(
            "elu", x, [alpha](auto v) { return where(v > 0_c, v, alpha * expm1(v)); },
            // The gradient of a NaN passes.
            ofInput([alpha](auto v) { return where(v <= 0_c, alpha * exp(v), 1_c); }));
}

struct LeakyReluOptions {
    double negative_slope = 0.01;
};
Tensor leakyReluOf(const Tensor &x, const LeakyReluOptions &options)
{
    const Constant slope{options.negative_slope};
    return unaryFunction<types::Floats>(
            "leaky_relu", x, [slope](auto v) { return where(v > 0_c, v, slope * v); },
            ofInput([slope](auto v) { return where(v > 0_c, 1_c, like(v, slope)); }));
}

struct GeluOptions {
    GeluApproximation approximate = GeluApproximation::None;
};
constexpr Constant rootOfHalf{1 / std::numbers::sqrt2};
constexpr Constant normalDensity{0.5 * std::numbers::sqrt2 * std::numbers::inv_sqrtpi};
constexpr Constant tanhScale{std::numbers::sqrt2 * std::numbers::inv_sqrtpi};
constexpr Constant tanhCubic{0.044715};
constexpr Constant tanhCubicSlope{3 * 0.044715};

Tensor geluOf(const Tensor &x, const GeluOptions &options)
{
    if (options.approximate == GeluApproximation::None) {
        return unaryFunction<types::Floats>(
                "gelu", x, [](auto v) { return 0.5_c * v * (1_c + erf(v * rootOfHalf)); },
                ofInput([](auto v) {
                    return 0.5_c * (1_c + erf(v * rootOfHalf))
                            + v * normalDensity * exp(-0.5_c * v * v);
                }));
    }
    return unaryFunction<types::Floats>(
            "gelu", x,
            [](auto v) {
                return 0.5_c * v * (1_c + tanh(tanhScale * (v + tanhCubic * v * v * v)));
            },
            ofInput([](auto v) {
                const auto t = tanh(tanhScale * (v + tanhCubic * v * v * v));
                const auto inner = tanhScale * (1_c + tanhCubicSlope * v * v);
                return 0.5_c * (1_c + t) + 0.5_c * v * (1_c - t * t) * inner;
            }));
}

struct SoftplusOptions {
    double beta = 1.0;
    double threshold = 20.0;
};
Tensor softplusOf(const Tensor &x, const SoftplusOptions &options)
{
    const Constant beta{options.beta};
    const Constant threshold{options.threshold};
    return unaryFunction<types::Floats>(
            "softplus", x,
            [=](auto v) { return where(v * beta > threshold, v, log1p(exp(v * beta)) / beta); },
            ofInput([=](auto v) {
                return where(v * beta > threshold, 1_c, 1_c / (1_c + exp(-(v * beta))));
            }));
}

struct LogitOptions {
    std::optional<double> eps;
};
Tensor logitOf(const Tensor &x, const LogitOptions &options)
{
    if (!options.eps) {
        return unaryFunction<floats>(
                "logit", x, [](auto v) { return log(v / (1_c - v)); }, ofInput([](auto v) {
                    // Beyond 0 and 1 there is no logit.
                    return where(v < 0_c || v > 1_c,
                                 Constant{std::numeric_limits<double>::quiet_NaN()},
                                 1_c / (v * (1_c - v)));
                }));
    }
    const Constant low{*options.eps};
    const Constant high{1 - *options.eps};
    return unaryFunction<floats>(
            "logit", x,
            [=](auto v) {
                const auto bounded = where(v < low, low, where(v > high, high, v));
                return log(bounded / (1_c - bounded));
            },
            ofInput([=](auto v) {
                return where(v < low || v > high, 0_c, 1_c / (v * (1_c - v)));
            }));
}

struct NanToNumOptions {
    double nan = 0.0;
    std::optional<double> posinf;
    std::optional<double> neginf;
};
/// What stands for the values that are not finite.
struct Replacements {
    NanToNumOptions options;
    template <typename T> T operator()(T v) const
    {
        if constexpr (std::is_integral_v<T>) {
            return v;
        } else if constexpr (isComplexType<T>) {
            return T((*this)(v.real()), (*this)(v.imag()));
        } else {
            constexpr T largest = std::numeric_limits<T>::max();
            if (v != v)
                return static_cast<T>(options.nan);
            if (v > largest)
                return options.posinf ? static_cast<T>(*options.posinf) : largest;
            if (v < -largest)
                return options.neginf ? static_cast<T>(*options.neginf) : -largest;
            return v;
        }
    }
};
Tensor nanToNumOf(const Tensor &x, const NanToNumOptions &options)
{
    return unaryFunction<types::Reals>("nan_to_num", x, Replacements{options},
                                       ofInput([](auto v) { return v - v == 0_c; }));
}

struct RoundOptions {
    int64_t decimals = 0;
};
Tensor roundOf(const Tensor &x, const RoundOptions &options)
{
    if (options.decimals == 0) {
        const auto toWhole = [](auto v) {
            if constexpr (std::is_integral_v<decltype(v)>)
                return v;
            else
                return std::nearbyint(v);
        };
        return unaryFunction<types::Integers | types::Floats>("round", x, toWhole, Everywhere<0>{});
    }
    const double power = std::pow(10.0, static_cast<double>(std::abs(options.decimals)));
    return unaryFunction<types::Floats>(
            "round", x,
            [power, up = options.decimals > 0](auto v) {
                using T = decltype(v);
                const T scale = static_cast<T>(power);
                return up ? std::nearbyint(v * scale) / scale : std::nearbyint(v / scale) * scale;
            },
            Everywhere<0>{});
}

/// A declaration of a function of one tensor with options.
template <typename O>
FunctionSpec declareWithOptions(const char *name, const char *summary, const char *formula,
                                std::vector<Arg> args, std::vector<Arguments> uses,
                                Tensor (*call)(const Tensor &, const O &), Interval domain = {},
                                bool differentiable = true)
{
    std::vector<Sample> samples{{.inputs = {{2, 3}}}, {.inputs = {{}}}, {.inputs = {{0}}}};
    for (const Arguments &use : uses)
        samples.push_back({.args = use, .inputs = {{3, 4}}});
    return declareFunction<O>(
            {.name = name,
             .group = Group::UnaryPointwise,
             .summary = summary,
             .formula = formula,
             .source = std::string("torch.") + name,
             .args = std::move(args),
             .inputs = {{.name = "input", .pattern = "*", .dtype = "any", .domain = domain}},
             .outputs = {{.name = "output", .pattern = "*", .dtype = "any"}},
             .samples = std::move(samples),
             .differentiable = differentiable},
            [call](const O &options, std::span<const Tensor> in) {
                return std::vector<Tensor>{call(in[0], options)};
            });
}

} // namespace

Tensor elu(const Tensor &x, double alpha) { return eluOf(x, {alpha}); }
Tensor leakyRelu(const Tensor &x, double negativeSlope) { return leakyReluOf(x, {negativeSlope}); }
Tensor gelu(const Tensor &x, bool tanhApproximation)
{
    return geluOf(x, {tanhApproximation ? GeluApproximation::Tanh : GeluApproximation::None});
}
Tensor softplus(const Tensor &x, double beta, double threshold)
{
    return softplusOf(x, {beta, threshold});
}
Tensor logit(const Tensor &x, std::optional<double> eps) { return logitOf(x, {eps}); }
Tensor round(const Tensor &x, int64_t decimals) { return roundOf(x, {decimals}); }

std::vector<FunctionSpec> functionsWithOptions()
{
    return {declareWithOptions<EluOptions>("elu", "Below 0, approaches -alpha.",
                                           R"(\max(0, x) + \min(0, \alpha (e^x - 1)))",
                                           {arg("alpha", &EluOptions::alpha, "The bound below.")},
                                           {{{"alpha", 0.5}}}, eluOf),
            declareWithOptions<GeluOptions>(
                    "gelu", "The number times the chance that a normal variable is less.",
                    R"(x \Phi(x))",
                    {arg("approximate", &GeluOptions::approximate,
                         "tanh: a cheaper formula that is nearly the same.")},
                    {{{"approximate", "tanh"}}}, geluOf),
            declareWithOptions<LeakyReluOptions>(
                    "leaky_relu", "Negative numbers are made small.",
                    R"(\max(0, x) + a \min(0, x))",
                    {arg("negative_slope", &LeakyReluOptions::negative_slope,
                         "Factor of negative numbers.")},
                    {{{"negative_slope", 0.2}}}, leakyReluOf),
            declareWithOptions<LogitOptions>("logit", "The number with this sigmoid.",
                                             R"(\ln \frac{x}{1 - x})",
                                             {arg("eps", &LogitOptions::eps,
                                                  "Numbers are kept this far from 0 and 1 first.")},
                                             {{{"eps", 0.1}}}, logitOf, {.low = 0, .high = 1}),
            declareWithOptions<NanToNumOptions>(
                    "nan_to_num", "Puts numbers in the place of NaN and infinities.", "x",
                    {arg("nan", &NanToNumOptions::nan, "Stands for NaN."),
                     arg("posinf", &NanToNumOptions::posinf,
                         "Stands for infinity; null: the largest number there is."),
                     arg("neginf", &NanToNumOptions::neginf,
                         "Stands for negative infinity; null: the lowest number there is.")},
                    {{{"nan", 0.5}, {"posinf", 9.0}, {"neginf", -9.0}}}, nanToNumOf),
            declareWithOptions<RoundOptions>(
                    "round", "Rounds to the nearest, half to even.", R"(\operatorname{round}(x))",
                    {arg("decimals", &RoundOptions::decimals,
                         "Decimals that stay; negative: tens, hundreds, ...")},
                    {{{"decimals", 2}}, {{"decimals", -1}}}, roundOf, {}, false),
            declareWithOptions<SoftplusOptions>(
                    "softplus", "A smooth relu.", R"(\frac1\beta \ln(1 + e^{\beta x}))",
                    {arg("beta", &SoftplusOptions::beta, "The larger, the sharper the bend."),
                     arg("threshold", &SoftplusOptions::threshold,
                         "Beyond beta x = this it is the number itself.")},
                    {{{"beta", 2.0}, {"threshold", 1.0}}}, softplusOf)};
}

} // namespace mrg
