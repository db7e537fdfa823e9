// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/spec/Spec.h"

#include <unordered_map>

namespace mrg {

/// Every module and function there is, by name. Built once in main() from the families and passed
/// on by const reference; families are listed, names never are.
class Registry {
public:
    void add(std::vector<ModuleSpec> family);
    void add(std::vector<FunctionSpec> family);

    /// In the order of their families.
    const std::vector<ModuleSpec> &modules() const { return m_modules; }
    const std::vector<FunctionSpec> &functions() const { return m_functions; }
    /// Null if there is none.
    const ModuleSpec *module(const std::string &name) const;
    const FunctionSpec *function(const std::string &name) const;
    /// A module or else a function of that name.
    const Spec *find(const std::string &name) const;

private:
    std::vector<ModuleSpec> m_modules;
    std::vector<FunctionSpec> m_functions;
    std::unordered_map<std::string, size_t> m_moduleIndex;
    std::unordered_map<std::string, size_t> m_functionIndex;
};

} // namespace mrg
