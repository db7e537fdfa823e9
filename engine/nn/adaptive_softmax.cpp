// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/autograd/Node.h"
#include "engine/core/Launch.h"
#include "engine/nn/containers.h"
#include "engine/nn/families.h"
#include "engine/ops/gathering.h"
#include "engine/ops/joining.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/reductions.h"
#include "engine/ops/softmax.h"
#include "engine/ops/views.h"

#include <algorithm>
#include <cmath>

namespace mrg {

namespace {

struct AdaptiveOptions {
    int64_t in_features = 16;
    int64_t n_classes = 20;
    std::vector<int64_t> cutoffs{5, 10};
    double div_value = 4;
    bool head_bias = false;
};

Result<void> validateAdaptive(const AdaptiveOptions &o)
{
    const std::vector<int64_t> &c = o.cutoffs;
    const bool rising = std::adjacent_find(c.begin(), c.end(), std::greater_equal<>()) == c.end();
    if (c.empty() || !rising || c.front() < 1 || c.back() >= o.n_classes) {
        return Error(ErrorCategory::Value, "wrong_cutoffs", "", "cutoffs " + toString(Shape(c)),
                     "rising numbers from 1 to n_classes - 1 = " + std::to_string(o.n_classes - 1));
    }
    return {};
}

Result<Shapes> inferAdaptive(const AdaptiveOptions &o, const Shapes &in)
{
    if (in[0].empty() || in[0].size() > 2 || in[1].size() + 1 != in[0].size()) {
        return Error(ErrorCategory::Shape, "dimension_count_mismatch", "",
                     "input " + toString(in[0]) + ", target " + toString(in[1]),
                     "(N, in_features) and (N), or (in_features) and ()");
    }
    if (in[0].back() != o.in_features) {
        return Error(ErrorCategory::Shape, "size_mismatch", "", "input " + toString(in[0]),
                     "a last dimension of in_features " + std::to_string(o.in_features));
    }
    if (in[0].size() == 2 && in[0][0] != in[1][0]) {
        return Error(ErrorCategory::Shape, "size_mismatch", "", "target " + toString(in[1]),
                     "one class for each of the " + std::to_string(in[0][0]) + " inputs");
    }
    return Shapes{in[1], {}};
}

/// torch.nn.AdaptiveLogSoftmaxWithLoss: the frequent classes and one entry for each cluster in a
/// head, the rare ones in clusters of their own (Grave et al., 2017).
class AdaptiveLogSoftmaxWithLoss : public Module {
public:
    using Options = AdaptiveOptions;

    AdaptiveLogSoftmaxWithLoss(Options options_, const Registry &registry)
        : options(std::move(options_))
    {
        const auto layer = [&registry](int64_t in, int64_t out, bool bias) {
            return registry.make(
                    {"Linear", {{"in_features", in}, {"out_features", out}, {"bias", bias}}});
        };
        const auto clusters = static_cast<int64_t>(options.cutoffs.size());
        m_head = layer(options.in_features, shortlist() + clusters, options.head_bias);
        registerModule("head", m_head);
        for (int64_t i = 0; i < clusters; ++i) {
            const auto hidden = static_cast<int64_t>(
                    std::floor(static_cast<double>(options.in_features)
                               / std::pow(options.div_value, static_cast<double>(i + 1))));
            m_tails.push_back(std::make_shared<Sequential>(
                    std::vector<ModulePointer>{layer(options.in_features, hidden, false),
                                               layer(hidden, end(i) - begin(i), false)}));
        }
        registerModule("tail", std::make_shared<ModuleList>(m_tails));
        initialize(RandomStream());
    }

    /// The log-probability of each target, and their mean's negative.
    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        if (const Result<Shapes> fit
            = inferAdaptive(options, {inputs[0].shape(), inputs[1].shape()});
            !fit)
            throw fit.error().within("AdaptiveLogSoftmaxWithLoss");
        const Tensor x
                = inputs[0].dim() == 2 ? inputs[0] : reshape(inputs[0], {1, inputs[0].numel()});
        // Which clusters are worked out depends on the targets.
        readsElements("AdaptiveLogSoftmaxWithLoss");
        const std::vector<int64_t> targets = inputs[1].toVector<int64_t>();
        std::vector<int64_t> inHead;
        std::vector<int64_t> place(targets.size(), 0);
        std::vector<std::vector<int64_t>> members(options.cutoffs.size());
        for (size_t n = 0; n < targets.size(); ++n) {
            const int64_t cluster = clusterOf(targets[n]);
            inHead.push_back(cluster < 0 ? targets[n] : shortlist() + cluster);
            if (cluster >= 0)
                members[static_cast<size_t>(cluster)].push_back(static_cast<int64_t>(n));
        }
        const Tensor fromHead = chosen(log_softmax((*m_head)(x), 1), inHead);
        // What the clusters add, behind a 0 for targets in the head.
        std::vector<Tensor> added{Tensor::zeros({1}, x.dtype())};
        int64_t count = 1;
        for (size_t i = 0; i < members.size(); ++i) {
            if (members[i].empty())
                continue;
            std::vector<int64_t> within;
            for (const int64_t n : members[i]) {
                within.push_back(targets[static_cast<size_t>(n)] - begin(static_cast<int64_t>(i)));
                place[static_cast<size_t>(n)] = count++;
            }
            const Tensor rows = indexSelect(x, 0, Tensor::fromVector(members[i]));
            added.push_back(chosen(log_softmax((*m_tails[i])(rows), 1), within));
        }
        const Tensor output
                = add(fromHead, indexSelect(cat(added, 0), 0, Tensor::fromVector(place)));
        return {reshape(output, inputs[1].shape()), neg(mean(output))};
    }

    /// (N, n_classes): the log-probabilities of all classes.
    Tensor logProb(const Tensor &input)
    {
        const Tensor head = log_softmax((*m_head)(input), 1);
        std::vector<Tensor> parts{narrow(head, 1, 0, shortlist())};
        for (size_t i = 0; i < options.cutoffs.size(); ++i) {
            parts.push_back(add(log_softmax((*m_tails[i])(input), 1),
                                narrow(head, 1, shortlist() + static_cast<int64_t>(i), 1)));
        }
        return cat(parts, 1);
    }

    /// (N): the most probable class; clusters are looked into where the head prefers one.
    Tensor predict(const Tensor &input)
    {
        const GradMode off(false);
        const Tensor best = argmax((*m_head)(input), 1);
        const Tensor ofAll = argmax(logProb(input), 1);
        Tensor out = Tensor::empty(best.shape(), DType::Int64);
        launch([head = best.data<int64_t>(), all = ofAll.data<int64_t>(), to = out.data<int64_t>(),
                count = out.numel(), limit = shortlist()] {
            for (int64_t i = 0; i < count; ++i)
                to[i] = head[i] < limit ? head[i] : all[i];
        });
        return out;
    }

    const Options options;

private:
    int64_t shortlist() const { return options.cutoffs.front(); }
    int64_t begin(int64_t cluster) const { return options.cutoffs[static_cast<size_t>(cluster)]; }
    int64_t end(int64_t cluster) const
    {
        const auto next = static_cast<size_t>(cluster + 1);
        return next < options.cutoffs.size() ? options.cutoffs[next] : options.n_classes;
    }

    /// The cluster of a class; -1: the head.
    int64_t clusterOf(int64_t target) const
    {
        if (target < 0 || target >= options.n_classes) {
            throw Error(ErrorCategory::Index, "index_out_of_range", "AdaptiveLogSoftmaxWithLoss",
                        "target " + std::to_string(target),
                        "0 to " + std::to_string(options.n_classes - 1));
        }
        const auto next = std::upper_bound(options.cutoffs.begin(), options.cutoffs.end(), target);
        return next - options.cutoffs.begin() - 1;
    }

    /// Entry classes[n] of each row n.
    static Tensor chosen(const Tensor &rows, const std::vector<int64_t> &classes)
    {
        const auto count = static_cast<int64_t>(classes.size());
        return reshape(gather(rows, 1, Tensor::fromVector(classes, {count, 1})), {count});
    }

    std::shared_ptr<Module> m_head;
    std::vector<std::shared_ptr<Module>> m_tails;
};

} // namespace

std::vector<ModuleSpec> adaptiveLosses()
{
    using O = AdaptiveOptions;
    struct NoOptions { };
    using M = AdaptiveLogSoftmaxWithLoss;
    const Arguments small{
            {"in_features", 5}, {"n_classes", 6}, {"cutoffs", ValueList{2, 4}}, {"div_value", 2.0}};
    Arguments biased = small;
    biased["head_bias"] = true;
    const Port input{.name = "input", .pattern = "N in_features | in_features"};
    return {declare<M>(
            {.name = "AdaptiveLogSoftmaxWithLoss",
             .group = Group::Loss,
             .summary = "An efficient softmax for many classes: frequent ones in a head, rare ones "
                        "in clusters.",
             .formula = R"(\log p(head) or \log p(cluster) + \log p(class|cluster))",
             .source = "torch.nn.AdaptiveLogSoftmaxWithLoss; Grave et al., ICML 2017",
             .args
             = {requiredArg("in_features", &O::in_features, "Size of each input.", atLeast(1)),
                requiredArg("n_classes", &O::n_classes, "Number of classes, frequent ones first.",
                            atLeast(2)),
                requiredArg("cutoffs", &O::cutoffs, "Where the clusters of rarer classes begin."),
                arg("div_value", &O::div_value,
                    "By which every cluster is smaller inside than the last.", above(0)),
                arg("head_bias", &O::head_bias, "Whether the head has offsets.")},
             .inputs = {input,
                        {.name = "target",
                         .pattern = "N | ",
                         .dtype = "int64",
                         .form = TargetForm::ClassIndex,
                         .below = "n_classes"}},
             .outputs = {{.name = "output", .pattern = "N | "}, {.name = "loss", .pattern = ""}},
             .infer = inferAdaptive,
             .validate = validateAdaptive,
             .samples
             = {{.args = small, .inputs = {{7, 5}, {7}}}, {.args = biased, .inputs = {{5}, {}}}},
             .badSamples
             = {{.args = small, .inputs = {{7, 4}, {7}}, .kind = "size_mismatch"},
                {.args = small, .inputs = {{7, 5}, {6}}, .kind = "size_mismatch"},
                {.args = small, .inputs = {{7, 5}, {7, 1}}, .kind = "dimension_count_mismatch"},
                {.args = {{"in_features", 5}, {"n_classes", 6}, {"cutoffs", ValueList{4, 2}}},
                 .inputs = {{7, 5}, {7}},
                 .kind = "wrong_cutoffs"}},
             .methods
             = {declareMethod<M, NoOptions>(
                        {.name = "forward_with_target",
                         .group = Group::Loss,
                         .summary
                         = "The log-probabilities of the targets, and their negative mean.",
                         .source = "torch.js; torch.nn.AdaptiveLogSoftmaxWithLoss.forward",
                         .inputs = {input,
                                    {.name = "target",
                                     .pattern = "N | ",
                                     .dtype = "int64",
                                     .below = "n_classes"}},
                         .outputs = {{.name = "output", .pattern = "N | "},
                                     {.name = "loss", .pattern = ""}}},
                        [](M &module, const NoOptions &, std::span<const Tensor> inputs) {
                            const std::vector<Tensor> outputs = module.call(inputs);
                            return ValueList(outputs.begin(), outputs.end());
                        }),
                declareMethod<M, NoOptions>(
                        {.name = "log_prob",
                         .group = Group::Loss,
                         .summary = "The log-probabilities of all classes.",
                         .source = "torch.nn.AdaptiveLogSoftmaxWithLoss.log_prob",
                         .inputs = {input},
                         .outputs = {{.name = "output", .pattern = "N n_classes"}}},
                        [](M &module, const NoOptions &, std::span<const Tensor> inputs) {
                            return ValueList{module.logProb(inputs[0])};
                        }),
                declareMethod<M, NoOptions>(
                        {.name = "predict",
                         .group = Group::Loss,
                         .summary = "The most probable class of each input.",
                         .source = "torch.nn.AdaptiveLogSoftmaxWithLoss.predict",
                         .inputs = {input},
                         .outputs = {{.name = "output", .pattern = "N", .dtype = "int64"}}},
                        [](M &module, const NoOptions &, std::span<const Tensor> inputs) {
                            return ValueList{module.predict(inputs[0])};
                        })}})};
}

} // namespace mrg
