// SPDX-License-Identifier: GPL-3.0-or-later
// Losses of one class among several.
#include "engine/kernels/class_losses.h"
#include "engine/core/Launch.h"
#include "engine/nn/Loss.h"
#include "engine/nn/families.h"
#include "engine/nn/spatial.h"
#include "engine/ops/gathering.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/reductions.h"
#include "engine/ops/softmax.h"
#include "engine/ops/views.h"

#include <memory>

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

/// A call of either loss, kept so that a second backward can repeat it.
struct ClassLossCall {
    const char *name;
    const char *function;
    bool softmax;
    CrossEntropyOptions options;
    Tensor weight;
    SavedTensor input;
    SavedTensor target;

    Gradients emptyGradients() const
    {
        const Tensor x = input.unpack();
        const Tensor y = target.unpack();
        return {x.requiresGrad() ? Tensor::empty(x.shape(), x.dtype()) : Tensor(),
                y.requiresGrad() ? Tensor::empty(y.shape(), y.dtype()) : Tensor()};
    }

    /// The loss; fills in the gradients that are defined.
    Tensor run(const Gradients &gradients) const
    {
        const Tensor x = input.unpack().compact();
        const Tensor y = target.unpack().compact();
        const ClassLayout layout = classLayout(x.shape());
        const bool reduced = options.reduction != Reduction::None;
        const Tensor items = Tensor::empty(layout.items, x.dtype());
        const Tensor out = reduced ? Tensor::empty({}, x.dtype()) : items;
        dispatchFloating(x.dtype(), name, [&](auto tag) {
            using T = typename decltype(tag)::type;
            const bool shares = y.isFloatingPoint();
            const kernels::ClassLoss<T> call{
                    .where = name,
                    .rows = {layout.outer, layout.classes, layout.inner},
                    .softmax = softmax,
                    .x = x.data<T>(),
                    .classes = shares ? nullptr : y.data<int64_t>(),
                    .shares = shares ? y.data<T>() : nullptr,
                    .weight = weight.defined() ? weight.data<T>() : nullptr,
                    .ignored = options.ignore_index,
                    .smoothing = options.label_smoothing,
                    .mean = options.reduction == Reduction::Mean,
                    .items = items.data<T>(),
                    .gradient = gradients[0].defined() ? gradients[0].data<T>() : nullptr,
                    .sharesGradient = gradients[1].defined() ? gradients[1].data<T>() : nullptr};
            launch([call, count = layout.count(), to = reduced ? out.data<T>() : nullptr] {
                const double divisor = kernels::classLoss(call);
                if (to) // 0 / 0: the mean of nothing
                    *to = static_cast<T>(sumOf(call.items, count) / (call.mean ? divisor : 1));
            });
        });
        return out;
    }

    /// The loss in recorded functions.
    Tensor composed(const Tensor &x, const Tensor &y) const
    {
        const int64_t dim = x.dim() > 1 ? 1 : 0;
        const Tensor logs = softmax ? log_softmax(x, dim) : x;
        Shape spread(static_cast<size_t>(x.dim() - dim), 1);
        spread[0] = x.size(dim);
        const Tensor weights
                = weight.defined() ? reshape(weight, spread) : Tensor::ones(spread, x.dtype());
        const double sharp = 1 - options.label_smoothing;
        const double smooth = options.label_smoothing / static_cast<double>(x.size(dim));
        const auto overClasses = [&](const Tensor &terms) { return sum(terms, {{dim}}); };
        Tensor items;
        Tensor divisor;
        if (y.isFloatingPoint()) {
            const Tensor shares = add(mul(y, Number(sharp)), Number(smooth));
            items = neg(overClasses(mul(mul(weights, shares), logs)));
            divisor = Tensor::scalar(static_cast<double>(items.numel()), x.dtype());
        } else {
            const Tensor counted = ne(y, Number(options.ignore_index));
            const Tensor labels = where(counted, y, Number(int64_t(0)));
            const Tensor own
                    = where(counted,
                            reshape(indexSelect(reshape(weights, {-1}), 0, reshape(labels, {-1})),
                                    y.shape()),
                            Number(0.0));
            const Tensor picked = squeeze(gather(logs, dim, unsqueeze(labels, dim)), {{dim}});
            items = mul(mul(own, picked), Number(-sharp));
            if (smooth != 0) {
                const Tensor all = mul(overClasses(mul(weights, logs)), Number(-smooth));
                items = add(items, where(counted, all, Number(0.0)));
            }
            divisor = sum(own);
        }
        if (options.reduction == Reduction::None)
            return items;
        return options.reduction == Reduction::Sum ? sum(items) : div(sum(items), divisor);
    }

    Tensor recorded() const
    {
        const Tensor x = input.unpack();
        const Tensor y = target.unpack();
        if (!shouldRecord({&x, &y}))
            return run(Gradients(2));
        Gradients gradients = emptyGradients();
        const Tensor out = run(gradients);
        ClassLayout layout = classLayout(x.shape());
        recordLoss(
                function, {x, y}, out, std::move(gradients), layout,
                [call = *this] {
                    Gradients again = call.emptyGradients();
                    call.run(again);
                    return again;
                },
                [call = *this](std::span<const Tensor> inputs) {
                    return std::vector<Tensor>{call.composed(inputs[0], inputs[1])};
                });
        return out;
    }
};

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
        if (probabilities && options.ignore_index >= 0) {
            throw Error(ErrorCategory::Value, "ignore_index_with_probabilities", name,
                        "ignore_index " + std::to_string(options.ignore_index),
                        "none where the target gives probabilities",
                        "leave ignore_index out, or give classes as the target");
        }
        const Tensor target
                = probabilities ? castFloating(inputs[1], inputs[0].dtype()) : inputs[1];
        return {ClassLossCall{name, "cross_entropy_loss", true, options, weight, inputs[0], target}
                        .recorded()};
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
        return {ClassLossCall{name, "nll_loss", false, {options, 0.0}, weight, inputs[0], inputs[1]}
                        .recorded()};
    }

    Options options;
    Tensor weight;
};

} // namespace

std::vector<ModuleSpec> classLosses()
{
    using C = CrossEntropyOptions;
    using N = ClassLossOptions;
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
    std::vector<Port> crossInputs = classInputs;
    crossInputs[1].dtype = "any";
    return {declare<CrossEntropyLoss>(
                    {.name = "CrossEntropyLoss",
                     .group = Group::Loss,
                     .summary
                     = "Log-softmax followed by the negative log-likelihood, with class weights "
                       "and smoothed labels.",
                     .formula
                     = R"(-(1-\epsilon) w_y \log p_y - \frac{\epsilon}{C}\sum_c w_c \log p_c)",
                     .source = "torch.nn.CrossEntropyLoss",
                     .args
                     = {arg("weight", static_cast<Tensor C::*>(&C::weight), classWeight),
                        arg("ignore_index", static_cast<int64_t C::*>(&C::ignore_index), ignored),
                        arg("reduction", static_cast<Reduction C::*>(&C::reduction),
                            "none: a value per item; mean: their weighted mean; sum: their sum."),
                        arg("label_smoothing", &C::label_smoothing,
                            "Share of the target that is spread over all classes.", between(0, 1))},
                     .inputs = crossInputs,
                     .outputs = {{.name = "loss", .pattern = "N * | "}},
                     .infer = crossEntropyShape,
                     .samples
                     = {{.inputs = {{4, 5}, {4}}},
                        {.args = {{"label_smoothing", 0.2}, {"reduction", "none"}},
                         .inputs = {{2, 3, 2}, {2, 2}}},
                        {.args = {{"weight", ValueList{0.5, 2.0, 1.0}}, {"ignore_index", 1}},
                         .inputs = {{6, 3}, {6}}},
                        {.args = {{"weight", ValueList{0.5, 2.0, 1.0}}, {"label_smoothing", 0.1}},
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
                     .badSamples = {{.inputs = {{4, 5}, {3}}, .kind = "size_mismatch"}}})};
}

} // namespace mrg
