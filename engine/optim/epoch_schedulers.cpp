// SPDX-License-Identifier: GPL-3.0-or-later
// Schedulers by the number of the epoch alone.
#include "engine/optim/families.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace mrg {

namespace {

/// What most rules share: the rate of epoch 0 is the optimizer's own.
template <typename O> struct EpochRule {
    using Options = O;
    explicit EpochRule(const O &options_) : options(options_) { }
    double first(double base) const { return base; }
    O options;
};

struct StepOptions {
    int64_t step_size = 10;
    double gamma = 0.1;
};
struct StepRule : EpochRule<StepOptions> {
    using EpochRule::EpochRule;
    double next(double rate, double, int64_t epoch) const
    {
        return epoch % options.step_size == 0 ? rate * options.gamma : rate;
    }
};

struct MultiStepOptions {
    std::vector<int64_t> milestones{10, 20};
    double gamma = 0.1;
};
struct MultiStepRule : EpochRule<MultiStepOptions> {
    using EpochRule::EpochRule;
    double first(double base) const { return next(base, base, 0); }
    double next(double rate, double, int64_t epoch) const
    {
        const auto times = std::count(options.milestones.begin(), options.milestones.end(), epoch);
        return rate * std::pow(options.gamma, static_cast<double>(times));
    }
};

struct ExponentialOptions {
    double gamma = 0.95;
};
struct ExponentialRule : EpochRule<ExponentialOptions> {
    using EpochRule::EpochRule;
    double next(double rate, double, int64_t) const { return rate * options.gamma; }
};

struct ConstantOptions {
    double factor = 1.0 / 3;
    int64_t total_iters = 5;
};
struct ConstantRule : EpochRule<ConstantOptions> {
    using EpochRule::EpochRule;
    double first(double base) const { return base * options.factor; }
    double next(double rate, double, int64_t epoch) const
    {
        return epoch == options.total_iters ? rate / options.factor : rate;
    }
};

struct LinearOptions {
    double start_factor = 1.0 / 3;
    double end_factor = 1;
    int64_t total_iters = 5;
};
struct LinearRule : EpochRule<LinearOptions> {
    using EpochRule::EpochRule;
    double first(double base) const { return base * options.start_factor; }
    double next(double rate, double, int64_t epoch) const
    {
        if (epoch > options.total_iters)
            return rate;
        const double rise = options.end_factor - options.start_factor;
        const double next = rate
                * (1
                   + rise
                           / (static_cast<double>(options.total_iters) * options.start_factor
                              + static_cast<double>(epoch - 1) * rise));
        // On the way to 0 rounding may pass it.
        return std::max(next, 0.0);
    }
};

struct PolynomialOptions {
    int64_t total_iters = 5;
    double power = 1;
};
struct PolynomialRule : EpochRule<PolynomialOptions> {
    using EpochRule::EpochRule;
    double next(double rate, double, int64_t epoch) const
    {
        if (epoch > options.total_iters)
            return rate;
        const double total = static_cast<double>(options.total_iters);
        const double now = static_cast<double>(epoch);
        return rate * std::pow((1 - now / total) / (1 - (now - 1) / total), options.power);
    }
};

struct CosineOptions {
    int64_t T_max = 10;
    double eta_min = 0;
};
struct CosineRule : EpochRule<CosineOptions> {
    using EpochRule::EpochRule;
    double next(double rate, double base, int64_t epoch) const
    {
        const double pi = std::numbers::pi;
        const double period = static_cast<double>(options.T_max);
        const double now = static_cast<double>(epoch);
        // From the minimum, where the quotient below is 0 / 0, it climbs again.
        if ((epoch - 1 - options.T_max) % (2 * options.T_max) == 0)
            return rate + (base - options.eta_min) * (1 - std::cos(pi / period)) / 2;
        return (1 + std::cos(pi * now / period)) / (1 + std::cos(pi * (now - 1) / period))
                * (rate - options.eta_min)
                + options.eta_min;
    }
};

struct RestartOptions {
    int64_t T_0 = 10;
    int64_t T_mult = 1;
    double eta_min = 0;
};
struct RestartRule : EpochRule<RestartOptions> {
    using EpochRule::EpochRule;
    double next(double, double base, int64_t epoch) const
    {
        int64_t period = options.T_0;
        for (; epoch >= period; period *= options.T_mult)
            epoch -= period;
        const double phase = static_cast<double>(epoch) / static_cast<double>(period);
        return options.eta_min
                + (base - options.eta_min) * (1 + std::cos(std::numbers::pi * phase)) / 2;
    }
};

template <typename Rule> SchedulerSpec epochScheduler(SchedulerSpec spec)
{
    return declareScheduler<EpochScheduler<Rule>>(std::move(spec));
}

} // namespace

std::vector<SchedulerSpec> epochSchedulers()
{
    using S = StepOptions;
    using M = MultiStepOptions;
    using E = ExponentialOptions;
    using K = ConstantOptions;
    using L = LinearOptions;
    using P = PolynomialOptions;
    using C = CosineOptions;
    using R = RestartOptions;
    const char *drop = "Factor of each drop.";
    return {epochScheduler<StepRule>(
                    {.name = "StepLR",
                     .summary = "Multiplies the rate by gamma every so many epochs.",
                     .formula = R"(\eta_t = \gamma \eta_{t-1}\ if\ t \bmod s = 0)",
                     .args = {requiredArg("step_size", &S::step_size, "Epochs between drops.",
                                          atLeast(1)),
                              arg("gamma", &S::gamma, drop)}}),
            epochScheduler<MultiStepRule>(
                    {.name = "MultiStepLR",
                     .summary = "Multiplies the rate by gamma at the given epochs.",
                     .formula = R"(\eta_t = \gamma \eta_{t-1}\ if\ t \in milestones)",
                     .args = {requiredArg("milestones", &M::milestones, "Epochs of the drops."),
                              arg("gamma", &M::gamma, drop)}}),
            epochScheduler<ExponentialRule>(
                    {.name = "ExponentialLR",
                     .summary = "Multiplies the rate by gamma every epoch.",
                     .formula = R"(\eta_t = \gamma^t \eta_0)",
                     .args = {requiredArg("gamma", &E::gamma, "Factor of every epoch.")}}),
            epochScheduler<ConstantRule>(
                    {.name = "ConstantLR",
                     .summary = "A smaller rate for the first epochs.",
                     .formula = R"(\eta_t = f \eta_0\ if\ t < T\ else\ \eta_0)",
                     .args
                     = {arg("factor", &K::factor, "Factor of the first epochs.", between(0, 1)),
                        arg("total_iters", &K::total_iters, "Number of these epochs.")}}),
            epochScheduler<LinearRule>(
                    {.name = "LinearLR",
                     .summary = "Lets the rate rise or fall evenly from one factor to another.",
                     .formula = R"(\eta_t = \eta_0 (f_0 + (f_1 - f_0) t / T))",
                     .args
                     = {arg("start_factor", &L::start_factor, "Factor at the start.",
                            {.minimum = 0, .exclusiveMinimum = true, .maximum = 1}),
                        arg("end_factor", &L::end_factor, "Factor at the end.", between(0, 1)),
                        arg("total_iters", &L::total_iters, "Epochs that it takes.")}}),
            epochScheduler<PolynomialRule>(
                    {.name = "PolynomialLR",
                     .summary = "Lets the rate fall to zero along a power.",
                     .formula = R"(\eta_t = \eta_0 (1 - t / T)^p)",
                     .args = {arg("total_iters", &P::total_iters, "Epochs to zero.", atLeast(1)),
                              arg("power", &P::power, "1: a straight line.")}}),
            epochScheduler<CosineRule>(
                    {.name = "CosineAnnealingLR",
                     .summary = "Lets the rate fall along half a cosine.",
                     .formula
                     = R"(\eta_t = \eta_{min} + \frac12(\eta_0 - \eta_{min})(1 + \cos(\pi t / T)))",
                     .args = {requiredArg("T_max", &C::T_max, "Epochs to the minimum.", atLeast(1)),
                              arg("eta_min", &C::eta_min, "The smallest rate.")}}),
            epochScheduler<RestartRule>(
                    {.name = "CosineAnnealingWarmRestarts",
                     .summary = "Falls along half a cosine and starts anew, each time for longer.",
                     .formula
                     = R"(\eta_t = \eta_{min} + \frac12(\eta_0 - \eta_{min})(1 + \cos(\pi t_{cur} / T_i)))",
                     .args
                     = {requiredArg("T_0", &R::T_0, "Epochs to the first restart.", atLeast(1)),
                        arg("T_mult", &R::T_mult, "How much longer each is than the last.",
                            atLeast(1)),
                        arg("eta_min", &R::eta_min, "The smallest rate.")}})};
}

} // namespace mrg
