// SPDX-License-Identifier: GPL-3.0-or-later
// Losses of probabilities and of what stands for them: logits, log-probabilities, signed scores.
#include "engine/nn/PointwiseLoss.h"
#include "engine/nn/families.h"

#include <algorithm>
#include <cmath>

namespace mrg {

namespace {

struct WeightedOptions {
    Tensor weight;
    Reduction reduction = Reduction::Mean;
};

/// The common part of input, target and weights that repeat to the input's shape.
template <typename O>
Result<Shape> weightedShape(const std::vector<std::pair<const char *, Tensor O::*>> &weights,
                            const O &o, const Shapes &in)
{
    for (const auto &[name, weight] : weights) {
        if (Result<void> fits = checkSpread(o.*weight, name, in.at(0)); !fits)
            return fits.error();
    }
    return PointwiseRule<O>::shape(o, in);
}

struct CrossEntropyRule : PointwiseRule<WeightedOptions> {
    static constexpr const char *name = "BCELoss", *function = "binary_cross_entropy";
    static constexpr size_t inputs = 2, differentiable = 2, operands = 3;
    static std::vector<std::pair<const char *, Tensor Options::*>> buffers()
    {
        return {{"weight", &Options::weight}};
    }
    static Result<Shape> shape(const Options &o, const Shapes &in)
    {
        return weightedShape(buffers(), o, in);
    }
    static DType type(const char *where, const Options &, std::span<const Tensor> in)
    {
        requireFloating(where, in[0]);
        if (in[1].dtype() != in[0].dtype()) {
            throw Error(ErrorCategory::DType, "dtype_mismatch", where,
                        std::string("target of ") + dtypeName(in[1].dtype()),
                        std::string("the input's type ") + dtypeName(in[0].dtype()),
                        "convert the target with to()");
        }
        return in[0].dtype();
    }

    /// A logarithm that ends at -100.
    template <typename V> static V boundedLog(V log) { return log < V(-100) ? V(-100) : log; }
    template <typename V> static V value(const Options &, const std::array<V, 3> &x)
    {
        using std::log, std::log1p;
        if (!(x[0] >= V(0) && x[0] <= V(1))) {
            throw Error(ErrorCategory::Value, "probability_out_of_range", name,
                        "an input outside [0, 1]", "probabilities",
                        "put a Sigmoid before it, or use BCEWithLogitsLoss");
        }
        return x[2] * ((x[1] - V(1)) * boundedLog(log1p(-x[0])) - x[1] * boundedLog(log(x[0])));
    }
    template <typename V> static std::array<V, 2> slopes(const Options &, const std::array<V, 3> &x)
    {
        using std::log, std::log1p;
        const V spread = (V(1) - x[0]) * x[0];
        const V least = V(1e-12f); // a float constant in PyTorch
        return {x[2] * (x[0] - x[1]) / (spread < least ? least : spread),
                x[2] * (log1p(-x[0]) - log(x[0]))};
    }
};

/// log(1 + e^-x) without overflow.
template <typename V> V softplusOfNegative(V x)
{
    using std::exp, std::log1p;
    const V size = x < V(0) ? -x : x;
    return log1p(exp(-size)) + (x < V(0) ? -x : V(0));
}
/// 1 / (1 + e^x) without overflow.
template <typename V> V oneMinusSigmoid(V x)
{
    using std::exp;
    const V faded = exp(x < V(0) ? x : -x);
    return (x < V(0) ? V(1) : faded) / (V(1) + faded);
}

struct LogitOptions : WeightedOptions {
    Tensor pos_weight;
};
struct LogitRule : PointwiseRule<LogitOptions> {
    static constexpr const char *name = "BCEWithLogitsLoss",
                                *function = "binary_cross_entropy_with_logits";
    static constexpr size_t inputs = 2, differentiable = 2, operands = 4;
    static std::vector<std::pair<const char *, Tensor Options::*>> buffers()
    {
        return {{"weight", static_cast<Tensor Options::*>(&Options::weight)},
                {"pos_weight", &Options::pos_weight}};
    }
    static Result<Shape> shape(const Options &o, const Shapes &in)
    {
        return weightedShape(buffers(), o, in);
    }
    /// As in PyTorch, which works in the memory of 1 - target.
    static DType type(const char *where, const Options &, std::span<const Tensor> in)
    {
        requireFloating(where, in[0]);
        requireFloating(where, in[1]);
        return in[1].dtype();
    }

    template <typename V> static V value(const Options &, const std::array<V, 4> &x)
    {
        const V positive = V(1) + (x[3] - V(1)) * x[1];
        return x[2] * ((V(1) - x[1]) * x[0] + positive * softplusOfNegative(x[0]));
    }
    template <typename V> static std::array<V, 2> slopes(const Options &, const std::array<V, 4> &x)
    {
        const V positive = V(1) + (x[3] - V(1)) * x[1];
        return {x[2] * ((V(1) - x[1]) - positive * oneMinusSigmoid(x[0])),
                x[2] * ((x[3] - V(1)) * softplusOfNegative(x[0]) - x[0])};
    }
};

/// How KLDivLoss reduces: batchmean is the mean over samples that the definition asks for.
enum class DivergenceReduction { None, Mean, Sum, BatchMean };

} // namespace

template <> struct EnumTexts<DivergenceReduction> {
    static constexpr std::array texts{std::pair{DivergenceReduction::None, "none"},
                                      std::pair{DivergenceReduction::Mean, "mean"},
                                      std::pair{DivergenceReduction::Sum, "sum"},
                                      std::pair{DivergenceReduction::BatchMean, "batchmean"}};
};

namespace {

struct DivergenceOptions {
    DivergenceReduction reduction = DivergenceReduction::Mean;
    bool log_target = false;
};
struct DivergenceRule : BroadcastRule<DivergenceOptions> {
    static constexpr const char *name = "KLDivLoss", *function = "kl_div";
    static constexpr size_t inputs = 2, differentiable = 2, operands = 2;
    static DType type(const char *where, const Options &o, std::span<const Tensor> in)
    {
        requireFloating(where, in[0]);
        requireFloating(where, in[1]);
        return BroadcastRule::type(where, o, in);
    }
    static bool reduced(const Options &o) { return o.reduction != DivergenceReduction::None; }
    static bool mean(const Options &o)
    {
        return o.reduction == DivergenceReduction::Mean
                || o.reduction == DivergenceReduction::BatchMean;
    }
    static double divisor(const Options &o, const Shape &shape, const Shape &input)
    {
        if (o.reduction == DivergenceReduction::Mean || input.empty())
            return static_cast<double>(numel(shape));
        return static_cast<double>(input[0]);
    }

    template <typename V> static V value(const Options &o, const std::array<V, 2> &x)
    {
        using std::exp, std::log;
        if (o.log_target)
            return exp(x[1]) * (x[1] - x[0]);
        return (x[1] == V(0) ? V(0) : x[1] * log(x[1])) - x[1] * x[0];
    }
    template <typename V>
    static std::array<V, 2> slopes(const Options &o, const std::array<V, 2> &x)
    {
        using std::exp, std::log;
        if (o.log_target) {
            const V p = exp(x[1]);
            return {-p, p * (x[1] - x[0] + V(1))};
        }
        return {-x[1], (x[1] == V(0) ? V(0) : log(x[1])) + x[1] / x[1] - x[0]};
    }
};

struct SoftMarginOptions {
    Reduction reduction = Reduction::Mean;
};
struct SoftMarginRule : BroadcastRule<SoftMarginOptions> {
    static constexpr const char *name = "SoftMarginLoss", *function = "soft_margin_loss";
    static constexpr size_t inputs = 2, differentiable = 1, operands = 2;
    static DType type(const char *where, const Options &o, std::span<const Tensor> in)
    {
        requireFloating(where, in[0]);
        BroadcastRule::type(where, o, in);
        return in[0].dtype();
    }
    /// The target spreads over the input, not the input over the target.
    static Result<Shape> shape(const Options &o, const Shapes &in)
    {
        const Result<Shape> common = BroadcastRule::shape(o, in);
        return common && *common == in[0] ? common : checkSameShape(in[0], in[1]).error();
    }
    template <typename V> static V value(const Options &, const std::array<V, 2> &x)
    {
        return softplusOfNegative(x[1] * x[0]);
    }
    template <typename V> static std::array<V, 1> slopes(const Options &, const std::array<V, 2> &x)
    {
        return {-x[1] * oneMinusSigmoid(x[1] * x[0])};
    }
};

/// Mean binary cross-entropy over the classes, whose number is the last size: the elements of the
/// logit loss, averaged along the last dimension.
class MultiLabelSoftMarginLoss : public Module {
public:
    using Options = WeightedOptions;
    explicit MultiLabelSoftMarginLoss(Options options)
        : m_options(std::move(options)),
          m_elements(std::make_shared<LogitOptions>())
    {
        m_elements->reduction = Reduction::None;
        registerBuffer("weight", weight, lossBuffer(m_options.weight));
    }

    static Shape itemsOf(const Shape &x) { return Shape(x.begin(), x.end() - 1); }
    /// Input, target and weight broadcast; the classes are the input's last dimension.
    static Result<Shape> commonShape(const Options &o, const Shapes &in)
    {
        if (in.at(0).empty()) {
            return Error(ErrorCategory::Shape, "dimension_count_mismatch", "", "input []",
                         "at least one dimension, that of the classes");
        }
        const Result<Shape> common = broadcastShapes(in[0], in.at(1));
        if (!common || common->size() > in[0].size())
            return checkSameShape(in[0], in[1]).error();
        if (Result<void> fits = checkSpread(o.weight, "weight", *common); !fits)
            return fits.error();
        return *common;
    }
    static Result<Shapes> infer(const Options &o, const Shapes &in)
    {
        const Result<Shape> common = commonShape(o, in);
        return common ? lossShape(o.reduction, itemsOf(*common)) : Result<Shapes>(common.error());
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const char *name = "MultiLabelSoftMarginLoss";
        requireFloating(name, inputs[0]);
        refuseMasks(name, inputs.subspan(1));
        const DType dtype = meetingType(name, inputs);
        inferred(name, infer(m_options, {inputs[0].shape(), inputs[1].shape()}));
        const Shape shape = commonShape(m_options, {inputs[0].shape(), inputs[1].shape()}).value();
        const auto spread = [&](const Tensor &input) {
            const Tensor cast
                    = input.isFloatingPoint() ? castFloating(input, dtype) : input.toType(dtype);
            return cast.shape() == shape ? cast : expand(cast, shape);
        };
        const std::array<Tensor, 4> x{spread(inputs[0]), spread(inputs[1]),
                                      weight.defined() ? spread(weight) : Tensor(), Tensor()};
        if (m_options.reduction != Reduction::None) {
            const int64_t classes = shape.empty() ? 1 : shape.back();
            const int64_t items
                    = m_options.reduction == Reduction::Mean ? numel(itemsOf(shape)) : 1;
            return {PointwiseComputation<LogitRule>(m_elements, x, true,
                                                    static_cast<double>(classes * items))()};
        }
        const Tensor elements = PointwiseComputation<LogitRule>(m_elements, x, false, 1)();
        return {meanOfLast(elements)};
    }

    Tensor weight;

private:
    /// Recorded, and again differentiable.
    static Tensor meanOfLast(const Tensor &x)
    {
        const Shape items = itemsOf(x.shape());
        const int64_t classes = x.shape().empty() ? 1 : x.shape().back();
        Tensor out = Tensor::empty(items, x.dtype());
        const Tensor source = x.compact();
        dispatchFloating(x.dtype(), "MultiLabelSoftMarginLoss", [&](auto tag) {
            using T = typename decltype(tag)::type;
            launch([from = source.data<T>(), to = out.data<T>(), n = out.numel(), classes] {
                for (int64_t i = 0; i < n; ++i)
                    to[i] = static_cast<T>(sumOf(from + i * classes, classes)
                                           / static_cast<double>(classes));
            });
        });
        if (shouldRecord({&x})) {
            record("mean", {x}, {out}, [shape = x.shape(), classes](const Gradients &g) {
                Shape column = g[0].shape();
                if (!shape.empty())
                    column.push_back(1);
                const Tensor wide = expand(reshape(g[0], column), shape);
                return Gradients{spreadOver(wide, classes)};
            });
        }
        return out;
    }
    /// x / classes; its own derivative is the same again.
    static Tensor spreadOver(const Tensor &x, int64_t classes)
    {
        const Tensor source = x.compact();
        Tensor out = Tensor::empty(x.shape(), x.dtype());
        dispatchFloating(x.dtype(), "MultiLabelSoftMarginLoss", [&](auto tag) {
            using T = typename decltype(tag)::type;
            launchPointwise(out.numel(),
                            [from = source.data<T>(), to = out.data<T>(),
                             share = T(1) / static_cast<T>(classes)](int64_t begin, int64_t end) {
                                for (int64_t i = begin; i < end; ++i)
                                    to[i] = from[i] * share;
                            });
        });
        if (shouldRecord({&x}))
            record("div", {x}, {out},
                   [classes](const Gradients &g) { return Gradients{spreadOver(g[0], classes)}; });
        return out;
    }

    Options m_options;
    std::shared_ptr<LogitOptions> m_elements;
};

} // namespace

std::vector<ModuleSpec> probabilityLosses()
{
    using W = WeightedOptions;
    using L = LogitOptions;
    using D = DivergenceOptions;
    const char *elementWeight = "Weight of each element (broadcast).";
    const std::vector<Port> multiHot{{.name = "input", .pattern = "*", .summary = "Scores."},
                                     {.name = "target",
                                      .pattern = "*",
                                      .summary = "1 where the label holds, else 0.",
                                      .form = TargetForm::MultiHot}};
    std::vector<Port> probabilities = multiHot;
    probabilities[0] = {.name = "input",
                        .pattern = "*",
                        .summary = "Probabilities.",
                        .domain = {.low = 0, .high = 1}};
    const std::vector<Port> signs{
            {.name = "input", .pattern = "*", .summary = "Scores."},
            {.name = "target", .pattern = "*", .summary = "1 or -1.", .form = TargetForm::Sign}};
    const ValueList three{0.5, 2.0, 1.0};
    const BadSample wrongSize{.inputs = {{4, 3}, {4, 2}}, .kind = "size_mismatch"};
    return {declarePointwise<CrossEntropyRule>(
                    {.summary = "Binary cross-entropy of probabilities.",
                     .formula = R"(-w(y\log x + (1-y)\log(1-x)),\ logs\ not\ below\ -100)",
                     .source = "torch.nn.BCELoss",
                     .args = {arg("weight", &W::weight, elementWeight), reductionArg<W>()},
                     .inputs = probabilities,
                     .samples = {{.inputs = {{4, 3}, {4, 3}}},
                                 {.args = {{"weight", three}, {"reduction", "none"}},
                                  .inputs = {{4, 3}, {4, 3}}}},
                     .badSamples = {{.inputs = {{4, 3}, {4, 1}}, .kind = "size_mismatch"},
                                    {.args = {{"weight", ValueList{1.0, 2.0}}},
                                     .inputs = {{4, 3}, {4, 3}},
                                     .kind = "weight_size_mismatch"}}}),
            declarePointwise<LogitRule>(
                    {.summary = "Sigmoid and binary cross-entropy in one stable formula.",
                     .formula = R"(w((1-y)x + (1+(p-1)y)\log(1+e^{-x})))",
                     .source = "torch.nn.BCEWithLogitsLoss",
                     .args = {arg("weight", static_cast<Tensor L::*>(&L::weight), elementWeight),
                              reductionArg<L>(),
                              arg("pos_weight", &L::pos_weight,
                                  "Weight of the positive answers of each class.")},
                     .inputs = multiHot,
                     .samples = {{.inputs = {{4, 3}, {4, 3}}},
                                 {.args = {{"reduction", "none"}}, .inputs = {{4, 3}, {4, 3}}},
                                 {.args = {{"weight", three},
                                           {"pos_weight", ValueList{3.0, 1.0, 0.5}},
                                           {"reduction", "sum"}},
                                  .inputs = {{4, 3}, {4, 3}}}},
                     .badSamples = {{.inputs = {{4, 3}, {4, 1}}, .kind = "size_mismatch"},
                                    {.args = {{"pos_weight", ValueList{1.0, 2.0}}},
                                     .inputs = {{4, 3}, {4, 3}},
                                     .kind = "weight_size_mismatch"}}}),
            declarePointwise<DivergenceRule>(
                    {.summary = "The divergence of the target distribution from the input.",
                     .formula = R"(y(\log y - x),\ or\ e^y(y-x)\ with\ log\_target)",
                     .source = "torch.nn.KLDivLoss",
                     .args = {arg("reduction", &D::reduction,
                                  "none: a value per element; mean: their mean; sum: their sum; "
                                  "batchmean: "
                                  "the sum over the number of samples, which is the divergence."),
                              arg("log_target", &D::log_target,
                                  "The target is the logarithm of probabilities.")},
                     .inputs = {{.name = "input", .pattern = "*", .summary = "Log-probabilities."},
                                {.name = "target",
                                 .pattern = "*",
                                 .summary = "Probabilities, or their logarithms.",
                                 .form = TargetForm::Values}},
                     .samples = {{.args = {{"log_target", true}}, .inputs = {{4, 3}, {4, 3}}},
                                 {.args = {{"log_target", true}, {"reduction", "batchmean"}},
                                  .inputs = {{4, 3}, {4, 3}}}},
                     .badSamples = {wrongSize}}),
            declarePointwise<SoftMarginRule>(
                    {.summary = "Logistic loss for two classes.",
                     .formula = R"(\log(1+e^{-yx}))",
                     .source = "torch.nn.SoftMarginLoss",
                     .args = {reductionArg<SoftMarginOptions>()},
                     .inputs = signs,
                     .samples = {{.inputs = {{4, 3}, {4, 3}}},
                                 {.args = {{"reduction", "none"}}, .inputs = {{4}, {4}}}},
                     .badSamples = {wrongSize}}),
            declare<MultiLabelSoftMarginLoss>(
                    {.name = "MultiLabelSoftMarginLoss",
                     .group = Group::Loss,
                     .summary = "Mean binary cross-entropy over the classes.",
                     .formula
                     = R"(-\frac1C\sum_i w_i(y_i\log\sigma(x_i) + (1-y_i)\log\sigma(-x_i)))",
                     .source = "torch.nn.MultiLabelSoftMarginLoss",
                     .args
                     = {arg("weight", &W::weight, "Weight of each class."), reductionArg<W>()},
                     .inputs = multiHot,
                     .outputs = {{.name = "loss", .pattern = "*"}},
                     .infer = MultiLabelSoftMarginLoss::infer,
                     .samples = {{.inputs = {{4, 3}, {4, 3}}},
                                 {.args = {{"reduction", "none"}}, .inputs = {{4, 3}, {4, 3}}},
                                 {.args = {{"weight", three}}, .inputs = {{3}, {3}}}},
                     .badSamples = {{.inputs = {{4, 3}, {4, 2}}, .kind = "size_mismatch"},
                                    {.args = {{"weight", ValueList{1.0, 2.0}}},
                                     .inputs = {{4, 3}, {4, 3}},
                                     .kind = "weight_size_mismatch"}}})};
}

} // namespace mrg
