// SPDX-License-Identifier: GPL-3.0-or-later
// Losses that pull pairs together and push others apart.
#include "engine/nn/PointwiseLoss.h"
#include "engine/nn/families.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/reductions.h"

#include <cmath>

namespace mrg {

namespace {

struct MarginOptions {
    double margin = 0.0;
    Reduction reduction = Reduction::Mean;
};
struct HingeOptions : MarginOptions {
    HingeOptions() { margin = 1.0; }
};

/// What lies above 0; like PyTorch's clamp its slope is 1 from 0 on.
template <typename V> V positivePart(V x) { return x < V(0) ? V(0) : x; }

struct HingeEmbeddingRule : BroadcastRule<HingeOptions> {
    static constexpr const char *name = "HingeEmbeddingLoss", *function = "hinge_embedding_loss";
    static constexpr size_t inputs = 2, differentiable = 1, operands = 2;
    static DType type(const char *where, const Options &o, std::span<const Tensor> in)
    {
        requireFloating(where, in[0]);
        BroadcastRule::type(where, o, in);
        return in[0].dtype();
    }
    template <typename V> static V value(const Options &o, const std::array<V, 2> &x)
    {
        const V pushed = x[1] != V(1) ? positivePart(V(o.margin) - x[0]) : V(0);
        return x[1] != V(-1) ? pushed + x[0] : pushed;
    }
    template <typename V>
    static std::array<V, 1> slopes(const Options &o, const std::array<V, 2> &x)
    {
        const V pushed = x[1] != V(1) && V(o.margin) - x[0] >= V(0) ? V(-1) : V(0);
        return {x[1] != V(-1) ? pushed + V(1) : pushed};
    }
};

struct MarginRankingRule : BroadcastRule<MarginOptions> {
    static constexpr const char *name = "MarginRankingLoss", *function = "margin_ranking_loss";
    static constexpr size_t inputs = 3, differentiable = 3, operands = 3;
    static DType type(const char *where, const Options &, std::span<const Tensor> in)
    {
        refuseMasks(where, in);
        return meetingType(where, in, true);
    }
    static Result<Shape> shape(const Options &o, const Shapes &in)
    {
        for (size_t i = 1; i < 3; ++i) {
            if (in.at(i).size() != in[0].size()) {
                return Error(ErrorCategory::Shape, "dimension_count_mismatch", "", toString(in[i]),
                             "as many dimensions as input1 " + toString(in[0]));
            }
        }
        return BroadcastRule<MarginOptions>::shape(o, in);
    }
    template <typename V> static V lag(const Options &o, const std::array<V, 3> &x)
    {
        return -x[2] * (x[0] - x[1]) + V(o.margin);
    }
    template <typename V> static V value(const Options &o, const std::array<V, 3> &x)
    {
        return positivePart(lag(o, x));
    }
    template <typename V>
    static std::array<V, 3> slopes(const Options &o, const std::array<V, 3> &x)
    {
        if (!(lag(o, x) >= V(0)))
            return {V(0), V(0), V(0)};
        return {-x[2], x[2], -(x[0] - x[1])};
    }
};

/// torch.nn.CosineEmbeddingLoss.
class CosineEmbeddingLoss : public Module {
public:
    using Options = MarginOptions;
    explicit CosineEmbeddingLoss(Options options_) : options(options_) { }

    static Result<Shapes> infer(const Options &o, const Shapes &in)
    {
        const Shape &target = in.at(2);
        if (target.size() > 1) {
            return Error(ErrorCategory::Shape, "dimension_count_mismatch", "",
                         "target " + toString(target), "one number per pair, [N], or []");
        }
        const Result<Shape> common = broadcastShapes(in[0], in.at(1));
        if (!common || common->size() != target.size() + 1 || in[0].size() != in[1].size()) {
            return Error(ErrorCategory::Shape, "size_mismatch", "",
                         "inputs " + toString(in[0]) + " and " + toString(in[1]) + " for target "
                                 + toString(target),
                         target.empty() ? "vectors [D] of one length"
                                        : "matrices [N, D] of one shape");
        }
        const Result<Shape> items
                = broadcastShapes(target, Shape(common->begin(), common->end() - 1));
        if (!items) {
            return Error(ErrorCategory::Shape, "size_mismatch", "", "target " + toString(target),
                         "one number for each of the pairs " + toString(*common));
        }
        return lossShape(o.reduction, *items);
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const char *name = "CosineEmbeddingLoss";
        inferred(name, infer(options, {inputs[0].shape(), inputs[1].shape(), inputs[2].shape()}));
        const DType dtype = meetingType(name, inputs.first(2), true);
        Shape common = broadcastShapes(inputs[0].shape(), inputs[1].shape()).value();
        if (!inputs[2].shape().empty())
            common[0] = std::max(common[0], inputs[2].shape()[0]);
        const auto wide = [&](const Tensor &x) {
            const Tensor cast = x.isFloatingPoint() ? castFloating(x, dtype) : x.toType(dtype);
            return cast.shape() == common ? cast : expand(cast, common);
        };
        const std::vector<Tensor> x{wide(inputs[0]), wide(inputs[1])};
        const Shape items(common.begin(), common.end() - 1);
        const Tensor target = expand(inputs[2].toType(dtype), items).compact();
        const bool recorded = shouldRecord(x);
        const auto emptyGradients = [x] {
            return Gradients{
                    x[0].requiresGrad() ? Tensor::empty(x[0].shape(), x[0].dtype()) : Tensor(),
                    x[1].requiresGrad() ? Tensor::empty(x[1].shape(), x[1].dtype()) : Tensor()};
        };
        Gradients gradients = recorded ? emptyGradients() : Gradients(2);
        const Tensor out = run(options, x, target, gradients);
        if (recorded) {
            recordLoss(
                    "cosine_embedding_loss", x, out, gradients,
                    {options.reduction == Reduction::None ? numel(items) : 1, common.back(), 1,
                     items},
                    [o = options, x, target, emptyGradients] {
                        Gradients again = emptyGradients();
                        run(o, x, target, again);
                        return again;
                    },
                    [o = options, target](std::span<const Tensor> pair) {
                        return std::vector<Tensor>{composed(o, pair[0], pair[1], target)};
                    });
        }
        return {out};
    }

    Options options;

private:
    static Tensor run(const Options &o, const std::vector<Tensor> &x, const Tensor &target,
                      const Gradients &gradients)
    {
        const Tensor a = x[0].compact();
        const Tensor b = x[1].compact();
        const int64_t rows = target.numel();
        const bool reduced = o.reduction != Reduction::None;
        const Tensor items = Tensor::empty(target.shape(), a.dtype());
        const Tensor out = reduced ? Tensor::empty({}, a.dtype()) : items;
        const double divisor = o.reduction == Reduction::Mean ? static_cast<double>(rows) : 1;
        dispatchFloating(a.dtype(), "CosineEmbeddingLoss", [&](auto tag) {
            using T = typename decltype(tag)::type;
            launch([first = a.data<T>(), second = b.data<T>(), sign = target.data<T>(),
                    values = items.data<T>(), to = reduced ? out.data<T>() : nullptr, rows,
                    length = a.shape().back(), divisor, margin = static_cast<T>(o.margin),
                    da = gradients[0].defined() ? gradients[0].data<T>() : nullptr,
                    db = gradients[1].defined() ? gradients[1].data<T>() : nullptr] {
                const int64_t grain
                        = std::max<int64_t>(1, elementGrain / std::max<int64_t>(length, 1));
                parallelFor(rows, grain, [&](int64_t begin, int64_t end) {
                    for (int64_t row = begin; row < end; ++row) {
                        const int64_t at = row * length;
                        values[row] = oneRow(length, first + at, second + at, sign[row], margin,
                                             static_cast<T>(1 / divisor), da ? da + at : nullptr,
                                             db ? db + at : nullptr);
                    }
                });
                if (to)
                    *to = static_cast<T>(sumOf(values, rows) / divisor);
            });
        });
        return out;
    }

    /// The loss in recorded functions.
    static Tensor composed(const Options &o, const Tensor &a, const Tensor &b, const Tensor &target)
    {
        const auto alongRows = [](const Tensor &x) { return sum(x, {{-1}}); };
        const Number guard(static_cast<double>(1e-12f));
        const Tensor sizes
                = mul(add(alongRows(mul(a, a)), guard), add(alongRows(mul(b, b)), guard));
        const Tensor cosine = div(alongRows(mul(a, b)), sqrt(sizes));
        const Tensor excess = sub(cosine, Number(o.margin));
        const Tensor pushed = where(ge(excess, Number(0.0)), excess, Number(0.0));
        const Tensor items = where(eq(target, Number(1.0)), sub(Number(1.0), cosine),
                                   where(eq(target, Number(-1.0)), pushed, Number(0.0)));
        return o.reduction == Reduction::None   ? items
                : o.reduction == Reduction::Sum ? sum(items)
                                                : mean(items);
    }

    /// 1 - cos, or cos - margin where that is positive, and its gradient times `factor`.
    template <typename T>
    static T oneRow(int64_t length, const T *a, const T *b, T sign, T margin, T factor, T *da,
                    T *db)
    {
        T product = 0;
        // PyTorch's guard against vectors of length 0, a float constant there.
        T sizeA = T(1e-12f);
        T sizeB = T(1e-12f);
        for (int64_t i = 0; i < length; ++i) {
            product += a[i] * b[i];
            sizeA += a[i] * a[i];
            sizeB += b[i] * b[i];
        }
        const T size = std::sqrt(sizeA * sizeB);
        const T cosine = product / size;
        const T slope = factor
                * (sign == 1                                    ? T(-1)
                           : sign == -1 && cosine - margin >= 0 ? T(1)
                                                                : T(0));
        for (int64_t i = 0; i < length; ++i) {
            if (da)
                da[i] = slope * (b[i] / size - cosine * a[i] / sizeA);
            if (db)
                db[i] = slope * (a[i] / size - cosine * b[i] / sizeB);
        }
        return sign == 1 ? 1 - cosine : sign == -1 ? positivePart(cosine - margin) : T(0);
    }
};

} // namespace

std::vector<ModuleSpec> rankingLosses()
{
    using H = HingeOptions;
    using M = MarginOptions;
    const Port sign{
            .name = "target", .pattern = "*", .summary = "1 or -1.", .form = TargetForm::Sign};
    const auto marginOf = [](auto member, const char *text) { return arg("margin", member, text); };
    return {declarePointwise<HingeEmbeddingRule>(
                    {.summary
                     = "Pulls distances of similar pairs down, pushes others beyond a margin.",
                     .formula = R"(x\ if\ y = 1,\ \max(0, margin - x)\ if\ y = -1)",
                     .source = "torch.nn.HingeEmbeddingLoss",
                     .args = {marginOf(static_cast<double H::*>(&H::margin),
                                       "Distance that others should have."),
                              reductionArg<H>()},
                     .inputs = {{.name = "input", .pattern = "*", .summary = "Distances."}, sign},
                     .samples
                     = {{.inputs = {{4, 3}, {4, 3}}},
                        {.args = {{"margin", 0.5}, {"reduction", "none"}}, .inputs = {{4}, {4}}}},
                     .badSamples = {{.inputs = {{4, 3}, {4, 2}}, .kind = "size_mismatch"}}}),
            declarePointwise<MarginRankingRule>(
                    {.summary = "Asks one score to be above the other.",
                     .formula = R"(\max(0, -y(x_1-x_2) + margin))",
                     .source = "torch.nn.MarginRankingLoss",
                     .args = {marginOf(&M::margin, "Lead that the better one should have."),
                              reductionArg<M>()},
                     .inputs = {{.name = "input1", .pattern = "*"},
                                {.name = "input2", .pattern = "*"},
                                sign},
                     .samples = {{.inputs = {{4, 3}, {4, 3}, {4, 3}}},
                                 {.args = {{"margin", 0.5}, {"reduction", "none"}},
                                  .inputs = {{4}, {4}, {4}}}},
                     .badSamples
                     = {{.inputs = {{4, 3}, {3}, {3}}, .kind = "dimension_count_mismatch"}}}),
            declare<CosineEmbeddingLoss>(
                    {.name = "CosineEmbeddingLoss",
                     .group = Group::Loss,
                     .summary = "Turns vectors towards or away from one another.",
                     .formula = R"(1-\cos\ if\ y=1,\ \max(0,\cos - margin)\ if\ y=-1)",
                     .source = "torch.nn.CosineEmbeddingLoss",
                     .args = {marginOf(&M::margin, "Cosine that unlike vectors may have."),
                              reductionArg<M>()},
                     .inputs = {{.name = "input1", .pattern = "N D | D"},
                                {.name = "input2", .pattern = "N D | D"},
                                {.name = "target",
                                 .pattern = "N | ",
                                 .summary = "1 or -1.",
                                 .form = TargetForm::Sign}},
                     .outputs = {{.name = "loss", .pattern = "N | "}},
                     .infer = CosineEmbeddingLoss::infer,
                     .samples = {{.inputs = {{4, 3}, {4, 3}, {4}}},
                                 {.args = {{"margin", 0.3}, {"reduction", "none"}},
                                  .inputs = {{5}, {5}, {}}}},
                     .badSamples = {{.inputs = {{4, 3}, {4, 2}, {4}}, .kind = "size_mismatch"},
                                    {.inputs = {{4, 3}, {4, 3}, {4, 1}},
                                     .kind = "dimension_count_mismatch"}}})};
}

} // namespace mrg
