// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/Module.h"

#include <algorithm>

namespace mrg {

namespace {
thread_local bool shapesOnly = false;
}

ShapesOnly::ShapesOnly() : m_previous(shapesOnly) { shapesOnly = true; }
ShapesOnly::~ShapesOnly() { shapesOnly = m_previous; }

Tensor Module::operator()(const Tensor &input) { return forward({&input, 1}).front(); }

Tensor Module::operator()(const Tensor &first, const Tensor &second)
{
    const Tensor inputs[] = {first, second};
    return forward(inputs).front();
}

void Module::visit(const std::function<void(Module &)> &action)
{
    action(*this);
    for (const auto &[name, child] : m_children)
        child->visit(action);
}

void Module::initialize(const RandomStream &random)
{
    if (shapesOnly)
        return;
    RandomStream stream = random;
    // Own choices come from streams apart from that of the parameters, one for each module.
    uint64_t own = random.stream() ^ 0x9E3779B97F4A7C15;
    visit([&](Module &module) {
        module.resetParameters(stream);
        module.m_random = RandomStream(random.seed(), own += 0x10000);
    });
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

void Module::collect(const std::string &prefix, bool parameters, bool persistentOnly,
                     NamedTensors &out) const
{
    for (const Entry &entry : parameters ? m_parameters : m_buffers) {
        if (entry.tensor->defined() && (!persistentOnly || entry.persistent))
            out.emplace_back(prefix + entry.name, *entry.tensor);
    }
    if (persistentOnly && parameters)
        collect(prefix, false, true, out);
    for (const auto &[name, child] : m_children) {
        if (!persistentOnly || parameters)
            child->collect(prefix + name + ".", parameters, persistentOnly, out);
    }
}

NamedTensors Module::namedParameters() const
{
    NamedTensors out;
    collect("", true, false, out);
    return out;
}

NamedTensors Module::namedBuffers() const
{
    NamedTensors out;
    collect("", false, false, out);
    return out;
}

std::vector<Tensor> Module::parameters() const
{
    std::vector<Tensor> out;
    for (auto &[name, tensor] : namedParameters())
        out.push_back(tensor);
    return out;
}

std::vector<std::pair<std::string, std::shared_ptr<Module>>> Module::namedChildren() const
{
    return m_children;
}

int64_t Module::parameterCount() const
{
    int64_t count = 0;
    for (const auto &[name, tensor] : namedParameters())
        count += tensor.numel();
    return count;
}

NamedTensors Module::stateDict() const
{
    NamedTensors out;
    collect("", true, true, out);
    return out;
}

StateDictReport Module::loadStateDict(const NamedTensors &state, bool strict)
{
    const NamedTensors own = stateDict();
    const auto nameIs = [](const std::string &name) {
        return [&name](const auto &entry) { return entry.first == name; };
    };
    StateDictReport report;
    for (const auto &[name, tensor] : own) {
        if (std::none_of(state.begin(), state.end(), nameIs(name)))
            report.missing.push_back(name);
    }
    std::string names;
    for (const auto &[name, tensor] : state) {
        const auto target = std::find_if(own.begin(), own.end(), nameIs(name));
        if (target == own.end()) {
            report.unexpected.push_back(name);
        } else if (target->second.shape() != tensor.shape()) {
            throw Error(ErrorCategory::Shape, "state_dict_shape_mismatch", name,
                        toString(tensor.shape()), toString(target->second.shape()));
        }
    }
    if (strict && (!report.missing.empty() || !report.unexpected.empty())) {
        const auto join = [](const std::vector<std::string> &keys) {
            std::string text;
            for (const std::string &key : keys)
                text += (text.empty() ? "" : ", ") + key;
            return text.empty() ? "none" : text;
        };
        throw Error(ErrorCategory::State, "state_dict_keys_differ", "load_state_dict",
                    "missing keys: " + join(report.missing)
                            + "; unexpected keys: " + join(report.unexpected),
                    "exactly the module's keys", "pass strict=False to load what fits");
    }
    for (const auto &[name, tensor] : state) {
        const auto target = std::find_if(own.begin(), own.end(), nameIs(name));
        if (target != own.end()) {
            Tensor into = target->second.detach();
            into.copyFrom(tensor.detach());
        }
    }
    return report;
}

void Module::to(DType dtype)
{
    visit([dtype](Module &module) {
        for (std::vector<Entry> *entries : {&module.m_parameters, &module.m_buffers}) {
            for (Entry &entry : *entries) {
                Tensor &tensor = *entry.tensor;
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

void Module::registerParameter(const char *name, Tensor &member, const Shape &shape)
{
    // Without memory: a view of one element that is repeated.
    member = shapesOnly ? Tensor::zeros({1}).asStrided(shape, Shape(shape.size(), 0), 0)
                        : Tensor::empty(shape);
    member.setRequiresGrad();
    m_parameters.push_back({name, &member, true});
}

void Module::registerBuffer(const char *name, Tensor &member, Tensor initial, bool persistent)
{
    member = std::move(initial);
    m_buffers.push_back({name, &member, persistent});
}

void Module::registerModule(const std::string &name, std::shared_ptr<Module> child)
{
    m_children.emplace_back(name, std::move(child));
}

} // namespace mrg
