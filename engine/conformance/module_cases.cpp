// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/conformance/case_arguments.h"
#include "engine/conformance/cases.h"
#include "engine/ops/views.h"
#include "engine/spec/value_json.h"

#include <algorithm>

namespace mrg {

using Json = nlohmann::ordered_json;

namespace {

/// What a case is about: nn.X, and for nn.X.method a method of its class.
struct Target {
    const ModuleSpec *module = nullptr;
    const MethodSpec *method = nullptr;
};

Target targetOf(const ConformanceSubject &subject, const Json &json)
{
    const std::string text = json.at("target");
    const size_t dot = text.find('.', 3);
    Target out;
    out.module = subject.registry.module(text.substr(3, dot == std::string::npos ? dot : dot - 3));
    if (out.module && dot != std::string::npos)
        out.method = out.module->method(text.substr(dot + 1));
    if (!out.module || (dot != std::string::npos && !out.method))
        throw Undeclared{text};
    return out;
}

ValueList callMethod(const Target &target, Module &module, const Json &json,
                     const CaseArguments &arguments)
{
    const MethodSpec *method = target.module->method(json.at("method"));
    if (!method || !method->callOn)
        throw Undeclared{target.module->name + "." + json["method"].get<std::string>()};
    return method->callOn(module,
                          bindCall(*method, arguments.positional, arguments.keywords).value());
}

ValueList run(const Target &target, Module &module, const Json &json,
              const CaseArguments &arguments)
{
    if (json.contains("method"))
        return callMethod(target, module, json, arguments);
    Call call = bindForward(*target.module, arguments.positional, arguments.keywords).value();
    // What is changed in place may be no leaf: such cases are run on a copy.
    const bool inplace = json.value("args", Json::object()).value("inplace", false);
    for (Tensor &input : call.inputs) {
        if (inplace && input.defined())
            input = clone(input);
    }
    const std::vector<Tensor> outputs = module.call(call.inputs, call.args);
    return ValueList(outputs.begin(), outputs.end());
}

/// The module in the case's mode and dtype, before its state.
std::shared_ptr<Module> construct(const Target &target, const Json &json)
{
    const Json given = json.value("args", Json::object());
    Arguments args = argumentsOf(given);
    // The one private argument that cases use: the positions of fractional pooling.
    if (given.contains("_random_samples"))
        args["_random_samples"] = goldenTensor(given["_random_samples"]);
    const std::shared_ptr<Module> module = target.method
            ? target.method->make(bindCall(*target.method, {}, args).value())
            : target.module->make(args);
    if (json.contains("dtype"))
        module->to(dtypeFromName(json["dtype"].get<std::string>()));
    module->train(json.value("mode", "train") == "train");
    return module;
}

Tensor entryOf(const NamedTensors &state, const std::string &name)
{
    const auto found = std::find_if(state.begin(), state.end(),
                                    [&](const auto &entry) { return entry.first == name; });
    return found == state.end() ? Tensor() : found->second;
}

/// The case's first input in the module's dtype; "standard_normal" is drawn.
Tensor statisticalInput(const Json &json)
{
    const Json &input = json.at("inputs").at(0);
    Tensor out;
    if (input.contains("standard_normal")) {
        RandomStream random(1);
        std::vector<double> values(
                static_cast<size_t>(numel(input["standard_normal"].get<Shape>())));
        std::generate(values.begin(), values.end(), [&] { return random.normal(); });
        out = Tensor::fromVector(values, input["standard_normal"].get<Shape>());
    } else {
        out = goldenTensor(input);
    }
    return out.toType(dtypeFromName(json.value("dtype", "float32")));
}

void checkGradients(const Json &json, const ValueList &outputs, const CaseArguments &arguments,
                    const NamedTensors &state)
{
    compareGradients(json, outputs, [&](const std::string &key) {
        if (key.starts_with("state."))
            return entryOf(state, key.substr(6));
        const auto found = arguments.differentiated.find(key);
        return found == arguments.differentiated.end() ? Tensor() : found->second;
    });
}

} // namespace

NamedTensors stateOf(const Json &json)
{
    NamedTensors state;
    for (const auto &[name, tensor] : json.items())
        state.emplace_back(name, goldenTensor(tensor));
    return state;
}

std::shared_ptr<Module> makeModule(const ConformanceSubject &subject, const Json &json)
{
    const Value description = valueFromJson(json).value();
    if (!description.module())
        throw CaseFailed{"no module: " + json.dump()};
    if (!subject.registry.module(description.module()->name))
        throw Undeclared{description.module()->name};
    return subject.registry.make(*description.module());
}

void expectError(const Json &json, const std::function<void()> &action)
{
    const std::string wanted = json.at("error_kind");
    try {
        action();
    } catch (const Error &error) {
        const std::string got = categoryName(error.category);
        if (got != wanted)
            throw CaseFailed{"got a " + got + " error (" + error.text() + "), wanted " + wanted};
        return;
    }
    throw CaseFailed{"no error, wanted a " + wanted + " error: " + json.value("message", "")};
}

void runModuleCase(const ConformanceSubject &subject, const Json &json)
{
    const Target target = targetOf(subject, json);
    const CaseArguments arguments(json.contains("statistical") ? Json::object() : json, "kwargs");
    if (target.method && !target.method->make) {
        CaseArguments given(json, "args");
        // The case's dtype is torch's default one for what the method makes.
        if (json.contains("dtype") && target.method->findArg("dtype"))
            given.keywords.try_emplace("dtype", json["dtype"].get<std::string>());
        const Call call = bindCall(*target.method, given.positional, given.keywords).value();
        return compareOutputs(json, target.method->evaluate(call.args, call.inputs));
    }
    if (json.value("error", false)) {
        return expectError(json, [&] { run(target, *construct(target, json), json, arguments); });
    }
    const std::shared_ptr<Module> module = construct(target, json);
    const auto load = [&] {
        if (json.contains("state"))
            module->loadStateDict(stateOf(json["state"]));
    };
    if (json.contains("statistical")) {
        load();
        return checkModuleStatistics(json, statisticalInput(json), [&](const Tensor &input) {
            return module->call({&input, 1}).front();
        });
    }
    if (json.value("materialize", false))
        run(target, *module, json, arguments);
    load();
    const ValueList outputs = run(target, *module, json, arguments);
    compareOutputs(json, outputs);
    const NamedTensors state = module->stateDict();
    if (json.contains("grad_outputs"))
        checkGradients(json, outputs, arguments, state);
    const Json after = json.value("state_after", Json::object());
    for (const auto &[key, tensor] : after.items())
        compareTensors("state " + key, entryOf(state, key), goldenTensor(tensor),
                       toleranceOf(json));
}

} // namespace mrg
