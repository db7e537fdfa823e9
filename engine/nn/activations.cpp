// SPDX-License-Identifier: GPL-3.0-or-later
// Activations of every element for itself; those that look at several are in softmax_modules.cpp.
#include "engine/ops/activations.h"

#include "engine/nn/Module.h"
#include "engine/nn/families.h"
#include "engine/nn/init.h"
#include "engine/ops/inplace.h"
#include "engine/ops/pointwise.h"

namespace mrg {

namespace {

struct NoOptions { };
struct InplaceOnly {
    bool inplace = false;
};

/// A module that applies a function of a tensor and its options. F is a lambda without captures.
template <typename O, typename F> class Activation : public Module {
public:
    using Options = O;
    explicit Activation(Options options_) : options(options_) { }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const auto apply = [this](const Tensor &x) { return F{}(x, options); };
        if constexpr (requires { options.inplace; }) {
            if (options.inplace)
                return {inPlace(inputs[0], apply)};
        }
        return {apply(inputs[0])};
    }

    Options options;
};

template <typename O> Arg inplaceArg()
{
    return arg("inplace", &O::inplace, "Whether to write into the input's memory.");
}

/// The declaration of an activation; `more` are samples' arguments besides the defaults.
template <typename O, typename F>
ModuleSpec activation(const char *name, const char *summary, const char *formula, F,
                      std::vector<Arg> args = {}, Arguments more = {},
                      std::function<Result<void>(const O &)> validate = {},
                      std::vector<BadSample> bad = {})
{
    using M = Activation<O, F>;
    if constexpr (requires { O{}.inplace; }) {
        const auto isInplace = [](const Arg &a) { return a.name == "inplace"; };
        if (std::none_of(args.begin(), args.end(), isInplace))
            args.push_back(inplaceArg<O>());
    }
    std::vector<Sample> samples{{.inputs = {{4, 3}}}, {.inputs = {{2, 3, 2}}}, {.inputs = {{}}}};
    if (!more.empty())
        samples.push_back({.args = std::move(more), .inputs = {{5}}});
    return declare<M>({.name = name,
                       .group = Group::Activation,
                       .summary = summary,
                       .formula = formula,
                       .source = std::string("torch.nn.") + name,
                       .args = std::move(args),
                       .inputs = {{.name = "input", .pattern = "*"}},
                       .outputs = {{.name = "output", .pattern = "*"}},
                       .validate = std::move(validate),
                       .samples = std::move(samples),
                       .badSamples = std::move(bad)});
}

/// The same for one without options of its own.
template <typename O, Tensor (*call)(const Tensor &)>
ModuleSpec plain(const char *name, const char *summary, const char *formula)
{
    return activation<O>(name, summary, formula,
                         [](const Tensor &x, const O &) { return call(x); });
}

struct AlphaOptions {
    double alpha = 1.0;
    bool inplace = false;
};
struct LeakyOptions {
    double negative_slope = 0.01;
    bool inplace = false;
};
struct HardtanhOptions {
    double min_val = -1.0;
    double max_val = 1.0;
    bool inplace = false;
    std::optional<int64_t> min_value;
    std::optional<int64_t> max_value;

    // The old names win, as in PyTorch.
    double low() const { return min_value ? static_cast<double>(*min_value) : min_val; }
    double high() const { return max_value ? static_cast<double>(*max_value) : max_val; }
};
struct LambdaOptions {
    double lambd = 0.5;
};
struct SoftplusOptions {
    double beta = 1;
    double threshold = 20;
};
struct ThresholdOptions {
    double threshold = 0;
    double value = 0;
    bool inplace = false;
};
enum class Approximate { None, Tanh };
struct GELUOptions {
    Approximate approximate = Approximate::None;
};

/// torch.nn.PReLU (He et al., 2015).
class PReLU : public Module {
public:
    struct Options {
        int64_t num_parameters = 1;
        double init = 0.25;
    };
    explicit PReLU(Options options_) : options(options_)
    {
        registerParameter("weight", weight, {options.num_parameters});
        initialize(RandomStream());
    }
    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        return {prelu(inputs[0], weight)};
    }

    static Result<Shapes> infer(const Options &o, const Shapes &in)
    {
        const Shape &x = in.at(0);
        const int64_t channels = x.size() > 1 ? x[1] : 1;
        if (o.num_parameters == 1 || o.num_parameters == channels)
            return in;
        Error error(ErrorCategory::Shape, "size_mismatch", "", "input " + toString(x),
                    std::to_string(o.num_parameters) + " channels in dimension 1",
                    "set num_parameters to " + std::to_string(channels));
        error.fixArgument = "num_parameters";
        error.fixValue = {channels};
        return error;
    }

    Options options;
    Tensor weight;

protected:
    void resetParameters(RandomStream &) override { init::constant(weight, options.init); }
};

/// torch.nn.RReLU (Xu et al., 2015).
class RReLU : public Module {
public:
    struct Options {
        double lower = 1.0 / 8;
        double upper = 1.0 / 3;
        bool inplace = false;
    };
    explicit RReLU(Options options_) : options(options_) { }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const auto apply = [this](const Tensor &x) {
            return rrelu(x, options.lower, options.upper, training(), random());
        };
        return {options.inplace ? inPlace(inputs[0], apply) : apply(inputs[0])};
    }

    Options options;
};

std::vector<ModuleSpec> modulesWithState()
{
    using P = PReLU::Options;
    using R = RReLU::Options;
    const std::vector<Port> input{{.name = "input", .pattern = "*"}};
    const std::vector<Port> output{{.name = "output", .pattern = "*"}};
    return {declare<PReLU>({.name = "PReLU",
                            .group = Group::Activation,
                            .summary = "Learns the slope below zero.",
                            .formula = R"(\max(0,x) + a \min(0,x))",
                            .source = "torch.nn.PReLU; He et al., ICCV 2015",
                            .args = {arg("num_parameters", &P::num_parameters,
                                         "One slope, or one a channel.", atLeast(1)),
                                     arg("init", &P::init, "What the slopes begin with.")},
                            .inputs = input,
                            .outputs = output,
                            .infer = PReLU::infer,
                            .samples = {{.inputs = {{4, 3}}},
                                        {.args = {{"num_parameters", 3}, {"init", 0.1}},
                                         .inputs = {{2, 3, 2}}},
                                        {.inputs = {{}}}},
                            .badSamples = {{.args = {{"num_parameters", 3}},
                                            .inputs = {{2, 4}},
                                            .kind = "size_mismatch"}}}),
            declare<RReLU>(
                    {.name = "RReLU",
                     .group = Group::Activation,
                     .summary = "Draws the slope below zero for every element while training.",
                     .formula = R"(\max(0,x) + a \min(0,x),\ a \sim U(l, u))",
                     .source = "torch.nn.RReLU; Xu et al., 2015",
                     .args = {arg("lower", &R::lower, "Smallest slope."),
                              arg("upper", &R::upper, "Largest slope."), inplaceArg<R>()},
                     .inputs = input,
                     .outputs = output,
                     .validate = [](const R &o) -> Result<void> {
                         if (o.lower <= o.upper)
                             return {};
                         return Error(ErrorCategory::Value, "bounds_crossed", "",
                                      "lower " + Value(o.lower).toString(),
                                      "at most upper " + Value(o.upper).toString());
                     },
                     .samples = {{.inputs = {{4, 3}}},
                                 {.args = {{"lower", 0.2}, {"upper", 0.5}}, .inputs = {{5}}}},
                     .badSamples = {{.args = {{"lower", 0.5}, {"upper", 0.2}},
                                     .inputs = {{2}},
                                     .kind = "bounds_crossed"}}})};
}

} // namespace

template <> struct EnumTexts<Approximate> {
    static constexpr std::array texts{std::pair{Approximate::None, "none"},
                                      std::pair{Approximate::Tanh, "tanh"}};
};

std::vector<ModuleSpec> activationModules()
{
    const auto crossed = [](const HardtanhOptions &o) -> Result<void> {
        if (o.low() < o.high())
            return {};
        return Error(ErrorCategory::Value, "bounds_crossed", "",
                     "min_val " + Value(o.low()).toString(),
                     "less than max_val " + Value(o.high()).toString());
    };
    const auto noAlpha = [](const AlphaOptions &o) -> Result<void> {
        if (o.alpha != 0)
            return {};
        return Error(ErrorCategory::Value, "division_by_zero", "", "alpha 0", "another number");
    };
    using I = InplaceOnly;
    using N = NoOptions;
    std::vector<ModuleSpec> out{
            plain<I, relu>("ReLU", "Keeps the positive part.", R"(\max(0, x))"),
            activation<I>("ReLU6", "Keeps the positive part up to 6.", R"(\min(\max(0, x), 6))",
                          [](const Tensor &x, const I &) { return hardtanh(x, 0, 6); }),
            plain<I, hardsigmoid>("Hardsigmoid", "A sigmoid of three straight pieces.",
                                  R"(\min(1, \max(0, \frac{x + 3}{6})))"),
            plain<I, hardswish>("Hardswish", "The input times its hard sigmoid.",
                                R"(x \min(1, \max(0, \frac{x + 3}{6})))"),
            plain<I, selu>("SELU", "A scaled exponential unit, which keeps mean and variance.",
                           R"(\lambda (\max(0, x) + \min(0, \alpha (e^x - 1))))"),
            plain<I, silu>("SiLU", "The input times its sigmoid.", R"(x \sigma(x))"),
            plain<I, mish>("Mish", "The input times tanh of its softplus.",
                           R"(x \tanh(\ln(1 + e^x)))"),
            plain<N, tanh>("Tanh", "Squashes to the range -1 to 1.", R"(\tanh(x))"),
            plain<N, sigmoid>("Sigmoid", "Squashes to the range 0 to 1.",
                              R"(\frac{1}{1 + e^{-x}})"),
            plain<N, softsign>("Softsign", "Squashes to the range -1 to 1, slowly.",
                               R"(\frac{x}{1 + |x|})"),
            plain<N, tanhshrink>("Tanhshrink", "The input less its tanh.", R"(x - \tanh(x))"),
            plain<N, logSigmoid>("LogSigmoid", "The logarithm of the sigmoid.",
                                 R"(\ln \frac{1}{1 + e^{-x}})"),
            activation<AlphaOptions>(
                    "ELU", "Bends smoothly to a lowest value below zero.",
                    R"(\max(0,x) + \min(0, \alpha (e^x - 1)))",
                    [](const Tensor &x, const AlphaOptions &o) { return elu(x, o.alpha); },
                    {arg("alpha", &AlphaOptions::alpha, "The lowest value, downwards.")},
                    {{"alpha", 0.5}}),
            activation<AlphaOptions>(
                    "CELU", "An ELU whose slope has no step.",
                    R"(\max(0,x) + \min(0, \alpha (e^{x / \alpha} - 1)))",
                    [](const Tensor &x, const AlphaOptions &o) { return celu(x, o.alpha); },
                    {arg("alpha", &AlphaOptions::alpha, "The lowest value, downwards.")},
                    {{"alpha", 0.5}}, noAlpha,
                    {{.args = {{"alpha", 0.0}}, .inputs = {{2}}, .kind = "division_by_zero"}}),
            activation<LeakyOptions>(
                    "LeakyReLU", "Keeps a small slope below zero.", R"(\max(0,x) + a \min(0,x))",
                    [](const Tensor &x, const LeakyOptions &o) {
                        return leakyRelu(x, o.negative_slope);
                    },
                    {arg("negative_slope", &LeakyOptions::negative_slope, "Slope below zero.")},
                    {{"negative_slope", 0.2}}),
            activation<HardtanhOptions>(
                    "Hardtanh", "Cuts off at two bounds.", R"(\min(\max(x, a), b))",
                    [](const Tensor &x, const HardtanhOptions &o) {
                        return hardtanh(x, o.low(), o.high());
                    },
                    {arg("min_val", &HardtanhOptions::min_val, "Lower bound."),
                     arg("max_val", &HardtanhOptions::max_val, "Upper bound."),
                     inplaceArg<HardtanhOptions>(),
                     arg("min_value", &HardtanhOptions::min_value, "Old name of min_val."),
                     arg("max_value", &HardtanhOptions::max_value, "Old name of max_val.")},
                    {{"min_val", -0.5}, {"max_value", 2}}, crossed,
                    {{.args = {{"min_val", 1.0}, {"max_val", -1.0}},
                      .inputs = {{2}},
                      .kind = "bounds_crossed"}}),
            activation<ThresholdOptions>(
                    "Threshold", "Replaces what does not exceed a threshold.",
                    R"(x \text{ if } x > t \text{ else } v)",
                    [](const Tensor &x, const ThresholdOptions &o) {
                        return threshold(x, o.threshold, o.value);
                    },
                    {requiredArg("threshold", &ThresholdOptions::threshold,
                                 "What must be exceeded."),
                     requiredArg("value", &ThresholdOptions::value, "What comes instead.")},
                    {{"threshold", 0.1}, {"value", 20.0}}),
            activation<LambdaOptions>(
                    "Hardshrink", "Sets what is near zero to zero.",
                    R"(x \text{ if } |x| > \lambda \text{ else } 0)",
                    [](const Tensor &x, const LambdaOptions &o) { return hardshrink(x, o.lambd); },
                    {arg("lambd", &LambdaOptions::lambd, "How near.")}, {{"lambd", 1.0}}),
            activation<LambdaOptions>(
                    "Softshrink", "Moves everything towards zero.",
                    R"(\operatorname{sign}(x) \max(0, |x| - \lambda))",
                    [](const Tensor &x, const LambdaOptions &o) { return softshrink(x, o.lambd); },
                    {arg("lambd", &LambdaOptions::lambd, "How far.", atLeast(0))}, {{"lambd", 1.0}},
                    {}, {{.args = {{"lambd", -1.0}}, .inputs = {{2}}, .kind = "wrong_argument"}}),
            activation<SoftplusOptions>(
                    "Softplus", "A smooth ReLU.", R"(\frac{1}{\beta} \ln(1 + e^{\beta x}))",
                    [](const Tensor &x, const SoftplusOptions &o) {
                        return softplus(x, o.beta, o.threshold);
                    },
                    {arg("beta", &SoftplusOptions::beta, "Sharpness of the bend."),
                     arg("threshold", &SoftplusOptions::threshold,
                         "Above it (times beta) the input itself.")},
                    {{"beta", 3.0}}),
            activation<GELUOptions>(
                    "GELU", "Weighs the input by the normal distribution function.", R"(x \Phi(x))",
                    [](const Tensor &x, const GELUOptions &o) {
                        return gelu(x, o.approximate == Approximate::Tanh);
                    },
                    {arg("approximate", &GELUOptions::approximate,
                         "none: by the error function; tanh: by its usual approximation.")},
                    {{"approximate", "tanh"}})};
    for (ModuleSpec &spec : modulesWithState())
        out.push_back(std::move(spec));
    return out;
}

} // namespace mrg
