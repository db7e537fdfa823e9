// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/optim/Optimizer.h"

#include <cmath>
#include <limits>
#include <numbers>

namespace mrg {

namespace {

/// Schedulers that multiply or set the rate of every group after each epoch.
template <typename O> class EpochScheduler : public Scheduler {
public:
    EpochScheduler(Optimizer &optimizer, O options_) : m_optimizer(optimizer), options(options_)
    {
        for (size_t g = 0; g < optimizer.groups().size(); ++g)
            m_base.push_back(optimizer.lr(g));
    }

    void step(double) override
    {
        ++m_epoch;
        for (size_t g = 0; g < m_base.size(); ++g)
            m_optimizer.setOption("lr", next(m_optimizer.lr(g), m_base[g]), static_cast<int>(g)).value();
    }

protected:
    /// The rate of epoch m_epoch from that of the epoch before, in torch's recursive form.
    virtual double next(double rate, double base) const = 0;

    Optimizer &m_optimizer;
    O options;
    int64_t m_epoch = 0;
    std::vector<double> m_base;
};

struct StepLROptions {
    int64_t step_size = 10;
    double gamma = 0.1;
};
class StepLR : public EpochScheduler<StepLROptions> {
public:
    using Options = StepLROptions;
    using EpochScheduler::EpochScheduler;

protected:
    double next(double rate, double) const override
    {
        return m_epoch % options.step_size == 0 ? rate * options.gamma : rate;
    }
};

struct CosineOptions {
    int64_t T_max = 10;
    double eta_min = 0;
};
class CosineAnnealingLR : public EpochScheduler<CosineOptions> {
public:
    using Options = CosineOptions;
    using EpochScheduler::EpochScheduler;

protected:
    double next(double rate, double base) const override
    {
        const double pi = std::numbers::pi;
        const double period = static_cast<double>(options.T_max);
        const double now = static_cast<double>(m_epoch);
        if ((m_epoch - 1 - options.T_max) % (2 * options.T_max) == 0)
            return rate + (base - options.eta_min) * (1 - std::cos(pi / period)) / 2;
        return (1 + std::cos(pi * now / period)) / (1 + std::cos(pi * (now - 1) / period))
                * (rate - options.eta_min)
                + options.eta_min;
    }
};

enum class PlateauMode { Min, Max };
enum class ThresholdMode { Rel, Abs };

} // namespace

template <> struct EnumTexts<PlateauMode> {
    static constexpr std::array texts{std::pair{PlateauMode::Min, "min"}, std::pair{PlateauMode::Max, "max"}};
};
template <> struct EnumTexts<ThresholdMode> {
    static constexpr std::array texts{std::pair{ThresholdMode::Rel, "rel"}, std::pair{ThresholdMode::Abs, "abs"}};
};

namespace {

struct PlateauOptions {
    PlateauMode mode = PlateauMode::Min;
    double factor = 0.1;
    int64_t patience = 10;
    double threshold = 1e-4;
    ThresholdMode threshold_mode = ThresholdMode::Rel;
    int64_t cooldown = 0;
    double min_lr = 0;
    double eps = 1e-8;
};

class ReduceLROnPlateau : public Scheduler {
public:
    using Options = PlateauOptions;
    ReduceLROnPlateau(Optimizer &optimizer, Options options_)
        : options(options_), m_optimizer(optimizer),
          m_best(options.mode == PlateauMode::Min ? std::numeric_limits<double>::infinity()
                                                  : -std::numeric_limits<double>::infinity())
    {
    }

    void step(double metric) override
    {
        if (isBetter(metric)) {
            m_best = metric;
            m_badEpochs = 0;
        } else {
            ++m_badEpochs;
        }
        if (m_cooldown > 0) {
            --m_cooldown;
            m_badEpochs = 0;
        }
        if (m_badEpochs <= options.patience)
            return;
        for (size_t g = 0; g < m_optimizer.groups().size(); ++g) {
            const double rate = m_optimizer.lr(g);
            const double reduced = std::max(rate * options.factor, options.min_lr);
            if (rate - reduced > options.eps)
                m_optimizer.setOption("lr", reduced, static_cast<int>(g)).value();
        }
        m_cooldown = options.cooldown;
        m_badEpochs = 0;
    }

    Options options;

private:
    bool isBetter(double metric) const
    {
        const bool relative = options.threshold_mode == ThresholdMode::Rel;
        if (options.mode == PlateauMode::Min)
            return metric < (relative ? m_best * (1 - options.threshold) : m_best - options.threshold);
        return metric > (relative ? m_best * (1 + options.threshold) : m_best + options.threshold);
    }

    Optimizer &m_optimizer;
    double m_best;
    int64_t m_badEpochs = 0;
    int64_t m_cooldown = 0;
};

template <typename M>
SchedulerSpec scheduler(const char *name, const char *summary, const char *formula, std::vector<Arg> args,
                        bool needsMetric = false)
{
    SchedulerSpec spec{name, summary, formula, std::string("torch.optim.lr_scheduler.") + name, args, needsMetric, {}};
    spec.make = [name, args](Optimizer &optimizer, const Arguments &values) {
        return std::make_unique<M>(optimizer, makeOptions<typename M::Options>(args, values, name).value());
    };
    return spec;
}

} // namespace

std::vector<SchedulerSpec> schedulerSpecs()
{
    using S = StepLROptions;
    using C = CosineOptions;
    using P = PlateauOptions;
    return {scheduler<StepLR>("StepLR", "Multiplies the rate by gamma every so many epochs.",
                              R"(\eta_t = \gamma \eta_{t-1}\ if\ t \bmod s = 0)",
                              {requiredArg("step_size", &S::step_size, "Epochs between drops.", atLeast(1)),
                               arg("gamma", &S::gamma, "Factor of each drop.")}),
            scheduler<CosineAnnealingLR>(
                    "CosineAnnealingLR", "Lets the rate fall along half a cosine.",
                    R"(\eta_t = \eta_{min} + \frac12(\eta_0 - \eta_{min})(1 + \cos(\pi t / T)))",
                    {requiredArg("T_max", &C::T_max, "Epochs to the minimum.", atLeast(1)),
                     arg("eta_min", &C::eta_min, "The smallest rate.")}),
            scheduler<ReduceLROnPlateau>(
                    "ReduceLROnPlateau", "Lowers the rate when the validation loss stops improving.", "",
                    {arg("mode", &P::mode, "Whether smaller (min) or larger (max) is better."),
                     arg("factor", &P::factor, "Factor of each reduction.", {.minimum = {}, .maximum = 1, .exclusiveMaximum = true}),
                     arg("patience", &P::patience, "Epochs without improvement that are let pass."),
                     arg("threshold", &P::threshold, "Smallest change that counts as improvement."),
                     arg("threshold_mode", &P::threshold_mode, "Whether the threshold is relative."),
                     arg("cooldown", &P::cooldown, "Epochs of rest after a reduction."),
                     arg("min_lr", &P::min_lr, "The smallest rate."),
                     arg("eps", &P::eps, "Smaller changes are not made.")},
                    true)};
}

} // namespace mrg
