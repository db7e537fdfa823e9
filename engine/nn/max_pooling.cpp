// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/Launch.h"
#include "engine/nn/Module.h"
#include "engine/nn/families.h"
#include "engine/nn/pooling.h"
#include "engine/ops/pooling.h"
#include "engine/ops/windows.h"

namespace mrg {

namespace {

/// The outputs of a module whose option return_indices may be on.
std::vector<Tensor> outputsOf(Pooled pooled, bool withIndices)
{
    if (withIndices)
        return {pooled.values, pooled.indices};
    return {pooled.values};
}
Result<Shapes> outputShapes(const Result<Shape> &shape, bool withIndices)
{
    if (!shape)
        return shape.error();
    return withIndices ? Shapes{*shape, *shape} : Shapes{*shape};
}
std::vector<Port> outputPorts(size_t dimensions)
{
    Port indices = spatialPort("indices", "C", dimensions, "_out");
    indices.dtype = "int64";
    indices.summary = "Place of each maximum in its plane, if return_indices.";
    indices.optional = true;
    return {spatialPort("output", "C", dimensions, "_out"), indices};
}

struct MaxPoolOptions {
    IntOrList kernel_size = 2;
    std::optional<IntOrList> stride;
    IntOrList padding = 0;
    IntOrList dilation = 1;
    bool return_indices = false;
    bool ceil_mode = false;
};

/// torch.nn.MaxPool1d to MaxPool3d: padding counts as -inf, a NaN wins, the first of equals wins.
template <size_t dimensions> class MaxPool : public Module {
public:
    using Options = MaxPoolOptions;
    explicit MaxPool(Options options_) : options(std::move(options_)) { }

    static kernels::Windows windows(const Options &o, const Shape &x)
    {
        return windowsOver(x, o.kernel_size, o.stride, o.padding, o.dilation, dimensions);
    }

    static Result<Shapes> infer(const Options &o, const Shapes &in)
    {
        if (Result<void> rank = checkSpatialRank(in.at(0), dimensions); !rank)
            return rank.error();
        kernels::Windows over = windows(o, in[0]);
        return outputShapes(pooledShape(in[0], over, o.ceil_mode, dimensions), o.return_indices);
    }

    static Result<void> validate(const Options &o)
    {
        Result<void> counts = checkCounts(dimensions, o.kernel_size, o.padding, o.dilation,
                                          o.stride.value_or(o.kernel_size));
        return counts ? checkHalfPadding(o.kernel_size, o.padding, dimensions) : counts;
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const Tensor &x = inputs[0];
        const Shape shape
                = inferred(spatialName("MaxPool", dimensions), infer(options, {x.shape()}))[0];
        kernels::Windows over = windows(options, x.shape());
        over.output = spatialExtents(shape, dimensions);
        return outputsOf(maxPool(x, over, shape, dimensions), options.return_indices);
    }

    Options options;
};

struct AdaptiveMaxPoolOptions : AdaptivePoolOptions {
    bool return_indices = false;
};

/// torch.nn.AdaptiveMaxPool1d to 3d: window i is floor(i L / O) to ceil((i + 1) L / O).
template <size_t dimensions> class AdaptiveMaxPool : public Module {
public:
    using Options = AdaptiveMaxPoolOptions;
    explicit AdaptiveMaxPool(Options options_) : options(std::move(options_)) { }

    static Result<Shapes> infer(const Options &o, const Shapes &in)
    {
        const Result<Shape> shape = adaptiveShape(o.output_size, in.at(0), dimensions);
        // Channels without a batch before them are not looked at, as in PyTorch.
        if (shape && in[0].size() == dimensions + 2) {
            if (Result<void> filled = checkNotEmpty(in[0], dimensions); !filled)
                return filled.error();
        }
        return outputShapes(shape, o.return_indices);
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const Shape shape = inferred(spatialName("AdaptiveMaxPool", dimensions),
                                     infer(options, {inputs[0].shape()}))[0];
        return outputsOf(adaptiveMaxPool(inputs[0], shape, dimensions), options.return_indices);
    }

    Options options;
};

struct FractionalOptions {
    IntOrList kernel_size = 2;
    std::optional<IntOrList> output_size;
    std::optional<FloatOrList> output_ratio;
    bool return_indices = false;
    Tensor _random_samples;
};

/// torch.nn.FractionalMaxPool2d and 3d (Graham, 2014): the sizes shrink by any ratio, over windows
/// at pseudo-random distances, drawn anew in every forward.
template <size_t dimensions> class FractionalMaxPool : public Module {
public:
    using Options = FractionalOptions;
    explicit FractionalMaxPool(Options options_) : options(std::move(options_))
    {
        registerBuffer("_random_samples", samples, options._random_samples);
    }

    static Result<void> validate(const Options &o)
    {
        const auto wrong = [](const char *kind, const char *got, const char *wanted) {
            return Error(ErrorCategory::Value, kind, "", got, wanted);
        };
        if (o.output_size && o.output_ratio)
            return wrong("output_size_and_ratio", "output_size and output_ratio", "one of them");
        if (!o.output_size && !o.output_ratio)
            return wrong("no_output_size_or_ratio", "neither output_size nor output_ratio",
                         "one of them");
        if (Result<void> counts = checkCounts(dimensions, o.kernel_size); !counts)
            return counts;
        return o.output_size ? checkCount(*o.output_size, dimensions)
                             : checkCount(*o.output_ratio, dimensions);
    }

    static Result<Shapes> infer(const Options &o, const Shapes &in)
    {
        const Shape &x = in.at(0);
        if (Result<void> rank = checkSpatialRank(x, dimensions); !rank)
            return rank.error();
        Shape out = x;
        for (size_t i = 0; i < dimensions; ++i) {
            const size_t dim = x.size() - dimensions + i;
            out[dim] = o.output_size
                    ? o.output_size->at(i)
                    : static_cast<int64_t>(static_cast<double>(x[dim]) * o.output_ratio->at(i));
            // In three dimensions PyTorch leaves out the largest size, at which windows do not
            // move.
            const int64_t most = x[dim] - o.kernel_size.at(i) + (dimensions == 3 ? 0 : 1);
            if (out[dim] < 1 || out[dim] > most) {
                return Error(ErrorCategory::Shape, "output_size_out_of_reach", "",
                             "input " + mrg::toString(x) + " to size " + std::to_string(out[dim])
                                     + " in dimension " + std::to_string(dim),
                             "1 to " + std::to_string(most) + ", which windows of "
                                     + std::to_string(o.kernel_size.at(i)) + " allow");
            }
        }
        return outputShapes(out, o.return_indices);
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const Tensor &x = inputs[0];
        const Shape shape = inferred(spatialName("FractionalMaxPool", dimensions),
                                     infer(options, {x.shape()}))[0];
        return outputsOf(fractionalMaxPool(x, extentsOf(options.kernel_size, dimensions),
                                           positions(planesOf(shape, dimensions)), shape,
                                           dimensions),
                         options.return_indices);
    }

    Options options;
    /// PyTorch's own buffer of this name: fixes the positions, for comparisons.
    Tensor samples;

private:
    /// Three numbers in [0, 1) a plane, one a dimension.
    Tensor positions(int64_t planes)
    {
        Tensor out = Tensor::zeros({planes, 3}, DType::Float64);
        double *to = out.data<double>();
        if (!samples.defined()) {
            launch([stream = &random(), to, count = out.numel()] {
                for (int64_t i = 0; i < count; ++i)
                    to[i] = stream->uniform();
            });
            return out;
        }
        constexpr auto each = static_cast<int64_t>(dimensions);
        if (samples.numel() != planes * each) {
            throw Error(ErrorCategory::Shape, "size_mismatch",
                        spatialName("FractionalMaxPool", dimensions),
                        "_random_samples " + mrg::toString(samples.shape()),
                        std::to_string(each) + " for each of " + std::to_string(planes)
                                + " planes");
        }
        // In 2d the last index is width, then height; in 3d it is depth, height, width.
        const Tensor given = samples.toType(DType::Float64).compact();
        launch([from = given.data<double>(), to, planes] {
            for (int64_t p = 0; p < planes; ++p) {
                for (int64_t i = 0; i < each; ++i)
                    to[p * 3 + (each == 2 ? 2 - i : i)] = from[p * each + i];
            }
        });
        return out;
    }
};

template <size_t dimensions> ModuleSpec declareMaxPool()
{
    using O = MaxPoolOptions;
    const auto space = [](Shape leading, const Shape &sizes) {
        return Shapes{spatialShape(std::move(leading), sizes, dimensions)};
    };
    return declare<MaxPool<dimensions>>(
            {.name = spatialName("MaxPool", dimensions),
             .group = Group::Pooling,
             .summary = "The largest value of every window.",
             .formula = R"(out = \max_{m < k} x[s\,i + d\,m - p])",
             .source = "torch.nn." + spatialName("MaxPool", dimensions),
             .args
             = {requiredArg("kernel_size", &O::kernel_size, "Size of the windows.", atLeast(1)),
                arg("stride", &O::stride, "Step between windows; none: the kernel's size.",
                    atLeast(1)),
                arg("padding", &O::padding, "Border of -infinity on each side.", atLeast(0)),
                arg("dilation", &O::dilation, "Distance between a window's points.", atLeast(1)),
                arg("return_indices", &O::return_indices,
                    "Whether to give the place of each maximum as well."),
                arg("ceil_mode", &O::ceil_mode, "Round output sizes up instead of down.")},
             .inputs = {spatialPort("input", "C", dimensions)},
             .outputs = outputPorts(dimensions),
             .infer = MaxPool<dimensions>::infer,
             .validate = MaxPool<dimensions>::validate,
             .samples
             = {{.args = {{"kernel_size", 2}}, .inputs = space({2, 2}, {2, 4, 6})},
                {.args = {{"kernel_size", 3}, {"stride", 2}, {"padding", 1}, {"ceil_mode", true}},
                 .inputs = space({2}, {3, 6, 5})},
                {.args = {{"kernel_size", spatialValue({1, 2, 3}, dimensions)},
                          {"stride", 1},
                          {"padding", spatialValue({0, 1, 1}, dimensions)},
                          {"dilation", spatialValue({1, 1, 2}, dimensions)},
                          {"return_indices", true}},
                 .inputs = space({2, 1}, {2, 4, 5})}},
             .badSamples
             = {{{{"kernel_size", 9}}, space({1, 1}, {4, 4, 4}), "kernel_larger_than_input"},
                {{{"kernel_size", 2}, {"padding", 2}},
                 space({1, 1}, {4, 4, 4}),
                 "padding_more_than_half_the_kernel"},
                {{{"kernel_size", 2}, {"stride", 0}}, space({1, 1}, {4, 4, 4}), "wrong_argument"},
                {{{"kernel_size", 2}}, {{4}}, "dimension_count_mismatch"}}});
}

template <size_t dimensions> ModuleSpec declareAdaptive()
{
    using O = AdaptiveMaxPoolOptions;
    return declare<AdaptiveMaxPool<dimensions>>(
            {.name = spatialName("AdaptiveMaxPool", dimensions),
             .group = Group::Pooling,
             .summary = "Maxima over windows chosen so that the output has the asked size.",
             .formula = R"(window\ i = [\lfloor iL/O \rfloor, \lceil (i+1)L/O \rceil))",
             .source = "torch.nn." + spatialName("AdaptiveMaxPool", dimensions),
             .args
             = {requiredArg("output_size", &O::output_size,
                            "One size, or one a dimension; none keeps that dimension.", atLeast(0)),
                arg("return_indices", &O::return_indices,
                    "Whether to give the place of each maximum as well.")},
             .inputs = {spatialPort("input", "C", dimensions)},
             .outputs = outputPorts(dimensions),
             .infer = AdaptiveMaxPool<dimensions>::infer,
             .validate = [](const O &o) { return checkCount(o.output_size, dimensions); },
             .samples = adaptiveSamples(dimensions),
             .badSamples = adaptiveBadSamples(dimensions)});
}

template <size_t dimensions> ModuleSpec declareFractional()
{
    using O = FractionalOptions;
    const auto space = [](Shape leading, const Shape &sizes) {
        return Shapes{spatialShape(std::move(leading), sizes, dimensions)};
    };
    Constraint ratio = above(0);
    ratio.maximum = 1;
    ratio.exclusiveMaximum = true;
    return declare<FractionalMaxPool<dimensions>>(
            {.name = spatialName("FractionalMaxPool", dimensions),
             .group = Group::Pooling,
             .summary
             = "Maxima over windows at pseudo-random distances, so that sizes shrink by any ratio.",
             .formula
             = R"(i \mapsto \lfloor \alpha (i + u) \rfloor - \lfloor \alpha u \rfloor,\quad \alpha = (L - k)/(O - 1))",
             .source
             = "torch.nn." + spatialName("FractionalMaxPool", dimensions) + "; Graham, 2014",
             .args
             = {requiredArg("kernel_size", &O::kernel_size, "Size of the windows.", atLeast(1)),
                arg("output_size", &O::output_size, "Sizes of the output.", atLeast(1)),
                arg("output_ratio", &O::output_ratio, "Or its sizes as shares of the input's.",
                    ratio),
                arg("return_indices", &O::return_indices,
                    "Whether to give the place of each maximum as well."),
                arg("_random_samples", &O::_random_samples,
                    "Fixes u, for comparisons: one number in [0, 1) a sample, channel and "
                    "dimension.")},
             .inputs = {spatialPort("input", "C", dimensions)},
             .outputs = outputPorts(dimensions),
             .infer = FractionalMaxPool<dimensions>::infer,
             .validate = FractionalMaxPool<dimensions>::validate,
             .samples = {{.args = {{"kernel_size", 2}, {"output_size", 3}},
                          .inputs = space({1, 2}, {5, 6, 5})},
                         {.args = {{"kernel_size", spatialValue({1, 2, 3}, dimensions)},
                                   {"output_ratio", 0.5},
                                   {"return_indices", true}},
                          .inputs = space({2}, {5, 6, 7})}},
             .badSamples
             = {{{{"kernel_size", 2}}, space({1, 1}, {5, 5, 5}), "no_output_size_or_ratio"},
                {{{"kernel_size", 2}, {"output_size", 2}, {"output_ratio", 0.5}},
                 space({1, 1}, {5, 5, 5}),
                 "output_size_and_ratio"},
                {{{"kernel_size", 2}, {"output_ratio", 1.5}},
                 space({1, 1}, {5, 5, 5}),
                 "wrong_argument"},
                {{{"kernel_size", 3}, {"output_size", 4}},
                 space({1, 1}, {5, 5, 5}),
                 "output_size_out_of_reach"}}});
}

} // namespace

std::vector<ModuleSpec> maxPoolingModules()
{
    return {declareMaxPool<1>(),    declareMaxPool<2>(),   declareMaxPool<3>(),
            declareAdaptive<1>(),   declareAdaptive<2>(),  declareAdaptive<3>(),
            declareFractional<2>(), declareFractional<3>()};
}

} // namespace mrg
