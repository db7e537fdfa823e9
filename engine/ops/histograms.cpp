// SPDX-License-Identifier: GPL-3.0-or-later
// How many elements fall where.
#include "engine/core/Launch.h"
#include "engine/ops/declarations.h"
#include "engine/ops/families.h"

#include <algorithm>
#include <cmath>

namespace mrg {

namespace {

constexpr Group group = Group::Reduction;
using Inputs = std::span<const Tensor>;

struct CountOptions {
    int64_t minlength = 0;
};
struct HistcOptions {
    int64_t bins = 100;
    double min = 0;
    double max = 0;
};
struct HistogramOptions {
    std::variant<int64_t, Tensor> bins = int64_t(10);
    std::optional<std::vector<double>> range;
    bool density = false;
};

Tensor bincount(const Tensor &x, const Tensor &weights, int64_t minlength)
{
    const auto refuse = [&](ErrorCategory category, const std::string &got) {
        return Error(category, "bincount_error_input", "bincount", got,
                     "a 1-d tensor of integers from 0");
    };
    if (x.dim() > 1)
        throw refuse(ErrorCategory::Shape, toString(x.shape()));
    if (!isIntegral(x.dtype()) || x.dtype() == DType::Bool)
        throw refuse(ErrorCategory::DType, dtypeName(x.dtype()));
    if (weights.defined() && weights.shape() != x.shape()) {
        throw Error(ErrorCategory::Shape, "size_mismatch", "bincount",
                    "weights " + toString(weights.shape()), toString(x.shape()));
    }
    if (minlength < 0)
        throw Error(ErrorCategory::Value, "wrong_argument", "bincount",
                    "minlength " + std::to_string(minlength), "0 or more");
    const std::vector<int64_t> values = x.toVector<int64_t>();
    int64_t count = minlength;
    for (int64_t value : values) {
        if (value < 0)
            throw refuse(ErrorCategory::Value, std::to_string(value));
        count = std::max(count, value + 1);
    }
    // Of nothing PyTorch counts in int64 whatever the weights.
    if (!weights.defined() || values.empty()) {
        std::vector<int64_t> out(static_cast<size_t>(count), 0);
        for (int64_t value : values)
            ++out[static_cast<size_t>(value)];
        return Tensor::fromVector(out);
    }
    std::vector<double> out(static_cast<size_t>(count), 0);
    const std::vector<double> factors = weights.toVector<double>();
    for (size_t i = 0; i < values.size(); ++i)
        out[static_cast<size_t>(values[i])] += factors[i];
    return Tensor::fromVector(out).toType(weights.dtype() == DType::Float32 ? DType::Float32
                                                                            : DType::Float64);
}

/// Bins of one width between two numbers, or between the smallest and largest element.
struct Bins {
    int64_t count = 0;
    double low = 0;
    double high = 0;
    bool fromData = false;
};

/// The ends that a row of numbers has; of one number only, or of none, `margin` on either side.
template <typename T> void findEnds(const T *x, int64_t count, T margin, T &low, T &high)
{
    if (count > 0) {
        low = *std::min_element(x, x + count);
        high = *std::max_element(x, x + count);
    }
    if (!std::isfinite(low) || !std::isfinite(high)) {
        throw Error(ErrorCategory::Value, "histogram_error_range", "histogram",
                    "elements that are not finite", "finite ones, or a range");
    }
    if (low == high) {
        low -= margin;
        high += margin;
    }
}

/// Adds each element's weight (or 1) to its bin; the last bin holds its upper end too.
template <typename T>
void countUniform(const T *x, const T *weights, int64_t count, T low, T high, int64_t bins, T *out)
{
    for (int64_t i = 0; i < count; ++i) {
        if (!(x[i] >= low && x[i] <= high))
            continue;
        const auto bin = static_cast<int64_t>((x[i] - low) / (high - low) * static_cast<T>(bins));
        out[std::min(bin, bins - 1)] += weights ? weights[i] : T(1);
    }
}

void checkBins(int64_t bins, double low, double high, const char *where)
{
    if (bins < 1) {
        throw Error(ErrorCategory::Value, "histogram_error_bins", where,
                    std::to_string(bins) + " bins", "1 or more");
    }
    if (low > high) {
        throw Error(ErrorCategory::Value, "histogram_error_range", where,
                    "from " + std::to_string(low) + " to " + std::to_string(high),
                    "a max that is not below min");
    }
}

Tensor histc(const Tensor &x, const HistcOptions &o)
{
    checkBins(o.bins, o.min, o.max, "histc");
    const Tensor source = x.detach().compact();
    Tensor out = Tensor::zeros({o.bins}, x.dtype());
    dispatchFloating(x.dtype(), "histc", [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([o, count = x.numel(), from = source.template data<T>(),
                to = out.template data<T>()] {
            T low = static_cast<T>(o.min);
            T high = static_cast<T>(o.max);
            if (low == high)
                findEnds(from, count, T(1), low, high);
            countUniform<T>(from, nullptr, count, low, high, o.bins, to);
        });
    });
    return out;
}

/// Bins given by their edges: the number of bins, and the edges themselves where they are given.
int64_t binCount(const HistogramOptions &o)
{
    if (const Tensor *edges = std::get_if<Tensor>(&o.bins)) {
        if (edges->dim() != 1 || edges->numel() < 2) {
            throw Error(ErrorCategory::Shape, "dimension_count_mismatch", "histogram",
                        "edges " + toString(edges->shape()), "a 1-d tensor of at least 2");
        }
        return edges->numel() - 1;
    }
    const int64_t bins = std::get<int64_t>(o.bins);
    const bool given = o.range.has_value();
    if (given && o.range->size() != 2) {
        throw Error(ErrorCategory::Value, "histogram_error_range", "histogram",
                    std::to_string(o.range->size()) + " numbers", "a lower and an upper end");
    }
    checkBins(bins, given ? o.range->at(0) : 0, given ? o.range->at(1) : 0, "histogram");
    return bins;
}

std::vector<Tensor> histogram(const Tensor &x, const Tensor &weight, const HistogramOptions &o)
{
    const int64_t bins = binCount(o);
    if (weight.defined() && weight.shape() != x.shape()) {
        throw Error(ErrorCategory::Shape, "size_mismatch", "histogram",
                    "weight " + toString(weight.shape()), toString(x.shape()));
    }
    const Tensor source = x.detach().compact();
    const Tensor factors
            = weight.defined() ? weight.detach().toType(x.dtype()).compact() : Tensor();
    const Tensor *given = std::get_if<Tensor>(&o.bins);
    Tensor counts = Tensor::zeros({bins}, x.dtype());
    Tensor edges = given ? given->detach().toType(x.dtype()).copy()
                         : Tensor::empty({bins + 1}, x.dtype());
    dispatchFloating(x.dtype(), "histogram", [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([=, density = o.density, own = given != nullptr, ranged = o.range.has_value(),
                first = static_cast<T>(o.range ? o.range->at(0) : 0),
                second = static_cast<T>(o.range ? o.range->at(1) : 0), count = x.numel(),
                from = source.template data<T>(),
                weights = factors.defined() ? factors.template data<T>() : nullptr,
                to = counts.template data<T>(), edge = edges.template data<T>()] {
            if (own) {
                for (int64_t i = 0; i < count; ++i) {
                    if (!(from[i] >= edge[0] && from[i] <= edge[bins]))
                        continue;
                    const int64_t bin = std::upper_bound(edge, edge + bins + 1, from[i]) - edge - 1;
                    to[std::min(bin, bins - 1)] += weights ? weights[i] : T(1);
                }
            } else {
                T low = first;
                T high = second;
                if (!ranged || low == high) {
                    if (!ranged) {
                        low = 0;
                        high = count > 0 ? T(0) : T(1);
                    }
                    findEnds(from, ranged ? 0 : count, T(0.5), low, high);
                }
                for (int64_t i = 0; i <= bins; ++i) {
                    // From the nearer end, so that both are met exactly.
                    const T step = (high - low) / static_cast<T>(bins);
                    edge[i] = i < (bins + 1) / 2 ? low + step * static_cast<T>(i)
                                                 : high - step * static_cast<T>(bins - i);
                }
                countUniform<T>(from, weights, count, low, high, bins, to);
            }
            if (density) {
                T total = 0;
                for (int64_t i = 0; i < bins; ++i)
                    total += to[i];
                for (int64_t i = 0; i < bins; ++i)
                    to[i] /= total * (edge[i + 1] - edge[i]);
            }
        });
    });
    return {counts, edges};
}

} // namespace

std::vector<FunctionSpec> histogramFunctions()
{
    FunctionSpec counts = tensorFunction<CountOptions>(
            group, {"bincount", "How often each whole number occurs, or the sum of its weights."},
            {{.name = "input", .pattern = "N", .dtype = "int64"},
             {.name = "weights", .pattern = "N", .dtype = "any", .optional = true}},
            {arg("minlength", &CountOptions::minlength, "At least so many numbers are counted.")},
            [](const CountOptions &, const Shapes &in) -> Shape {
                throw Error(ErrorCategory::State, "shape_depends_on_elements", "bincount",
                            toString(in.at(0)), "the elements, which say how large the result is");
            },
            [](const CountOptions &o, Inputs in) {
                return bincount(in[0], in.size() > 1 ? in[1] : Tensor(), o.minlength);
            },
            {.good = {{.args = {{"minlength", 4}}, .inputs = {{6}}}}});
    counts.shapeFromElements = true;
    FunctionSpec uniform = tensorFunction<HistcOptions>(
            group, {"histc", "How many elements lie in each of some bins of one width."},
            {tensorPort("input")},
            {arg("bins", &HistcOptions::bins, "How many bins."),
             arg("min", &HistcOptions::min, "Where the first begins."),
             arg("max", &HistcOptions::max,
                 "Where the last ends; equal to min: both from the data.")},
            [](const HistcOptions &o, const Shapes &) {
                checkBins(o.bins, o.min, o.max, "histc");
                return Shape{o.bins};
            },
            [](const HistcOptions &o, Inputs in) { return histc(in[0], o); },
            {.good = {{.args = {{"bins", 4}, {"min", -2}, {"max", 2}}, .inputs = {{9}}},
                      {.args = {{"bins", 3}}, .inputs = {{2, 3}}}},
             .bad = {{.args = {{"bins", 0}}, .inputs = {{3}}, .kind = "histogram_error_bins"},
                     {.args = {{"min", 2}, {"max", 1}},
                      .inputs = {{3}},
                      .kind = "histogram_error_range"}}});
    FunctionSpec full = tensorFunction<HistogramOptions>(
            group, {"histogram", "How many elements lie in each bin, and the edges of the bins."},
            {tensorPort("input"), optionalPort("weight")},
            {requiredArg("bins", &HistogramOptions::bins,
                         "How many bins of one width, or a tensor of edges."),
             arg("range", &HistogramOptions::range, "The ends of the bins; none: from the data."),
             arg("density", &HistogramOptions::density, "Divides so that the area is 1.")},
            [](const HistogramOptions &o, const Shapes &) {
                const int64_t bins = binCount(o);
                return Shapes{{bins}, {bins + 1}};
            },
            [](const HistogramOptions &o, Inputs in) {
                return histogram(in[0], in.size() > 1 ? in[1] : Tensor(), o);
            },
            {.good = {{.args = {{"bins", 4}, {"range", ValueList{-2.0, 2.0}}}, .inputs = {{9}}},
                      {.args = {{"bins", 3}, {"density", true}}, .inputs = {{9}, {9}}}},
             .bad = {{.args = {{"bins", 0}}, .inputs = {{3}}, .kind = "histogram_error_bins"}}});
    full.order = {"input", "bins", "range", "weight", "density"};
    full.outputs = outputPorts({{"hist", "any"}, {"bin_edges", "any"}});
    std::vector<FunctionSpec> out{counts, uniform, full};
    for (FunctionSpec &spec : out)
        spec.differentiable = false;
    return out;
}

} // namespace mrg
