// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/calls.h"

#include <algorithm>

namespace mrg {

namespace {

/// How many of the values are plain numbers.
int64_t countNumbers(std::span<const Value> values)
{
    return std::count_if(values.begin(), values.end(),
                         [](const Value &value) { return value.number().has_value(); });
}

} // namespace

std::function<Result<Call>(std::span<const Value>, const Arguments &)>
bindWithLeadingDefault(const char *function, std::vector<std::string> names,
                       std::string withDefault, std::string required, size_t inputs)
{
    return [=](std::span<const Value> positional, const Arguments &keywords) -> Result<Call> {
        // The one number of a call is the argument without a default.
        std::vector<std::string> order = names;
        if (countNumbers(positional) == 1 && !keywords.contains(required))
            std::erase(order, withDefault);
        if (positional.size() > order.size()) {
            return Error(ErrorCategory::Value, "too_many_arguments", function,
                         std::to_string(positional.size()) + " arguments",
                         "at most " + std::to_string(order.size()));
        }
        Arguments given = keywords;
        for (size_t i = 0; i < positional.size(); ++i) {
            if (!given.emplace(order[i], positional[i]).second) {
                return Error(ErrorCategory::Value, "argument_given_twice", function, order[i],
                             "by position or by name");
            }
        }
        Call call;
        for (size_t i = 0; i < inputs; ++i) {
            const auto found = given.find(names[i]);
            const Tensor *tensor = found == given.end() ? nullptr : found->second.as<Tensor>();
            if (!tensor)
                return Error(ErrorCategory::Value, "missing_argument", function, "no " + names[i],
                             "a tensor");
            call.inputs.push_back(*tensor);
            given.erase(found);
        }
        if (!given.contains(required))
            return Error(ErrorCategory::Value, "missing_argument", function, "no " + required,
                         "a value for it");
        call.args = std::move(given);
        return call;
    };
}

} // namespace mrg
