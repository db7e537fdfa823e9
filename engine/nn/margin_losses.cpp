// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/margin_losses.h"

#include "engine/core/Launch.h"
#include "engine/nn/Loss.h"
#include "engine/nn/families.h"
#include "engine/nn/spatial.h"

namespace mrg {

namespace {

/// What labels and hinges are divided by.
enum class Normalize { Classes, Targets };

} // namespace

template <> struct EnumTexts<Normalize> {
    static constexpr std::array texts{std::pair{Normalize::Classes, "classes"},
                                      std::pair{Normalize::Targets, "targets"}};
};

namespace {

/// Where a margin kernel reads and writes.
template <typename T> struct MarginPointers {
    using Element = T;
    const T *x;
    const int64_t *labels;
    T *items;
    T *gradient; ///< null: not wanted
};
/// How many samples, and what their gradients are multiplied by.
struct MarginPass {
    int64_t samples;
    double scale;
};

/// Launches `call`(MarginPointers<T>, MarginPass, MarginStatistics *) and the reduction, and
/// records the gradient that came with it. `watched` points to where the module says who is
/// watching; it is looked at when the kernel runs.
template <typename Call>
Tensor marginLoss(const char *name, Reduction reduction, const Tensor &input, const Tensor &target,
                  MarginStatistics *const *watched, Call call)
{
    const ClassLayout layout = classLayout(input.shape());
    const MarginPass pass{layout.outer,
                          reduction == Reduction::Mean ? 1 / static_cast<double>(layout.outer) : 1};
    const auto run = [=](const Tensor &gradient, MarginStatistics *const *seen) {
        const Tensor x = input.compact();
        const Tensor labels = target.compact();
        const Tensor items = Tensor::empty(layout.items, x.dtype());
        const Tensor out = reduction == Reduction::None ? items : Tensor::empty({}, x.dtype());
        dispatchFloating(x.dtype(), name, [&](auto tag) {
            using T = typename decltype(tag)::type;
            const MarginPointers<T> pointers{x.data<T>(), labels.data<int64_t>(), items.data<T>(),
                                             gradient.defined() ? gradient.data<T>() : nullptr};
            launch([=, to = reduction == Reduction::None ? nullptr : out.data<T>()] {
                call(pointers, pass, seen ? *seen : nullptr);
                if (to) {
                    const double sum = sumOf(pointers.items, pass.samples);
                    // 0 / 0: the mean of nothing.
                    *to = static_cast<T>(reduction == Reduction::Mean
                                                 ? sum / static_cast<double>(pass.samples)
                                                 : sum);
                }
            });
        });
        return out;
    };
    if (!shouldRecord({&input}))
        return run({}, watched);
    const Tensor gradient = Tensor::empty(input.shape(), input.dtype());
    const Tensor out = run(gradient, watched);
    recordLoss(name, {input}, out, {gradient}, layout,
               [run, shape = input.shape(), x = SavedTensor(input)] {
                   const Tensor again = Tensor::empty(shape, x.unpack().dtype());
                   run(again, nullptr);
                   return Gradients{again};
               });
    return out;
}

/// torch.nn.MultiLabelMarginLoss.
class MultiLabelMarginLoss : public Module {
public:
    struct Options {
        Reduction reduction = Reduction::Mean;
        Normalize normalize = Normalize::Classes;
    };
    explicit MultiLabelMarginLoss(Options options_) : options(options_) { }

    static Result<Shapes> infer(const Options &o, const Shapes &in)
    {
        const Shape &x = in.at(0);
        const Shape &y = in.at(1);
        if (x.size() > 2 || (!x.empty() && x.back() == 0)) {
            return Error(ErrorCategory::Shape, "dimension_count_mismatch", "",
                         "input " + toString(x), "[N, C] or [C] with at least one class");
        }
        if (x != y) {
            return Error(ErrorCategory::Shape, "size_mismatch", "", "target " + toString(y),
                         "the input's shape " + toString(x),
                         "write each sample's labels into "
                                 + std::to_string(x.empty() ? 1 : x.back())
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
        const auto call = [options = options,
                           classes = inputs[0].shape().empty() ? 1 : inputs[0].shape().back()](
                                  auto pointers, const MarginPass &pass, MarginStatistics *seen) {
            using T = typename decltype(pointers)::Element;
            kernels::multiLabelMargin<T>({pass.samples, classes, pointers.x, pointers.labels,
                                          options.normalize == Normalize::Targets, pass.scale,
                                          pointers.items, pointers.gradient, seen});
        };
        return {marginLoss("multilabel_margin_loss", options.reduction, inputs[0], inputs[1],
                           marginsSlot(), call)};
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
            return Error(ErrorCategory::Shape, "dimension_count_mismatch", "",
                         "input " + toString(x), "[N, C] or [C] with at least one class");
        }
        // Of one sample the class may be a 0-d tensor or one of one element.
        if (in.at(1) != layout.items
            && !(in[1].size() <= 1 && numel(in[1]) == 1 && layout.count() == 1)) {
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
        const void *weights = weight.defined() ? weight.rawData() : nullptr;
        const auto call = [p = options.p, margin = options.margin,
                           classes = inputs[0].shape().back(),
                           weights](auto pointers, const MarginPass &pass, MarginStatistics *seen) {
            using T = typename decltype(pointers)::Element;
            kernels::multiMargin<T>({pass.samples, classes, pointers.x, pointers.labels, p, margin,
                                     static_cast<const T *>(weights), pass.scale, pointers.items,
                                     pointers.gradient, seen});
        };
        return {marginLoss("multi_margin_loss", options.reduction, inputs[0], inputs[1],
                           marginsSlot(), call)};
    }

    Options options;
    Tensor weight;
};

} // namespace

std::vector<ModuleSpec> marginLosses()
{
    using L = MultiLabelMarginLoss::Options;
    using M = MultiMarginLoss::Options;
    return {declare<MultiLabelMarginLoss>(
                    {.name = "MultiLabelMarginLoss",
                     .group = Group::Loss,
                     .summary
                     = "Hinge ranking loss for samples with several labels: every label should "
                       "beat every other class by 1.",
                     .formula
                     = R"(\frac{1}{C}\sum_{j \in y}\sum_{i \notin y}\max(0, 1 - (x_{y_j} - x_i)))",
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
                     .args
                     = {arg("p", &M::p, "Exponent of the hinge.", oneOf(1, 2)),
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
                     .samples
                     = {{.inputs = {{4, 5}, {4}}},
                        {.args = {{"p", 2}, {"margin", 0.5}}, .inputs = {{5}, {}}},
                        {.args
                         = {{"p", 2}, {"weight", ValueList{0.5, 2.0, 1.0}}, {"reduction", "none"}},
                         .inputs = {{4, 3}, {4}}},
                        {.args = {{"weight", ValueList{0.5, 2.0, 1.0}}, {"reduction", "sum"}},
                         .inputs = {{4, 3}, {4}}}},
                     .badSamples
                     = {{.inputs = {{4, 5}, {3}}, .kind = "size_mismatch"},
                        {.args = {{"p", 3}}, .inputs = {{4, 5}, {4}}, .kind = "wrong_argument"}}})};
}

} // namespace mrg
