// SPDX-License-Identifier: GPL-3.0-or-later
// What a module writes to files and reads back.
#include "engine/nn/Module.h"

#include <map>

namespace mrg {

namespace {
std::string joined(const std::vector<std::string> &keys)
{
    std::string text;
    for (const std::string &key : keys)
        text += (text.empty() ? "" : ", ") + key;
    return text.empty() ? "none" : text;
}
} // namespace

template <typename Self, typename Action>
void Module::forEachStateEntry(Self &self, const std::string &prefix, const Action &action)
{
    for (auto &entry : self.m_parameters)
        action(prefix + entry.name, entry);
    for (auto &entry : self.m_buffers) {
        if (entry.persistent)
            action(prefix + entry.name, entry);
    }
    for (const auto &[name, child] : self.m_children) {
        if (child)
            forEachStateEntry(*child, prefix + name + ".", action);
    }
}

NamedTensors Module::stateDict() const
{
    NamedTensors out;
    forEachStateEntry(*this, "", [&](const std::string &name, const Entry &entry) {
        if (entry.uninitialized) {
            throw Error(ErrorCategory::State, "uninitialized_parameter", name,
                        "a tensor without a size yet", "one of known size", "call the module once");
        }
        if (entry.tensor->defined())
            out.emplace_back(name, *entry.tensor);
    });
    return out;
}

StateDictReport Module::loadStateDict(const NamedTensors &state, bool strict)
{
    std::map<std::string, const Tensor *> given;
    for (const auto &[name, tensor] : state)
        given[name] = &tensor;
    StateDictReport report;
    std::vector<std::pair<Entry *, const Tensor *>> copies;
    std::map<std::string, const Tensor *> unused = given;
    forEachStateEntry(*this, "", [&](const std::string &name, Entry &entry) {
        if (!entry.tensor->defined() && !entry.uninitialized)
            return;
        const auto found = given.find(name);
        if (found == given.end()) {
            report.missing.push_back(name);
            return;
        }
        unused.erase(name);
        const Tensor &source = *found->second;
        if (!entry.uninitialized && entry.tensor->shape() != source.shape()) {
            throw Error(ErrorCategory::Shape, "state_dict_shape_mismatch", name,
                        toString(source.shape()), toString(entry.tensor->shape()));
        }
        copies.emplace_back(&entry, &source);
    });
    for (const auto &[name, tensor] : state) {
        if (unused.contains(name))
            report.unexpected.push_back(name);
    }
    if (strict && (!report.missing.empty() || !report.unexpected.empty())) {
        throw Error(ErrorCategory::State, "state_dict_keys_differ", "load_state_dict",
                    "missing keys: " + joined(report.missing)
                            + "; unexpected keys: " + joined(report.unexpected),
                    "exactly the module's keys", "pass strict=False to load what fits");
    }
    for (const auto &[entry, source] : copies) {
        if (entry->uninitialized)
            giveSize(*entry, source->shape());
        Tensor into = entry->tensor->detach();
        into.copyFrom(source->detach());
    }
    return report;
}

} // namespace mrg
