// SPDX-License-Identifier: GPL-3.0-or-later
// Losses of real numbers: of a difference, and of a distribution's parameters.
#include "engine/nn/PointwiseLoss.h"
#include "engine/nn/families.h"

#include <cmath>
#include <numbers>

namespace mrg {

namespace {

struct ReductionOnly {
    Reduction reduction = Reduction::Mean;
};

/// A loss of the difference of input and target: D gives size(difference) and its slope.
template <typename D> struct DifferenceRule : BroadcastRule<typename D::Options> {
    static constexpr const char *name = D::name, *function = D::function;
    static constexpr size_t inputs = 2, differentiable = 2, operands = 2;
    static DType type(const char *where, const typename D::Options &o, std::span<const Tensor> in)
    {
        if constexpr (requires { D::checkTypes(where, in); })
            D::checkTypes(where, in);
        const DType meeting = BroadcastRule<typename D::Options>::type(where, o, in);
        return D::keepsInputType ? in[0].dtype() : meeting;
    }
    template <typename V> static V value(const typename D::Options &o, const std::array<V, 2> &x)
    {
        return D::size(o, x[0] - x[1]);
    }
    template <typename V>
    static std::array<V, 2> slopes(const typename D::Options &o, const std::array<V, 2> &x)
    {
        const V slope = D::slope(o, x[0] - x[1]);
        return {slope, -slope};
    }
};

template <typename V> V signOf(V d)
{
    return d > V(0) ? V(1) : d < V(0) ? V(-1) : d == V(0) ? V(0) : d;
}
template <typename V> V sizeOf(V d) { return d < V(0) ? -d : d; }

struct Squared {
    static constexpr const char *name = "MSELoss", *function = "mse_loss";
    static constexpr bool keepsInputType = false;
    using Options = ReductionOnly;
    template <typename V> static V size(const Options &, V d) { return d * d; }
    template <typename V> static V slope(const Options &, V d) { return V(2) * d; }
};

struct Absolute {
    static constexpr const char *name = "L1Loss", *function = "l1_loss";
    static constexpr bool keepsInputType = false;
    static void checkTypes(const char *where, std::span<const Tensor> in)
    {
        refuseMasks(where, in);
    }
    using Options = ReductionOnly;
    template <typename V> static V size(const Options &, V d) { return sizeOf(d); }
    template <typename V> static V slope(const Options &, V d)
    {
        return d > V(0) ? V(1) : d < V(0) ? V(-1) : V(0); // 0 for a NaN too
    }
};

struct Huber {
    static constexpr const char *name = "HuberLoss", *function = "huber_loss";
    static constexpr bool keepsInputType = true;
    static void checkTypes(const char *where, std::span<const Tensor> in)
    {
        requireFloating(where, in[0]);
    }
    struct Options {
        Reduction reduction = Reduction::Mean;
        double delta = 1.0;
    };
    template <typename V> static V size(const Options &o, V d)
    {
        const V delta = V(o.delta);
        const V s = sizeOf(d);
        return s <= delta ? V(0.5) * d * d : delta * (s - V(0.5) * delta);
    }
    template <typename V> static V slope(const Options &o, V d)
    {
        const V delta = V(o.delta);
        return d < -delta ? -delta : d > delta ? delta : d;
    }
};

struct SmoothAbsolute {
    static constexpr const char *name = "SmoothL1Loss", *function = "smooth_l1_loss";
    static constexpr bool keepsInputType = false;
    struct Options {
        Reduction reduction = Reduction::Mean;
        double beta = 1.0;
    };
    template <typename V> static V size(const Options &o, V d)
    {
        const V beta = V(o.beta);
        const V s = sizeOf(d);
        return s < beta ? V(0.5) * d * d / beta : s - V(0.5) * beta;
    }
    template <typename V> static V slope(const Options &o, V d)
    {
        const V beta = V(o.beta);
        return sizeOf(d) < beta ? d / beta : signOf(d);
    }
};

struct PoissonOptions {
    bool log_input = true;
    bool full = false;
    double eps = 1e-8;
    Reduction reduction = Reduction::Mean;
};
struct PoissonRule : BroadcastRule<PoissonOptions> {
    static constexpr const char *name = "PoissonNLLLoss", *function = "poisson_nll_loss";
    static constexpr size_t inputs = 2, differentiable = 2, operands = 2;
    static DType type(const char *where, const Options &o, std::span<const Tensor> in)
    {
        // Of masks nothing is subtracted but what has become a number.
        if (o.full)
            refuseMasks(where, in.subspan(1));
        if (!o.log_input || in[1].dtype() == DType::Bool)
            refuseMasks(where, in.first(1));
        return meetingType(where, in, true);
    }
    template <typename V> static V value(const Options &o, const std::array<V, 2> &x)
    {
        using std::exp, std::log;
        const V loss = o.log_input ? exp(x[0]) - x[1] * x[0] : x[0] - x[1] * log(x[0] + V(o.eps));
        // Stirling's approximation of log(y!), where it is one.
        return o.full && x[1] > V(1)
                ? loss + (x[1] * log(x[1]) - x[1] + V(0.5) * log(V(2 * std::numbers::pi) * x[1]))
                : loss;
    }
    template <typename V>
    static std::array<V, 2> slopes(const Options &o, const std::array<V, 2> &x)
    {
        using std::exp, std::log;
        const V rate = o.log_input ? exp(x[0]) - x[1] : V(1) - x[1] / (x[0] + V(o.eps));
        const V count = o.log_input ? -x[0] : -log(x[0] + V(o.eps));
        return {rate, o.full && x[1] > V(1) ? count + log(x[1]) + V(0.5) / x[1] : count};
    }
};

struct GaussianOptions {
    bool full = false;
    double eps = 1e-6;
    Reduction reduction = Reduction::Mean;
};
struct GaussianRule : PointwiseRule<GaussianOptions> {
    static constexpr const char *name = "GaussianNLLLoss", *function = "gaussian_nll_loss";
    static constexpr size_t inputs = 3, differentiable = 3, operands = 3;
    static DType type(const char *where, const Options &, std::span<const Tensor> in)
    {
        refuseMasks(where, in);
        return meetingType(where, in, true);
    }

    /// One variance for all, for every element, or for every row of the last dimension.
    static Result<Shape> shape(const Options &, const Shapes &in)
    {
        const Shape &x = in.at(0);
        const Shape &variance = in.at(2);
        const Result<Shape> both = broadcastShapes(x, in.at(1));
        if (!both)
            return checkSameShape(x, in[1]).error();
        if (variance == x || (!x.empty() && variance == Shape(x.begin(), x.end() - 1)))
            return *both;
        Shape rows(x.begin(), x.end() - (x.empty() ? 0 : 1));
        rows.push_back(1);
        if (variance == rows)
            return broadcastShapes(*both, rows);
        return Error(ErrorCategory::Shape, "variance_size_mismatch", "",
                     "var " + toString(variance),
                     toString(x) + ", or the same with last dimension 1 or without it");
    }
    static std::vector<Tensor> aligned(std::span<const Tensor> in)
    {
        std::vector<Tensor> out(in.begin(), in.end());
        if (in[2].dim() + 1 == in[0].dim()) {
            Shape rows = in[2].shape();
            rows.push_back(1);
            out[2] = reshape(in[2], rows);
        }
        return out;
    }

    template <typename V> static V value(const Options &o, const std::array<V, 3> &x)
    {
        using std::log;
        const V variance = checkedVariance(o, x[2]);
        const V d = x[0] - x[1];
        const V loss = V(0.5) * (log(variance) + d * d / variance);
        return o.full ? loss + V(0.5 * std::log(2 * std::numbers::pi)) : loss;
    }
    template <typename V>
    static std::array<V, 3> slopes(const Options &o, const std::array<V, 3> &x)
    {
        const V variance = raisedTo(x[2], o.eps);
        const V slope = (x[0] - x[1]) / variance;
        return {slope, -slope, V(0.5) * (V(1) / variance - slope * slope)};
    }

private:
    template <typename V> static V checkedVariance(const Options &o, V variance)
    {
        if (variance < V(0)) {
            throw Error(ErrorCategory::Value, "negative_variance", name, "a variance below 0",
                        "variances of 0 or more");
        }
        return raisedTo(variance, o.eps);
    }
};

const std::vector<Port> differencePorts{
        {.name = "input", .pattern = "*"},
        {.name = "target", .pattern = "*", .form = TargetForm::Values}};

template <typename D>
ModuleSpec differenceSpec(const char *summary, const char *formula, std::vector<Arg> args)
{
    return declarePointwise<DifferenceRule<D>>(
            {.summary = summary,
             .formula = formula,
             .source = std::string("torch.nn.") + D::name,
             .args = std::move(args),
             .inputs = differencePorts,
             .samples = {{.inputs = {{4, 3}, {4, 3}}},
                         {.args = {{"reduction", "none"}}, .inputs = {{4, 3}, {3}}},
                         {.args = {{"reduction", "sum"}}, .inputs = {{2}, {2}}}},
             .badSamples = {{.inputs = {{4, 3}, {4, 2}}, .kind = "size_mismatch"}}});
}

} // namespace

std::vector<ModuleSpec> regressionLosses()
{
    using H = Huber::Options;
    using S = SmoothAbsolute::Options;
    using P = PoissonOptions;
    using G = GaussianOptions;
    return {differenceSpec<Squared>("Mean squared difference.", "(x-y)^2",
                                    {reductionArg<ReductionOnly>()}),
            differenceSpec<Absolute>("Mean absolute difference.", "|x-y|",
                                     {reductionArg<ReductionOnly>()}),
            differenceSpec<Huber>(
                    "Quadratic near zero, linear beyond delta (delta times SmoothL1).",
                    R"(0.5 d^2\ if\ |d| \le \delta\ else\ \delta(|d| - 0.5\delta))",
                    {reductionArg<H>(),
                     arg("delta", &H::delta, "Where it turns linear.", above(0))}),
            differenceSpec<SmoothAbsolute>(
                    "Quadratic near zero, linear beyond beta.",
                    R"(0.5 d^2/\beta\ if\ |d| < \beta\ else\ |d| - 0.5\beta)",
                    {reductionArg<S>(),
                     arg("beta", &S::beta, "Where it turns linear; 0: everywhere.", atLeast(0))}),
            declarePointwise<PoissonRule>(
                    {.summary = "Negative log-likelihood of counts.",
                     .formula = R"(e^x - yx\ (log\_input)\ or\ x - y\log(x+\epsilon))",
                     .source = "torch.nn.PoissonNLLLoss",
                     .args
                     = {arg("log_input", &P::log_input, "The input is the logarithm of the rate."),
                        arg("full", &P::full,
                            "Add Stirling's approximation of log(y!) where y > 1."),
                        arg("eps", &P::eps, "Added to the rate under the logarithm."),
                        reductionArg<P>()},
                     .inputs = differencePorts,
                     .samples = {{.inputs = {{4, 3}, {4, 3}}},
                                 {.args = {{"full", true}, {"reduction", "none"}},
                                  .inputs = {{4, 3}, {4, 3}}}},
                     .badSamples = {{.inputs = {{4, 3}, {4, 2}}, .kind = "size_mismatch"}}}),
            declarePointwise<GaussianRule>(
                    {.summary = "Negative log-likelihood of normally distributed values.",
                     .formula = R"(0.5(\log\max(v,\epsilon) + (x-y)^2/\max(v,\epsilon)))",
                     .source = "torch.nn.GaussianNLLLoss",
                     .args
                     = {arg("full", &G::full, "Add the constant term."),
                        arg("eps", &G::eps, "The smallest variance.", above(0)), reductionArg<G>()},
                     .inputs = {{.name = "input", .pattern = "*", .summary = "Means."},
                                {.name = "target", .pattern = "*", .form = TargetForm::Values},
                                {.name = "var",
                                 .pattern = "",
                                 .summary = "Variances.",
                                 .domain = {.low = 0}}},
                     .samples = {{.inputs = {{4, 3}, {4, 3}, {4, 3}}},
                                 {.args = {{"full", true}, {"reduction", "none"}},
                                  .inputs = {{4, 3}, {4, 3}, {4, 1}}},
                                 {.args = {{"reduction", "sum"}}, .inputs = {{4, 3}, {4, 3}, {4}}}},
                     .badSamples
                     = {{.inputs = {{4, 3}, {4, 3}, {3, 3}}, .kind = "variance_size_mismatch"}}})};
}

} // namespace mrg
