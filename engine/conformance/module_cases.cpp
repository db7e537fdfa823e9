// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/conformance/cases.h"

#include "engine/autograd/backward.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <map>

namespace mrg {

using Json = nlohmann::ordered_json;

namespace {

/// The inputs of a case; floating ones ask for a gradient where the case has one.
std::vector<Tensor> inputsOf(const Json &json)
{
    std::vector<Tensor> inputs;
    const Json grads = json.value("grads", Json::object());
    size_t number = 0;
    for (const Json &input : json.at("inputs")) {
        if (input.is_number()) {
            // A plain number does not decide the type of the result.
            const DType dtype = inputs.empty() || input.is_number_integer() ? DType::Int64 : inputs[0].dtype();
            inputs.push_back(Tensor::scalar(input.get<double>(), dtype));
            ++number;
            continue;
        }
        if (!input.is_object())
            throw CaseFailed{"an input that is no tensor"};
        Tensor tensor = goldenTensor(input);
        if (grads.contains("inputs." + std::to_string(number++)))
            tensor.setRequiresGrad();
        inputs.push_back(tensor);
    }
    return inputs;
}

void compareOutputs(const Json &json, const std::vector<Tensor> &outputs, Tolerance tolerance)
{
    const Json &wanted = json.at("outputs");
    if (wanted.size() != outputs.size())
        throw CaseFailed{"got " + std::to_string(outputs.size()) + " outputs, wanted "
                         + std::to_string(wanted.size())};
    for (size_t i = 0; i < wanted.size(); ++i)
        compareTensors("output " + std::to_string(i), outputs[i], goldenTensor(wanted[i]), tolerance);
}

void runBackward(const Json &json, const std::vector<Tensor> &outputs)
{
    std::vector<Tensor> cotangents;
    for (const Json &gradient : json.at("grad_outputs"))
        cotangents.push_back(gradient.is_null() ? Tensor() : goldenTensor(gradient));
    cotangents.resize(outputs.size());
    for (size_t i = 0; i < outputs.size(); ++i) {
        if (cotangents[i].defined() && !outputs[i].requiresGrad())
            throw CaseFailed{"output " + std::to_string(i) + " does not require a gradient"};
    }
    backward(outputs, cotangents);
}

void checkStatistics(const Json &json, Module &module)
{
    const Json &rule = json.at("statistical");
    if (!rule.contains("keep_rate"))
        throw CaseFailed{"a statistical check that is not known"};
    const Json &input = json.at("inputs").at(0);
    Tensor x;
    if (input.contains("standard_normal")) {
        x = Tensor::empty(input["standard_normal"].get<Shape>());
        RandomStream random(1);
        for (int64_t i = 0; i < x.numel(); ++i)
            x.data<float>()[i] = static_cast<float>(random.normal());
    } else if (input.contains("constant")) {
        x = Tensor::full(input.at("shape").get<Shape>(), input["constant"].get<double>());
    } else {
        x = goldenTensor(input);
    }
    const std::vector<double> before = x.toVector<double>();
    const std::vector<double> after = module(x).toVector<double>();
    const double scale = rule.at("scale");
    double kept = 0;
    for (size_t i = 0; i < before.size(); ++i) {
        if (after[i] == 0 && before[i] != 0)
            continue;
        compareNumbers("kept element", after[i], before[i] * scale, {1e-5, 1e-6});
        ++kept;
    }
    compareNumbers("keep rate", kept / static_cast<double>(before.size()), rule.at("keep_rate"),
                   {0, rule.at("keep_rate_tolerance")});
}

const Tensor *find(const NamedTensors &state, const std::string &name)
{
    for (const auto &[key, tensor] : state) {
        if (key == name)
            return &tensor;
    }
    return nullptr;
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
    const std::string target = json.at("module");
    const ModuleSpec *spec = subject.registry.module(target.substr(target.find('.') + 1));
    if (!spec)
        throw Undeclared{target};
    return spec->make(argumentsOf(json.value("args", Json::object())));
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
    const std::string target = json.at("target");
    const ModuleSpec *spec = subject.registry.module(target.substr(3));
    if (!spec || json.contains("method"))
        throw Undeclared{target};
    if (json.value("error", false)) {
        expectError(json, [&] {
            const std::shared_ptr<Module> module = spec->make(argumentsOf(json.at("args")));
            if (json.contains("dtype"))
                module->to(dtypeFromName(json["dtype"].get<std::string>()));
            module->train(json.value("mode", "train") == "train");
            module->forward(inputsOf(json));
        });
        return;
    }
    const std::shared_ptr<Module> module = spec->make(argumentsOf(json.at("args")));
    module->train(json.value("mode", "train") == "train");
    if (json.contains("statistical"))
        return checkStatistics(json, *module);
    if (json.contains("dtype"))
        module->to(dtypeFromName(json["dtype"].get<std::string>()));
    module->loadStateDict(stateOf(json.value("state", Json::object())));
    const std::vector<Tensor> inputs = inputsOf(json);
    const std::vector<Tensor> outputs = module->forward(inputs);
    const Tolerance tolerance = toleranceOf(json);
    compareOutputs(json, outputs, tolerance);
    if (json.contains("grad_outputs"))
        runBackward(json, outputs);
    const NamedTensors state = module->stateDict();
    const Json grads = json.value("grads", Json::object());
    for (const auto &[key, gradient] : grads.items()) {
        const Tensor wanted = goldenTensor(gradient);
        const Tensor *holder = nullptr;
        if (key.starts_with("inputs."))
            holder = &inputs.at(std::stoul(key.substr(7)));
        else if (key.starts_with("state."))
            holder = find(state, key.substr(6));
        if (!holder)
            throw CaseFailed{"nothing is called " + key};
        compareTensors("gradient of " + key, holder->grad(), wanted, tolerance);
    }
    const Json after = json.value("state_after", Json::object());
    for (const auto &[key, tensor] : after.items()) {
        const Tensor *holder = find(state, key);
        compareTensors("state " + key, holder ? *holder : Tensor(), goldenTensor(tensor), tolerance);
    }
}

void runStructureCase(const ConformanceSubject &subject, const Json &json)
{
    const std::shared_ptr<Module> module = makeModule(subject, json.at("args"));
    const Json &structure = json.at("structure");
    const auto compareNames = [](const char *what, const NamedTensors &got, const Json &wanted) {
        Json names = Json::array();
        for (const auto &[name, tensor] : got)
            names.push_back({name, tensor.shape()});
        Json reduced = Json::array();
        for (const Json &entry : wanted)
            reduced.push_back({entry.at(0), entry.at(1)});
        if (names != reduced)
            throw CaseFailed{std::string(what) + ": got " + names.dump() + ", wanted " + reduced.dump()};
    };
    compareNames("state_dict", module->stateDict(), structure.at("state_dict"));
    compareNames("named_parameters", module->namedParameters(), structure.at("named_parameters"));
    compareNames("named_buffers", module->namedBuffers(), structure.at("named_buffers"));
    if (module->parameterCount() != structure.at("num_parameters"))
        throw CaseFailed{"got " + std::to_string(module->parameterCount()) + " parameters"};
    if (module->training() != structure.at("training"))
        throw CaseFailed{"training differs"};
}

} // namespace mrg
