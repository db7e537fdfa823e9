// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/conformance/case_arguments.h"
#include "engine/conformance/cases.h"
#include "engine/conformance/statistics.h"

#include "engine/ops/views.h"

#include <nlohmann/json.hpp>

namespace mrg {

using Json = nlohmann::ordered_json;

namespace {

ValueList evaluate(const FunctionSpec &spec, const CaseArguments &arguments)
{
    std::vector<Value> positional = arguments.positional;
    // A leaf can't be changed in place: its copy is, and that is what the function gives.
    if (spec.name.ends_with("_") && spec.name != "var_")
        positional.at(0) = clone(*positional.at(0).as<Tensor>());
    const Call call = bindCall(spec, positional, arguments.keywords).value();
    return spec.evaluate(call.args, call.inputs);
}

/// Runs the function and compares results and gradients.
void compareCase(const FunctionSpec &spec, const Json &json, const CaseArguments &arguments)
{
    const ValueList outputs = evaluate(spec, arguments);
    compareOutputs(json, outputs);
    if (json.contains("grad_outputs")) {
        compareGradients(json, outputs, [&](const std::string &key) {
            const auto found = arguments.differentiated.find(key);
            return found == arguments.differentiated.end() ? Tensor() : found->second;
        });
    }
}

/// Whole numbers made floats; false if there are none.
bool readAsFloats(std::vector<Value> &values)
{
    bool any = false;
    for (Value &value : values) {
        if (const int64_t *whole = value.as<int64_t>()) {
            value = static_cast<double>(*whole);
            any = true;
        }
    }
    return any;
}

} // namespace

void runFunctionCase(const ConformanceSubject &subject, const Json &json)
{
    const std::string target = json.at("target");
    const FunctionSpec *spec = subject.registry.function(target.substr(target.find('.') + 1));
    if (!spec)
        throw Undeclared{target};
    if (json.value("error", false))
        return expectError(json, [&] { evaluate(*spec, CaseArguments(json, "args")); });
    if (json.contains("statistical")) {
        return checkStatistics(json, [&] {
            const ValueList outputs = evaluate(*spec, CaseArguments(json, "args"));
            const Tensor *tensor = outputs.empty() ? nullptr : outputs[0].as<Tensor>();
            return tensor ? *tensor : Tensor();
        });
    }
    try {
        compareCase(*spec, json, CaseArguments(json, "args"));
    } catch (const CaseFailed &) {
        // The format writes 1.0 as 1: where that decides the result's type, it may have been meant.
        CaseArguments arguments(json, "args");
        if (!readAsFloats(arguments.positional))
            throw;
        compareCase(*spec, json, arguments);
    }
}

} // namespace mrg
