// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/Module.h"
#include "engine/nn/families.h"
#include "engine/nn/spatial.h"
#include "engine/ops/resampling.h"

#include <cmath>

namespace mrg {

namespace {

enum class Mode { Nearest, Linear, Bilinear, Bicubic, Trilinear };

} // namespace

template <> struct EnumTexts<Mode> {
    static constexpr std::array texts{
            std::pair{Mode::Nearest, "nearest"}, std::pair{Mode::Linear, "linear"},
            std::pair{Mode::Bilinear, "bilinear"}, std::pair{Mode::Bicubic, "bicubic"},
            std::pair{Mode::Trilinear, "trilinear"}};
};

namespace {

/// The sizes, one of the two ways; what all upsampling modules share.
struct SizeOptions {
    std::optional<IntOrList> size;
    std::optional<FloatOrList> scale_factor;
};
struct UpsampleOptions : SizeOptions {
    Mode mode = Mode::Nearest;
    std::optional<bool> align_corners;
    std::optional<bool> recompute_scale_factor;
};

/// Spatial dimensions that a mode is for; 0: any.
size_t dimensionsOf(Mode mode)
{
    switch (mode) {
    case Mode::Nearest: return 0;
    case Mode::Linear: return 1;
    case Mode::Bilinear:
    case Mode::Bicubic: return 2;
    case Mode::Trilinear: return 3;
    }
    return 0;
}

Interpolation interpolationOf(Mode mode)
{
    return mode == Mode::Nearest    ? Interpolation::Nearest
            : mode == Mode::Bicubic ? Interpolation::Cubic
                                    : Interpolation::Linear;
}

Result<void> validateUpsample(const UpsampleOptions &o)
{
    const auto wrong = [](const char *kind, const char *got, const char *wanted) {
        return Error(ErrorCategory::Value, kind, "", got, wanted);
    };
    if (o.size && o.scale_factor)
        return wrong("size_and_scale_factor", "size and scale_factor", "one of them");
    if (!o.size && !o.scale_factor)
        return wrong("no_size_or_scale_factor", "neither size nor scale_factor", "one of them");
    if (o.mode == Mode::Nearest && o.align_corners)
        return wrong("align_corners_with_nearest", "align_corners with mode 'nearest'",
                     "a mode that interpolates");
    if (o.size && o.recompute_scale_factor == true)
        return wrong("recompute_without_scale_factor", "recompute_scale_factor with size",
                     "scale_factor");
    return {};
}

Result<Shapes> upsampledShape(const UpsampleOptions &o, const Shapes &in)
{
    const Shape &x = in.at(0);
    const size_t wanted = dimensionsOf(o.mode);
    if (x.size() < 3 || x.size() > 5 || (wanted != 0 && x.size() != wanted + 2)) {
        return Error(ErrorCategory::Shape, "dimension_count_mismatch", "",
                     "input " + toString(x) + " with " + std::to_string(x.size()) + " dimensions",
                     wanted == 0 ? "3 to 5 dimensions: [N, C, space]"
                                 : std::to_string(wanted + 2) + " dimensions for mode '"
                                     + ValueTraits<Mode>::to(o.mode).toString() + "'");
    }
    const size_t dimensions = x.size() - 2;
    if (Result<void> count
        = o.size ? checkCount(*o.size, dimensions) : checkCount(*o.scale_factor, dimensions);
        !count)
        return count.error();
    Shape out{x[0], x[1]};
    for (size_t i = 0; i < dimensions; ++i) {
        const double size = o.size
                ? static_cast<double>(o.size->at(i))
                : std::floor(static_cast<double>(x[2 + i]) * o.scale_factor->at(i));
        if (!(size >= 1 && size < 0x1p40) || x[2 + i] < 1) {
            return Error(ErrorCategory::Shape, "output_size_too_small", "",
                         "input " + toString(x) + ", which gives size " + Value(size).toString()
                                 + " in dimension " + std::to_string(2 + i),
                         "at least 1 point before and after");
        }
        out.push_back(static_cast<int64_t>(size));
    }
    // What is only repeated may be nothing.
    if (o.mode != Mode::Nearest) {
        if (Result<void> filled = checkNotEmpty(x, dimensions); !filled)
            return filled.error();
    }
    return Shapes{out};
}

Tensor upsampled(const UpsampleOptions &o, const Tensor &x)
{
    const Shape shape = inferred("Upsample", upsampledShape(o, {x.shape()}))[0];
    Tensor out = x;
    for (size_t dim = 2; dim < shape.size(); ++dim) {
        std::optional<double> scale;
        if (o.scale_factor && o.recompute_scale_factor != true)
            scale = o.scale_factor->at(dim - 2);
        out = resample("upsample", out, dim,
                       std::make_shared<const Resampling>(
                               interpolated(x.shape()[dim], shape[dim], interpolationOf(o.mode),
                                            o.align_corners == true, scale, x.dtype())));
    }
    return out;
}

/// torch.nn.Upsample.
class Upsample : public Module {
public:
    using Options = UpsampleOptions;
    explicit Upsample(Options options_) : options(std::move(options_)) { }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        return {upsampled(options, inputs[0])};
    }

    Options options;
};

/// The options that a module for one mode alone stands for. Bilinear2d aligns the corners.
template <Mode mode> UpsampleOptions optionsFor(const SizeOptions &o)
{
    UpsampleOptions out;
    out.size = o.size;
    out.scale_factor = o.scale_factor;
    out.mode = mode;
    if (mode != Mode::Nearest)
        out.align_corners = true;
    return out;
}

Result<Shapes> upsampledPlaneShape(const UpsampleOptions &o, const Shapes &in)
{
    // Nearest in one or three dimensions passes as well, whatever the module's name says.
    if (o.mode != Mode::Nearest && in.at(0).size() != 4) {
        return Error(ErrorCategory::Shape, "dimension_count_mismatch", "",
                     "input " + toString(in[0]) + " with " + std::to_string(in[0].size())
                             + " dimensions",
                     "[N, C, H, W]");
    }
    return upsampledShape(o, in);
}

/// torch.nn.UpsamplingNearest2d and UpsamplingBilinear2d.
template <Mode mode> class Upsampling2d : public Module {
public:
    using Options = SizeOptions;
    explicit Upsampling2d(const Options &o) : options(optionsFor<mode>(o)) { }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        inferred("Upsampling2d", upsampledPlaneShape(options, {inputs[0].shape()}));
        return {upsampled(options, inputs[0])};
    }

    UpsampleOptions options;
};

template <typename O> std::vector<Arg> sizeArgs()
{
    return {arg("size", &O::size, "Sizes of the output.", atLeast(1)),
            arg("scale_factor", &O::scale_factor, "Or factors by which the sizes grow.", above(0))};
}

ModuleSpec upsampleSpec()
{
    using O = UpsampleOptions;
    std::vector<Arg> args = sizeArgs<O>();
    args.push_back(arg("mode", &O::mode, "How values between points are found."));
    args.push_back(
            arg("align_corners", &O::align_corners,
                "Whether the outermost points stay where they are; without: the outermost edges."));
    args.push_back(arg("recompute_scale_factor", &O::recompute_scale_factor,
                       "Whether to go by the ratio of the sizes instead of scale_factor."));
    return declare<Upsample>(
            {.name = "Upsample",
             .group = Group::Vision,
             .summary = "Makes the space finer (or coarser) by repeating or interpolating.",
             .formula = R"(out[i] = x(\tfrac{i + 1/2}{s} - \tfrac12))",
             .source = "torch.nn.Upsample; bicubic: Keys, 1981, a = -0.75",
             .args = std::move(args),
             .inputs = {{.name = "input", .pattern = "N C L | N C H W | N C D H W"}},
             .outputs = {{.name = "output",
                          .pattern = "N C L_out | N C H_out W_out | N C D_out H_out W_out"}},
             .infer = upsampledShape,
             .validate = validateUpsample,
             .samples
             = {{.args = {{"scale_factor", 2.0}}, .inputs = {{2, 1, 3}}},
                {.args = {{"scale_factor", 1.3}}, .inputs = {{1, 1, 3, 4}}},
                {.args = {{"size", ValueList{5, 2}}}, .inputs = {{1, 2, 3, 3}}},
                {.args = {{"scale_factor", 1.5}, {"mode", "linear"}, {"align_corners", true}},
                 .inputs = {{1, 2, 4}}},
                {.args = {{"scale_factor", ValueList{2.0, 0.6}}, {"mode", "bilinear"}},
                 .inputs = {{1, 2, 3, 4}}},
                {.args
                 = {{"scale_factor", 1.7}, {"mode", "bicubic"}, {"recompute_scale_factor", true}},
                 .inputs = {{1, 1, 3, 4}}},
                {.args = {{"size", 3}, {"mode", "trilinear"}, {"align_corners", false}},
                 .inputs = {{1, 1, 2, 3, 2}}}},
             .badSamples
             = {{{{"scale_factor", 2.0}, {"size", 4}}, {{1, 1, 3}}, "size_and_scale_factor"},
                {{}, {{1, 1, 3}}, "no_size_or_scale_factor"},
                {{{"scale_factor", 2.0}, {"align_corners", true}},
                 {{1, 1, 3}},
                 "align_corners_with_nearest"},
                {{{"size", 4}, {"recompute_scale_factor", true}},
                 {{1, 1, 3}},
                 "recompute_without_scale_factor"},
                {{{"scale_factor", 2.0}, {"mode", "bilinear"}},
                 {{1, 1, 3}},
                 "dimension_count_mismatch"},
                {{{"scale_factor", 2.0}, {"mode", "cubicspline"}}, {{1, 1, 3}}, "wrong_argument"},
                {{{"size", ValueList{4, 4}}}, {{1, 1, 3}}, "wrong_number_of_sizes"},
                {{{"scale_factor", 0.2}}, {{1, 1, 3}}, "output_size_too_small"}}});
}

template <Mode mode> ModuleSpec planeSpec(const char *name, const char *summary)
{
    return declare<Upsampling2d<mode>>(
            {.name = name,
             .group = Group::Vision,
             .summary = summary,
             .formula = "",
             .source = std::string("torch.nn.") + name,
             .args = sizeArgs<SizeOptions>(),
             .inputs = {{.name = "input", .pattern = "N C H W"}},
             .outputs = {{.name = "output", .pattern = "N C H_out W_out"}},
             .infer = [](const SizeOptions &o,
                         const Shapes &in) { return upsampledPlaneShape(optionsFor<mode>(o), in); },
             .validate = [](const SizeOptions &o) { return validateUpsample(optionsFor<mode>(o)); },
             .samples = {{.args = {{"scale_factor", 2.0}}, .inputs = {{1, 2, 3, 2}}},
                         {.args = {{"size", ValueList{4, 1}}}, .inputs = {{2, 1, 3, 3}}}},
             .badSamples = {{{}, {{1, 1, 3, 3}}, "no_size_or_scale_factor"},
                            {{{"scale_factor", 2.0}}, {{1, 3}}, "dimension_count_mismatch"}}});
}

} // namespace

std::vector<ModuleSpec> upsamplingModules()
{
    return {upsampleSpec(),
            planeSpec<Mode::Nearest>("UpsamplingNearest2d",
                                     "Makes a plane finer by repeating points."),
            planeSpec<Mode::Bilinear>(
                    "UpsamplingBilinear2d",
                    "Makes a plane finer by linear interpolation, corners kept in place.")};
}

} // namespace mrg
