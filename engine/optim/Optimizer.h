// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/nn/Module.h"
#include "engine/spec/Spec.h"

#include <functional>
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
/// steps, for the learning-rate sliders and schedulers; a captured step follows them as well.
class Optimizer {
public:
    virtual ~Optimizer() = default;
    Optimizer(const Optimizer &) = delete;
    Optimizer &operator=(const Optimizer &) = delete;

    /// One update of all parameters that have gradients. **Errors** (state): `closure_missing` for
    /// optimizers that evaluate the loss several times a step.
    virtual void step() = 0;
    /// Drops the gradients, computes the loss, runs backward and returns the loss.
    using Closure = std::function<double()>;
    /// Evaluates, updates and returns the loss before the update.
    virtual double step(const Closure &evaluate);
    /// Whether a step must be given the closure.
    virtual bool needsClosure() const { return false; }
    /// Drops all gradients.
    void zeroGrad();

    const std::vector<ParameterGroup> &groups() const { return m_groups; }
    /// Changes an option of one group, or of all (-1). **Errors** (value): unknown name, value of
    /// another kind or out of range, options that don't go together; nothing changes then.
    Result<void> setOption(const std::string &name, const Value &value, int group = -1);
    /// What a whole set of options must fulfil besides each one's own constraint.
    using Validation = std::function<Result<void>(const Arguments &)>;
    void setValidation(Validation validation) { m_validation = std::move(validation); }
    bool hasOption(const std::string &name) const;
    /// A numeric option of a group; 0 if there is none of that name.
    double number(const std::string &name, size_t group = 0) const;
    /// The learning rate of a group.
    double lr(size_t group = 0) const { return number("lr", group); }

    /// What is remembered between steps, by "<parameter number>.<name>" in PyTorch's names:
    /// momenta, step counts. Tensors share memory with the optimizer. The other half of PyTorch's
    /// state_dict, the options, is in groups().
    virtual NamedTensors stateDict() const = 0;
    /// Puts remembered values back, so that training goes on bit for bit. **Errors** (state):
    /// `state_dict_keys_differ`, `state_dict_shapes_differ`; nothing changes then.
    virtual Result<void> loadStateDict(const NamedTensors &state) = 0;

protected:
    /// `args` describes the options; groups come with complete, checked options.
    Optimizer(std::vector<Arg> args, std::vector<ParameterGroup> groups)
        : m_args(std::move(args)),
          m_groups(std::move(groups))
    {
    }
    /// Called when options of groups have changed.
    virtual void optionsChanged() = 0;

    std::vector<Arg> m_args;
    std::vector<ParameterGroup> m_groups;

private:
    Validation m_validation;
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

/// Turns the declaration of an optimizer into its row: M has a struct Options and a constructor
/// M(args, groups). `validate` checks options against each other.
template <typename M>
OptimizerSpec declareOptimizer(OptimizerSpec spec,
                               std::function<Result<void>(const typename M::Options &)> validate
                               = {})
{
    // Options that are allowed one by one and together.
    const auto check = [name = spec.name, args = spec.args,
                        validate](const Arguments &options) -> Result<void> {
        const Result<typename M::Options> made
                = makeOptions<typename M::Options>(args, options, name);
        if (!made)
            return made.error();
        return validate ? validate(*made) : Result<void>();
    };
    spec.make = [args = spec.args, check](std::vector<ParameterGroup> groups,
                                          const Arguments &defaults) {
        for (ParameterGroup &group : groups) {
            for (const auto &[option, value] : defaults)
                group.options.try_emplace(option, value);
            check(group.options).value();
            for (const Arg &arg : args)
                group.options.try_emplace(arg.name, arg.defaultValue);
        }
        auto out = std::make_unique<M>(args, std::move(groups));
        out->setValidation(check);
        return out;
    };
    return spec;
}

/// Every optimizer there is.
std::vector<OptimizerSpec> optimizerSpecs();

} // namespace mrg
