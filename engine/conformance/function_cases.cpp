// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/conformance/case_arguments.h"
#include "engine/conformance/cases.h"
#include "engine/conformance/statistics.h"

#include "engine/ops/views.h"

#include <nlohmann/json.hpp>

namespace mrg {

using Json = nlohmann::ordered_json;

void runFunctionCase(const ConformanceSubject &subject, const Json &json)
{
    const std::string target = json.at("target");
    const FunctionSpec *spec = subject.registry.function(target.substr(target.find('.') + 1));
    if (!spec)
        throw Undeclared{target};
    const auto evaluate = [&](const CaseArguments &arguments) {
        std::vector<Value> positional = arguments.positional;
        // A leaf can't be changed in place: its copy is, and that is what the function gives.
        if (target.ends_with("_") && target != "torch.var_")
            positional.at(0) = clone(*positional.at(0).as<Tensor>());
        const Call call = bindCall(*spec, positional, arguments.keywords).value();
        return spec->evaluate(call.args, call.inputs);
    };
    if (json.value("error", false))
        return expectError(json, [&] { evaluate(CaseArguments(json, "args")); });
    if (json.contains("statistical")) {
        return checkStatistics(json, [&] {
            const ValueList outputs = evaluate(CaseArguments(json, "args"));
            const Tensor *tensor = outputs.empty() ? nullptr : outputs[0].as<Tensor>();
            return tensor ? *tensor : Tensor();
        });
    }
    const CaseArguments arguments(json, "args");
    const ValueList outputs = evaluate(arguments);
    compareOutputs(json, outputs);
    if (json.contains("grad_outputs")) {
        compareGradients(json, outputs, [&](const std::string &key) {
            const auto found = arguments.differentiated.find(key);
            return found == arguments.differentiated.end() ? Tensor() : found->second;
        });
    }
}

} // namespace mrg
