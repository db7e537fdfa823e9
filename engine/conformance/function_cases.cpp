// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/conformance/cases.h"
#include "engine/conformance/statistics.h"

#include "engine/autograd/backward.h"
#include "engine/spec/value_json.h"

#include <nlohmann/json.hpp>

#include <map>

namespace mrg {

using Json = nlohmann::ordered_json;

namespace {

/// The arguments of a case; tensors that the case has a gradient for ask for one and are found by
/// the gradient's key.
class CaseArguments {
public:
    explicit CaseArguments(const Json &json) : m_gradients(json.value("grads", Json::object()))
    {
        size_t number = 0;
        for (const Json &input : json.at("inputs"))
            positional.push_back(read(input, "inputs." + std::to_string(number++)));
        const Json named = json.value("args", Json::object());
        for (const auto &[name, value] : named.items()) {
            if (!name.starts_with("_"))
                keywords[name] = read(value, "args." + name);
        }
    }

    std::vector<Value> positional;
    Arguments keywords;
    std::map<std::string, Tensor> differentiated;

private:
    Value read(const Json &json, const std::string &key)
    {
        if (json.is_object() && !json.contains("complex")) {
            Tensor tensor = goldenTensor(json);
            if (m_gradients.contains(key))
                differentiated[key] = tensor.setRequiresGrad();
            return tensor;
        }
        if (json.is_array()) {
            ValueList list;
            for (size_t i = 0; i < json.size(); ++i)
                list.push_back(read(json[i], key + "." + std::to_string(i)));
            return list;
        }
        Result<Value> value = valueFromJson(json);
        if (!value)
            throw CaseFailed{key + ": " + value.error().text()};
        // Where a number is meant, infinities are written as text.
        if (json == "inf" || json == "-inf" || json == "nan")
            return std::stod(json.get<std::string>());
        return *value;
    }

    const Json m_gradients;
};

void compareOutput(const std::string &what, const Value &got, const Json &wanted, Tolerance tolerance)
{
    if (wanted.is_object() && wanted.contains("dtype")) {
        const Tensor *tensor = got.as<Tensor>();
        if (!tensor)
            throw CaseFailed{what + ": got " + got.toString() + ", wanted a tensor"};
        compareTensors(what, *tensor, goldenTensor(wanted), tolerance);
        return;
    }
    const Json plain = wanted.is_object() && wanted.size() == 1 ? wanted.front() : wanted;
    const Result<Value> reference = valueFromJson(plain);
    if (!reference || !(got == *reference))
        throw CaseFailed{what + ": got " + got.toString() + ", wanted " + plain.dump()};
}

void compareGradients(const Json &json, const ValueList &outputs, const CaseArguments &arguments)
{
    std::vector<Tensor> results;
    std::vector<Tensor> cotangents;
    const Json &given = json.at("grad_outputs");
    for (size_t i = 0; i < given.size() && i < outputs.size(); ++i) {
        const Tensor *tensor = outputs[i].as<Tensor>();
        if (given[i].is_null() || !tensor)
            continue;
        if (!tensor->requiresGrad())
            throw CaseFailed{"output " + std::to_string(i) + " does not require a gradient"};
        results.push_back(*tensor);
        cotangents.push_back(goldenTensor(given[i]));
    }
    backward(results, cotangents);
    for (const auto &[key, gradient] : json.at("grads").items()) {
        const auto found = arguments.differentiated.find(key);
        if (found == arguments.differentiated.end())
            throw CaseFailed{"nothing is called " + key};
        compareTensors("gradient of " + key, found->second.grad(), goldenTensor(gradient),
                       toleranceOf(json));
    }
}

} // namespace

void runFunctionCase(const ConformanceSubject &subject, const Json &json)
{
    const std::string target = json.at("target");
    const FunctionSpec *spec = subject.registry.function(target.substr(target.find('.') + 1));
    if (!spec)
        throw Undeclared{target};
    const auto evaluate = [&](const CaseArguments &arguments) {
        const Call call = bindCall(*spec, arguments.positional, arguments.keywords).value();
        return spec->evaluate(call.args, call.inputs);
    };
    if (json.value("error", false))
        return expectError(json, [&] { evaluate(CaseArguments(json)); });
    if (json.contains("statistical")) {
        return checkStatistics(json, [&] {
            const ValueList outputs = evaluate(CaseArguments(json));
            const Tensor *tensor = outputs.empty() ? nullptr : outputs[0].as<Tensor>();
            return tensor ? *tensor : Tensor();
        });
    }
    const CaseArguments arguments(json);
    const ValueList outputs = evaluate(arguments);
    const Json &wanted = json.at("outputs");
    if (wanted.size() != outputs.size()) {
        throw CaseFailed{"got " + std::to_string(outputs.size()) + " outputs, wanted "
                         + std::to_string(wanted.size())};
    }
    for (size_t i = 0; i < wanted.size(); ++i)
        compareOutput("output " + std::to_string(i), outputs[i], wanted[i], toleranceOf(json));
    if (json.contains("grad_outputs"))
        compareGradients(json, outputs, arguments);
}

} // namespace mrg
