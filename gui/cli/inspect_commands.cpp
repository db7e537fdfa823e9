// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/cli/commands.h"

#include "engine/conformance/conformance.h"
#include "engine/network/check.h"
#include "engine/network/check_training.h"
#include "engine/network/experiment_file.h"
#include "engine/spec/value_json.h"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace mrg {

using Json = nlohmann::ordered_json;

int checkCommand(const Vocabulary &vocabulary, const std::string &file)
{
    const Result<Experiment> experiment = loadExperiment(file);
    if (!experiment) {
        std::fprintf(stderr, "%s\n", experiment.error().what());
        return 1;
    }
    const std::filesystem::path base = std::filesystem::path(file).parent_path();
    const DescribeData describeData = [&](const NetworkNode &node) -> Result<DataDescription> {
        const DatasetSpec *spec = vocabulary.dataset(node.type.substr(5));
        const Result<DataSplit> data = spec->load(node.args, base);
        if (!data)
            return data.error();
        return describe(*data->train);
    };
    const CheckedNetwork checked
            = check(experiment->network, vocabulary, describeData, experiment->training.batchSize);
    const auto nameOf = [&](NodeId id) {
        const NetworkNode *node = experiment->network.find(id);
        return node ? (node->title.empty() ? node->type : node->title) : std::string("network");
    };
    int64_t total = 0;
    for (const NetworkNode &node : experiment->network.nodes) {
        std::string shapes;
        for (const auto &[port, shape] : checked.shapes) {
            if (port.node == node.id)
                shapes += (shapes.empty() ? "" : ", ") + port.port + " " + shape.text();
        }
        const auto parameters = checked.parameters.find(node.id);
        const int64_t count = parameters == checked.parameters.end() ? 0 : parameters->second;
        total += count;
        std::printf("%3lld  %-28s %-44s %s\n", static_cast<long long>(node.id),
                    nameOf(node.id).c_str(), shapes.empty() ? "-" : shapes.c_str(),
                    count ? (std::to_string(count) + " parameters").c_str() : "");
    }
    std::printf("%lld parameters\n", static_cast<long long>(total));
    for (const Issue &issue : checked.issues) {
        std::fprintf(stderr, "%s: node %lld (%s): %s\n",
                     issue.severity == Severity::Error ? "error" : "warning",
                     static_cast<long long>(issue.node), nameOf(issue.node).c_str(),
                     issue.text.c_str());
        for (const Fix &fix : issue.fixes)
            std::fprintf(stderr, "    fix: %s\n", fix.text.c_str());
    }
    const Result<void> training = checkTraining(experiment->training, vocabulary);
    if (!training)
        std::fprintf(stderr, "error: %s\n", training.error().what());
    return checked.ok() && training ? 0 : 1;
}

namespace {

Json portJson(const Port &port)
{
    Json out{{"name", port.name}, {"shape", port.pattern}, {"dtype", port.dtype}};
    if (port.form != TargetForm::None) {
        for (const auto &[form, text] : EnumTexts<TargetForm>::texts) {
            if (form == port.form)
                out["form"] = text;
        }
    }
    if (port.optional)
        out["optional"] = true;
    if (port.variadic)
        out["variadic"] = true;
    return out;
}

Json specJson(const Spec &spec)
{
    Json args = Json::array();
    for (const Arg &arg : spec.args) {
        Json one{{"name", arg.name}, {"type", arg.type}};
        if (arg.required)
            one["required"] = true;
        else
            one["default"] = toJson(arg.defaultValue);
        if (!arg.constraint.choices.empty()) {
            one["choices"] = Json::array();
            for (const Value &choice : arg.constraint.choices)
                one["choices"].push_back(toJson(choice));
        }
        one["summary"] = arg.summary;
        args.push_back(one);
    }
    Json inputs = Json::array();
    for (const Port &port : spec.inputs)
        inputs.push_back(portJson(port));
    Json outputs = Json::array();
    for (const Port &port : spec.outputs)
        outputs.push_back(portJson(port));
    return {{"name", spec.name},
            {"category", groupName(spec.group)},
            {"summary", spec.summary},
            {"math", spec.formula},
            {"source", spec.source},
            {"args", args},
            {"inputs", inputs},
            {"outputs", outputs},
            {"differentiable", spec.differentiable}};
}

template <typename S> int listCommand(const std::vector<S> &specs, const char *key, bool json)
{
    if (json) {
        Json all = Json::array();
        for (const S &spec : specs)
            all.push_back(specJson(spec));
        std::printf("%s\n", Json{{"format", 1}, {key, all}}.dump(2).c_str());
        return 0;
    }
    for (const S &spec : specs)
        std::printf("%-26s %-14s %s\n", spec.name.c_str(), groupName(spec.group),
                    spec.summary.c_str());
    return 0;
}

} // namespace

int modulesCommand(const Vocabulary &vocabulary, bool json)
{
    return listCommand(vocabulary.registry.modules(), "modules", json);
}

int functionsCommand(const Vocabulary &vocabulary, bool json)
{
    return listCommand(vocabulary.registry.functions(), "functions", json);
}

int conformanceCommand(const Vocabulary &vocabulary, const std::string &folder,
                       const std::string &only, bool declaredOnly)
{
    const ConformanceSubject subject{vocabulary.registry, vocabulary.optimizers,
                                     vocabulary.schedulers};
    const Result<ConformanceReport> report = runConformance(subject, folder, {declaredOnly, only});
    if (!report) {
        std::fprintf(stderr, "%s\n", report.error().what());
        return 1;
    }
    for (const CaseResult &result : report->cases) {
        if (!result.passed)
            std::printf("FAILED %s: %s: %s\n", result.file.c_str(), result.name.c_str(),
                        result.message.c_str());
    }
    if (report->leftOut)
        std::printf("%lld cases of names that are not declared were left out\n",
                    static_cast<long long>(report->leftOut));
    std::printf("%lld passed, %lld failed\n", static_cast<long long>(report->passed()),
                static_cast<long long>(report->failed()));
    return report->failed() == 0 ? 0 : 1;
}

} // namespace mrg
