// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/optim/Optimizer.h"

#include "engine/optim/families.h"

namespace mrg {

double Optimizer::step(const Closure &evaluate)
{
    const double loss = evaluate();
    step();
    return loss;
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
        if (Result<void> valid = m_validation ? m_validation(changed.back()) : Result<void>();
            !valid)
            return valid;
    }
    for (size_t g = 0; g < m_groups.size(); ++g)
        m_groups[g].options = std::move(changed[g]);
    optionsChanged();
    return {};
}

bool Optimizer::hasOption(const std::string &name) const
{
    return !m_groups.empty() && m_groups.front().options.contains(name);
}

double Optimizer::number(const std::string &name, size_t group) const
{
    const Arguments &options = m_groups.at(group).options;
    const auto found = options.find(name);
    return found == options.end() ? 0 : found->second.number().value_or(0);
}

std::vector<OptimizerSpec> optimizerSpecs()
{
    std::vector<OptimizerSpec> out;
    for (auto family :
         {gradientOptimizers, adamOptimizers, adaptiveOptimizers, curvatureOptimizers}) {
        for (OptimizerSpec &spec : family())
            out.push_back(std::move(spec));
    }
    return out;
}

} // namespace mrg
