// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/elementwise.h"
#include "engine/nn/Module.h"
#include "engine/nn/families.h"
#include "engine/nn/pooling.h"
#include "engine/ops/linear_map.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/resampling.h"

#include <cmath>

namespace mrg {

namespace {

/// The mean over windows is the product of means along the dimensions: `rowsOf(i)` gives the
/// matrix of dimension i.
template <typename RowsOf>
Tensor averaged(const char *name, const Tensor &x, size_t dimensions, RowsOf rowsOf)
{
    Tensor out = x;
    for (size_t i = dimensions; i-- > 0;) {
        out = resample(name, out, x.shape().size() - dimensions + i,
                       std::make_shared<const Resampling>(rowsOf(i)));
    }
    return out;
}

/// Means of whole numbers would be none; windows of int64 (`withInt64`) PyTorch lets pass.
void refuseWholeNumbers(const std::string &name, const Tensor &x, bool withInt64)
{
    if (!isIntegral(x.dtype()) || (withInt64 && x.dtype() == DType::Int64))
        return;
    throw Error(ErrorCategory::DType, "dtype_not_supported", name, dtypeName(x.dtype()),
                "float32 or float64", "convert the input to float32");
}

struct AvgPoolOptions {
    IntOrList kernel_size = 2;
    std::optional<IntOrList> stride;
    IntOrList padding = 0;
    bool ceil_mode = false;
    bool count_include_pad = true;
    std::optional<int64_t> divisor_override;
};

/// The shape of window pooling's output, for options that have no padding as well.
template <typename O>
Result<Shape> averagedShape(const O &o, const IntOrList &padding, const Shape &x, size_t dimensions)
{
    if (Result<void> rank = checkSpatialRank(x, dimensions); !rank)
        return rank.error();
    kernels::Windows over = windowsOver(x, o.kernel_size, o.stride, padding, 1, dimensions);
    return pooledShape(x, over, o.ceil_mode, dimensions);
}

Tensor averagePool(const Tensor &x, const AvgPoolOptions &o, const Shape &shape, size_t dimensions)
{
    const MeanDivisor divisor = o.divisor_override ? MeanDivisor::None
            : o.count_include_pad                  ? MeanDivisor::Padded
                                                   : MeanDivisor::Inside;
    const IntOrList stride = o.stride.value_or(o.kernel_size);
    const Tensor out = averaged("avg_pool", x, dimensions, [&](size_t i) {
        const size_t dim = x.shape().size() - dimensions + i;
        return windowMeans(x.shape()[dim], shape[dim], o.kernel_size.at(i), stride.at(i),
                           o.padding.at(i), divisor);
    });
    return o.divisor_override ? mul(out, 1.0 / static_cast<double>(*o.divisor_override)) : out;
}

/// torch.nn.AvgPool1d to AvgPool3d.
template <size_t dimensions> class AvgPool : public Module {
public:
    using Options = AvgPoolOptions;
    explicit AvgPool(Options options_) : options(std::move(options_)) { }

    static Result<void> validate(const Options &o)
    {
        Result<void> counts = checkCounts(dimensions, o.kernel_size, o.padding,
                                          o.stride.value_or(o.kernel_size));
        if (!counts)
            return counts;
        if (o.divisor_override == 0)
            return Error(ErrorCategory::Value, "divisor_is_zero", "", "divisor_override 0",
                         "another number");
        return checkHalfPadding(o.kernel_size, o.padding, dimensions);
    }

    static Result<Shapes> infer(const Options &o, const Shapes &in)
    {
        const Result<Shape> shape = averagedShape(o, o.padding, in.at(0), dimensions);
        // In three dimensions PyTorch wants the windows to fit without the padding, too.
        for (size_t i = 0; shape && dimensions == 3 && i < dimensions; ++i) {
            const size_t dim = in[0].size() - dimensions + i;
            if (in[0][dim] < o.kernel_size.at(i)) {
                return Error(ErrorCategory::Shape, "kernel_larger_than_input", "",
                             "input " + toString(in[0]),
                             "at least " + std::to_string(o.kernel_size.at(i)) + " in dimension "
                                     + std::to_string(dim),
                             "use a smaller kernel_size");
            }
        }
        return shape ? Result<Shapes>(Shapes{*shape}) : shape.error();
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const std::string name = spatialName("AvgPool", dimensions);
        const Shape shape = inferred(name, infer(options, {inputs[0].shape()}))[0];
        refuseWholeNumbers(name, inputs[0], true);
        return {averagePool(inputs[0], options, shape, dimensions)};
    }

    Options options;
};

/// torch.nn.AdaptiveAvgPool1d to 3d: window i is floor(i L / O) to ceil((i + 1) L / O).
template <size_t dimensions> class AdaptiveAvgPool : public Module {
public:
    using Options = AdaptivePoolOptions;
    explicit AdaptiveAvgPool(Options options_) : options(std::move(options_)) { }

    static Result<Shapes> infer(const Options &o, const Shapes &in)
    {
        const Result<Shape> shape = adaptiveShape(o.output_size, in.at(0), dimensions);
        return shape ? Result<Shapes>(Shapes{*shape}) : shape.error();
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const Shape &x = inputs[0].shape();
        const std::string name = spatialName("AdaptiveAvgPool", dimensions);
        const Shape shape = inferred(name, infer(options, {x}))[0];
        refuseWholeNumbers(name, inputs[0], false);
        return {averaged("adaptive_avg_pool", inputs[0], dimensions, [&](size_t i) {
            const size_t dim = x.size() - dimensions + i;
            return adaptiveMeans(x[dim], shape[dim]);
        })};
    }

    Options options;
};

struct LPPoolOptions {
    double norm_type = 2;
    IntOrList kernel_size = 2;
    std::optional<IntOrList> stride;
    bool ceil_mode = false;
};

/// x, but without a gradient where it is 0: there the root of a power has none that is finite.
Tensor stoppedAtZero(const Tensor &x)
{
    if (!shouldRecord({&x}))
        return x;
    const Tensor source = x.compact();
    const auto masked = [source](const Tensor &g, Tensor &kept) {
        dispatchFloating(source.dtype(), "lp_pool", [&](auto tag) {
            using T = typename decltype(tag)::type;
            kernels::binary<T, T>(source, g, kept,
                                  [](T v, T slope) { return v == 0 ? T(0) : slope; });
        });
    };
    const Tensor out = source.copy();
    record("lp_pool", {x}, {out}, [masked](const Gradients &g) {
        return Gradients{linearMap("lp_pool_backward", g[0], g[0].shape(), masked, masked)};
    });
    return out;
}

/// torch.nn.LPPool1d to LPPool3d: the p-norm of every window, sum(x^p)^(1/p) without absolute
/// values.
template <size_t dimensions> class LPPool : public Module {
public:
    using Options = LPPoolOptions;
    explicit LPPool(Options options_) : options(std::move(options_)) { }

    static Result<Shapes> infer(const Options &o, const Shapes &in)
    {
        const Result<Shape> shape = averagedShape(o, 0, in.at(0), dimensions);
        return shape ? Result<Shapes>(Shapes{*shape}) : shape.error();
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const Shape shape = inferred(spatialName("LPPool", dimensions),
                                     infer(options, {inputs[0].shape()}))[0];
        // Means times the whole kernel, as in PyTorch: a window cut off at the edge counts as
        // whole.
        const AvgPoolOptions window{.kernel_size = options.kernel_size,
                                    .stride = options.stride,
                                    .padding = 0,
                                    .ceil_mode = options.ceil_mode,
                                    .count_include_pad = true,
                                    .divisor_override = {}};
        const Tensor powers = pow(inputs[0], options.norm_type);
        const Tensor means = averagePool(powers, window, shape, dimensions);
        const auto points
                = static_cast<double>(kernels::volume(extentsOf(options.kernel_size, dimensions)));
        return {pow(mul(stoppedAtZero(means), points), 1 / options.norm_type)};
    }

    Options options;
};

constexpr const char *windowSize = "Size of the windows.";
constexpr const char *windowStep = "Step between windows; none: the kernel's size.";
constexpr const char *roundUp = "Round output sizes up instead of down.";

template <size_t dimensions> ModuleSpec declareAverage()
{
    using O = AvgPoolOptions;
    const auto space = [](Shape leading, const Shape &sizes) {
        return Shapes{spatialShape(std::move(leading), sizes, dimensions)};
    };
    Declaration<O> d{
            .name = spatialName("AvgPool", dimensions),
            .group = Group::Pooling,
            .summary = "The mean of every window.",
            .formula = R"(out = \frac{1}{k} \sum_{m<k} x[s\,i + m - p])",
            .source = "torch.nn." + spatialName("AvgPool", dimensions),
            .args = {requiredArg("kernel_size", &O::kernel_size, windowSize, atLeast(1)),
                     arg("stride", &O::stride, windowStep, atLeast(1)),
                     arg("padding", &O::padding, "Border of zeros on each side.", atLeast(0)),
                     arg("ceil_mode", &O::ceil_mode, roundUp),
                     arg("count_include_pad", &O::count_include_pad,
                         "Whether the border counts in the mean.")},
            .inputs = {spatialPort("input", "C", dimensions)},
            .outputs = {spatialPort("output", "C", dimensions, "_out")},
            .infer = AvgPool<dimensions>::infer,
            .validate = AvgPool<dimensions>::validate,
            .samples = {{.args = {{"kernel_size", 2}}, .inputs = space({2, 2}, {2, 4, 6})},
                        {.args = {{"kernel_size", 3}, {"padding", 1}, {"count_include_pad", false}},
                         .inputs = space({2}, {3, 6, 5})},
                        {.args = {{"kernel_size", spatialValue({1, 2, 3}, dimensions)},
                                  {"stride", 2},
                                  {"padding", spatialValue({0, 1, 1}, dimensions)},
                                  {"ceil_mode", true}},
                         .inputs = space({2, 1}, {2, 4, 6})}},
            .badSamples
            = {{{{"kernel_size", 2}, {"padding", 2}},
                space({1, 1}, {5, 5, 5}),
                "padding_more_than_half_the_kernel"},
               {{{"kernel_size", 9}}, space({1, 1}, {4, 4, 4}), "kernel_larger_than_input"},
               {{{"kernel_size", 2}}, {{4}}, "dimension_count_mismatch"}}};
    if (dimensions > 1) {
        d.args.push_back(arg("divisor_override", &O::divisor_override,
                             "Divide by this instead of the window's size."));
        d.samples.push_back({.args = {{"kernel_size", 2}, {"divisor_override", 3}},
                             .inputs = space({2}, {2, 4, 4})});
        d.badSamples.push_back({{{"kernel_size", 2}, {"divisor_override", 0}},
                                space({2}, {4, 4, 4}),
                                "divisor_is_zero"});
    }
    return declare<AvgPool<dimensions>>(std::move(d));
}

template <size_t dimensions> ModuleSpec declareAdaptive()
{
    return declare<AdaptiveAvgPool<dimensions>>(
            {.name = spatialName("AdaptiveAvgPool", dimensions),
             .group = Group::Pooling,
             .summary = "Means over windows chosen so that the output has the asked size.",
             .formula = R"(window\ i = [\lfloor iL/O \rfloor, \lceil (i+1)L/O \rceil))",
             .source = "torch.nn." + spatialName("AdaptiveAvgPool", dimensions),
             .args = {requiredArg("output_size", &AdaptivePoolOptions::output_size,
                                  "One size, or one a dimension; none keeps that dimension.",
                                  atLeast(0))},
             .inputs = {spatialPort("input", "C", dimensions)},
             .outputs = {spatialPort("output", "C", dimensions, "_out")},
             .infer = AdaptiveAvgPool<dimensions>::infer,
             .validate
             = [](const AdaptivePoolOptions &o) { return checkCount(o.output_size, dimensions); },
             .samples = adaptiveSamples(dimensions),
             .badSamples = adaptiveBadSamples(dimensions)});
}

template <size_t dimensions> ModuleSpec declareNorm()
{
    using O = LPPoolOptions;
    const auto space = [](Shape leading, const Shape &sizes) {
        return Shapes{spatialShape(std::move(leading), sizes, dimensions)};
    };
    return declare<LPPool<dimensions>>(
            {.name = spatialName("LPPool", dimensions),
             .group = Group::Pooling,
             .summary = "The p-norm of every window (of its signed values).",
             .formula = R"(out = \Big(\sum_{m<k} x[s\,i + m]^p\Big)^{1/p})",
             .source = "torch.nn." + spatialName("LPPool", dimensions),
             .args = {requiredArg("norm_type", &O::norm_type, "The exponent p."),
                      requiredArg("kernel_size", &O::kernel_size, windowSize, atLeast(1)),
                      arg("stride", &O::stride, windowStep, atLeast(1)),
                      arg("ceil_mode", &O::ceil_mode, roundUp)},
             .inputs = {spatialPort("input", "C", dimensions)},
             .outputs = {spatialPort("output", "C", dimensions, "_out")},
             .infer = LPPool<dimensions>::infer,
             .validate =
                     [](const O &o) {
                         return checkCounts(dimensions, o.kernel_size,
                                            o.stride.value_or(o.kernel_size));
                     },
             .samples = {{.args = {{"norm_type", 2.0}, {"kernel_size", 2}},
                          .inputs = space({2, 2}, {2, 4, 6})},
                         {.args = {{"norm_type", 4.0},
                                   {"kernel_size", spatialValue({1, 2, 3}, dimensions)},
                                   {"stride", 2},
                                   {"ceil_mode", true}},
                          .inputs = space({2}, {2, 4, 6})}},
             .badSamples = {{{{"norm_type", 2.0}, {"kernel_size", 9}},
                             space({1, 1}, {4, 4, 4}),
                             "kernel_larger_than_input"}}});
}

} // namespace

std::vector<ModuleSpec> averagePoolingModules()
{
    return {declareAverage<1>(),  declareAverage<2>(),  declareAverage<3>(),
            declareAdaptive<1>(), declareAdaptive<2>(), declareAdaptive<3>(),
            declareNorm<1>(),     declareNorm<2>(),     declareNorm<3>()};
}

} // namespace mrg
