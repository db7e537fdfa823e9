// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/evaluation_json.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

namespace mrg {

using Json = nlohmann::ordered_json;

namespace {
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }
double number(const Json &json)
{
    return json.is_number() ? json.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

Json sums(const std::vector<ClassPairs> &classes)
{
    Json out = Json::array();
    for (const ClassPairs &one : classes)
        out.push_back({one.pairs, one.violations, one.hinges});
    return out;
}
std::vector<ClassPairs> sums(const Json &json)
{
    std::vector<ClassPairs> out;
    for (const Json &one : json)
        out.push_back({one.at(0), one.at(1), one.at(2)});
    return out;
}

} // namespace

Json toJson(const Evaluation &evaluation, bool full)
{
    Json out{{"loss", number(evaluation.loss)}, {"samples", evaluation.samples}};
    for (const auto &[name, value] : evaluation.metrics)
        out[name] = number(value);
    if (!evaluation.thresholdRule.empty())
        out["threshold_rule"] = evaluation.thresholdRule;
    if (!full)
        return out;
    Json metrics = Json::object();
    for (const auto &[name, value] : evaluation.metrics)
        metrics[name] = number(value);
    const MarginStatistics &margins = evaluation.margins;
    return {{"step", evaluation.step},
            {"epoch", evaluation.epoch},
            {"loss", number(evaluation.loss)},
            {"samples", evaluation.samples},
            {"metrics", metrics},
            {"threshold", evaluation.threshold},
            {"threshold_rule", evaluation.thresholdRule},
            {"confusion", evaluation.confusion},
            {"sample_margins", evaluation.sampleMargins},
            {"margins",
             {{"classes", margins.classes},
              {"samples", margins.samples},
              {"missed", sums(margins.missed)},
              {"intruded", sums(margins.intruded)},
              {"pairs", margins.pairs},
              {"violations", margins.violations},
              {"hinges", margins.hinges}}}};
}

Evaluation evaluationFromJson(const Json &json)
{
    Evaluation out;
    out.step = json.at("step");
    out.epoch = json.at("epoch");
    out.loss = number(json.at("loss"));
    out.samples = json.at("samples");
    for (const auto &[name, value] : json.at("metrics").items())
        out.metrics.emplace_back(name, number(value));
    out.threshold = json.at("threshold");
    out.thresholdRule = json.at("threshold_rule");
    out.confusion = json.at("confusion").get<std::vector<int64_t>>();
    out.sampleMargins = json.at("sample_margins").get<std::vector<float>>();
    const Json &margins = json.at("margins");
    out.margins.classes = margins.at("classes");
    out.margins.samples = margins.at("samples");
    out.margins.pairs = margins.at("pairs").get<std::vector<int64_t>>();
    out.margins.violations = margins.at("violations").get<std::vector<int64_t>>();
    out.margins.hinges = margins.at("hinges").get<std::vector<double>>();
    // Runs stored before the sums by class were kept have the pairs alone.
    if (margins.contains("missed")) {
        out.margins.missed = sums(margins["missed"]);
        out.margins.intruded = sums(margins.at("intruded"));
    } else {
        out.margins.sumPairs();
    }
    return out;
}

} // namespace mrg
