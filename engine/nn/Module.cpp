// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/Module.h"

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <typeinfo>

namespace mrg {

namespace {
thread_local bool shapesOnly = false;

Error uninitialized(const std::string &name)
{
    return Error(ErrorCategory::State, "uninitialized_parameter", name,
                 "a tensor without a size yet", "one of known size",
                 "call the module once, or give the shapes of its inputs");
}
} // namespace

ShapesOnly::ShapesOnly() : m_previous(shapesOnly) { shapesOnly = true; }
ShapesOnly::~ShapesOnly() { shapesOnly = m_previous; }
bool ShapesOnly::active() { return shapesOnly; }

std::vector<Tensor> Module::forward(std::span<const Tensor> inputs, const Arguments &keywords)
{
    if (!keywords.empty()) {
        throw Error(ErrorCategory::Value, "unknown_argument", typeName(),
                    "'" + keywords.begin()->first + "'", "", "remove it");
    }
    return forward(inputs);
}

Tensor Module::operator()(const Tensor &input) { return call({&input, 1}).front(); }

Tensor Module::operator()(const Tensor &first, const Tensor &second)
{
    const Tensor inputs[] = {first, second};
    return call(inputs).front();
}

std::string Module::typeName() const
{
    if (!m_typeName.empty())
        return m_typeName;
    int status = 0;
    const std::unique_ptr<char, void (*)(void *)> text(
            abi::__cxa_demangle(typeid(*this).name(), nullptr, nullptr, &status), std::free);
    const std::string name = text ? text.get() : "Module";
    return name.substr(name.rfind(':') + 1);
}

void Module::visit(const std::function<void(Module &)> &action)
{
    action(*this);
    for (const auto &[name, child] : m_children) {
        if (child)
            child->visit(action);
    }
}

void Module::initialize(const RandomStream &random)
{
    if (shapesOnly)
        return;
    RandomStream stream = random;
    // Own choices come from streams apart from that of the parameters, one for each module.
    uint64_t own = random.stream() ^ 0x9E3779B97F4A7C15;
    visit([&](Module &module) {
        if (module.m_awaitsInputs)
            module.m_initial = stream;
        else
            module.resetParameters(stream);
        module.m_random = RandomStream(random.seed(), own += 0x10000);
    });
    apply([&stream](Module &module) { module.resetDescendants(stream); });
}

void Module::seekRandom(uint64_t step)
{
    // Steps lie 2^40 draws apart; no step draws as many.
    visit([step](Module &module) { module.m_random.seek(step << 40); });
}

void Module::train(bool on)
{
    visit([on](Module &module) { module.m_training = on; });
}

void Module::forEachEntry(const std::string &prefix, std::vector<Entry> Module::*entries,
                          const Visitor &action) const
{
    for (const Entry &entry : this->*entries)
        action(prefix + entry.name, entry);
    for (const auto &[name, child] : m_children) {
        if (child)
            child->forEachEntry(prefix + name + ".", entries, action);
    }
}

NamedTensors Module::collected(std::vector<Entry> Module::*entries, bool recurse) const
{
    NamedTensors out;
    std::set<const TensorImpl *> seen;
    const Visitor add = [&](const std::string &name, const Entry &entry) {
        if (entry.uninitialized)
            throw uninitialized(name);
        if (entry.tensor->defined() && seen.insert(entry.tensor->impl()).second)
            out.emplace_back(name, *entry.tensor);
    };
    if (recurse) {
        forEachEntry("", entries, add);
    } else {
        for (const Entry &entry : this->*entries)
            add(entry.name, entry);
    }
    return out;
}

namespace {
template <typename T>
std::vector<T> withoutNames(const std::vector<std::pair<std::string, T>> &named)
{
    std::vector<T> out;
    for (const auto &[name, value] : named)
        out.push_back(value);
    return out;
}
} // namespace

NamedTensors Module::namedParameters(bool recurse) const
{
    return collected(&Module::m_parameters, recurse);
}
NamedTensors Module::namedBuffers(bool recurse) const
{
    return collected(&Module::m_buffers, recurse);
}
std::vector<Tensor> Module::parameters(bool recurse) const
{
    return withoutNames(namedParameters(recurse));
}
std::vector<Tensor> Module::buffers(bool recurse) const
{
    return withoutNames(namedBuffers(recurse));
}

NamedModules Module::namedChildren() const
{
    NamedModules out;
    for (const auto &child : m_children) {
        const auto same = [&](const auto &other) { return other.second == child.second; };
        if (child.second && std::none_of(out.begin(), out.end(), same))
            out.push_back(child);
    }
    return out;
}

std::vector<std::shared_ptr<Module>> Module::children() const
{
    return withoutNames(namedChildren());
}
std::vector<std::shared_ptr<Module>> Module::modules() { return withoutNames(namedModules()); }

void Module::collectModules(const std::string &prefix, NamedModules &out)
{
    const auto isThis = [this](const auto &entry) { return entry.second.get() == this; };
    if (std::any_of(out.begin(), out.end(), isThis))
        return;
    std::shared_ptr<Module> self = weak_from_this().lock();
    // One that nobody shares is lent for the while.
    out.emplace_back(prefix, self ? self : std::shared_ptr<Module>(std::shared_ptr<void>(), this));
    for (const auto &[name, child] : m_children) {
        if (child)
            child->collectModules(prefix.empty() ? name : prefix + "." + name, out);
    }
}

NamedModules Module::namedModules()
{
    NamedModules out;
    collectModules("", out);
    return out;
}

int64_t Module::parameterCount() const
{
    int64_t count = 0;
    for (const auto &[name, tensor] : namedParameters())
        count += tensor.numel();
    return count;
}

Module *Module::walk(const std::string &path)
{
    Module *at = this;
    for (size_t begin = 0; at && begin < path.size();) {
        const size_t end = std::min(path.find('.', begin), path.size());
        const std::string name = path.substr(begin, end - begin);
        const auto child = std::find_if(at->m_children.begin(), at->m_children.end(),
                                        [&](const auto &entry) { return entry.first == name; });
        at = child == at->m_children.end() ? nullptr : child->second.get();
        begin = end + 1;
    }
    return at;
}

std::shared_ptr<Module> Module::getSubmodule(const std::string &path)
{
    Module *module = walk(path);
    if (!module) {
        throw Error(ErrorCategory::Value, "no_such_module", typeName(), "'" + path + "'",
                    "the dotted path of a module below it");
    }
    std::shared_ptr<Module> held = module->weak_from_this().lock();
    return held ? held : std::shared_ptr<Module>(std::shared_ptr<void>(), module);
}

Tensor Module::found(std::vector<Entry> Module::*entries, const std::string &path,
                     const char *kind) const
{
    const size_t dot = path.rfind('.');
    // walk() changes nothing.
    const Module *owner
            = const_cast<Module *>(this)->walk(dot == std::string::npos ? "" : path.substr(0, dot));
    const std::string name = dot == std::string::npos ? path : path.substr(dot + 1);
    if (owner) {
        for (const Entry &entry : owner->*entries) {
            if (entry.name != name)
                continue;
            if (entry.uninitialized)
                throw uninitialized(path);
            if (entry.tensor->defined())
                return *entry.tensor;
        }
    }
    throw Error(ErrorCategory::Value, std::string("no_such_") + kind, typeName(), "'" + path + "'",
                std::string("the dotted path of a ") + kind);
}

Tensor Module::getParameter(const std::string &path) const
{
    return found(&Module::m_parameters, path, "parameter");
}
Tensor Module::getBuffer(const std::string &path) const
{
    return found(&Module::m_buffers, path, "buffer");
}

void Module::apply(const std::function<void(Module &)> &function)
{
    for (const std::shared_ptr<Module> &child : children())
        child->apply(function);
    function(*this);
}

void Module::requiresGrad(bool on)
{
    visit([on](Module &module) {
        for (const Entry &entry : module.m_parameters) {
            if (entry.tensor->defined())
                entry.tensor->setRequiresGrad(on);
        }
    });
}

void Module::to(const std::string &device)
{
    if (device != "cpu") {
        throw Error(ErrorCategory::Value, "unknown_device", "to", "'" + device + "'", "'cpu'",
                    "leave it out: everything is on the processor here");
    }
}

void Module::to(DType dtype)
{
    visit([dtype](Module &module) {
        for (std::vector<Entry> *entries : {&module.m_parameters, &module.m_buffers}) {
            for (Entry &entry : *entries) {
                Tensor &tensor = *entry.tensor;
                if (entry.uninitialized)
                    entry.dtype = isFloating(entry.dtype) ? dtype : entry.dtype;
                if (!tensor.defined() || !tensor.isFloatingPoint() || tensor.dtype() == dtype)
                    continue;
                const bool wanted = tensor.requiresGrad();
                tensor = tensor.detach().toType(dtype);
                tensor.setRequiresGrad(wanted);
            }
        }
    });
}

void Module::zeroGrad()
{
    for (const Tensor &parameter : parameters())
        parameter.setGrad({});
}

} // namespace mrg
