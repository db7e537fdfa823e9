// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/nn/hooks.h"

namespace mrg {

/// Hooks of the registration of tensors and children.
struct RegistrationHooks {
    HookList<ParameterRegistrationHook> parameter;
    HookList<BufferRegistrationHook> buffer;
    HookList<ModuleRegistrationHook> module;
};

// Those of this thread that hold for every module, as PyTorch's register_module_*_hook add them.
RegistrationHooks &registrationHooks();
ModuleHooks &globalModuleHooks();

} // namespace mrg
