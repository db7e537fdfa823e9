// SPDX-License-Identifier: GPL-3.0-or-later
// How tensors and children come into a module.
#include "engine/nn/Module.h"

#include "engine/core/Launch.h"
#include "engine/nn/global_hooks.h"

#include <algorithm>

namespace mrg {

namespace {
template <typename Hook>
Tensor hookedRegistration(const HookList<Hook> &hooks, Module &module, const std::string &name,
                          Tensor tensor)
{
    hooks.forEach([&](const Hook &hook) {
        if (std::optional<Tensor> replaced = hook(module, name, tensor))
            tensor = *replaced;
    });
    return tensor;
}
} // namespace

void Module::checkName(const std::string &name, const void *kind) const
{
    if (name.empty() || name.find('.') != std::string::npos) {
        throw Error(ErrorCategory::Value, "bad_name", typeName(), "'" + name + "'",
                    "a name that is not empty and has no dot");
    }
    const auto isNamed = [&](const auto &entry) {
        if constexpr (requires { entry.first; })
            return entry.first == name;
        else
            return entry.name == name;
    };
    const bool taken = (kind != &m_parameters
                        && std::any_of(m_parameters.begin(), m_parameters.end(), isNamed))
            || (kind != &m_buffers && std::any_of(m_buffers.begin(), m_buffers.end(), isNamed))
            || (kind != &m_children && std::any_of(m_children.begin(), m_children.end(), isNamed));
    if (taken) {
        throw Error(ErrorCategory::Value, "name_taken", typeName(), "'" + name + "'",
                    "a name that nothing else of the module has");
    }
}

Module::Entry &Module::entryFor(std::vector<Entry> &entries, const std::string &name)
{
    checkName(name, &entries);
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [&](const Entry &entry) { return entry.name == name; });
    if (found != entries.end())
        return *found;
    entries.push_back({name, std::make_shared<Tensor>(), &entries == &m_parameters});
    return entries.back();
}

void Module::registerParameter(const std::string &name, const Parameter &parameter)
{
    Entry &entry = entryFor(m_parameters, name);
    *entry.tensor
            = hookedRegistration(registrationHooks().parameter, *this, name, parameter.tensor);
    entry.uninitialized = false;
}

void Module::registerParameter(const std::string &name, const UninitializedParameter &parameter)
{
    Entry &entry = entryFor(m_parameters, name);
    *entry.tensor = Tensor();
    entry.uninitialized = true;
    entry.dtype = parameter.dtype;
    m_awaitsInputs = true;
}

void Module::registerBuffer(const std::string &name, const Buffer &buffer)
{
    Entry &entry = entryFor(m_buffers, name);
    *entry.tensor = hookedRegistration(registrationHooks().buffer, *this, name, buffer.tensor);
    entry.persistent = buffer.persistent;
    entry.uninitialized = false;
}

void Module::registerBuffer(const std::string &name, const UninitializedBuffer &buffer)
{
    Entry &entry = entryFor(m_buffers, name);
    *entry.tensor = Tensor();
    entry.persistent = buffer.persistent;
    entry.uninitialized = true;
    entry.dtype = buffer.dtype;
    m_awaitsInputs = true;
}

void Module::registerModule(const std::string &name, std::shared_ptr<Module> child)
{
    checkName(name, &m_children);
    registrationHooks().module.forEach([&](const ModuleRegistrationHook &hook) {
        if (std::shared_ptr<Module> replaced = hook(*this, name, child))
            child = std::move(replaced);
    });
    const auto found = std::find_if(m_children.begin(), m_children.end(),
                                    [&](const auto &entry) { return entry.first == name; });
    if (found != m_children.end())
        found->second = std::move(child);
    else
        m_children.emplace_back(name, std::move(child));
}

void Module::setOwnChildren(NamedModules children)
{
    m_children.clear();
    for (auto &[name, child] : children)
        registerModule(name, std::move(child));
}

NamedTensors Module::ownParameters() const
{
    NamedTensors out;
    for (const Entry &entry : m_parameters)
        out.emplace_back(entry.name, *entry.tensor);
    return out;
}

void Module::setOwnParameters(const NamedTensors &parameters)
{
    m_parameters.clear();
    for (const auto &[name, tensor] : parameters)
        *entryFor(m_parameters, name).tensor = tensor;
}

namespace {
/// A handle on a member, which lives as long as its module.
std::shared_ptr<Tensor> memberSlot(Tensor &member) { return {std::shared_ptr<void>(), &member}; }
} // namespace

void Module::giveSize(Entry &entry, const Shape &shape, double value)
{
    // Without memory: a view of one element that is repeated.
    if (ShapesOnly::active())
        *entry.tensor = Tensor::zeros({1}, entry.dtype).asStrided(shape, Shape(shape.size(), 0), 0);
    else
        *entry.tensor = entry.parameter ? Tensor::empty(shape, entry.dtype)
                                        : Tensor::full(shape, value, entry.dtype);
    entry.uninitialized = false;
    if (entry.parameter)
        entry.tensor->setRequiresGrad();
}

void Module::registerParameter(const char *name, Tensor &member, const Shape &shape)
{
    Entry &entry = entryFor(m_parameters, name);
    entry.tensor = memberSlot(member);
    giveSize(entry, shape);
    if (!ShapesOnly::active())
        member = hookedRegistration(registrationHooks().parameter, *this, name, member);
}

void Module::registerBuffer(const char *name, Tensor &member, Tensor initial, bool persistent)
{
    Entry &entry = entryFor(m_buffers, name);
    entry.tensor = memberSlot(member);
    entry.persistent = persistent;
    member = hookedRegistration(registrationHooks().buffer, *this, name, initial);
}

void Module::registerUninitializedParameter(const char *name, Tensor &member)
{
    Entry &entry = entryFor(m_parameters, name);
    entry.tensor = memberSlot(member);
    entry.uninitialized = true;
    m_awaitsInputs = true;
}

void Module::registerUninitializedBuffer(const char *name, Tensor &member)
{
    Entry &entry = entryFor(m_buffers, name);
    entry.tensor = memberSlot(member);
    entry.uninitialized = true;
    m_awaitsInputs = true;
}

void Module::materialize(const char *name, const Shape &shape, double value)
{
    for (std::vector<Entry> *entries : {&m_parameters, &m_buffers}) {
        for (Entry &entry : *entries) {
            if (entry.name != name)
                continue;
            if (entry.uninitialized) {
                giveSize(entry, shape, value);
            } else if (entry.tensor->shape() != shape) {
                throw Error(ErrorCategory::Shape, "size_mismatch", typeName() + "." + name,
                            "loaded with " + toString(entry.tensor->shape()),
                            toString(shape) + " for these inputs");
            }
            return;
        }
    }
}

bool Module::hasUninitialized() const
{
    bool found = false;
    const Visitor look
            = [&](const std::string &, const Entry &entry) { found |= entry.uninitialized; };
    forEachEntry("", &Module::m_parameters, look);
    forEachEntry("", &Module::m_buffers, look);
    return found;
}

bool Module::isUninitializedParameter(const std::string &wanted) const
{
    bool found = false;
    forEachEntry("", &Module::m_parameters, [&](const std::string &name, const Entry &entry) {
        found |= name == wanted && entry.uninitialized;
    });
    return found;
}

bool Module::isUninitializedBuffer(const std::string &wanted) const
{
    bool found = false;
    forEachEntry("", &Module::m_buffers, [&](const std::string &name, const Entry &entry) {
        found |= name == wanted && entry.uninitialized;
    });
    return found;
}

void Module::materializeUninitialized(const std::vector<Shape> &inputs)
{
    if (!m_awaitsInputs)
        return;
    // What becomes of a module once is no part of a computation that is listened to.
    const RecordLaunches unheard(nullptr);
    const auto missing = [](const Entry &entry) { return entry.uninitialized; };
    const bool draw = std::any_of(m_parameters.begin(), m_parameters.end(), missing);
    initializeParameters(inputs);
    m_awaitsInputs = false;
    // From now on it is the module proper.
    if (m_typeName.starts_with("Lazy"))
        m_typeName.erase(0, std::string_view("Lazy").size());
    if (draw && !ShapesOnly::active())
        resetParameters(m_initial);
}

} // namespace mrg
