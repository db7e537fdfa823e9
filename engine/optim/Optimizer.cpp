// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/optim/Optimizer.h"

#include "engine/autograd/Node.h"

#include <algorithm>

namespace mrg {

namespace {
constexpr const char *stepName = "step";
}

Optimizer::Optimizer(std::vector<Arg> args, std::vector<ParameterGroup> groups)
    : m_args(std::move(args)), m_groups(std::move(groups))
{
    size_t count = 0;
    for (const ParameterGroup &group : m_groups)
        count += group.parameters.size();
    m_states.resize(count);
}

void Optimizer::step()
{
    const GradMode off(false);
    size_t number = 0;
    for (size_t g = 0; g < m_groups.size(); ++g) {
        for (const Tensor &parameter : m_groups[g].parameters) {
            State &state = m_states[number++];
            const Tensor &gradient = parameter.grad();
            if (!gradient.defined())
                continue;
            Tensor &steps = state[stepName];
            if (!steps.defined())
                steps = Tensor::zeros({}, DType::Int64);
            const int64_t count = ++*steps.data<int64_t>();
            update(g, parameter, gradient.compact(), state, count);
            parameter.bumpVersion();
        }
    }
}

void Optimizer::zeroGrad()
{
    for (const ParameterGroup &group : m_groups) {
        for (const Tensor &parameter : group.parameters)
            parameter.setGrad({});
    }
}

Result<void> Optimizer::setOption(const std::string &name, const Value &value, int group)
{
    std::vector<Arguments> changed;
    for (size_t g = 0; g < m_groups.size(); ++g) {
        changed.push_back(m_groups[g].options);
        if (group >= 0 && static_cast<size_t>(group) != g)
            continue;
        changed.back()[name] = value;
        if (Result<void> valid = m_validation ? m_validation(changed.back()) : Result<void>(); !valid)
            return valid;
    }
    for (size_t g = 0; g < m_groups.size(); ++g)
        m_groups[g].options = std::move(changed[g]);
    optionsChanged();
    return {};
}

double Optimizer::lr(size_t group) const
{
    const Result<double> rate = ValueTraits<double>::from(m_groups.at(group).options.at("lr"));
    return rate ? *rate : 0;
}

NamedTensors Optimizer::stateDict() const
{
    NamedTensors out;
    for (size_t number = 0; number < m_states.size(); ++number) {
        for (const auto &[name, tensor] : m_states[number])
            out.emplace_back(std::to_string(number) + "." + name, tensor);
    }
    return out;
}

Result<void> Optimizer::loadStateDict(const NamedTensors &state)
{
    std::vector<State> loaded(m_states.size());
    for (const auto &[key, tensor] : state) {
        const size_t dot = key.find('.');
        const bool numbered = dot != std::string::npos && dot > 0 && dot < 10
                && key.find_first_not_of("0123456789") == dot;
        const size_t number = numbered ? std::stoul(key.substr(0, dot)) : loaded.size();
        if (number >= loaded.size()) {
            return Error(ErrorCategory::State, "state_dict_keys_differ", "optimizer", "key " + key,
                         "parameter numbers below " + std::to_string(loaded.size()));
        }
        loaded[number][key.substr(dot + 1)] = tensor.copy();
    }
    m_states = std::move(loaded);
    return {};
}

Tensor &Optimizer::slot(State &state, const char *name, const Tensor &parameter)
{
    Tensor &tensor = state[name];
    if (!tensor.defined())
        tensor = Tensor::zeros(parameter.shape(), parameter.dtype());
    return tensor;
}

} // namespace mrg
