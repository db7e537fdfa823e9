// SPDX-License-Identifier: GPL-3.0-or-later
// Schedulers that let the rate rise and fall, and the momentum the other way round.
#include "engine/optim/families.h"

#include <array>
#include <cmath>
#include <numbers>

namespace mrg {

namespace {

enum class Anneal { Cos, Linear };
enum class CycleMode { Triangular, Triangular2, ExpRange };

} // namespace

template <> struct EnumTexts<Anneal> {
    static constexpr std::array texts{std::pair{Anneal::Cos, "cos"},
                                      std::pair{Anneal::Linear, "linear"}};
};
template <> struct EnumTexts<CycleMode> {
    static constexpr std::array texts{std::pair{CycleMode::Triangular, "triangular"},
                                      std::pair{CycleMode::Triangular2, "triangular2"},
                                      std::pair{CycleMode::ExpRange, "exp_range"}};
};

namespace {

/// Rate and momentum of one epoch.
struct Pace {
    double rate;
    double momentum;
};

/// A scheduler of rate and momentum; Rule gives the Pace of an epoch.
template <typename Rule> class PaceScheduler final : public Scheduler {
public:
    using Options = typename Rule::Options;
    PaceScheduler(Optimizer &optimizer, Options options)
        : m_optimizer(optimizer),
          m_rule(options),
          m_momentum(options.cycle_momentum)
    {
        if (m_momentum && !optimizer.hasOption("momentum") && !optimizer.hasOption("betas")) {
            throw Error(ErrorCategory::Value, "no_momentum_to_cycle", Rule::name,
                        "an optimizer without momentum", "one with momentum or betas",
                        "set cycle_momentum to false");
        }
        apply(m_rule.at(0));
    }
    void step(double) override { apply(m_rule.at(++m_epoch)); }

protected:
    void visitState(const Visit &visit) override { visitCount(visit, "last_epoch", m_epoch); }

private:
    void apply(const Pace &pace)
    {
        m_optimizer.setOption("lr", pace.rate).value();
        if (!m_momentum)
            return;
        if (m_optimizer.hasOption("momentum")) {
            m_optimizer.setOption("momentum", pace.momentum).value();
            return;
        }
        for (size_t g = 0; g < m_optimizer.groups().size(); ++g) {
            ValueList betas = *m_optimizer.groups()[g].options.at("betas").template as<ValueList>();
            betas.at(0) = pace.momentum;
            m_optimizer.setOption("betas", betas, static_cast<int>(g)).value();
        }
    }

    Optimizer &m_optimizer;
    Rule m_rule;
    bool m_momentum;
    int64_t m_epoch = 0;
};

struct OneCycleRule {
    static constexpr const char *name = "OneCycleLR";
    struct Options {
        double max_lr = 0.1;
        std::optional<int64_t> total_steps;
        std::optional<int64_t> epochs;
        std::optional<int64_t> steps_per_epoch;
        double pct_start = 0.3;
        Anneal anneal_strategy = Anneal::Cos;
        bool cycle_momentum = true;
        double base_momentum = 0.85;
        double max_momentum = 0.95;
        double div_factor = 25;
        double final_div_factor = 1e4;
        bool three_phase = false;
    };

    explicit OneCycleRule(const Options &options) : o(options)
    {
        if (!o.total_steps && !(o.epochs && o.steps_per_epoch)) {
            throw Error(ErrorCategory::Value, "length_missing", name, "no length of the cycle",
                        "total_steps, or epochs and steps_per_epoch",
                        "set total_steps to the number of epochs");
        }
        total = o.total_steps ? *o.total_steps : *o.epochs * *o.steps_per_epoch;
        if (total <= 0) {
            throw Error(ErrorCategory::Value, "wrong_argument", name,
                        std::to_string(total) + " steps", "at least one");
        }
        const double initial = o.max_lr / o.div_factor;
        const double last = initial / o.final_div_factor;
        const double length = static_cast<double>(total);
        const double top = o.pct_start * length - 1;
        const Pace slow{initial, o.max_momentum};
        const Pace fast{o.max_lr, o.base_momentum};
        const Pace end{last, o.max_momentum};
        phases.push_back({top, slow, fast});
        if (o.three_phase)
            phases.push_back({2 * top, fast, slow});
        phases.push_back({length - 1, o.three_phase ? slow : fast, end});
    }

    Pace at(int64_t epoch) const
    {
        if (epoch > total) {
            throw Error(ErrorCategory::Value, "cycle_is_over", name,
                        "step " + std::to_string(epoch),
                        "at most " + std::to_string(total) + " steps", "raise total_steps");
        }
        const double now = static_cast<double>(epoch);
        double begin = 0;
        size_t i = 0;
        for (; i + 1 < phases.size() && now > phases[i].end; ++i)
            begin = phases[i].end;
        const double share = (now - begin) / (phases[i].end - begin);
        return {between(phases[i].from.rate, phases[i].to.rate, share),
                between(phases[i].from.momentum, phases[i].to.momentum, share)};
    }

private:
    struct Phase {
        double end;
        Pace from;
        Pace to;
    };
    double between(double from, double to, double share) const
    {
        return o.anneal_strategy == Anneal::Linear
                ? (to - from) * share + from
                : to + (from - to) / 2 * (std::cos(std::numbers::pi * share) + 1);
    }

    Options o;
    int64_t total;
    std::vector<Phase> phases;
};

struct CyclicRule {
    static constexpr const char *name = "CyclicLR";
    struct Options {
        double base_lr = 0.001;
        double max_lr = 0.1;
        int64_t step_size_up = 2000;
        std::optional<int64_t> step_size_down;
        CycleMode mode = CycleMode::Triangular;
        double gamma = 1;
        bool cycle_momentum = true;
        double base_momentum = 0.8;
        double max_momentum = 0.9;
    };
    explicit CyclicRule(const Options &options) : o(options) { }

    Pace at(int64_t epoch) const
    {
        const double up = static_cast<double>(o.step_size_up);
        const double length = up + static_cast<double>(o.step_size_down.value_or(o.step_size_up));
        const double ratio = up / length;
        const double now = static_cast<double>(epoch);
        const double cycle = std::floor(1 + now / length);
        const double x = 1 + now / length - cycle;
        const double height = x <= ratio ? x / ratio : (x - 1) / (ratio - 1);
        const double scale = o.mode == CycleMode::Triangular ? 1
                : o.mode == CycleMode::Triangular2           ? 1 / std::pow(2.0, cycle - 1)
                                                             : std::pow(o.gamma, now);
        return {o.base_lr + (o.max_lr - o.base_lr) * height * scale,
                o.max_momentum - (o.max_momentum - o.base_momentum) * height * scale};
    }

private:
    Options o;
};

} // namespace

std::vector<SchedulerSpec> cyclicSchedulers()
{
    using O = OneCycleRule::Options;
    using C = CyclicRule::Options;
    const char *momentum = "Let the momentum fall while the rate rises.";
    const char *lowest = "The smallest momentum.";
    const char *highest = "The largest momentum.";
    return {declareScheduler<PaceScheduler<OneCycleRule>>(
                    {.name = "OneCycleLR",
                     .summary = "Up to a high rate and down to a very low one, once.",
                     .formula = R"(\eta: \eta_{max}/d \to \eta_{max} \to \eta_{max}/(d\,d_f))",
                     .args = {requiredArg("max_lr", &O::max_lr, "The highest rate.", atLeast(0)),
                              arg("total_steps", &O::total_steps, "Length of the cycle."),
                              arg("epochs", &O::epochs, "Length in epochs, with steps_per_epoch."),
                              arg("steps_per_epoch", &O::steps_per_epoch, "Steps of an epoch."),
                              arg("pct_start", &O::pct_start, "Share of the cycle that goes up.",
                                  between(0, 1)),
                              arg("anneal_strategy", &O::anneal_strategy,
                                  "The shape of the ways up and down."),
                              arg("cycle_momentum", &O::cycle_momentum, momentum),
                              arg("base_momentum", &O::base_momentum, lowest),
                              arg("max_momentum", &O::max_momentum, highest),
                              arg("div_factor", &O::div_factor, "The highest rate over the first.",
                                  above(0)),
                              arg("final_div_factor", &O::final_div_factor,
                                  "The first rate over the last.", above(0)),
                              arg("three_phase", &O::three_phase,
                                  "Come down to the first rate, then to the last.")}}),
            declareScheduler<PaceScheduler<CyclicRule>>(
                    {.name = "CyclicLR",
                     .summary = "Up and down between two rates, again and again.",
                     .formula
                     = R"(\eta_t = \eta_{base} + (\eta_{max} - \eta_{base})\,tri(t)\,s(t))",
                     .args
                     = {requiredArg("base_lr", &C::base_lr, "The lowest rate.", atLeast(0)),
                        requiredArg("max_lr", &C::max_lr, "The highest rate.", atLeast(0)),
                        arg("step_size_up", &C::step_size_up, "Steps up.", atLeast(1)),
                        arg("step_size_down", &C::step_size_down, "Steps down; none: as many."),
                        arg("mode", &C::mode,
                            "How the peaks fall: not, by half a cycle, by gamma a step."),
                        arg("gamma", &C::gamma, "Factor a step of exp_range."),
                        arg("cycle_momentum", &C::cycle_momentum, momentum),
                        arg("base_momentum", &C::base_momentum, lowest),
                        arg("max_momentum", &C::max_momentum, highest)}})};
}

} // namespace mrg
