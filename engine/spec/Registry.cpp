// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/spec/Registry.h"

namespace mrg {

Registry::Registry() : m_contents(std::make_shared<Contents>()) { }
Registry::Registry(std::shared_ptr<Contents> contents) : m_contents(std::move(contents)) { }

void Registry::add(std::vector<ModuleSpec> family)
{
    // The declarations are held by the contents, so they may not hold these in turn.
    const RegistryAccess access = [weak = std::weak_ptr<Contents>(m_contents)] {
        std::shared_ptr<Contents> contents = weak.lock();
        if (!contents)
            throw Error(ErrorCategory::State, "registry_gone", "Registry", "no registry",
                        "one that lives");
        return std::shared_ptr<const Registry>(new Registry(std::move(contents)));
    };
    for (ModuleSpec &spec : family) {
        if (!m_contents->moduleIndex.try_emplace(spec.name, m_contents->modules.size()).second)
            throw Error(ErrorCategory::State, "declared_twice", spec.name);
        if (spec.attach)
            spec.attach(spec, access);
        m_contents->modules.push_back(std::move(spec));
    }
}

void Registry::add(std::vector<FunctionSpec> family)
{
    for (FunctionSpec &spec : family) {
        if (!m_contents->functionIndex.try_emplace(spec.name, m_contents->functions.size()).second)
            throw Error(ErrorCategory::State, "declared_twice", spec.name);
        m_contents->functions.push_back(std::move(spec));
    }
}

const std::vector<ModuleSpec> &Registry::modules() const { return m_contents->modules; }
const std::vector<FunctionSpec> &Registry::functions() const { return m_contents->functions; }

const ModuleSpec *Registry::module(const std::string &name) const
{
    const auto found = m_contents->moduleIndex.find(name);
    return found == m_contents->moduleIndex.end() ? nullptr : &m_contents->modules[found->second];
}

const FunctionSpec *Registry::function(const std::string &name) const
{
    const auto found = m_contents->functionIndex.find(name);
    return found == m_contents->functionIndex.end() ? nullptr
                                                    : &m_contents->functions[found->second];
}

std::shared_ptr<Module> Registry::make(const ModuleDescription &description) const
{
    const ModuleSpec *spec = module(description.name);
    if (!spec) {
        throw Error(ErrorCategory::Value, "unknown_module", "nn." + description.name,
                    "no such module", "one of torch.nn");
    }
    return spec->make(description.args);
}

const Spec *Registry::find(const std::string &name) const
{
    if (const ModuleSpec *found = module(name))
        return found;
    return function(name);
}

} // namespace mrg
