// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/spec/Arg.h"

#include <algorithm>

namespace mrg {

namespace {

size_t editDistance(const std::string &a, const std::string &b)
{
    std::vector<size_t> row(b.size() + 1);
    for (size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            const size_t above = row[j];
            row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
            diagonal = above;
        }
    }
    return row.back();
}

std::string rangeText(const Constraint &constraint)
{
    std::string text;
    if (constraint.minimum) {
        text = (constraint.exclusiveMinimum ? "greater than " : "at least ")
                + Value(*constraint.minimum).toString();
    }
    if (constraint.maximum) {
        text += (text.empty() ? "" : " and ")
                + std::string(constraint.exclusiveMaximum ? "less than " : "at most ")
                + Value(*constraint.maximum).toString();
    }
    return text;
}

bool inRange(const Constraint &constraint, double number)
{
    if (constraint.minimum
        && (constraint.exclusiveMinimum ? !(number > *constraint.minimum)
                                        : !(number >= *constraint.minimum)))
        return false;
    return !constraint.maximum
            || (constraint.exclusiveMaximum ? number < *constraint.maximum
                                            : number <= *constraint.maximum);
}

bool allInRange(const Constraint &constraint, const Value &value)
{
    if (const ValueList *list = value.as<ValueList>()) {
        return std::all_of(list->begin(), list->end(),
                           [&](const Value &item) { return allInRange(constraint, item); });
    }
    const std::optional<double> number = value.number();
    return !number || inRange(constraint, *number);
}

} // namespace

Constraint atLeast(double minimum) { return {.choices = {}, .minimum = minimum, .maximum = {}}; }

Constraint above(double minimum)
{
    return {.choices = {}, .minimum = minimum, .exclusiveMinimum = true, .maximum = {}};
}

Constraint between(double minimum, double maximum)
{
    return {.choices = {}, .minimum = minimum, .maximum = maximum};
}

Result<void> Arg::check(const Value &value) const
{
    // A function in place of the name of one is the caller's own.
    if (!constraint.choices.empty() && !value.function()
        && std::find(constraint.choices.begin(), constraint.choices.end(), value)
                == constraint.choices.end()) {
        std::string wanted;
        for (const Value &choice : constraint.choices)
            wanted += (wanted.empty() ? "one of " : ", ") + choice.toString();
        return Error(ErrorCategory::Value, "wrong_argument", name, value.toString(), wanted,
                     "choose one of them");
    }
    if (!allInRange(constraint, value)) {
        return Error(ErrorCategory::Value, "wrong_argument", name, value.toString(),
                     rangeText(constraint));
    }
    return {};
}

Result<void> setArguments(std::span<const Arg> args, void *options, const Arguments &values,
                          const std::string &where)
{
    for (const auto &[name, value] : values) {
        const auto found = std::find_if(args.begin(), args.end(),
                                        [&](const Arg &arg) { return arg.name == name; });
        if (found == args.end()) {
            const auto nearest
                    = std::min_element(args.begin(), args.end(), [&](const Arg &a, const Arg &b) {
                          return editDistance(a.name, name) < editDistance(b.name, name);
                      });
            return Error(ErrorCategory::Value, "unknown_argument", where, "'" + name + "'", "",
                         nearest == args.end() ? "remove it: there are no arguments"
                                               : "did you mean '" + nearest->name + "'?");
        }
        if (const Result<void> checked = found->check(value); !checked)
            return checked.error().within(where);
        if (const Result<void> set = found->set(options, value); !set)
            return set.error().within(name).within(where);
        // Texts such as "nan" and "-inf" have become numbers by now.
        if (const Result<void> checked = found->check(found->get(options)); !checked)
            return checked.error().within(where);
    }
    return {};
}

Arguments withoutDefaults(std::span<const Arg> args, const Arguments &values)
{
    Arguments out;
    for (const auto &[name, value] : values) {
        const auto found = std::find_if(args.begin(), args.end(),
                                        [&](const Arg &arg) { return arg.name == name; });
        if (found == args.end() || found->required || !(found->defaultValue == value))
            out[name] = value;
    }
    return out;
}

} // namespace mrg
