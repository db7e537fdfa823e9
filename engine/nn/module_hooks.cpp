// SPDX-License-Identifier: GPL-3.0-or-later
// Calling a module: hooks before and after forward and backward, in PyTorch's order.
#include "engine/autograd/anomaly.h"
#include "engine/autograd/tensor_hooks.h"
#include "engine/core/Launch.h"
#include "engine/nn/Module.h"
#include "engine/nn/ModuleProfiler.h"
#include "engine/nn/global_hooks.h"

#include <algorithm>

namespace mrg {

RegistrationHooks &registrationHooks()
{
    thread_local RegistrationHooks hooks;
    return hooks;
}

ModuleHooks &globalModuleHooks()
{
    thread_local ModuleHooks hooks;
    return hooks;
}

RemovableHandle registerModuleForwardPreHook(ForwardPreHook hook)
{
    return globalModuleHooks().forwardPre.add(std::move(hook));
}
RemovableHandle registerModuleForwardHook(ForwardHook hook)
{
    return globalModuleHooks().forward.add(std::move(hook));
}
RemovableHandle registerModuleFullBackwardPreHook(BackwardPreHook hook)
{
    return globalModuleHooks().fullBackwardPre.add(std::move(hook));
}
RemovableHandle registerModuleFullBackwardHook(BackwardHook hook)
{
    return globalModuleHooks().fullBackward.add(std::move(hook));
}
RemovableHandle registerModuleBackwardHook(BackwardHook hook)
{
    return globalModuleHooks().backward.add(std::move(hook));
}
RemovableHandle registerModuleBufferRegistrationHook(BufferRegistrationHook hook)
{
    return registrationHooks().buffer.add(std::move(hook));
}
RemovableHandle registerModuleParameterRegistrationHook(ParameterRegistrationHook hook)
{
    return registrationHooks().parameter.add(std::move(hook));
}
RemovableHandle registerModuleModuleRegistrationHook(ModuleRegistrationHook hook)
{
    return registrationHooks().module.add(std::move(hook));
}

ModuleHooks &Module::hooks()
{
    if (!m_hooks)
        m_hooks = std::make_unique<ModuleHooks>();
    return *m_hooks;
}

RemovableHandle Module::registerForwardPreHook(ForwardPreHook hook, bool prepend)
{
    return hooks().forwardPre.add(std::move(hook), prepend);
}
RemovableHandle Module::registerForwardHook(ForwardHook hook, bool prepend)
{
    return hooks().forward.add(std::move(hook), prepend);
}
RemovableHandle Module::registerFullBackwardPreHook(BackwardPreHook hook, bool prepend)
{
    return hooks().fullBackwardPre.add(std::move(hook), prepend);
}

namespace {
Error twoKinds(const std::string &where)
{
    return Error(ErrorCategory::State, "two_kinds_of_backward_hook", where,
                 "a full and an old backward hook", "one kind", "use registerFullBackwardHook()");
}
} // namespace

RemovableHandle Module::registerFullBackwardHook(BackwardHook hook, bool prepend)
{
    if (!hooks().backward.empty())
        throw twoKinds(typeName());
    return hooks().fullBackward.add(std::move(hook), prepend);
}

RemovableHandle Module::registerBackwardHook(BackwardHook hook)
{
    if (!hooks().fullBackward.empty())
        throw twoKinds(typeName());
    return hooks().backward.add(std::move(hook));
}

namespace {

/// Global hooks first, then the module's own.
template <typename Hook, typename Action>
void forEachHook(HookList<Hook> ModuleHooks::*kind, const ModuleHooks *own, const Action &action)
{
    (globalModuleHooks().*kind).forEach(action);
    if (own)
        (own->*kind).forEach(action);
}

template <typename Hook> bool anyHook(HookList<Hook> ModuleHooks::*kind, const ModuleHooks *own)
{
    return !(globalModuleHooks().*kind).empty() || (own && !(own->*kind).empty());
}

bool anyHooks(const ModuleHooks *own)
{
    return anyHook(&ModuleHooks::forwardPre, own) || anyHook(&ModuleHooks::forward, own)
            || anyHook(&ModuleHooks::fullBackwardPre, own)
            || anyHook(&ModuleHooks::fullBackward, own) || anyHook(&ModuleHooks::backward, own);
}

/// The same tensors behind a node of their own, whose backward is `passed` through.
template <typename Passed>
std::vector<Tensor> behindNode(const char *name, const std::vector<Tensor> &tensors, Passed passed)
{
    std::vector<Tensor> aliases;
    for (const Tensor &tensor : tensors)
        aliases.push_back(tensor.defined() ? tensor.detach() : Tensor());
    connect(std::make_shared<FunctionNode<Passed>>(name, std::move(passed)), tensors, aliases);
    // What asked for no gradient asks for none behind the node either.
    for (size_t i = 0; i < tensors.size(); ++i) {
        if (tensors[i].defined() && !tensors[i].requiresGrad())
            aliases[i] = tensors[i];
    }
    return aliases;
}

/// The full backward hooks of one call: a node before the module's operations and one after them
/// see the gradients of the inputs and of the outputs.
class BackwardPass {
public:
    BackwardPass(Module &module, const ModuleHooks *own)
        : m_state(std::make_shared<State>(
                State{module.weak_from_this().lock(), module, {}, {}, {}, false}))
    {
        forEachHook(&ModuleHooks::fullBackwardPre, own,
                    [this](const BackwardPreHook &hook) { m_state->before.push_back(hook); });
        forEachHook(&ModuleHooks::fullBackward, own,
                    [this](const BackwardHook &hook) { m_state->after.push_back(hook); });
    }

    std::vector<Tensor> inputs(const std::vector<Tensor> &given)
    {
        m_state->inputsRecorded = shouldRecord(given);
        if (!m_state->inputsRecorded || m_state->after.empty())
            return given;
        return behindNode("BackwardHook", given, [state = m_state](const Gradients &gradients) {
            return state->finish(gradients);
        });
    }

    std::vector<Tensor> outputs(const std::vector<Tensor> &given)
    {
        if (!shouldRecord(given))
            return given;
        return behindNode("BackwardPreHook", given,
                          [state = m_state, count = given.size()](Gradients gradients) {
                              for (const BackwardPreHook &hook : state->before) {
                                  if (std::optional<Gradients> replaced
                                      = hook(state->module, gradients))
                                      gradients = std::move(*replaced);
                              }
                              state->outputGradients = gradients;
                              // Without inputs that ask for gradients nothing follows that could
                              // call the hooks.
                              if (!state->inputsRecorded)
                                  state->finish(Gradients());
                              return gradients;
                          });
    }

private:
    struct State {
        std::shared_ptr<Module> kept; ///< as long as the graph lives
        Module &module;
        std::vector<BackwardPreHook> before;
        std::vector<BackwardHook> after;
        Gradients outputGradients;
        bool inputsRecorded;

        Gradients finish(Gradients gradients)
        {
            for (const BackwardHook &hook : after) {
                if (std::optional<Gradients> replaced = hook(module, gradients, outputGradients))
                    gradients = std::move(*replaced);
            }
            return gradients;
        }
    };
    std::shared_ptr<State> m_state;
};

/// What the module is called by the one that calls it: "0", or its type where nobody does.
class CallOrigin {
public:
    explicit CallOrigin(Module &module) : m_caller(s_caller), m_scope(nameOf(module))
    {
        s_caller = &module;
    }
    ~CallOrigin() { s_caller = m_caller; }
    CallOrigin(const CallOrigin &) = delete;
    CallOrigin &operator=(const CallOrigin &) = delete;

private:
    static std::string nameOf(Module &module)
    {
        if (s_caller) {
            for (const auto &[name, below] : s_caller->namedModules()) {
                if (below.get() == &module && !name.empty())
                    return name + " (" + module.typeName() + ")";
            }
        }
        return module.typeName();
    }
    static thread_local Module *s_caller;
    Module *m_caller;
    OperationOrigin m_scope;
};
thread_local Module *CallOrigin::s_caller = nullptr;

} // namespace

std::vector<Tensor> Module::call(std::span<const Tensor> inputs, const Arguments &keywords)
{
    if (m_awaitsInputs) {
        std::vector<Shape> shapes;
        for (const Tensor &input : inputs)
            shapes.push_back(input.defined() ? input.shape() : Shape{-1});
        materializeUninitialized(shapes);
    }
    std::optional<CallOrigin> origin;
    std::optional<ModuleProfiler::Call> measured;
    if (anomalyEnabled() || ModuleProfiler::current()) {
        origin.emplace(*this);
        measured.emplace(OperationOrigin::current());
    }
    if (anyHooks(m_hooks.get()))
        return callHooked(inputs, keywords);
    return keywords.empty() ? forward(inputs) : forward(inputs, keywords);
}

std::vector<Tensor> Module::callHooked(std::span<const Tensor> given, const Arguments &keywords)
{
    readsElements("module hook");
    // Hooks may register or remove hooks, the last one of the module included.
    ModuleHooks *own = &hooks();
    std::vector<Tensor> inputs(given.begin(), given.end());
    forEachHook(&ModuleHooks::forwardPre, own, [&](const ForwardPreHook &hook) {
        if (std::optional<std::vector<Tensor>> replaced = hook(*this, inputs))
            inputs = std::move(*replaced);
    });
    std::optional<BackwardPass> pass;
    if (anyHook(&ModuleHooks::fullBackward, own) || anyHook(&ModuleHooks::fullBackwardPre, own))
        pass.emplace(*this, own);
    const std::vector<Tensor> behind = pass ? pass->inputs(inputs) : inputs;
    std::vector<Tensor> outputs = keywords.empty() ? forward(behind) : forward(behind, keywords);
    forEachHook(&ModuleHooks::forward, own, [&](const ForwardHook &hook) {
        if (std::optional<std::vector<Tensor>> replaced = hook(*this, inputs, outputs))
            outputs = std::move(*replaced);
    });
    if (pass)
        outputs = pass->outputs(outputs);
    if (anyHook(&ModuleHooks::backward, own) && !outputs.empty() && outputs[0].defined()
        && outputs[0].gradFn()) {
        forEachHook(&ModuleHooks::backward, own, [&](const BackwardHook &hook) {
            registerNodeHook(outputs[0], [this, hook](const Gradients &in, const Gradients &out) {
                return hook(*this, in, out);
            });
        });
    }
    return outputs;
}

} // namespace mrg
