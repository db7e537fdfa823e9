// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/conformance/case_arguments.h"

#include "engine/autograd/backward.h"
#include "engine/conformance/compare.h"
#include "engine/spec/value_json.h"

namespace mrg {

using Json = nlohmann::ordered_json;

namespace {

void compareOutput(const std::string &what, const Value &got, const Json &wanted,
                   Tolerance tolerance)
{
    const Tensor *tensor = got.as<Tensor>();
    if (wanted.is_object() && wanted.contains("dtype")) {
        if (!tensor)
            throw CaseFailed{what + ": got " + got.toString() + ", wanted a tensor"};
        compareTensors(what, *tensor, goldenTensor(wanted), tolerance);
        return;
    }
    const Json plain = wanted.is_object() && wanted.size() == 1 ? wanted.front() : wanted;
    // An undefined tensor is None.
    if (plain.is_null() && tensor && !tensor->defined())
        return;
    const Result<Value> reference = valueFromJson(plain);
    if (!reference || !(got == *reference))
        throw CaseFailed{what + ": got " + got.toString() + ", wanted " + plain.dump()};
}

} // namespace

CaseArguments::CaseArguments(const Json &json, const std::string &keywordsKey)
    : m_gradients(json.value("grads", Json::object()))
{
    size_t number = 0;
    for (const Json &input : json.value("inputs", Json::array()))
        positional.push_back(read(input, "inputs." + std::to_string(number++)));
    const Json named = json.value(keywordsKey, Json::object());
    for (const auto &[name, value] : named.items()) {
        if (!name.starts_with("_"))
            keywords[name] = read(value, keywordsKey + "." + name);
    }
}

Value CaseArguments::read(const Json &json, const std::string &key)
{
    if (json.is_object() && !json.contains("complex") && !json.contains("module")
        && !json.contains("function")) {
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

void compareOutputs(const Json &json, const ValueList &outputs)
{
    const Json &wanted = json.at("outputs");
    if (wanted.size() != outputs.size()) {
        throw CaseFailed{"got " + std::to_string(outputs.size()) + " outputs, wanted "
                         + std::to_string(wanted.size())};
    }
    for (size_t i = 0; i < wanted.size(); ++i)
        compareOutput("output " + std::to_string(i), outputs[i], wanted[i], toleranceOf(json));
}

void compareGradients(const Json &json, const ValueList &outputs,
                      const std::function<Tensor(const std::string &key)> &holder)
{
    // Where PyTorch had no gradients to give, its results may have asked for them all the same.
    if (json.at("grads").empty())
        return;
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
        const Tensor held = holder(key);
        if (!held.defined())
            throw CaseFailed{"nothing is called " + key};
        compareTensors("gradient of " + key, held.grad(), goldenTensor(gradient),
                       toleranceOf(json));
    }
}

} // namespace mrg
