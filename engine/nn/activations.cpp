// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/autograd/Node.h"
#include "engine/kernels/elementwise.h"
#include "engine/kernels/softmax.h"
#include "engine/nn/Module.h"
#include "engine/nn/families.h"

#include <cmath>
#include <numbers>

namespace mrg {

namespace {

/// A module that applies one function to every element. Rule is a struct of the Options and two
/// static functions: value(x, options) and slope(x, y, options), the derivative from input and
/// output.
template <typename Rule> class Pointwise : public Module {
public:
    using Options = typename Rule::Options;
    explicit Pointwise(Options options_) : options(options_) {}

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const Tensor x = inputs[0].compact();
        Tensor y = Tensor::empty(x.shape(), x.dtype());
        dispatchFloating(x.dtype(), Rule::name, [&](auto tag) {
            using T = typename decltype(tag)::type;
            kernels::unary<T, T>(x, y, [o = options](T v) { return Rule::value(v, o); });
        });
        if (shouldRecord({&inputs[0]})) {
            record(Rule::name, {inputs[0]}, {y},
                   [o = options, sx = SavedTensor(x), sy = SavedTensor(y, SavedTensor::Output)](
                           const Gradients &g) { return Gradients{back(o, sx.unpack(), sy.unpack(), g[0])}; });
        }
        return {y};
    }

    Options options;

private:
    static Tensor back(const Options &o, const Tensor &x, const Tensor &y, const Tensor &gradient)
    {
        const Tensor g = gradient.compact();
        Tensor out = Tensor::empty(x.shape(), x.dtype());
        dispatchFloating(x.dtype(), Rule::name, [&](auto tag) {
            using T = typename decltype(tag)::type;
            launchPointwise(out.numel(), [o, in = x.data<T>(), result = y.data<T>(), from = g.data<T>(),
                                          to = out.data<T>()](int64_t begin, int64_t end) {
                for (int64_t i = begin; i < end; ++i)
                    to[i] = from[i] * Rule::slope(in[i], result[i], o);
            });
        });
        return out;
    }
};

struct ReLURule {
    static constexpr const char *name = "ReLU";
    struct Options {
        bool inplace = false;
    };
    // A NaN passes, as in PyTorch.
    template <typename T> static T value(T x, const Options &) { return x <= T(0) ? T(0) : x; }
    template <typename T> static T slope(T, T y, const Options &) { return y <= T(0) ? T(0) : T(1); }
};

struct LeakyReLURule {
    static constexpr const char *name = "LeakyReLU";
    struct Options {
        double negative_slope = 0.01;
        bool inplace = false;
    };
    template <typename T> static T value(T x, const Options &o)
    {
        return x > T(0) ? x : x * static_cast<T>(o.negative_slope);
    }
    template <typename T> static T slope(T x, T, const Options &o)
    {
        return x > T(0) ? T(1) : static_cast<T>(o.negative_slope);
    }
};

struct TanhRule {
    static constexpr const char *name = "Tanh";
    struct Options {};
    template <typename T> static T value(T x, const Options &) { return std::tanh(x); }
    template <typename T> static T slope(T, T y, const Options &) { return T(1) - y * y; }
};

struct SigmoidRule {
    static constexpr const char *name = "Sigmoid";
    struct Options {};
    template <typename T> static T value(T x, const Options &) { return T(1) / (T(1) + std::exp(-x)); }
    template <typename T> static T slope(T, T y, const Options &) { return y * (T(1) - y); }
};

enum class Approximate { None, Tanh };

struct GELURule {
    static constexpr const char *name = "GELU";
    struct Options {
        Approximate approximate = Approximate::None;
    };
    static constexpr double cubic = 0.044715;
    static constexpr double scale = std::numbers::sqrt2 * std::numbers::inv_sqrtpi; // sqrt(2 / pi)

    template <typename T> static T value(T x, const Options &o)
    {
        if (o.approximate == Approximate::Tanh)
            return T(0.5) * x * (T(1) + std::tanh(T(scale) * (x + T(cubic) * x * x * x)));
        return T(0.5) * x * (T(1) + std::erf(x * T(1 / std::numbers::sqrt2)));
    }
    template <typename T> static T slope(T x, T, const Options &o)
    {
        if (o.approximate == Approximate::Tanh) {
            const T t = std::tanh(T(scale) * (x + T(cubic) * x * x * x));
            const T inner = T(scale) * (T(1) + T(3 * cubic) * x * x);
            return T(0.5) * (T(1) + t) + T(0.5) * x * (T(1) - t * t) * inner;
        }
        const T density = std::exp(T(-0.5) * x * x) * T(0.5 * scale);
        return T(0.5) * (T(1) + std::erf(x * T(1 / std::numbers::sqrt2))) + x * density;
    }
};

/// torch.nn.Softmax: dim null picks 0 for 0-, 1- and 3-d input, else 1.
class Softmax : public Module {
public:
    struct Options {
        std::optional<int64_t> dim;
    };
    explicit Softmax(Options options_) : options(options_) {}

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const Tensor x = inputs[0].compact();
        const int64_t rank = x.dim();
        const int64_t dim = wrapDim(options.dim.value_or(rank == 0 || rank == 1 || rank == 3 ? 0 : 1),
                                    rank, "Softmax");
        const kernels::Rows rows = kernels::rowsAlong(x.shape(), dim);
        Tensor y = Tensor::empty(x.shape(), x.dtype());
        dispatchFloating(x.dtype(), "Softmax", [&](auto tag) {
            using T = typename decltype(tag)::type;
            kernels::softmax<T>(rows, x.data<T>(), y.data<T>());
        });
        if (shouldRecord({&inputs[0]})) {
            record("softmax", {inputs[0]}, {y},
                   [rows, sy = SavedTensor(y, SavedTensor::Output)](const Gradients &g) {
                       const Tensor out = sy.unpack();
                       const Tensor gradient = g[0].compact();
                       Tensor back = Tensor::empty(out.shape(), out.dtype());
                       dispatchFloating(out.dtype(), "Softmax", [&](auto tag) {
                           using T = typename decltype(tag)::type;
                           kernels::softmaxBackward<T>(rows, out.data<T>(), gradient.data<T>(),
                                                       back.data<T>());
                       });
                       return Gradients{back};
                   });
        }
        return {y};
    }

    Options options;
};

Result<Shapes> softmaxShape(const Softmax::Options &options, const Shapes &in)
{
    const auto rank = static_cast<int64_t>(in.at(0).size());
    if (options.dim)
        wrapDim(*options.dim, rank, "dim");
    return in;
}

/// What the pointwise activations have in common.
template <typename M>
Declaration<typename M::Options> activation(const char *name, const char *summary, const char *formula,
                                            std::vector<Arg> args = {})
{
    return {.name = name,
            .group = Group::Activation,
            .summary = summary,
            .formula = formula,
            .source = std::string("torch.nn.") + name,
            .args = std::move(args),
            .inputs = {{.name = "input", .pattern = "*"}},
            .outputs = {{.name = "output", .pattern = "*"}},
            .samples = {{.inputs = {{4, 3}}}, {.inputs = {{2, 3, 2}}}}};
}

} // namespace

template <> struct EnumTexts<Approximate> {
    static constexpr std::array texts{std::pair{Approximate::None, "none"},
                                      std::pair{Approximate::Tanh, "tanh"}};
};

std::vector<ModuleSpec> activationModules()
{
    using ReLU = Pointwise<ReLURule>;
    using LeakyReLU = Pointwise<LeakyReLURule>;
    using GELU = Pointwise<GELURule>;
    const char *inplace = "Kept for torch's sake: the input's memory is not reused.";
    return {
            declare<ReLU>(activation<ReLU>("ReLU", "Keeps the positive part.", R"(\max(0, x))",
                                           {arg("inplace", &ReLU::Options::inplace, inplace)})),
            declare<LeakyReLU>(activation<LeakyReLU>(
                    "LeakyReLU", "Keeps a small slope below zero.", R"(\max(0,x) + a \min(0,x))",
                    {arg("negative_slope", &LeakyReLU::Options::negative_slope, "Slope below zero."),
                     arg("inplace", &LeakyReLU::Options::inplace, inplace)})),
            declare<GELU>(activation<GELU>(
                    "GELU", "Weighs the input by the normal distribution function.", R"(x \Phi(x))",
                    {arg("approximate", &GELU::Options::approximate,
                         "none: by the error function; tanh: by its usual approximation.")})),
            declare<Pointwise<TanhRule>>(activation<Pointwise<TanhRule>>(
                    "Tanh", "Squashes to the range -1 to 1.", R"(\tanh(x))")),
            declare<Pointwise<SigmoidRule>>(activation<Pointwise<SigmoidRule>>(
                    "Sigmoid", "Squashes to the range 0 to 1.", R"(\frac{1}{1 + e^{-x}})")),
            declare<Softmax>({.name = "Softmax",
                              .group = Group::Activation,
                              .summary = "Positive numbers that sum to 1 along a dimension.",
                              .formula = R"(\frac{e^{x_i}}{\sum_j e^{x_j}})",
                              .source = "torch.nn.Softmax",
                              .args = {arg("dim", &Softmax::Options::dim,
                                           "The dimension that sums to 1; none: 0 for 0-, 1- and 3-d "
                                           "inputs, else 1.")},
                              .inputs = {{.name = "input", .pattern = "*"}},
                              .outputs = {{.name = "output", .pattern = "*"}},
                              .infer = softmaxShape,
                              .samples = {{.args = {{"dim", 1}}, .inputs = {{4, 3}}},
                                          {.args = {}, .inputs = {{2, 3, 2}}}},
                              .badSamples = {{.args = {{"dim", 2}},
                                              .inputs = {{4, 3}},
                                              .kind = "dimension_error_out_of_range"}}})};
}

} // namespace mrg
