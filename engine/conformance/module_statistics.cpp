// SPDX-License-Identifier: GPL-3.0-or-later
// Modules that draw: what must hold of every draw, and on the average.
#include "engine/conformance/cases.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace mrg {

using Json = nlohmann::ordered_json;

namespace {

/// Few units are drawn at once, so that rates are means over many draws.
constexpr int draws = 40;

constexpr Tolerance exact{1e-5, 1e-6};

/// What becomes of a unit: times `scale`; or as alpha dropout does, times `a` plus `b`, dropped
/// ones having been `alpha_prime`.
void checkDropout(const Json &rule, const std::vector<double> &before,
                  const std::vector<double> &after, int64_t unit, double &keptUnits, double &units)
{
    const bool alpha = rule.contains("alpha_prime");
    const double scale = alpha ? rule["a"] : rule["scale"];
    const double shift = alpha ? rule["b"].get<double>() : 0;
    const double dropped = alpha ? scale * rule["alpha_prime"].get<double>() + shift : 0;
    for (size_t first = 0; first < before.size(); first += static_cast<size_t>(unit)) {
        const auto isDropped = [&](size_t i) { return std::abs(after[i] - dropped) <= 1e-5; };
        const bool kept = !isDropped(first);
        for (size_t i = first; i < first + static_cast<size_t>(unit); ++i) {
            if (kept)
                compareNumbers("kept element", after[i], before[i] * scale + shift, exact);
            else if (!isDropped(i))
                throw CaseFailed{"a unit is dropped in part"};
        }
        keptUnits += kept;
        ++units;
    }
}

void checkMoments(const Json &rule, const std::vector<double> &values)
{
    double sum = 0;
    double squares = 0;
    for (double value : values) {
        sum += value;
        squares += value * value;
    }
    const double mean = sum / static_cast<double>(values.size());
    if (rule.contains("mean"))
        compareNumbers("mean", mean, rule["mean"], {0, rule.value("mean_tolerance", 0.05)});
    if (rule.contains("alpha_prime")) {
        compareNumbers("mean", mean, 0, {0, 0.1});
        compareNumbers("variance", squares / static_cast<double>(values.size()) - mean * mean, 1,
                       {0, 0.1});
    }
}

void checkSlopes(const Json &rule, const std::vector<double> &before,
                 const std::vector<double> &after)
{
    for (size_t i = 0; i < before.size(); ++i) {
        if (before[i] >= 0) {
            compareNumbers("positive element", after[i], before[i], exact);
            continue;
        }
        const double slope = after[i] / before[i];
        if (slope < rule.at("lower").get<double>() || slope > rule.at("upper").get<double>())
            throw CaseFailed{"slope " + Value(slope).toString()};
    }
}

} // namespace

void checkModuleStatistics(const Json &json, const Tensor &input,
                           const std::function<Tensor(const Tensor &)> &run)
{
    const Json &rule = json.at("statistical");
    const std::string text = rule.at("check");
    const std::vector<double> before = input.toVector<double>();
    // A unit is an element, or all of what follows the first two dimensions.
    int64_t unit = 1;
    if (rule.value("per", "").starts_with("channel")) {
        for (int64_t d = std::min<int64_t>(2, input.dim() - 1); d < input.dim(); ++d)
            unit *= input.size(d);
    }
    const bool chosen = text.find("one of the inputs") != std::string::npos;
    std::vector<double> all;
    std::set<std::vector<double>> different;
    double keptUnits = 0;
    double units = 0;
    for (int draw = 0; draw < draws; ++draw) {
        const Tensor output = run(input);
        const std::vector<double> after = output.toVector<double>();
        const Shape wanted
                = rule.contains("output_shape") ? rule["output_shape"].get<Shape>() : input.shape();
        if (output.shape() != wanted)
            throw CaseFailed{"got shape " + toString(output.shape()) + ", wanted "
                             + toString(wanted)};
        if (rule.contains("keep_rate"))
            checkDropout(rule, before, after, unit, keptUnits, units);
        if (rule.contains("lower"))
            checkSlopes(rule, before, after);
        if (chosen) {
            for (double value : after) {
                if (std::find(before.begin(), before.end(), value) == before.end())
                    throw CaseFailed{Value(value).toString() + " is no input"};
            }
        }
        all.insert(all.end(), after.begin(), after.end());
        different.insert(after);
    }
    // Where the sizes leave windows no play, a choice among the inputs is always the same.
    if (different.size() < 2 && !chosen)
        throw CaseFailed{"every draw is the same"};
    checkMoments(rule, all);
    if (rule.contains("keep_rate"))
        compareNumbers("keep rate", keptUnits / units, rule["keep_rate"],
                       {0, rule["keep_rate_tolerance"]});
}

} // namespace mrg
