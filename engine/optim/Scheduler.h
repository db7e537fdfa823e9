// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/optim/Optimizer.h"

namespace mrg {

/// Changes learning rates as training goes on (torch.optim.lr_scheduler). At construction it sets
/// the rates of epoch 0.
class Scheduler {
public:
    virtual ~Scheduler() = default;
    /// After an epoch. `metric` is what ReduceLROnPlateau watches; others don't look at it.
    virtual void step(double metric = 0) = 0;

    /// What is remembered between steps, in torch's names ("last_epoch", "best"), as float64. The
    /// rates themselves are the optimizer's options.
    NamedTensors stateDict();
    /// Puts remembered numbers back, so that the schedule goes on where it was. **Errors** (state):
    /// `state_dict_keys_differ`; nothing changes then.
    Result<void> loadStateDict(const NamedTensors &state);

protected:
    using Visit = std::function<void(const std::string &name, double &number)>;
    /// Shows every number that is remembered; it may be changed.
    virtual void visitState(const Visit &visit) = 0;
    static void visitCount(const Visit &visit, const std::string &name, int64_t &count);
};

/// A row of the registry of schedulers.
struct SchedulerSpec {
    std::string name;
    std::string summary;
    std::string formula;
    std::string source;
    std::vector<Arg> args;
    bool needsMetric = false;
    /// The optimizer must outlive it. Throws Error (value).
    std::function<std::unique_ptr<Scheduler>(Optimizer &, const Arguments &)> make;
};

/// Turns the declaration of a scheduler into its row: M has a struct Options and a constructor
/// M(Optimizer &, Options), which throws Error (value) for options that are not allowed together.
template <typename M> SchedulerSpec declareScheduler(SchedulerSpec spec)
{
    spec.source = "torch.optim.lr_scheduler." + spec.name;
    spec.make
            = [name = spec.name, args = spec.args](Optimizer &optimizer, const Arguments &values) {
                  return std::make_unique<M>(
                          optimizer, makeOptions<typename M::Options>(args, values, name).value());
              };
    return spec;
}

/// Every scheduler there is.
std::vector<SchedulerSpec> schedulerSpecs();

/// The base of schedulers that know only the number of the epoch. Rule has a struct Options and
///
///     Rule(const Options &);                                // may throw Error (value)
///     double first(double base) const;                      // the rate of epoch 0
///     double next(double rate, double base, int64_t epoch) const; // from that of the epoch before
///
/// in torch's recursive form, so that rates changed by hand in between are carried on.
template <typename Rule> class EpochScheduler final : public Scheduler {
public:
    using Options = typename Rule::Options;
    EpochScheduler(Optimizer &optimizer, Options options) : m_optimizer(optimizer), m_rule(options)
    {
        for (size_t g = 0; g < optimizer.groups().size(); ++g) {
            m_base.push_back(optimizer.lr(g));
            set(g, m_rule.first(m_base[g]));
        }
    }

    void step(double) override
    {
        ++m_epoch;
        for (size_t g = 0; g < m_base.size(); ++g)
            set(g, m_rule.next(m_optimizer.lr(g), m_base[g], m_epoch));
    }

protected:
    void visitState(const Visit &visit) override
    {
        visitCount(visit, "last_epoch", m_epoch);
        for (size_t g = 0; g < m_base.size(); ++g)
            visit("base_lrs." + std::to_string(g), m_base[g]);
    }

private:
    void set(size_t group, double rate)
    {
        if (rate != m_optimizer.lr(group))
            m_optimizer.setOption("lr", rate, static_cast<int>(group)).value();
    }

    Optimizer &m_optimizer;
    Rule m_rule;
    int64_t m_epoch = 0;
    std::vector<double> m_base;
};

} // namespace mrg
