// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/nn/Module.h"
#include "engine/spec/Spec.h"

#include <functional>
#include <map>
#include <memory>

namespace mrg {

/// Parameters that are updated with the same options.
struct ParameterGroup {
    std::vector<Tensor> parameters;
    Arguments options; ///< complete: every option of the optimizer
};

/// The base of torch.optim: holds parameters in groups and changes them by their gradients.
///
/// A parameter without a gradient is skipped, weight decay included. Options may be changed between
/// steps, for the learning-rate sliders and schedulers.
class Optimizer {
public:
    virtual ~Optimizer() = default;
    Optimizer(const Optimizer &) = delete;
    Optimizer &operator=(const Optimizer &) = delete;

    /// One update of all parameters that have gradients.
    void step();
    /// Drops all gradients.
    void zeroGrad();

    const std::vector<ParameterGroup> &groups() const { return m_groups; }
    /// Changes an option of one group, or of all (-1). **Errors** (value): unknown name, value of
    /// another kind or out of range, options that don't go together; nothing changes then.
    Result<void> setOption(const std::string &name, const Value &value, int group = -1);
    /// What a whole set of options must fulfil besides each one's own constraint.
    using Validation = std::function<Result<void>(const Arguments &)>;
    void setValidation(Validation validation) { m_validation = std::move(validation); }
    /// The learning rate of a group.
    double lr(size_t group = 0) const;

    /// What is remembered between steps, by "<parameter number>.<name>": momenta, step counts.
    /// Tensors share memory with the optimizer.
    NamedTensors stateDict() const;
    /// Puts remembered values back, so that training goes on bit for bit.
    Result<void> loadStateDict(const NamedTensors &state);

protected:
    /// `args` describes the options; groups come with complete, checked options.
    Optimizer(std::vector<Arg> args, std::vector<ParameterGroup> groups);

    /// The state of one parameter, by name.
    using State = std::map<std::string, Tensor>;
    /// Called when options of groups have changed, and once at the start.
    virtual void optionsChanged() = 0;
    /// Updates one parameter. `steps` counts its updates, this one included.
    virtual void update(size_t group, const Tensor &parameter, const Tensor &gradient, State &state,
                        int64_t steps) = 0;
    /// A state tensor like the parameter, zero when first asked for.
    static Tensor &slot(State &state, const char *name, const Tensor &parameter);

    std::vector<Arg> m_args;
    std::vector<ParameterGroup> m_groups;

private:
    Validation m_validation;
    std::vector<State> m_states; ///< by number of the parameter over all groups
};

/// A row of the registry of optimizers.
struct OptimizerSpec {
    std::string name;
    std::string summary;
    std::string formula;
    std::string source;
    std::vector<Arg> args;
    /// Groups may leave out options: `defaults`, then the declaration's, fill in. Throws Error
    /// (value) for options that are not allowed.
    std::function<std::unique_ptr<Optimizer>(std::vector<ParameterGroup> groups,
                                             const Arguments &defaults)>
            make;
};

/// Changes learning rates as training goes on (torch.optim.lr_scheduler).
class Scheduler {
public:
    virtual ~Scheduler() = default;
    /// After an epoch. `metric` is what ReduceLROnPlateau watches; others don't look at it.
    virtual void step(double metric = 0) = 0;
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

/// Every optimizer and scheduler there is.
std::vector<OptimizerSpec> optimizerSpecs();
std::vector<SchedulerSpec> schedulerSpecs();

} // namespace mrg
