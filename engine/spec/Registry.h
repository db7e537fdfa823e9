// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/spec/Spec.h"

#include <unordered_map>

namespace mrg {

/// Every module and function there is, by name. Built once in main() from the families and passed
/// on by const reference; families are listed, names never are.
///
/// Copies share the declarations. The `make` of a module made of others works as long as a copy is
/// left; what it has made needs none.
class Registry {
public:
    Registry();
    void add(std::vector<ModuleSpec> family);
    void add(std::vector<FunctionSpec> family);

    /// In the order of their families.
    const std::vector<ModuleSpec> &modules() const;
    const std::vector<FunctionSpec> &functions() const;
    /// Null if there is none.
    const ModuleSpec *module(const std::string &name) const;
    const FunctionSpec *function(const std::string &name) const;
    /// A module or else a function of that name.
    const Spec *find(const std::string &name) const;

    /// Makes a module that is an argument of another. **Errors** (value): `unknown_module`, and
    /// those of its constructor.
    std::shared_ptr<Module> make(const ModuleDescription &description) const;

private:
    struct Contents {
        std::vector<ModuleSpec> modules;
        std::vector<FunctionSpec> functions;
        std::unordered_map<std::string, size_t> moduleIndex;
        std::unordered_map<std::string, size_t> functionIndex;
    };
    explicit Registry(std::shared_ptr<Contents> contents);
    std::shared_ptr<Contents> m_contents;
};

} // namespace mrg
