// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/module_api.h"

#include "engine/nn/containers.h"
#include "engine/nn/hooks.h"

namespace mrg {

namespace {

/// An entry for something that must exist for this to compile.
template <typename T> constexpr ModuleApiEntry member(const char *name, T, const char *here)
{
    return {name, ModuleApiKind::Member, here};
}
template <typename T> constexpr ModuleApiEntry type(const char *name)
{
    static_assert(sizeof(T) > 0);
    return {name, ModuleApiKind::Type, name};
}
constexpr ModuleApiEntry declared(const char *name)
{
    return {name, ModuleApiKind::Declared, name};
}

// Of overloaded functions the one that is meant.
using Dict = DictEntries<ModulePointer>;
using List = ListEntries<ModulePointer>;
constexpr void (Module::*toType)(DType) = &Module::to;
constexpr std::vector<Tensor> (Module::*forward)(std::span<const Tensor>) = &Module::forward;
constexpr void (Module::*registerParameter)(const std::string &, const Parameter &)
        = &Module::registerParameter;
constexpr void (Module::*registerBuffer)(const std::string &, const Buffer &)
        = &Module::registerBuffer;
constexpr auto createParameter = [](const Tensor &data) { return Parameter(data); };

const ModuleApiEntry entries[] = {
        member("add_module", &Module::addModule, "Module::addModule"),
        member("append", &List::append, "ListEntries::append"),
        member("apply", &Module::apply, "Module::apply"),
        member("buffers", &Module::buffers, "Module::buffers"),
        member("call", &Module::call, "Module::call"),
        member("children", &Module::children, "Module::children"),
        member("clear", &Dict::clear, "Entries::clear"),
        member("create", createParameter, "Parameter::Parameter, Buffer::Buffer"),
        declared("decode"),
        member("delete", &Dict::remove, "DictEntries::remove"),
        declared("encode"),
        member("entries", &Dict::entries, "Entries::entries"),
        member("eval", &Module::eval, "Module::eval"),
        member("extend", &List::extend, "ListEntries::extend"),
        member("forward", forward, "Module::forward"),
        declared("forward_with_target"),
        declared("from_pretrained"),
        declared("generate_square_subsequent_mask"),
        member("get", &List::get, "ListEntries::get, DictEntries::get"),
        member("get_buffer", &Module::getBuffer, "Module::getBuffer"),
        member("get_parameter", &Module::getParameter, "Module::getParameter"),
        member("get_submodule", &Module::getSubmodule, "Module::getSubmodule"),
        member("has", &Dict::has, "Entries::has"),
        member("is_uninitialized_buffer", &Module::isUninitializedBuffer,
               "Module::isUninitializedBuffer"),
        member("is_uninitialized_parameter", &Module::isUninitializedParameter,
               "Module::isUninitializedParameter"),
        member("[Symbol.iterator]", &List::each, "ListEntries::each, Entries::entries"),
        member("keys", &Dict::keys, "Entries::keys"),
        member("load_state_dict", &Module::loadStateDict, "Module::loadStateDict"),
        declared("log_prob"),
        member("materialize", &UninitializedParameter::materialize,
               "UninitializedParameter::materialize, UninitializedBuffer::materialize"),
        member("materialize_uninitialized", &Module::materializeUninitialized,
               "Module::materializeUninitialized"),
        member("modules", &Module::modules, "Module::modules"),
        {"multihead_attn", ModuleApiKind::Child, "TransformerDecoderLayer"},
        member("named_buffers", &Module::namedBuffers, "Module::namedBuffers"),
        member("named_children", &Module::namedChildren, "Module::namedChildren"),
        member("named_modules", &Module::namedModules, "Module::namedModules"),
        member("named_parameters", &Module::namedParameters, "Module::namedParameters"),
        member("num_parameters", &Module::parameterCount, "Module::parameterCount"),
        member("parameters", &Module::parameters, "Module::parameters"),
        member("pop", &Dict::pop, "ListEntries::pop, DictEntries::pop"),
        member("register_backward_hook", &Module::registerBackwardHook,
               "Module::registerBackwardHook"),
        member("register_buffer", registerBuffer, "Module::registerBuffer"),
        member("register_forward_hook", &Module::registerForwardHook,
               "Module::registerForwardHook"),
        member("register_forward_pre_hook", &Module::registerForwardPreHook,
               "Module::registerForwardPreHook"),
        member("register_full_backward_hook", &Module::registerFullBackwardHook,
               "Module::registerFullBackwardHook"),
        member("register_full_backward_pre_hook", &Module::registerFullBackwardPreHook,
               "Module::registerFullBackwardPreHook"),
        member("register_module_backward_hook", &registerModuleBackwardHook,
               "registerModuleBackwardHook"),
        member("register_module_buffer_registration_hook", &registerModuleBufferRegistrationHook,
               "registerModuleBufferRegistrationHook"),
        member("register_module_forward_hook", &registerModuleForwardHook,
               "registerModuleForwardHook"),
        member("register_module_forward_pre_hook", &registerModuleForwardPreHook,
               "registerModuleForwardPreHook"),
        member("register_module_full_backward_hook", &registerModuleFullBackwardHook,
               "registerModuleFullBackwardHook"),
        member("register_module_full_backward_pre_hook", &registerModuleFullBackwardPreHook,
               "registerModuleFullBackwardPreHook"),
        member("register_module_module_registration_hook", &registerModuleModuleRegistrationHook,
               "registerModuleModuleRegistrationHook"),
        member("register_module_parameter_registration_hook",
               &registerModuleParameterRegistrationHook, "registerModuleParameterRegistrationHook"),
        member("register_parameter", registerParameter, "Module::registerParameter"),
        member("remove", &RemovableHandle::remove, "RemovableHandle::remove"),
        member("run", &Module::call, "Module::call"),
        member("set", &Dict::set, "ListEntries::set, DictEntries::set"),
        member("state_dict", &Module::stateDict, "Module::stateDict"),
        member("to", toType, "Module::to"),
        member("train", &Module::train, "Module::train"),
        member("update", &Dict::update, "DictEntries::update"),
        member("values", &Dict::values, "Entries::values"),
        member("zero_grad", &Module::zeroGrad, "Module::zeroGrad"),
        type<Buffer>("Buffer"),
        type<Module>("Module"),
        type<Parameter>("Parameter"),
        type<RemovableHandle>("RemovableHandle"),
        type<UninitializedBuffer>("UninitializedBuffer"),
        type<UninitializedParameter>("UninitializedParameter"),
};

} // namespace

std::span<const ModuleApiEntry> moduleApi() { return entries; }

} // namespace mrg
