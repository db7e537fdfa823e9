// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/margin_losses.h"

#include "engine/autograd/Node.h"
#include "engine/nn/Loss.h"
#include "engine/nn/families.h"
#include "engine/nn/spatial.h"

namespace mrg {

namespace {

/// Throws Error (index) naming sample and label unless all labels lie in [lowest, classes).
void checkLabels(const char *name, const Tensor &target, int64_t lowest, int64_t classes)
{
    const int64_t *labels = target.data<int64_t>();
    const int64_t columns = std::max<int64_t>(target.dim() > 1 ? target.shape().back() : 1, 1);
    for (int64_t i = 0; i < target.numel(); ++i) {
        if (labels[i] < lowest || labels[i] >= classes) {
            throw Error(ErrorCategory::Index, "label_out_of_range", name,
                        "label " + std::to_string(labels[i]) + " in sample " + std::to_string(i / columns),
                        std::to_string(lowest) + " to " + std::to_string(classes - 1),
                        "check the number of classes and the targets");
        }
    }
}

/// What labels and hinges are divided by.
enum class Normalize { Classes, Targets };

} // namespace

template <> struct EnumTexts<Normalize> {
    static constexpr std::array texts{std::pair{Normalize::Classes, "classes"},
                                      std::pair{Normalize::Targets, "targets"}};
};

namespace {

/// torch.nn.MultiLabelMarginLoss.
class MultiLabelMarginLoss : public Module {
public:
    struct Options {
        Reduction reduction = Reduction::Mean;
        Normalize normalize = Normalize::Classes;
    };
    explicit MultiLabelMarginLoss(Options options_) : options(options_) {}

    static Result<Shapes> infer(const Options &o, const Shapes &in)
    {
        const Shape &x = in.at(0);
        const Shape &y = in.at(1);
        if (x.size() > 2 || (!x.empty() && x.back() == 0)) {
            return Error(ErrorCategory::Shape, "dimension_count_mismatch", "", "input " + toString(x),
                         "[N, C] or [C] with at least one class");
        }
        if (x != y) {
            return Error(ErrorCategory::Shape, "size_mismatch", "", "target " + toString(y),
                         "the input's shape " + toString(x),
                         "write each sample's labels into " + std::to_string(x.back())
                                 + " columns and fill up with -1");
        }
        return lossShape(o.reduction, classLayout(x).items);
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const char *name = "MultiLabelMarginLoss";
        requireFloating(name, inputs[0]);
        requireInt64(name, inputs[1]);
        inferred(name, infer(options, {inputs[0].shape(), inputs[1].shape()}));
        const Tensor x = inputs[0].compact();
        const Tensor y = inputs[1].compact();
        LossParts parts;
        parts.layout = classLayout(x.shape());
        checkLabels(name, y, -1, parts.layout.classes);
        parts.items = Tensor::empty(parts.layout.items, x.dtype());
        parts.divisor = static_cast<double>(parts.layout.outer);
        if (shouldRecord({&inputs[0]}))
            parts.inputGradient = Tensor::empty(x.shape(), x.dtype());
        dispatchFloating(x.dtype(), name, [&](auto tag) {
            using T = typename decltype(tag)::type;
            kernels::multiLabelMargin<T>(
                    parts.layout.outer, parts.layout.classes, x.data<T>(), y.data<int64_t>(),
                    options.normalize == Normalize::Targets, parts.items.data<T>(),
                    parts.inputGradient.defined() ? parts.inputGradient.data<T>() : nullptr, margins());
        });
        return {reduceLoss("multilabel_margin_loss", options.reduction, inputs[0], {}, parts)};
    }

    Options options;
};

/// torch.nn.MultiMarginLoss.
class MultiMarginLoss : public Module {
public:
    struct Options {
        int64_t p = 1;
        double margin = 1.0;
        Tensor weight;
        Reduction reduction = Reduction::Mean;
    };
    explicit MultiMarginLoss(Options options_) : options(std::move(options_))
    {
        registerBuffer("weight", weight, lossBuffer(options.weight));
    }

    static Result<Shapes> infer(const Options &o, const Shapes &in)
    {
        const Shape &x = in.at(0);
        const ClassLayout layout = classLayout(x);
        if (x.empty() || x.size() > 2 || x.back() == 0) {
            return Error(ErrorCategory::Shape, "dimension_count_mismatch", "", "input " + toString(x),
                         "[N, C] or [C] with at least one class");
        }
        if (in.at(1) != layout.items) {
            return Error(ErrorCategory::Shape, "size_mismatch", "", "target " + toString(in.at(1)),
                         "one class per sample, " + toString(layout.items));
        }
        if (o.weight.defined() && o.weight.shape() != Shape{layout.classes}) {
            return Error(ErrorCategory::Shape, "weight_size_mismatch", "",
                         "weight " + toString(o.weight.shape()), toString(Shape{layout.classes}));
        }
        return lossShape(o.reduction, layout.items);
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const char *name = "MultiMarginLoss";
        requireFloating(name, inputs[0]);
        requireInt64(name, inputs[1]);
        inferred(name, infer(options, {inputs[0].shape(), inputs[1].shape()}));
        const Tensor x = inputs[0].compact();
        const Tensor y = inputs[1].compact();
        LossParts parts;
        parts.layout = classLayout(x.shape());
        checkLabels(name, y, 0, parts.layout.classes);
        parts.items = Tensor::empty(parts.layout.items, x.dtype());
        parts.divisor = static_cast<double>(parts.layout.outer);
        if (shouldRecord({&inputs[0]}))
            parts.inputGradient = Tensor::empty(x.shape(), x.dtype());
        dispatchFloating(x.dtype(), name, [&](auto tag) {
            using T = typename decltype(tag)::type;
            kernels::multiMargin<T>(
                    parts.layout.outer, parts.layout.classes, x.data<T>(), y.data<int64_t>(),
                    options.p, options.margin, weight.defined() ? weight.data<T>() : nullptr,
                    parts.items.data<T>(),
                    parts.inputGradient.defined() ? parts.inputGradient.data<T>() : nullptr, margins());
        });
        return {reduceLoss("multi_margin_loss", options.reduction, inputs[0], {}, parts)};
    }

    Options options;
    Tensor weight;
};

} // namespace

std::vector<ModuleSpec> marginLosses()
{
    using L = MultiLabelMarginLoss::Options;
    using M = MultiMarginLoss::Options;
    return {
            declare<MultiLabelMarginLoss>(
                    {.name = "MultiLabelMarginLoss",
                     .group = Group::Loss,
                     .summary = "Hinge ranking loss for samples with several labels: every label should "
                                "beat every other class by 1.",
                     .formula = R"(\frac{1}{C}\sum_{j \in y}\sum_{i \notin y}\max(0, 1 - (x_{y_j} - x_i)))",
                     .source = "torch.nn.MultiLabelMarginLoss",
                     .args = {reductionArg<L>(),
                              arg("normalize", &L::normalize,
                                  "Divide by the number of classes, as PyTorch does, or by each "
                                  "sample's number of target labels, as the torch.js page says.")},
                     .inputs = {{.name = "input", .pattern = "N C | C", .summary = "Scores."},
                                {.name = "target",
                                 .pattern = "N C | C",
                                 .dtype = "int64",
                                 .summary = "Labels, then -1.",
                                 .form = TargetForm::LabelIndices,
                                 .below = "C"}},
                     .outputs = {{.name = "loss", .pattern = "N | "}},
                     .infer = MultiLabelMarginLoss::infer,
                     .samples = {{.inputs = {{4, 5}, {4, 5}}},
                                 {.args = {{"reduction", "none"}, {"normalize", "targets"}},
                                  .inputs = {{4, 5}, {4, 5}}},
                                 {.args = {{"reduction", "sum"}}, .inputs = {{5}, {5}}}},
                     .badSamples = {{.inputs = {{4, 10}, {4, 5}}, .kind = "size_mismatch"}}}),
            declare<MultiMarginLoss>(
                    {.name = "MultiMarginLoss",
                     .group = Group::Loss,
                     .summary = "Hinge loss for one class per sample.",
                     .formula = R"(\frac1C\sum_{i\ne y} w_y\max(0, margin - x_y + x_i)^p)",
                     .source = "torch.nn.MultiMarginLoss; Weston and Watkins, 1999",
                     .args = {arg("p", &M::p, "Exponent of the hinge.", oneOf(1, 2)),
                              arg("margin", &M::margin, "Lead that the right class must have."),
                              arg("weight", &M::weight, "Weight of each class."), reductionArg<M>()},
                     .inputs = {{.name = "input", .pattern = "N C | C", .summary = "Scores."},
                                {.name = "target",
                                 .pattern = "N | ",
                                 .dtype = "int64",
                                 .summary = "The class of each sample.",
                                 .form = TargetForm::ClassIndex,
                                 .below = "C"}},
                     .outputs = {{.name = "loss", .pattern = "N | "}},
                     .infer = MultiMarginLoss::infer,
                     .samples = {{.inputs = {{4, 5}, {4}}},
                                 {.args = {{"p", 2}, {"margin", 0.5}}, .inputs = {{5}, {}}},
                                 {.args = {{"p", 2},
                                           {"weight", ValueList{0.5, 2.0, 1.0}},
                                           {"reduction", "none"}},
                                  .inputs = {{4, 3}, {4}}},
                                 {.args = {{"weight", ValueList{0.5, 2.0, 1.0}}, {"reduction", "sum"}},
                                  .inputs = {{4, 3}, {4}}}},
                     .badSamples = {{.inputs = {{4, 5}, {3}}, .kind = "size_mismatch"},
                                    {.args = {{"p", 3}}, .inputs = {{4, 5}, {4}}, .kind = "wrong_argument"}}})};
}

} // namespace mrg
