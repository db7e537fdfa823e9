// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/spec/Spec.h"

#include <algorithm>
#include <sstream>

namespace mrg {

namespace {

using Pattern = std::vector<std::string>;

/// The alternatives of a port's pattern, each split into its dimensions.
std::vector<Pattern> parse(const std::string &text)
{
    std::vector<Pattern> alternatives(1);
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        if (word == "|")
            alternatives.emplace_back();
        else
            alternatives.back().push_back(word);
    }
    return alternatives;
}

struct Bindings {
    const Arguments *arguments;
    std::map<std::string, int64_t> sizes;
    std::optional<Shape> star;

    /// The size a dimension stands for, if known by now.
    std::optional<int64_t> sizeOf(const std::string &word) const
    {
        if (word.find_first_not_of("0123456789") == std::string::npos)
            return std::stoll(word);
        if (const auto bound = sizes.find(word); bound != sizes.end())
            return bound->second;
        if (const auto arg = arguments->find(word); arg != arguments->end()) {
            if (const int64_t *number = arg->second.as<int64_t>())
                return *number;
        }
        return std::nullopt;
    }
};

/// The pattern with known sizes filled in: "[N, 4]", "[*, 5]".
std::string describe(const Pattern &pattern, const Bindings &bindings)
{
    std::string text = "[";
    for (size_t i = 0; i < pattern.size(); ++i) {
        const std::optional<int64_t> size
                = pattern[i] == "*" ? std::nullopt : bindings.sizeOf(pattern[i]);
        text += (i ? ", " : "") + (size ? std::to_string(*size) : pattern[i]);
    }
    return text + "]";
}

std::optional<Error> matchDimension(const Port &port, const Pattern &pattern, size_t word,
                                    const Shape &shape, size_t dimension, Bindings &bindings)
{
    const std::string &symbol = pattern[word];
    const std::optional<int64_t> wanted = bindings.sizeOf(symbol);
    if (!wanted) {
        bindings.sizes[symbol] = shape[dimension];
        return std::nullopt;
    }
    if (*wanted == shape[dimension])
        return std::nullopt;
    const bool isArgument = bindings.arguments->contains(symbol);
    const std::string got = std::to_string(shape[dimension]);
    Error error(ErrorCategory::Shape, "size_mismatch", "", port.name + " " + toString(shape),
                describe(pattern, bindings) + " (" + symbol + " is " + std::to_string(*wanted)
                        + ")",
                isArgument ? "set " + symbol + " to " + got
                           : "make dimension " + std::to_string(dimension) + " of " + port.name
                                + " " + std::to_string(*wanted));
    if (isArgument) {
        error.fixArgument = symbol;
        error.fixValue = {shape[dimension]};
    }
    return error;
}

std::optional<Error> match(const Port &port, const Pattern &pattern, const Shape &shape,
                           Bindings &bindings)
{
    const auto star = std::find(pattern.begin(), pattern.end(), "*");
    const size_t fixed = pattern.size() - (star != pattern.end() ? 1 : 0);
    if (shape.size() < fixed || (star == pattern.end() && shape.size() != fixed)) {
        return Error(ErrorCategory::Shape, "dimension_count_mismatch", "",
                     port.name + " " + toString(shape) + " with " + std::to_string(shape.size())
                             + " dimensions",
                     describe(pattern, bindings));
    }
    const size_t starAt = static_cast<size_t>(star - pattern.begin());
    const size_t starSize = shape.size() - fixed;
    // A missing size is reported for the last dimension first: that is the one arguments name.
    for (size_t word = 0; word < pattern.size(); ++word) {
        if (word == starAt)
            continue;
        const size_t dimension = word < starAt ? word : word - 1 + starSize;
        if (std::optional<Error> error
            = matchDimension(port, pattern, word, shape, dimension, bindings))
            return error;
    }
    if (star != pattern.end()) {
        const auto first = shape.begin() + static_cast<std::ptrdiff_t>(starAt);
        const Shape rest(first, first + static_cast<std::ptrdiff_t>(starSize));
        if (bindings.star && *bindings.star != rest) {
            return Error(ErrorCategory::Shape, "size_mismatch", "",
                         port.name + " " + toString(shape),
                         toString(*bindings.star) + " in place of *");
        }
        bindings.star = rest;
    }
    return std::nullopt;
}

} // namespace

Result<void> checkInputCount(const Spec &spec, const Shapes &inputs)
{
    size_t required = 0;
    bool complete = true;
    std::string names;
    for (size_t i = 0; i < spec.inputs.size(); ++i) {
        const Port &port = spec.inputs[i];
        required += port.optional ? 0 : 1;
        complete = complete && (port.optional || (i < inputs.size() && inputs[i] != leftOut));
        names += (names.empty() ? ": " : ", ") + port.name;
    }
    const bool variadic = !spec.inputs.empty() && spec.inputs.back().variadic;
    if (complete && (variadic || inputs.size() <= spec.inputs.size()))
        return {};
    const auto given = std::count_if(inputs.begin(), inputs.end(),
                                     [](const Shape &shape) { return shape != leftOut; });
    return Error(ErrorCategory::Value, "input_count_mismatch", "",
                 std::to_string(given) + " inputs",
                 std::to_string(required) + (variadic ? " or more" : "") + names);
}

void requireInputs(const Spec &spec, size_t count)
{
    const bool variadic = !spec.inputs.empty() && spec.inputs.back().variadic;
    size_t required = 0;
    for (const Port &port : spec.inputs)
        required += port.optional || port.variadic ? 0 : 1;
    if (count < required || (!variadic && count > spec.inputs.size()))
        throw checkInputCount(spec, Shapes(count)).error().within(spec.name);
}

Result<Shapes> inferFromPatterns(const Spec &spec, const Arguments &completed, const Shapes &inputs)
{
    if (Result<void> count = checkInputCount(spec, inputs); !count)
        return count.error();

    std::vector<std::vector<Pattern>> inputPatterns;
    size_t alternatives = 1;
    for (const Port &port : spec.inputs) {
        inputPatterns.push_back(parse(port.pattern));
        alternatives = std::max(alternatives, inputPatterns.back().size());
    }
    const auto pick = [](const std::vector<Pattern> &all, size_t alternative) -> const Pattern & {
        return all.size() == 1 ? all[0] : all[alternative];
    };

    // Of several refusals the one that got furthest is told: right dimensions, wrong size.
    std::optional<Error> best;
    for (size_t alternative = 0; alternative < alternatives; ++alternative) {
        Bindings bindings{&completed, {}, {}};
        std::optional<Error> error;
        for (size_t i = 0; i < inputs.size() && !error; ++i) {
            if (inputs[i] == leftOut)
                continue;
            const size_t port = std::min(i, spec.inputs.size() - 1);
            error = match(spec.inputs[port], pick(inputPatterns[port], alternative), inputs[i],
                          bindings);
        }
        if (error) {
            if (!best || (best->kind == "dimension_count_mismatch" && error->kind != best->kind))
                best = error;
            continue;
        }
        Shapes out;
        for (const Port &port : spec.outputs) {
            Shape shape;
            const std::vector<Pattern> patterns = parse(port.pattern);
            for (const std::string &word : pick(patterns, alternative)) {
                if (word == "*") {
                    shape.insert(shape.end(), bindings.star->begin(), bindings.star->end());
                } else if (const std::optional<int64_t> size = bindings.sizeOf(word)) {
                    shape.push_back(*size);
                } else {
                    return Error(ErrorCategory::Shape, "unbound_symbol", port.name, word,
                                 "a symbol of the inputs or an argument");
                }
            }
            out.push_back(std::move(shape));
        }
        return out;
    }
    return *best;
}

} // namespace mrg
