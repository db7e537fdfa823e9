// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/Loss.h"
#include "engine/nn/families.h"
#include "engine/nn/spatial.h"
#include "engine/ops/views.h"

#include <cmath>

namespace mrg {

namespace {

/// A loss of the difference of two tensors, which broadcast as PyTorch's do. Rule gives the value
/// and the slope of one difference.
template <typename Rule> class DifferenceLoss : public Module {
public:
    using Options = typename Rule::Options;
    explicit DifferenceLoss(Options options_) : options(options_) {}

    static Result<Shapes> infer(const Options &o, const Shapes &in)
    {
        Result<Shape> common = broadcastShapes(in.at(0), in.at(1));
        if (!common) {
            return Error(ErrorCategory::Shape, "size_mismatch", "", "target " + toString(in[1]),
                         "the input's shape " + toString(in[0]));
        }
        return lossShape(o.reduction, *common);
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        requireFloating(Rule::name, inputs[0]);
        inferred(Rule::name, infer(options, {inputs[0].shape(), inputs[1].shape()}));
        const Shape shape = *broadcastShapes(inputs[0].shape(), inputs[1].shape());
        const DType dtype = inputs[0].dtype();
        const Tensor left = inputs[0].shape() == shape ? inputs[0] : expand(inputs[0], shape);
        const Tensor right = inputs[1].shape() == shape ? inputs[1] : expand(inputs[1], shape);
        const Tensor x = left.compact();
        const Tensor y = right.toType(dtype).compact();
        LossParts parts;
        parts.layout = {x.numel(), 1, 1, shape};
        parts.items = Tensor::empty(shape, dtype);
        parts.inputGradient = Tensor::empty(shape, dtype);
        parts.targetGradient = right.requiresGrad() ? Tensor::empty(shape, dtype) : Tensor();
        parts.divisor = static_cast<double>(x.numel());
        dispatchFloating(dtype, Rule::name, [&](auto tag) {
            using T = typename decltype(tag)::type;
            const T *a = x.data<T>();
            const T *b = y.data<T>();
            T *items = parts.items.data<T>();
            T *slopes = parts.inputGradient.data<T>();
            T *targetSlopes = parts.targetGradient.defined() ? parts.targetGradient.data<T>() : nullptr;
            for (int64_t i = 0; i < x.numel(); ++i) {
                const T difference = a[i] - b[i];
                items[i] = Rule::value(difference, options);
                slopes[i] = Rule::slope(difference, options);
                if (targetSlopes)
                    targetSlopes[i] = -slopes[i];
            }
        });
        return {reduceLoss(Rule::name, options.reduction, left, right, parts)};
    }

    Options options;
};

struct ReductionOnly {
    Reduction reduction = Reduction::Mean;
};

template <typename T> T signOf(T x) { return static_cast<T>((x > 0) - (x < 0)); }

struct SquaredRule {
    static constexpr const char *name = "MSELoss";
    using Options = ReductionOnly;
    template <typename T> static T value(T d, const Options &) { return d * d; }
    template <typename T> static T slope(T d, const Options &) { return 2 * d; }
};
struct AbsoluteRule {
    static constexpr const char *name = "L1Loss";
    using Options = ReductionOnly;
    template <typename T> static T value(T d, const Options &) { return std::abs(d); }
    template <typename T> static T slope(T d, const Options &) { return signOf(d); }
};
struct HuberRule {
    static constexpr const char *name = "HuberLoss";
    struct Options {
        Reduction reduction = Reduction::Mean;
        double delta = 1.0;
    };
    template <typename T> static T value(T d, const Options &o)
    {
        const T delta = static_cast<T>(o.delta);
        const T size = std::abs(d);
        return size <= delta ? T(0.5) * d * d : delta * (size - T(0.5) * delta);
    }
    template <typename T> static T slope(T d, const Options &o)
    {
        const T delta = static_cast<T>(o.delta);
        return std::abs(d) <= delta ? d : delta * signOf(d);
    }
};

template <typename Rule>
ModuleSpec differenceSpec(const char *summary, const char *formula, std::vector<Arg> args)
{
    using M = DifferenceLoss<Rule>;
    return declare<M>({.name = Rule::name,
                       .group = Group::Loss,
                       .summary = summary,
                       .formula = formula,
                       .source = std::string("torch.nn.") + Rule::name,
                       .args = std::move(args),
                       .inputs = {{.name = "input", .pattern = "*"},
                                  {.name = "target", .pattern = "*", .form = TargetForm::Values}},
                       .outputs = {{.name = "loss", .pattern = "*"}},
                       .infer = M::infer,
                       .samples = {{.inputs = {{4, 3}, {4, 3}}},
                                   {.args = {{"reduction", "none"}}, .inputs = {{4, 3}, {3}}}},
                       .badSamples = {{.inputs = {{4, 3}, {4, 2}}, .kind = "size_mismatch"}}});
}

} // namespace

std::vector<ModuleSpec> regressionLosses()
{
    using H = HuberRule::Options;
    return {differenceSpec<SquaredRule>("Mean squared difference.", "(x-y)^2",
                                        {reductionArg<ReductionOnly>()}),
            differenceSpec<AbsoluteRule>("Mean absolute difference.", "|x-y|",
                                         {reductionArg<ReductionOnly>()}),
            differenceSpec<HuberRule>(
                    "Quadratic near zero, linear beyond delta (delta times SmoothL1).",
                    R"(0.5 d^2\ if\ |d| \le \delta\ else\ \delta(|d| - 0.5\delta))",
                    {reductionArg<H>(), arg("delta", &H::delta, "Where it turns linear.", above(0))})};
}

} // namespace mrg
