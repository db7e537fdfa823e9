// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/optim/families.h"

#include <algorithm>
#include <array>
#include <limits>

namespace mrg {

namespace {

enum class PlateauMode { Min, Max };
enum class ThresholdMode { Rel, Abs };

} // namespace

template <> struct EnumTexts<PlateauMode> {
    static constexpr std::array texts{std::pair{PlateauMode::Min, "min"},
                                      std::pair{PlateauMode::Max, "max"}};
};
template <> struct EnumTexts<ThresholdMode> {
    static constexpr std::array texts{std::pair{ThresholdMode::Rel, "rel"},
                                      std::pair{ThresholdMode::Abs, "abs"}};
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
        : options(options_),
          m_optimizer(optimizer),
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

protected:
    void visitState(const Visit &visit) override
    {
        visit("best", m_best);
        visitCount(visit, "num_bad_epochs", m_badEpochs);
        visitCount(visit, "cooldown_counter", m_cooldown);
    }

private:
    bool isBetter(double metric) const
    {
        const bool relative = options.threshold_mode == ThresholdMode::Rel;
        if (options.mode == PlateauMode::Min)
            return metric
                    < (relative ? m_best * (1 - options.threshold) : m_best - options.threshold);
        return metric > (relative ? m_best * (1 + options.threshold) : m_best + options.threshold);
    }

    Optimizer &m_optimizer;
    double m_best;
    int64_t m_badEpochs = 0;
    int64_t m_cooldown = 0;
};

} // namespace

std::vector<SchedulerSpec> plateauSchedulers()
{
    using P = PlateauOptions;
    return {declareScheduler<ReduceLROnPlateau>(
            {.name = "ReduceLROnPlateau",
             .summary = "Lowers the rate when the validation loss stops improving.",
             .args
             = {arg("mode", &P::mode, "Whether smaller (min) or larger (max) is better."),
                arg("factor", &P::factor, "Factor of each reduction.",
                    {.minimum = {}, .maximum = 1, .exclusiveMaximum = true}),
                arg("patience", &P::patience, "Epochs without improvement that are let pass."),
                arg("threshold", &P::threshold, "Smallest change that counts as improvement."),
                arg("threshold_mode", &P::threshold_mode, "Whether the threshold is relative."),
                arg("cooldown", &P::cooldown, "Epochs of rest after a reduction."),
                arg("min_lr", &P::min_lr, "The smallest rate."),
                arg("eps", &P::eps, "Smaller changes are not made.")},
             .needsMetric = true})};
}

} // namespace mrg
