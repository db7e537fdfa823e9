// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/autograd/once_differentiable.h"
#include "engine/core/Launch.h"
#include "engine/kernels/ctc.h"
#include "engine/nn/Loss.h"
#include "engine/nn/families.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/reductions.h"
#include "engine/ops/views.h"

#include <algorithm>

namespace mrg {

namespace {

struct CtcOptions {
    int64_t blank = 0;
    Reduction reduction = Reduction::Mean;
    bool zero_infinity = false;
};

Result<Shapes> inferCtc(const CtcOptions &o, const Shapes &in)
{
    const Shape &scores = in[0];
    if (scores.size() != 2 && scores.size() != 3) {
        return Error(ErrorCategory::Shape, "dimension_count_mismatch", "",
                     "log_probs " + toString(scores), "(T, N, C), or (T, C) for a single sequence");
    }
    const bool batched = scores.size() == 3;
    const int64_t batch = batched ? scores[1] : 1;
    if (o.blank < 0 || o.blank >= scores.back()) {
        return Error(ErrorCategory::Value, "blank_out_of_range", "",
                     "blank " + std::to_string(o.blank),
                     "a class of log_probs, 0 to " + std::to_string(scores.back() - 1));
    }
    if (in[1].size() != 1 && !(batched && in[1].size() == 2)) {
        return Error(ErrorCategory::Shape, "dimension_count_mismatch", "",
                     "targets " + toString(in[1]),
                     batched ? "(N, S), or all labels in one row" : "(S)");
    }
    if (in[1].size() == 2 && in[1][0] != batch) {
        return Error(ErrorCategory::Shape, "size_mismatch", "", "targets " + toString(in[1]),
                     std::to_string(batch) + " rows, as many as log_probs has sequences");
    }
    for (size_t i = 2; i < 4; ++i) {
        if (numel(in[i]) != batch || in[i].size() > 1) {
            return Error(ErrorCategory::Shape, "size_mismatch", "",
                         std::string(i == 2 ? "input" : "target") + "_lengths " + toString(in[i]),
                         std::to_string(batch) + " lengths, one for each sequence");
        }
    }
    return lossShape(o.reduction, batched ? Shape{batch} : Shape{});
}

/// 1 / max(length, 1), by which the mean weighs the items.
Tensor inverseLengths(const Tensor &lengths, DType dtype)
{
    Tensor out = Tensor::empty({lengths.numel()}, dtype);
    dispatchFloating(dtype, "CTCLoss", [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([from = lengths.data<int64_t>(), to = out.data<T>(), count = out.numel()] {
            for (int64_t i = 0; i < count; ++i)
                to[i] = T(1) / static_cast<T>(std::max<int64_t>(from[i], 1));
        });
    });
    return out;
}

/// torch.nn.CTCLoss. Lengths and labels are read, and checked, when the kernel runs.
class CTCLoss : public Module {
public:
    using Options = CtcOptions;
    explicit CTCLoss(Options options_) : options(options_) { }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const Result<Shapes> shapes = inferCtc(
                options,
                {inputs[0].shape(), inputs[1].shape(), inputs[2].shape(), inputs[3].shape()});
        if (!shapes)
            throw shapes.error().within("CTCLoss");
        requireFloating("CTCLoss", inputs[0]);
        for (size_t i = 1; i < 4; ++i) {
            if (!isIntegral(inputs[i].dtype())) {
                throw Error(ErrorCategory::DType, "dtype_not_supported", "CTCLoss",
                            dtypeName(inputs[i].dtype()), "int64 targets and lengths");
            }
        }
        const bool batched = inputs[0].dim() == 3;
        const Tensor scores = batched
                ? inputs[0]
                : reshape(inputs[0], {inputs[0].size(0), 1, inputs[0].size(1)});
        const Tensor items = alignments(scores, inputs[1].toType(DType::Int64).compact(),
                                        inputs[2].toType(DType::Int64).compact(),
                                        inputs[3].toType(DType::Int64).compact());
        if (options.reduction == Reduction::None)
            return {batched ? items : reshape(items, {})};
        if (options.reduction == Reduction::Sum)
            return {sum(items)};
        const Tensor lengths = inputs[3].toType(DType::Int64).compact();
        return {mean(mul(items, inverseLengths(lengths, items.dtype())))};
    }

    const Options options;

private:
    /// The loss of every sequence.
    Tensor alignments(const Tensor &scores, const Tensor &labels, const Tensor &inputLengths,
                      const Tensor &targetLengths) const
    {
        const kernels::CtcProblem problem{.steps = scores.size(0),
                                          .batch = scores.size(1),
                                          .classes = scores.size(2),
                                          .blank = options.blank,
                                          .zeroInfinity = options.zero_infinity,
                                          .rowLength = labels.dim() == 2 ? labels.size(1) : -1,
                                          .labelCount = labels.numel(),
                                          .labels = labels.data<int64_t>(),
                                          .inputLengths = inputLengths.data<int64_t>(),
                                          .targetLengths = targetLengths.data<int64_t>()};
        const Tensor x = scores.compact();
        const Tensor alphas = Tensor::empty({problem.alphas()}, x.dtype());
        Tensor items = Tensor::empty({problem.batch}, x.dtype());
        dispatchFloating(x.dtype(), "CTCLoss", [&](auto tag) {
            using T = typename decltype(tag)::type;
            launch([problem, from = x.data<T>(), memory = alphas.data<T>(), to = items.data<T>()] {
                kernels::ctcForward<T>(problem, from, memory, to);
            });
        });
        if (shouldRecord({&scores})) {
            record("ctc_loss", {scores}, {items},
                   [problem, x = SavedTensor(x), labels = SavedTensor(labels),
                    inputLengths = SavedTensor(inputLengths),
                    targetLengths = SavedTensor(targetLengths), alphas,
                    losses = SavedTensor(items, SavedTensor::Output)](const Gradients &g) {
                       for (const SavedTensor *saved : {&labels, &inputLengths, &targetLengths})
                           (void)saved->unpack();
                       const Tensor from = x.unpack();
                       const Tensor values = losses.unpack();
                       const Tensor upstream = g[0].compact();
                       Tensor gradient = Tensor::empty(from.shape(), from.dtype());
                       dispatchFloating(from.dtype(), "CTCLoss", [&](auto tag) {
                           using T = typename decltype(tag)::type;
                           launch([problem, scores = from.data<T>(), memory = alphas.data<T>(),
                                   loss = values.data<T>(), up = upstream.data<T>(),
                                   to = gradient.data<T>()] {
                               kernels::ctcBackward<T>(problem, scores, memory, loss, up, to);
                           });
                       });
                       const Tensor madeOf[] = {from, upstream};
                       return onceDifferentiable("ctc_loss", {gradient}, madeOf);
                   });
        }
        return items;
    }
};

} // namespace

std::vector<ModuleSpec> sequenceLosses()
{
    using O = CtcOptions;
    return {declare<CTCLoss>(
            {.name = "CTCLoss",
             .group = Group::Loss,
             .summary = "The likelihood of a label sequence summed over all its alignments.",
             .formula = R"(-\log\sum_{\pi} \prod_t p_{\pi_t})",
             .source
             = "torch.nn.CTCLoss; Graves et al., ICML 2006. The gradient takes log_probs to "
               "come from a log_softmax and folds its gradient in",
             .args
             = {arg("blank", &O::blank, "The class that stands for no label."), reductionArg<O>(),
                arg("zero_infinity", &O::zero_infinity,
                    "Whether impossible alignments count as 0, with no gradient.")},
             .inputs = {{.name = "log_probs", .pattern = "T N C"},
                        {.name = "targets", .pattern = "N S", .dtype = "int64", .below = "C"},
                        {.name = "input_lengths", .pattern = "N", .dtype = "int64", .below = "T"},
                        {.name = "target_lengths", .pattern = "N", .dtype = "int64", .below = "S"}},
             .outputs = {{.name = "loss", .pattern = ""}},
             .infer = inferCtc,
             .samples = {{.args = {{"zero_infinity", true}},
                          .inputs = {{9, 3, 4}, {3, 2}, {3}, {3}},
                          .differentiable = false},
                         {.args = {{"reduction", "none"}, {"zero_infinity", true}, {"blank", 2}},
                          .inputs = {{6, 2, 3}, {2, 3}, {2}, {2}},
                          .differentiable = false},
                         {.args = {{"reduction", "sum"}, {"zero_infinity", true}},
                          .inputs = {{5, 2, 3}, {2, 3}, {2}, {2}},
                          .differentiable = false}},
             .badSamples
             = {{.args = {{"blank", 5}},
                 .inputs = {{5, 2, 3}, {2, 3}, {2}, {2}},
                 .kind = "blank_out_of_range"},
                {.inputs = {{5, 2, 3}, {3, 3}, {2}, {2}}, .kind = "size_mismatch"},
                {.inputs = {{5, 2, 3}, {2, 3}, {3}, {2}}, .kind = "size_mismatch"},
                {.inputs = {{5}, {2, 3}, {2}, {2}}, .kind = "dimension_count_mismatch"}}})};
}

} // namespace mrg
