// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/spec/Registry.h"

namespace mrg {

void Registry::add(std::vector<ModuleSpec> family)
{
    for (ModuleSpec &spec : family) {
        if (!m_moduleIndex.try_emplace(spec.name, m_modules.size()).second)
            throw Error(ErrorCategory::State, "declared_twice", spec.name);
        m_modules.push_back(std::move(spec));
    }
}

void Registry::add(std::vector<FunctionSpec> family)
{
    for (FunctionSpec &spec : family) {
        if (!m_functionIndex.try_emplace(spec.name, m_functions.size()).second)
            throw Error(ErrorCategory::State, "declared_twice", spec.name);
        m_functions.push_back(std::move(spec));
    }
}

const ModuleSpec *Registry::module(const std::string &name) const
{
    const auto found = m_moduleIndex.find(name);
    return found == m_moduleIndex.end() ? nullptr : &m_modules[found->second];
}

const FunctionSpec *Registry::function(const std::string &name) const
{
    const auto found = m_functionIndex.find(name);
    return found == m_functionIndex.end() ? nullptr : &m_functions[found->second];
}

const Spec *Registry::find(const std::string &name) const
{
    if (const ModuleSpec *found = module(name))
        return found;
    return function(name);
}

} // namespace mrg
