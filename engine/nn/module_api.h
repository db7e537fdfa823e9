// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

namespace mrg {

/// How an entry of the Module API of torch.nn (and torch.js) is reached here.
enum class ModuleApiKind {
    Member, ///< a function of the engine's C++ classes
    Type, ///< a class
    Declared, ///< a method that module declarations list: ModuleSpec::method()
    Child, ///< a child module of that name
};

/// One entry: torch's name and what it is here.
struct ModuleApiEntry {
    const char *name; ///< in torch's spelling
    ModuleApiKind kind;
    const char *here; ///< in ours
};

/// The whole Module API. That what it names exists is checked when module_api.cpp is compiled.
std::span<const ModuleApiEntry> moduleApi();

} // namespace mrg
