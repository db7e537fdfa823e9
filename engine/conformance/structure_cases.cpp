// SPDX-License-Identifier: GPL-3.0-or-later
// Cases that ask for names, order and shapes instead of values.
#include "engine/conformance/cases.h"
#include "engine/nn/containers.h"
#include "engine/spec/value_json.h"

#include <nlohmann/json.hpp>

namespace mrg {

using Json = nlohmann::ordered_json;

namespace {

Json shapesOf(const NamedTensors &tensors, bool withRequiresGrad)
{
    Json out = Json::array();
    for (const auto &[name, tensor] : tensors) {
        Json entry = {name, tensor.shape()};
        if (withRequiresGrad)
            entry.push_back(tensor.requiresGrad());
        out.push_back(entry);
    }
    return out;
}

Json typesOf(const NamedModules &modules)
{
    Json out = Json::array();
    for (const auto &[name, module] : modules)
        out.push_back({name, "nn." + module->typeName()});
    return out;
}

/// Calls of a list, one after the other; `read` makes an entry of JSON.
template <typename T, typename Read>
void runSteps(ListEntries<T> &list, const Json &steps, const Read &read)
{
    for (const Json &step : steps) {
        const std::string call = step.at(0);
        if (call == "new" || call == "extend") {
            for (const Json &entry : step.at(1))
                list.append(read(entry));
        } else if (call == "append") {
            list.append(read(step.at(1)));
        } else if (call == "insert") {
            list.insert(step.at(1), read(step.at(2)));
        } else if (call == "set") {
            list.set(step.at(1), read(step.at(2)));
        } else if (call == "pop") {
            list.pop(step.size() > 1 ? step[1].get<int64_t>() : -1);
        } else {
            throw CaseFailed{"a list has no " + call};
        }
    }
}

/// The same for a dictionary.
template <typename T, typename Read>
void runSteps(DictEntries<T> &dict, const Json &steps, const Read &read)
{
    for (const Json &step : steps) {
        const std::string call = step.at(0);
        if (call == "new" || call == "update") {
            for (const auto &[key, entry] : step.at(1).items())
                dict.set(key, read(entry));
        } else if (call == "set") {
            dict.set(step.at(1), read(step.at(2)));
        } else if (call == "pop" || call == "delete") {
            dict.remove(step.at(1));
        } else if (call == "clear") {
            dict.clear();
        } else {
            throw CaseFailed{"a dictionary has no " + call};
        }
    }
}

/// A container on which the case's steps were called.
std::shared_ptr<Module> stepped(const ConformanceSubject &subject, const Json &json)
{
    const std::string target = json.at("target");
    const std::shared_ptr<Module> module = makeModule(subject, {{"module", target}});
    const Json &steps = json.at("args").at("steps");
    const auto readModule = [&](const Json &entry) { return makeModule(subject, entry); };
    // Parameters are given by their shapes.
    const auto readTensor
            = [](const Json &entry) { return Tensor::zeros(entry.get<Shape>(), DType::Float64); };
    if (auto *list = dynamic_cast<ListEntries<ModulePointer> *>(module.get()))
        runSteps(*list, steps, readModule);
    else if (auto *dict = dynamic_cast<DictEntries<ModulePointer> *>(module.get()))
        runSteps(*dict, steps, readModule);
    else if (auto *tensors = dynamic_cast<ListEntries<Tensor> *>(module.get()))
        runSteps(*tensors, steps, readTensor);
    else if (auto *named = dynamic_cast<DictEntries<Tensor> *>(module.get()))
        runSteps(*named, steps, readTensor);
    else
        throw CaseFailed{target + " is no container"};
    return module;
}

} // namespace

void runStructureCase(const ConformanceSubject &subject, const Json &json)
{
    const Json &args = json.at("args");
    const std::shared_ptr<Module> module = args.contains("steps") ? stepped(subject, json)
            : args.contains("module")
            ? makeModule(subject, args)
            : makeModule(subject, {{"module", json.at("target")}, {"args", args}});
    const Json &structure = json.at("structure");
    const auto compare = [&](const char *what, const Json &got) {
        if (structure.contains(what) && got != structure[what])
            throw CaseFailed{std::string(what) + ": got " + got.dump() + ", wanted "
                             + structure[what].dump()};
    };
    compare("state_dict", shapesOf(module->stateDict(), false));
    compare("named_parameters", shapesOf(module->namedParameters(), true));
    compare("named_buffers", shapesOf(module->namedBuffers(), false));
    compare("named_modules", typesOf(module->namedModules()));
    compare("named_children", typesOf(module->namedChildren()));
    compare("num_parameters", module->parameterCount());
    compare("training", module->training());
}

} // namespace mrg
