// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Random.h"
#include "engine/spec/Spec.h"

#include <cmath>
#include <map>
#include <sstream>

namespace mrg::test {

/// The port that input number `i` goes into; the last one takes what is left, if it may.
inline const Port &portOf(const Spec &spec, size_t i)
{
    return spec.inputs.at(std::min(i, spec.inputs.size() - 1));
}

/// The dimensions of alternative number `alternative` of a pattern.
inline std::vector<std::string> dimensionsOf(const std::string &pattern, size_t alternative)
{
    std::vector<std::vector<std::string>> all(1);
    std::istringstream words(pattern);
    for (std::string word; words >> word;) {
        if (word == "|")
            all.emplace_back();
        else
            all.back().push_back(word);
    }
    return all[std::min(alternative, all.size() - 1)];
}

/// Binds the symbols of one pattern to the sizes of a shape; false if they don't fit.
inline bool bindSymbols(const std::vector<std::string> &words, const Shape &shape,
                        std::map<std::string, int64_t> &symbols)
{
    const auto star = std::find(words.begin(), words.end(), "*");
    const size_t fixed = words.size() - (star != words.end());
    if (shape.size() < fixed || (star == words.end() && shape.size() != fixed))
        return false;
    size_t dimension = 0;
    for (const std::string &word : words) {
        if (word == "*") {
            dimension += shape.size() - fixed;
            continue;
        }
        const auto [entry, fresh] = symbols.try_emplace(word, shape[dimension]);
        if (!fresh && entry->second != shape[dimension])
            return false;
        ++dimension;
    }
    return true;
}

/// What the symbols of the port patterns mean for a sample, and its int arguments by name.
inline std::map<std::string, int64_t> symbolsOf(const Spec &spec, const Sample &sample)
{
    std::map<std::string, int64_t> arguments;
    for (const auto &[name, value] : spec.completed(sample.args)) {
        if (const int64_t *number = value.as<int64_t>())
            arguments[name] = *number;
    }
    for (size_t alternative = 0; alternative < 8; ++alternative) {
        std::map<std::string, int64_t> symbols = arguments;
        bool fits = true;
        for (size_t i = 0; fits && i < sample.inputs.size(); ++i) {
            fits = sample.inputs[i] == leftOut
                    || bindSymbols(dimensionsOf(portOf(spec, i).pattern, alternative),
                                   sample.inputs[i], symbols);
        }
        if (fits)
            return symbols;
    }
    return arguments;
}

/// Label numbers below `classes` in rows of `classes` columns, filled up with -1. The first row is
/// empty where there are several.
inline Tensor labelLists(const Shape &shape, RandomStream &random)
{
    const int64_t classes = shape.empty() ? 1 : shape.back();
    Tensor out = Tensor::full(shape, -1, DType::Int64);
    if (classes == 0)
        return out;
    for (int64_t row = 0; row < out.numel() / classes; ++row) {
        const int64_t count = row == 0 && out.numel() > classes ? 0 : 1 + random.below(classes);
        const std::vector<int64_t> order = random.permutation(classes);
        std::copy_n(order.begin(), count, out.data<int64_t>() + row * classes);
    }
    return out;
}

/// A number of the interval, away from its ends: N(0,1) where there are none.
inline double within(const Interval &interval, RandomStream &random)
{
    const bool below = std::isfinite(interval.low);
    const bool above = std::isfinite(interval.high);
    if (below && above)
        return interval.low + (interval.high - interval.low) * random.uniform(0.05, 0.95);
    const double normal = random.normal();
    if (below)
        return interval.low + 0.2 + std::abs(normal);
    return above ? interval.high - 0.2 - std::abs(normal) : normal;
}

/// One legal input of a sample: N(0,1), or what its port's domain and target form ask for.
inline Tensor drawInput(const Port &port, const Shape &shape,
                        const std::map<std::string, int64_t> &symbols, RandomStream &random)
{
    if (port.form == TargetForm::LabelIndices)
        return labelLists(shape, random);
    if (port.dtype == "int64" || port.form == TargetForm::ClassIndex) {
        const auto bound = symbols.find(port.below);
        Tensor out = Tensor::empty(shape, DType::Int64);
        for (int64_t i = 0; i < out.numel(); ++i)
            out.data<int64_t>()[i] = random.below(
                    bound == symbols.end() ? 1 : std::max<int64_t>(bound->second, 1));
        return out;
    }
    if (port.dtype == "bool") {
        Tensor out = Tensor::empty(shape, DType::Bool);
        for (int64_t i = 0; i < out.numel(); ++i)
            out.data<bool>()[i] = random.below(2) == 1;
        return out;
    }
    if (port.dtype == "integral") {
        Tensor out = Tensor::empty(shape, DType::Int64);
        for (int64_t i = 0; i < out.numel(); ++i)
            out.data<int64_t>()[i] = random.below(9) - 2;
        return out;
    }
    if (port.dtype == "complex") {
        Tensor out = Tensor::empty(shape, DType::Complex128);
        for (int64_t i = 0; i < out.numel(); ++i)
            out.data<std::complex<double>>()[i] = {random.normal(), random.normal()};
        return out;
    }
    Tensor out = Tensor::empty(shape, DType::Float64);
    for (int64_t i = 0; i < out.numel(); ++i) {
        double &value = out.data<double>()[i];
        value = within(port.domain, random);
        if (port.form == TargetForm::MultiHot)
            value = value > 0 ? 1 : 0;
        else if (port.form == TargetForm::Sign)
            value = value > 0 ? 1 : -1;
    }
    return out;
}

/// Legal inputs for a sample, floating ones in float64.
inline std::vector<Tensor> drawInputs(const Spec &spec, const Sample &sample, uint64_t seed = 1)
{
    RandomStream random(seed);
    const std::map<std::string, int64_t> symbols = symbolsOf(spec, sample);
    std::vector<Tensor> out;
    for (size_t i = 0; i < sample.inputs.size(); ++i) {
        Port port = portOf(spec, i);
        // A target in the shape of the scores holds a share for every class instead of classes.
        if (port.form == TargetForm::ClassIndex && port.dtype == "any"
            && sample.inputs[i] == sample.inputs[0])
            port.form = TargetForm::Values;
        out.push_back(sample.inputs[i] == leftOut
                              ? Tensor()
                              : drawInput(port, sample.inputs[i], symbols, random));
    }
    return out;
}

} // namespace mrg::test
