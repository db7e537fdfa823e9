// SPDX-License-Identifier: GPL-3.0-or-later
// Adam and its relatives.
#include "engine/optim/ElementwiseOptimizer.h"
#include "engine/optim/families.h"

#include <algorithm>
#include <cmath>

namespace mrg {

namespace {

struct MomentOptions {
    double lr = 0.001;
    std::vector<double> betas{0.9, 0.999};
    double eps = 1e-8;
    double weight_decay = 0;
    bool maximize = false;
};
struct AdamOptions : MomentOptions {
    bool amsgrad = false;
};
struct AdamWOptions : AdamOptions {
    AdamWOptions() { weight_decay = 0.01; }
};
struct AdamaxOptions : MomentOptions {
    AdamaxOptions() { lr = 0.002; }
};
struct NAdamOptions : MomentOptions {
    NAdamOptions() { lr = 0.002; }
    double momentum_decay = 0.004;
    bool decoupled_weight_decay = false;
};
struct RAdamOptions : MomentOptions {
    bool decoupled_weight_decay = false;
};

/// What the relatives share: the gradient as it enters the means, and the means themselves.
template <typename T> struct Moments {
    /// `decoupled`: weight decay comes straight off the weight, not through the gradient.
    Moments(const MomentOptions &o, bool decoupled)
        : beta1(static_cast<T>(o.betas[0])),
          beta2(static_cast<T>(o.betas[1])),
          rest1(static_cast<T>(1 - o.betas[0])),
          rest2(static_cast<T>(1 - o.betas[1])),
          eps(static_cast<T>(o.eps)),
          decay(decoupled ? T(0) : static_cast<T>(o.weight_decay)),
          shrink(decoupled ? static_cast<T>(1 - o.lr * o.weight_decay) : T(1)),
          sign(o.maximize ? T(-1) : T(1))
    {
    }
    T gradient(T g, T weight) const { return sign * g + decay * weight; }
    T mean(T old, T d) const { return beta1 * old + rest1 * d; }
    T square(T old, T d) const { return beta2 * old + rest2 * d * d; }

    T beta1, beta2, rest1, rest2, eps, decay, shrink, sign;
};

/// 1 - beta^step, by which a mean that started at zero is too small.
double correction(double beta, int64_t step)
{
    return 1 - std::pow(beta, static_cast<double>(step));
}

template <typename O, bool decoupled> struct AdamRule {
    using Options = O;
    static constexpr std::array slots{"exp_avg", "exp_avg_sq", "max_exp_avg_sq"};
    static constexpr std::array<const char *, 0> numbers{};
    static bool needs(const O &o, size_t slot) { return slot < 2 || o.amsgrad; }
    static double initial(const O &, size_t) { return 0; }

    template <typename T> struct Update {
        Update(const O &o, UpdateContext context)
            : m(o, decoupled),
              stepSize(static_cast<T>(o.lr / correction(o.betas[0], context.step))),
              inverseRoot(static_cast<T>(1 / std::sqrt(correction(o.betas[1], context.step))))
        {
        }
        void operator()(int64_t begin, int64_t end, T *__restrict p, const T *__restrict g,
                        SlotPointers<T> slots) const
        {
            T *__restrict mean = slots[0];
            T *__restrict square = slots[1];
            T *__restrict largest = slots[2];
            if (largest) {
                for (int64_t i = begin; i < end; ++i) {
                    const T second = advance(p[i], g[i], mean[i], square[i]);
                    largest[i] = largest[i] < second ? second : largest[i];
                    p[i] = moved(p[i], mean[i], largest[i]);
                }
            } else {
                for (int64_t i = begin; i < end; ++i) {
                    const T second = advance(p[i], g[i], mean[i], square[i]);
                    p[i] = moved(p[i], mean[i], second);
                }
            }
        }
        /// Takes a gradient into the means; the new mean of the squares.
        T advance(T weight, T g, T &mean, T &square) const
        {
            const T d = m.gradient(g, weight * m.shrink);
            mean = m.mean(mean, d);
            return square = m.square(square, d);
        }
        T moved(T weight, T mean, T square) const
        {
            return weight * m.shrink - stepSize * mean / (std::sqrt(square) * inverseRoot + m.eps);
        }
        Moments<T> m;
        T stepSize, inverseRoot;
    };
};

struct AdamaxRule {
    using Options = AdamaxOptions;
    static constexpr std::array slots{"exp_avg", "exp_inf"};
    static constexpr std::array<const char *, 0> numbers{};
    static bool needs(const Options &, size_t) { return true; }
    static double initial(const Options &, size_t) { return 0; }

    template <typename T> struct Update {
        Update(const Options &o, UpdateContext context)
            : m(o, false),
              stepSize(static_cast<T>(o.lr / correction(o.betas[0], context.step)))
        {
        }
        void operator()(int64_t begin, int64_t end, T *__restrict p, const T *__restrict g,
                        SlotPointers<T> slots) const
        {
            T *__restrict mean = slots[0];
            T *__restrict largest = slots[1];
            for (int64_t i = begin; i < end; ++i) {
                const T d = m.gradient(g[i], p[i]);
                mean[i] = m.mean(mean[i], d);
                const T faded = largest[i] * m.beta2;
                const T size = std::abs(d) + m.eps;
                largest[i] = faded < size ? size : faded;
                p[i] -= stepSize * mean[i] / largest[i];
            }
        }
        Moments<T> m;
        T stepSize;
    };
};

struct NAdamRule {
    using Options = NAdamOptions;
    static constexpr std::array slots{"exp_avg", "exp_avg_sq"};
    static constexpr std::array numbers{"mu_product"};
    static bool needs(const Options &, size_t) { return true; }
    static double initial(const Options &, size_t) { return 0; }

    template <typename T> struct Update {
        Update(const Options &o, UpdateContext context)
            : m(o, o.decoupled_weight_decay),
              squareCorrection(static_cast<T>(correction(o.betas[1], context.step)))
        {
            const auto momentum = [&](int64_t step) {
                return o.betas[0]
                        * (1 - 0.5 * std::pow(0.96, static_cast<double>(step) * o.momentum_decay));
            };
            const double now = momentum(context.step);
            const double next = momentum(context.step + 1);
            // PyTorch 1.13 keeps the product as float32 and takes this step's momentum twice into
            // what corrects the mean.
            const float before = context.step == 1 ? 1 : static_cast<float>(context.numbers[0]);
            const float product = before * static_cast<float>(now);
            const float ahead = product * static_cast<float>(now) * static_cast<float>(next);
            context.numbers[0] = product;
            gradientStep = static_cast<T>(o.lr * (1 - now) / (1 - static_cast<double>(product)));
            meanStep = static_cast<T>(o.lr * next / (1 - static_cast<double>(ahead)));
        }
        void operator()(int64_t begin, int64_t end, T *__restrict p, const T *__restrict g,
                        SlotPointers<T> slots) const
        {
            T *__restrict mean = slots[0];
            T *__restrict square = slots[1];
            for (int64_t i = begin; i < end; ++i) {
                const T weight = p[i] * m.shrink;
                const T d = m.gradient(g[i], weight);
                mean[i] = m.mean(mean[i], d);
                square[i] = m.square(square[i], d);
                const T size = std::sqrt(square[i] / squareCorrection) + m.eps;
                p[i] = weight - gradientStep * d / size - meanStep * mean[i] / size;
            }
        }
        Moments<T> m;
        T squareCorrection, gradientStep, meanStep;
    };
};

struct RAdamRule {
    using Options = RAdamOptions;
    static constexpr std::array slots{"exp_avg", "exp_avg_sq"};
    static constexpr std::array<const char *, 0> numbers{};
    static bool needs(const Options &, size_t) { return true; }
    static double initial(const Options &, size_t) { return 0; }

    template <typename T> struct Update {
        Update(const Options &o, UpdateContext context)
            : m(o, o.decoupled_weight_decay),
              stepSize(static_cast<T>(o.lr / correction(o.betas[0], context.step)))
        {
            const double step = static_cast<double>(context.step);
            const double squareCorrection = correction(o.betas[1], context.step);
            // Length of the simple moving average that the mean of the squares stands for.
            const double longest = 2 / (1 - o.betas[1]) - 1;
            const double length
                    = longest - 2 * step * std::pow(o.betas[1], step) / squareCorrection;
            adaptive = length > 5;
            if (adaptive) {
                scale = static_cast<T>(std::sqrt(squareCorrection)
                                       * std::sqrt((length - 4) * (length - 2) * longest
                                                   / ((longest - 4) * (longest - 2) * length)));
            }
        }
        void operator()(int64_t begin, int64_t end, T *__restrict p, const T *__restrict g,
                        SlotPointers<T> slots) const
        {
            T *__restrict mean = slots[0];
            T *__restrict square = slots[1];
            for (int64_t i = begin; i < end; ++i) {
                const T weight = p[i] * m.shrink;
                const T d = m.gradient(g[i], weight);
                mean[i] = m.mean(mean[i], d);
                square[i] = m.square(square[i], d);
                const T factor = adaptive ? scale / (std::sqrt(square[i]) + m.eps) : T(1);
                p[i] = weight - stepSize * mean[i] * factor;
            }
        }
        Moments<T> m;
        T stepSize, scale = 1;
        bool adaptive;
    };
};

template <typename O> std::vector<Arg> momentArgs(std::vector<Arg> more = {})
{
    std::vector<Arg> args{
            arg("lr", static_cast<double O::*>(&O::lr), "Learning rate.", atLeast(0)),
            arg("betas", static_cast<std::vector<double> O::*>(&O::betas),
                "Memory of the mean and of the squares, each from 0 to below 1.",
                {.minimum = 0, .maximum = 1, .exclusiveMaximum = true}),
            arg("eps", static_cast<double O::*>(&O::eps), "Added to the root.", atLeast(0)),
            arg("weight_decay", static_cast<double O::*>(&O::weight_decay), "Pull towards zero.",
                atLeast(0))};
    for (Arg &one : more)
        args.push_back(std::move(one));
    args.push_back(
            arg("maximize", static_cast<bool O::*>(&O::maximize), "Climb instead of descending."));
    return args;
}

template <typename Rule> OptimizerSpec momentOptimizer(OptimizerSpec spec)
{
    return declareOptimizer<ElementwiseOptimizer<Rule>>(
            std::move(spec), [](const typename Rule::Options &o) -> Result<void> {
                if (o.betas.size() == 2)
                    return {};
                return Error(ErrorCategory::Value, "wrong_argument", "optimizer",
                             std::to_string(o.betas.size()) + " betas", "two");
            });
}

} // namespace

std::vector<OptimizerSpec> adamOptimizers()
{
    using N = NAdamOptions;
    using R = RAdamOptions;
    const char *decoupledText = "Take weight decay straight off the weights, as AdamW does.";
    const char *amsgradText = "Use the largest square so far.";
    return {momentOptimizer<AdamRule<AdamOptions, false>>(
                    {.name = "Adam",
                     .summary = "Steps scaled by running means of gradients and their squares.",
                     .formula = R"(\theta = \theta - \eta \hat m / (\sqrt{\hat v} + \epsilon))",
                     .source = "torch.optim.Adam; Kingma and Ba, ICLR 2015",
                     .args = momentArgs<AdamOptions>(
                             {arg("amsgrad", &AdamOptions::amsgrad, amsgradText)})}),
            momentOptimizer<AdamRule<AdamWOptions, true>>(
                    {.name = "AdamW",
                     .summary = "Adam whose weight decay does not pass through the gradient.",
                     .formula
                     = R"(\theta = (1 - \eta\lambda)\theta - \eta \hat m / (\sqrt{\hat v} + \epsilon))",
                     .source = "torch.optim.AdamW; Loshchilov and Hutter, ICLR 2019",
                     .args = momentArgs<AdamWOptions>({arg(
                             "amsgrad", static_cast<bool AdamWOptions::*>(&AdamWOptions::amsgrad),
                             amsgradText)})}),
            momentOptimizer<AdamaxRule>(
                    {.name = "Adamax",
                     .summary
                     = "Adam with the largest gradient, slowly forgotten, in place of the squares.",
                     .formula
                     = R"(u = \max(\beta_2 u, |g| + \epsilon);\ \theta = \theta - \eta \hat m / u)",
                     .source = "torch.optim.Adamax; Kingma and Ba, ICLR 2015",
                     .args = momentArgs<AdamaxOptions>()}),
            momentOptimizer<NAdamRule>(
                    {.name = "NAdam",
                     .summary = "Adam with Nesterov's look ahead.",
                     .formula
                     = R"(\theta = \theta - \eta(\mu_{t+1}\hat m + (1-\mu_t)\hat g) / (\sqrt{\hat v} + \epsilon))",
                     .source = "torch.optim.NAdam; Dozat, 2016",
                     .args = momentArgs<N>({arg("momentum_decay", &N::momentum_decay,
                                                "Warm-up of the momentum.", atLeast(0)),
                                            arg("decoupled_weight_decay",
                                                &N::decoupled_weight_decay, decoupledText)})}),
            momentOptimizer<RAdamRule>(
                    {.name = "RAdam",
                     .summary
                     = "Adam that does without the squares until it has seen enough of them.",
                     .formula = R"(\theta = \theta - \eta r_t \hat m / (\sqrt{\hat v} + \epsilon))",
                     .source = "torch.optim.RAdam; Liu et al., ICLR 2020",
                     .args = momentArgs<R>({arg("decoupled_weight_decay",
                                                &R::decoupled_weight_decay, decoupledText)})})};
}

} // namespace mrg
