// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/conformance/statistics.h"

#include "engine/conformance/compare.h"
#include "engine/core/Random.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace mrg {

using Json = nlohmann::ordered_json;

namespace {

void checkBounds(const Json &rule, const std::vector<double> &values)
{
    const auto fail = [](double value, const std::string &wanted) {
        throw CaseFailed{"got " + Value(value).toString() + ", wanted " + wanted};
    };
    for (double value : values) {
        if (rule.contains("low") && value < rule["low"].get<double>())
            fail(value, "at least " + rule["low"].dump());
        if (rule.contains("high") && value >= rule["high"].get<double>())
            fail(value, "less than " + rule["high"].dump());
        if (rule.value("integer", false) && value != std::floor(value))
            fail(value, "whole numbers");
        if (rule.contains("values")) {
            const auto allowed = rule["values"].get<std::vector<double>>();
            if (std::find(allowed.begin(), allowed.end(), value) == allowed.end())
                fail(value, "one of " + rule["values"].dump());
        }
    }
}

void checkMoments(const Json &rule, const std::vector<double> &values)
{
    const double tolerance = rule.value("mean_tolerance", 0.15);
    const auto count = static_cast<double>(values.size());
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
    if (rule.contains("mean"))
        compareNumbers("mean", mean, rule["mean"], {0, tolerance});
    if (rule.contains("std")) {
        double squares = 0;
        for (double value : values)
            squares += (value - mean) * (value - mean);
        compareNumbers("std", std::sqrt(squares / count), rule["std"], {0, tolerance});
    }
    if (rule.contains("frequencies")) {
        const auto wanted = rule["frequencies"].get<std::vector<double>>();
        for (size_t i = 0; i < wanted.size(); ++i) {
            const auto hits = std::count(values.begin(), values.end(), static_cast<double>(i));
            compareNumbers("frequency of " + std::to_string(i), static_cast<double>(hits) / count,
                           wanted[i], {0, tolerance});
        }
    }
}

void checkPermutation(int64_t count, std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    std::vector<double> wanted(static_cast<size_t>(count));
    std::iota(wanted.begin(), wanted.end(), 0.0);
    if (values != wanted)
        throw CaseFailed{"no permutation of " + std::to_string(count)};
}

} // namespace

void checkStatistics(const Json &json, const std::function<Tensor()> &draw)
{
    const Json &rule = json.at("statistical");
    manualSeed(1);
    const Tensor tensor = draw();
    if (!tensor.defined())
        throw CaseFailed{"no tensor"};
    if (rule.contains("output_shape") && tensor.shape() != rule["output_shape"].get<Shape>())
        throw CaseFailed{"got shape " + toString(tensor.shape()) + ", wanted "
                         + rule["output_shape"].dump()};
    if (!rule.contains("permutation_of") && rule.value("check", "") == "shape and dtype only") {
        if (tensor.dtype() != dtypeFromName(json.at("dtype").get<std::string>()))
            throw CaseFailed{std::string("got ") + dtypeName(tensor.dtype())};
        return;
    }
    const std::vector<double> values = tensor.toVector<double>();
    checkBounds(rule, values);
    checkMoments(rule, values);
    if (rule.contains("permutation_of"))
        checkPermutation(rule["permutation_of"], values);
    if (rule.value("same_seed_repeats", false)) {
        manualSeed(1);
        if (draw().toVector<double>() != values)
            throw CaseFailed{"the same seed draws something else"};
        if (values.size() > 8 && draw().toVector<double>() == values)
            throw CaseFailed{"the stream stands still"};
    }
}

} // namespace mrg
