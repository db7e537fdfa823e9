// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/autograd/Node.h"
#include "engine/kernels/softmax.h"
#include "engine/nn/Loss.h"
#include "engine/nn/families.h"
#include "engine/nn/spatial.h"
#include "engine/ops/views.h"

#include <cmath>

namespace mrg {

namespace {

struct ClassLossOptions {
    Tensor weight;
    int64_t ignore_index = -100;
    Reduction reduction = Reduction::Mean;
};
struct CrossEntropyOptions : ClassLossOptions {
    double label_smoothing = 0.0;
};

Result<void> checkClassWeight(const Tensor &weight, int64_t classes)
{
    if (!weight.defined() || weight.shape() == Shape{classes})
        return {};
    return Error(ErrorCategory::Shape, "weight_size_mismatch", "", "weight " + toString(weight.shape()),
                 toString(Shape{classes}));
}

Result<Shapes> classLossShape(const ClassLossOptions &o, const Shapes &in)
{
    const Shape &x = in.at(0);
    if (x.empty()) {
        return Error(ErrorCategory::Shape, "dimension_count_mismatch", "", "input []",
                     "[N, C, ...] or [C]");
    }
    const ClassLayout layout = classLayout(x);
    if (in.at(1) != layout.items) {
        return Error(ErrorCategory::Shape, "size_mismatch", "", "target " + toString(in.at(1)),
                     "one class per item, " + toString(layout.items));
    }
    if (Result<void> weight = checkClassWeight(o.weight, layout.classes); !weight)
        return weight.error();
    return lossShape(o.reduction, layout.items);
}

/// Cross-entropy allows class probabilities in the input's own shape as well.
Result<Shapes> crossEntropyShape(const CrossEntropyOptions &o, const Shapes &in)
{
    if (in.at(0) == in.at(1) && !in.at(0).empty()) {
        const ClassLayout layout = classLayout(in[0]);
        if (Result<void> weight = checkClassWeight(o.weight, layout.classes); !weight)
            return weight.error();
        return lossShape(o.reduction, layout.items);
    }
    return classLossShape(o, in);
}

/// Calls item(index of the item, offset of its class 0) for every item.
template <typename F> void forEachItem(const ClassLayout &layout, F f)
{
    for (int64_t o = 0; o < layout.outer; ++o) {
        for (int64_t i = 0; i < layout.inner; ++i)
            f(o * layout.inner + i, o * layout.classes * layout.inner + i);
    }
}

int64_t checkedClass(const char *name, int64_t label, int64_t classes, int64_t item)
{
    if (label < 0 || label >= classes) {
        throw Error(ErrorCategory::Index, "label_out_of_range", name,
                    "class " + std::to_string(label) + " in item " + std::to_string(item),
                    "0 to " + std::to_string(classes - 1));
    }
    return label;
}

/// Negative log-likelihood of log-probabilities, with smoothing over all classes. The gradient is
/// that with respect to the log-probabilities.
template <typename T>
void classItems(const char *name, const CrossEntropyOptions &o, const Tensor &logp, const Tensor &weight,
                const Tensor &target, LossParts &parts)
{
    const ClassLayout &layout = parts.layout;
    const T *values = logp.data<T>();
    const int64_t *labels = target.data<int64_t>();
    const T *weights = weight.defined() ? weight.data<T>() : nullptr;
    T *items = parts.items.data<T>();
    T *gradient = parts.inputGradient.data<T>();
    std::fill_n(gradient, parts.inputGradient.numel(), T(0));
    const T smooth = static_cast<T>(o.label_smoothing / static_cast<double>(layout.classes));
    const T sharp = static_cast<T>(1 - o.label_smoothing);
    double divisor = 0;
    forEachItem(layout, [&](int64_t item, int64_t base) {
        if (labels[item] == o.ignore_index) {
            items[item] = 0;
            return;
        }
        const int64_t label = checkedClass(name, labels[item], layout.classes, item);
        const T w = weights ? weights[label] : T(1);
        T loss = -sharp * w * values[base + label * layout.inner];
        gradient[base + label * layout.inner] = -sharp * w;
        if (smooth != 0) {
            for (int64_t k = 0; k < layout.classes; ++k) {
                const T share = smooth * (weights ? weights[k] : T(1));
                loss -= share * values[base + k * layout.inner];
                gradient[base + k * layout.inner] -= share;
            }
        }
        items[item] = loss;
        divisor += w;
    });
    parts.divisor = divisor;
}

template <typename T>
void probabilityItems(const CrossEntropyOptions &o, const Tensor &logp, const Tensor &weight,
                      const Tensor &target, LossParts &parts)
{
    const ClassLayout &layout = parts.layout;
    const T *values = logp.data<T>();
    const T *shares = target.data<T>();
    const T *weights = weight.defined() ? weight.data<T>() : nullptr;
    const T smooth = static_cast<T>(o.label_smoothing / static_cast<double>(layout.classes));
    const T sharp = static_cast<T>(1 - o.label_smoothing);
    T *items = parts.items.data<T>();
    T *gradient = parts.inputGradient.data<T>();
    T *targetGradient = parts.targetGradient.data<T>();
    forEachItem(layout, [&](int64_t item, int64_t base) {
        T loss = 0;
        for (int64_t k = 0; k < layout.classes; ++k) {
            const int64_t at = base + k * layout.inner;
            const T w = weights ? weights[k] : T(1);
            const T share = w * (shares[at] * sharp + smooth);
            loss -= share * values[at];
            gradient[at] = -share;
            targetGradient[at] = -w * sharp * values[at];
        }
        items[item] = loss;
    });
    parts.divisor = static_cast<double>(layout.count());
}

/// torch.nn.CrossEntropyLoss: log-softmax and negative log-likelihood in one.
class CrossEntropyLoss : public Module {
public:
    using Options = CrossEntropyOptions;
    explicit CrossEntropyLoss(Options options_) : options(std::move(options_))
    {
        registerBuffer("weight", weight, lossBuffer(options.weight));
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const char *name = "CrossEntropyLoss";
        requireFloating(name, inputs[0]);
        const bool probabilities = inputs[1].isFloatingPoint()
                && inputs[0].shape() == inputs[1].shape() && inputs[0].dim() > 0;
        if (!probabilities) {
            inferred(name, classLossShape(options, {inputs[0].shape(), inputs[1].shape()}));
            requireInt64(name, inputs[1]);
        }
        inferred(name, crossEntropyShape(options, {inputs[0].shape(), inputs[1].shape()}));
        const Tensor x = inputs[0].compact();
        const Tensor y = inputs[1].compact();
        LossParts parts;
        parts.layout = classLayout(x.shape());
        parts.items = Tensor::empty(parts.layout.items, x.dtype());
        parts.inputGradient = Tensor::empty(x.shape(), x.dtype());
        const kernels::Rows rows{parts.layout.outer, parts.layout.classes, parts.layout.inner};
        dispatchFloating(x.dtype(), name, [&](auto tag) {
            using T = typename decltype(tag)::type;
            Tensor logp = Tensor::empty(x.shape(), x.dtype());
            kernels::logSoftmax<T>(rows, x.data<T>(), logp.data<T>());
            if (probabilities) {
                parts.targetGradient = Tensor::empty(y.shape(), x.dtype());
                probabilityItems<T>(options, logp, weight, y.toType(x.dtype()), parts);
            } else {
                classItems<T>(name, options, logp, weight, y, parts);
            }
            Tensor throughSoftmax = Tensor::empty(x.shape(), x.dtype());
            kernels::logSoftmaxBackward<T>(rows, logp.data<T>(), parts.inputGradient.data<T>(),
                                           throughSoftmax.data<T>());
            parts.inputGradient = throughSoftmax;
        });
        return {reduceLoss("cross_entropy_loss", options.reduction, inputs[0], inputs[1], parts)};
    }

    Options options;
    Tensor weight;
};

/// torch.nn.NLLLoss: of log-probabilities.
class NLLLoss : public Module {
public:
    using Options = ClassLossOptions;
    explicit NLLLoss(Options options_) : options(std::move(options_))
    {
        registerBuffer("weight", weight, lossBuffer(options.weight));
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const char *name = "NLLLoss";
        requireFloating(name, inputs[0]);
        inferred(name, classLossShape(options, {inputs[0].shape(), inputs[1].shape()}));
        requireInt64(name, inputs[1]);
        const Tensor x = inputs[0].compact();
        LossParts parts;
        parts.layout = classLayout(x.shape());
        parts.items = Tensor::empty(parts.layout.items, x.dtype());
        parts.inputGradient = Tensor::empty(x.shape(), x.dtype());
        CrossEntropyOptions plain;
        static_cast<ClassLossOptions &>(plain) = options;
        dispatchFloating(x.dtype(), name, [&](auto tag) {
            using T = typename decltype(tag)::type;
            classItems<T>(name, plain, x, weight, inputs[1].compact(), parts);
        });
        return {reduceLoss("nll_loss", options.reduction, inputs[0], {}, parts)};
    }

    Options options;
    Tensor weight;
};

/// Binary cross-entropy of a logit in the form that never overflows: its value and slope.
/// f = (1 - y) x + (1 + (p - 1) y) log(1 + e^-x).
template <typename T> T logitLoss(T x, T y, T positive)
{
    const T factor = T(1) + (positive - T(1)) * y;
    return (T(1) - y) * x + factor * (std::log1p(std::exp(-std::abs(x))) + std::max(-x, T(0)));
}
template <typename T> T logitSlope(T x, T y, T positive)
{
    const T factor = T(1) + (positive - T(1)) * y;
    return (T(1) - y) - factor / (T(1) + std::exp(x));
}

/// d f / d y: how the loss changes with the target.
template <typename T> T logitTargetSlope(T x, T positive)
{
    return (positive - T(1)) * (std::log1p(std::exp(-std::abs(x))) + std::max(-x, T(0))) - x;
}

struct LogitOptions {
    Tensor weight;
    Reduction reduction = Reduction::Mean;
    Tensor pos_weight;
};

/// That a weight (undefined: none) repeats to the input's shape.
Result<void> checkSpread(const Tensor &weight, const char *name, const Shape &shape)
{
    if (!weight.defined())
        return {};
    const Result<Shape> common = broadcastShapes(weight.shape(), shape);
    if (common && *common == shape)
        return {};
    return Error(ErrorCategory::Shape, "weight_size_mismatch", "", name + (" " + toString(weight.shape())),
                 "a shape that broadcasts to " + toString(shape));
}

Result<Shapes> sameShapes(Reduction reduction, const Shapes &in, const Shape &items)
{
    if (in.at(0) != in.at(1)) {
        return Error(ErrorCategory::Shape, "size_mismatch", "", "target " + toString(in[1]),
                     "the input's shape " + toString(in[0]));
    }
    return lossShape(reduction, items);
}

Result<Shapes> logitShape(const LogitOptions &o, const Shapes &in)
{
    for (const auto &[weight, name] : {std::pair(&o.weight, "weight"), std::pair(&o.pos_weight, "pos_weight")}) {
        if (Result<void> fits = checkSpread(*weight, name, in.at(0)); !fits)
            return fits.error();
    }
    return sameShapes(o.reduction, in, in.at(0));
}

/// `weight` repeated to `shape`.
Tensor spread(const Tensor &weight, const Shape &shape)
{
    return weight.defined() ? expand(weight, shape).compact() : Tensor();
}

/// Values and slopes of the logit loss for every element; `targetSlopes` may be null.
template <typename T>
void logitElements(const Tensor &x, const Tensor &y, const Tensor &weight, const Tensor &positive,
                   T *values, T *slopes, T *targetSlopes)
{
    const T *in = x.data<T>();
    const T *target = y.data<T>();
    const T *w = weight.defined() ? weight.data<T>() : nullptr;
    const T *p = positive.defined() ? positive.data<T>() : nullptr;
    for (int64_t i = 0; i < x.numel(); ++i) {
        const T scale = w ? w[i] : T(1);
        const T pos = p ? p[i] : T(1);
        values[i] = scale * logitLoss(in[i], target[i], pos);
        slopes[i] = scale * logitSlope(in[i], target[i], pos);
        if (targetSlopes)
            targetSlopes[i] = scale * logitTargetSlope(in[i], pos);
    }
}

/// torch.nn.BCEWithLogitsLoss.
class BCEWithLogitsLoss : public Module {
public:
    using Options = LogitOptions;
    explicit BCEWithLogitsLoss(Options options_) : options(std::move(options_))
    {
        registerBuffer("weight", weight, lossBuffer(options.weight));
        registerBuffer("pos_weight", pos_weight, lossBuffer(options.pos_weight));
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const char *name = "BCEWithLogitsLoss";
        requireFloating(name, inputs[0]);
        const Shape &shape = inputs[0].shape();
        inferred(name, logitShape(options, {shape, inputs[1].shape()}));
        const Tensor x = inputs[0].compact();
        const Tensor y = inputs[1].toType(x.dtype()).compact();
        LossParts parts;
        parts.layout = {x.numel(), 1, 1, shape};
        parts.items = Tensor::empty(shape, x.dtype());
        parts.inputGradient = Tensor::empty(shape, x.dtype());
        if (shouldRecord({&inputs[1]}))
            parts.targetGradient = Tensor::empty(shape, x.dtype());
        parts.divisor = static_cast<double>(x.numel());
        dispatchFloating(x.dtype(), name, [&](auto tag) {
            using T = typename decltype(tag)::type;
            logitElements<T>(x, y, spread(weight, shape), spread(pos_weight, shape),
                             parts.items.data<T>(), parts.inputGradient.data<T>(),
                             parts.targetGradient.defined() ? parts.targetGradient.data<T>() : nullptr);
        });
        return {reduceLoss("binary_cross_entropy_with_logits", options.reduction, inputs[0], inputs[1],
                           parts)};
    }

    Options options;
    Tensor weight;
    Tensor pos_weight;
};

struct SoftMarginOptions {
    Tensor weight;
    Reduction reduction = Reduction::Mean;
};

/// torch.nn.MultiLabelSoftMarginLoss: the mean over the classes of the logit loss.
class MultiLabelSoftMarginLoss : public Module {
public:
    using Options = SoftMarginOptions;
    explicit MultiLabelSoftMarginLoss(Options options_) : options(std::move(options_))
    {
        registerBuffer("weight", weight, lossBuffer(options.weight));
    }

    static Shape itemsOf(const Shape &x)
    {
        return x.empty() ? Shape{} : Shape(x.begin(), x.end() - 1);
    }
    static Result<Shapes> infer(const Options &o, const Shapes &in)
    {
        if (Result<void> fits = checkSpread(o.weight, "weight", in.at(0)); !fits)
            return fits.error();
        return sameShapes(o.reduction, in, itemsOf(in.at(0)));
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const char *name = "MultiLabelSoftMarginLoss";
        requireFloating(name, inputs[0]);
        const Shape &shape = inputs[0].shape();
        const Shape items = itemsOf(shape);
        inferred(name, infer(options, {shape, inputs[1].shape()}));
        const Tensor x = inputs[0].compact();
        const Tensor y = inputs[1].toType(x.dtype()).compact();
        const int64_t classes = shape.empty() ? 1 : shape.back();
        LossParts parts;
        parts.layout = {numel(items), classes, 1, items};
        parts.items = Tensor::zeros(items, x.dtype());
        parts.inputGradient = Tensor::empty(shape, x.dtype());
        if (shouldRecord({&inputs[1]}))
            parts.targetGradient = Tensor::empty(shape, x.dtype());
        parts.divisor = static_cast<double>(numel(items));
        dispatchFloating(x.dtype(), name, [&](auto tag) {
            using T = typename decltype(tag)::type;
            std::vector<T> values(static_cast<size_t>(x.numel()));
            T *slopes = parts.inputGradient.data<T>();
            T *targetSlopes = parts.targetGradient.defined() ? parts.targetGradient.data<T>() : nullptr;
            logitElements<T>(x, y, spread(weight, shape), {}, values.data(), slopes, targetSlopes);
            const T share = T(1) / static_cast<T>(classes);
            for (int64_t i = 0; i < x.numel(); ++i) {
                parts.items.data<T>()[i / classes] += values[static_cast<size_t>(i)] * share;
                slopes[i] *= share;
                if (targetSlopes)
                    targetSlopes[i] *= share;
            }
        });
        return {reduceLoss("multilabel_soft_margin_loss", options.reduction, inputs[0], inputs[1], parts)};
    }

    Options options;
    Tensor weight;
};

} // namespace

std::vector<ModuleSpec> entropyLosses()
{
    using C = CrossEntropyOptions;
    using N = ClassLossOptions;
    using B = LogitOptions;
    using S = SoftMarginOptions;
    const char *classWeight = "Weight of each class.";
    const char *ignored = "Items of this class count nothing, not even in the mean.";
    const std::vector<Port> classInputs{
            {.name = "input", .pattern = "N C * | C", .summary = "Scores."},
            {.name = "target",
             .pattern = "N * | ",
             .dtype = "int64",
             .summary = "The class of each item.",
             .form = TargetForm::ClassIndex,
             .below = "C"}};
    const std::vector<Port> multiHotInputs{
            {.name = "input", .pattern = "*", .summary = "Scores."},
            {.name = "target", .pattern = "*", .summary = "1 where the label holds, else 0.", .form = TargetForm::MultiHot}};
    std::vector<Port> crossInputs = classInputs;
    crossInputs[1].dtype = "any";
    return {
            declare<CrossEntropyLoss>(
                    {.name = "CrossEntropyLoss",
                     .group = Group::Loss,
                     .summary = "Log-softmax followed by the negative log-likelihood, with class weights "
                                "and smoothed labels.",
                     .formula = R"(-(1-\epsilon) w_y \log p_y - \frac{\epsilon}{C}\sum_c w_c \log p_c)",
                     .source = "torch.nn.CrossEntropyLoss",
                     .args = {arg("weight", static_cast<Tensor C::*>(&C::weight), classWeight),
                              arg("ignore_index", static_cast<int64_t C::*>(&C::ignore_index), ignored),
                              arg("reduction", static_cast<Reduction C::*>(&C::reduction),
                                  "none: a value per item; mean: their weighted mean; sum: their sum."),
                              arg("label_smoothing", &C::label_smoothing,
                                  "Share of the target that is spread over all classes.", between(0, 1))},
                     .inputs = crossInputs,
                     .outputs = {{.name = "loss", .pattern = "N * | "}},
                     .infer = crossEntropyShape,
                     .samples = {{.inputs = {{4, 5}, {4}}},
                                 {.args = {{"label_smoothing", 0.2}, {"reduction", "none"}},
                                  .inputs = {{2, 3, 2}, {2, 2}}},
                                 {.args = {{"weight", ValueList{0.5, 2.0, 1.0}}, {"ignore_index", 1}},
                                  .inputs = {{6, 3}, {6}}},
                                 {.args = {{"weight", ValueList{0.5, 2.0, 1.0}},
                                           {"label_smoothing", 0.1}},
                                  .inputs = {{2, 3, 2}, {2, 3, 2}}},
                                 {.args = {{"reduction", "sum"}}, .inputs = {{3}, {}}}},
                     .badSamples = {{.inputs = {{4, 5}, {3}}, .kind = "size_mismatch"}}}),
            declare<NLLLoss>(
                    {.name = "NLLLoss",
                     .group = Group::Loss,
                     .summary = "The negative of the given log-probability of the target class.",
                     .formula = R"(-w_y x_y)",
                     .source = "torch.nn.NLLLoss",
                     .args = {arg("weight", &N::weight, classWeight),
                              arg("ignore_index", &N::ignore_index, ignored), reductionArg<N>()},
                     .inputs = classInputs,
                     .outputs = {{.name = "loss", .pattern = "N * | "}},
                     .infer = classLossShape,
                     .samples = {{.inputs = {{4, 5}, {4}}},
                                 {.args = {{"weight", ValueList{0.5, 2.0, 1.0}},
                                           {"ignore_index", 1},
                                           {"reduction", "none"}},
                                  .inputs = {{4, 3, 2}, {4, 2}}}},
                     .badSamples = {{.inputs = {{4, 5}, {3}}, .kind = "size_mismatch"}}}),
            declare<BCEWithLogitsLoss>(
                    {.name = "BCEWithLogitsLoss",
                     .group = Group::Loss,
                     .summary = "Sigmoid and binary cross-entropy in one stable formula.",
                     .formula = R"(w((1-y)x + (1+(p-1)y)\log(1+e^{-x})))",
                     .source = "torch.nn.BCEWithLogitsLoss",
                     .args = {arg("weight", &B::weight, "Weight of each element (broadcast)."),
                              reductionArg<B>(),
                              arg("pos_weight", &B::pos_weight, "Weight of the positive answers of each class.")},
                     .inputs = multiHotInputs,
                     .outputs = {{.name = "loss", .pattern = "*"}},
                     .infer = logitShape,
                     .samples = {{.inputs = {{4, 3}, {4, 3}}},
                                 {.args = {{"reduction", "none"}}, .inputs = {{4, 3}, {4, 3}}},
                                 {.args = {{"weight", ValueList{0.5, 2.0, 1.0}},
                                           {"pos_weight", ValueList{3.0, 1.0, 0.5}},
                                           {"reduction", "sum"}},
                                  .inputs = {{4, 3}, {4, 3}}}},
                     .badSamples = {{.inputs = {{4, 3}, {4, 1}}, .kind = "size_mismatch"},
                                    {.args = {{"pos_weight", ValueList{1.0, 2.0}}},
                                     .inputs = {{4, 3}, {4, 3}},
                                     .kind = "weight_size_mismatch"}}}),
            declare<MultiLabelSoftMarginLoss>(
                    {.name = "MultiLabelSoftMarginLoss",
                     .group = Group::Loss,
                     .summary = "Mean binary cross-entropy over the classes.",
                     .formula = R"(-\frac1C\sum_i w_i(y_i\log\sigma(x_i) + (1-y_i)\log\sigma(-x_i)))",
                     .source = "torch.nn.MultiLabelSoftMarginLoss",
                     .args = {arg("weight", &S::weight, classWeight), reductionArg<S>()},
                     .inputs = multiHotInputs,
                     .outputs = {{.name = "loss", .pattern = "*"}},
                     .infer = MultiLabelSoftMarginLoss::infer,
                     .samples = {{.inputs = {{4, 3}, {4, 3}}},
                                 {.args = {{"reduction", "none"}}, .inputs = {{4, 3}, {4, 3}}},
                                 {.args = {{"weight", ValueList{0.5, 2.0, 1.0}}}, .inputs = {{3}, {3}}}},
                     .badSamples = {{.inputs = {{4, 3}, {4, 2}}, .kind = "size_mismatch"},
                                    {.args = {{"weight", ValueList{1.0, 2.0}}},
                                     .inputs = {{4, 3}, {4, 3}},
                                     .kind = "weight_size_mismatch"}}})};
}

} // namespace mrg
