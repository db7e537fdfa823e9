// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/autograd/Node.h"

namespace mrg {

class Module;

// What a hook returns replaces what it was given; nothing returned leaves it as it is.

/// Before forward.
using ForwardPreHook = std::function<std::optional<std::vector<Tensor>>(
        Module &, std::span<const Tensor> inputs)>;
/// After forward; what it returns replaces the outputs.
using ForwardHook = std::function<std::optional<std::vector<Tensor>>(
        Module &, std::span<const Tensor> inputs, std::span<const Tensor> outputs)>;
/// Before the module's backward.
using BackwardPreHook
        = std::function<std::optional<Gradients>(Module &, const Gradients &outputGradients)>;
/// After it, when the gradients of the inputs are known; what it returns replaces these.
using BackwardHook = std::function<std::optional<Gradients>(
        Module &, const Gradients &inputGradients, const Gradients &outputGradients)>;
/// While a tensor or a child is registered; what it returns is registered in its place.
using BufferRegistrationHook = std::function<std::optional<Tensor>(
        Module &, const std::string &name, const Tensor &buffer)>;
using ParameterRegistrationHook = std::function<std::optional<Tensor>(
        Module &, const std::string &name, const Tensor &parameter)>;
using ModuleRegistrationHook = std::function<std::shared_ptr<Module>(
        Module &, const std::string &name, const std::shared_ptr<Module> &child)>;

/// All hooks of a module, or those of every module.
struct ModuleHooks {
    HookList<ForwardPreHook> forwardPre;
    HookList<ForwardHook> forward;
    HookList<BackwardPreHook> fullBackwardPre;
    HookList<BackwardHook> fullBackward;
    HookList<BackwardHook> backward;
};

// The same for every module that this thread runs or builds; they come before a module's own.
RemovableHandle registerModuleForwardPreHook(ForwardPreHook hook);
RemovableHandle registerModuleForwardHook(ForwardHook hook);
RemovableHandle registerModuleFullBackwardPreHook(BackwardPreHook hook);
RemovableHandle registerModuleFullBackwardHook(BackwardHook hook);
/// The old form: see Module::registerBackwardHook().
RemovableHandle registerModuleBackwardHook(BackwardHook hook);
RemovableHandle registerModuleBufferRegistrationHook(BufferRegistrationHook hook);
RemovableHandle registerModuleParameterRegistrationHook(ParameterRegistrationHook hook);
RemovableHandle registerModuleModuleRegistrationHook(ModuleRegistrationHook hook);

} // namespace mrg
