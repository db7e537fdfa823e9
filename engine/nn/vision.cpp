// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/Module.h"
#include "engine/nn/families.h"
#include "engine/nn/spatial.h"
#include "engine/ops/views.h"
#include "engine/ops/windows.h"

namespace mrg {

namespace {

using kernels::volume;

struct UnfoldOptions {
    IntOrList kernel_size = 3;
    IntOrList dilation = 1;
    IntOrList padding = 0;
    IntOrList stride = 1;
};
struct FoldOptions : UnfoldOptions {
    std::optional<IntOrList> output_size = IntOrList(4);
};

/// The windows over a space of these two sizes. Error (shape, `kernel_larger_than_input`).
Result<kernels::Windows> windowsOver(const UnfoldOptions &o, int64_t height, int64_t width)
{
    kernels::Windows w{.input = {1, height, width},
                       .kernel = extentsOf(o.kernel_size, 2),
                       .stride = extentsOf(o.stride, 2),
                       .dilation = extentsOf(o.dilation, 2),
                       .padding = extentsOf(o.padding, 2, 0)};
    for (size_t d = 1; d < 3; ++d) {
        w.output[d] = pooledSize(w.input[d], w.kernel[d], w.stride[d], w.padding[d], w.dilation[d],
                                 false);
        if (w.output[d] < 1) {
            return Error(ErrorCategory::Shape, "kernel_larger_than_input", "",
                         "a space of " + std::to_string(height) + " by " + std::to_string(width)
                                 + " with padding " + std::to_string(w.padding[d]),
                         "at least " + std::to_string(w.dilation[d] * (w.kernel[d] - 1) + 1)
                                 + ", the reach of the kernel, in both dimensions");
        }
    }
    return w;
}

/// torch.nn.Unfold: the content of every window as a column.
class Unfold : public Module {
public:
    using Options = UnfoldOptions;
    explicit Unfold(Options options_) : options(std::move(options_)) { }

    static Result<Shapes> infer(const Options &o, const Shapes &in)
    {
        const Shape &x = in.at(0);
        if (Result<void> rank = checkSpatialRank(x, 2); !rank)
            return rank.error();
        if (Result<void> filled = checkNotEmpty(x, 2); !filled)
            return filled.error();
        const Result<kernels::Windows> w = windowsOver(o, x[x.size() - 2], x[x.size() - 1]);
        if (!w)
            return w.error();
        Shape out(x.begin(), x.end() - 2);
        out.back() *= volume(w->kernel);
        out.push_back(volume(w->output));
        return Shapes{out};
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        inferred("Unfold", infer(options, {inputs[0].shape()}));
        const auto [x, single] = batched(inputs[0], 2);
        const Tensor out = unfold(x, *windowsOver(options, x.size(2), x.size(3)));
        return {single ? unbatched(out) : out};
    }

    Options options;
};

/// torch.nn.Fold: columns of windows added up to a space, the transpose of Unfold.
class Fold : public Module {
public:
    using Options = FoldOptions;
    explicit Fold(Options options_) : options(std::move(options_)) { }

    static Result<void> validate(const Options &o)
    {
        if (!o.output_size)
            return Error(ErrorCategory::Value, "no_output_size", "", "None",
                         "height and width of the output");
        return checkCounts(2, *o.output_size, o.kernel_size, o.dilation, o.padding, o.stride);
    }

    static Result<Shapes> infer(const Options &o, const Shapes &in)
    {
        const Shape &x = in.at(0);
        if (Result<void> rank = checkSpatialRank(x, 1); !rank)
            return rank.error();
        const Result<kernels::Windows> w
                = windowsOver(o, o.output_size->at(0), o.output_size->at(1));
        if (!w)
            return w.error();
        const size_t channelDim = x.size() - 2;
        if (x[channelDim] % volume(w->kernel) != 0) {
            return Error(ErrorCategory::Shape, "channels_not_divisible_by_kernel", "",
                         "input " + mrg::toString(x),
                         "a multiple of the kernel's " + std::to_string(volume(w->kernel))
                                 + " points in dimension " + std::to_string(channelDim));
        }
        if (x.back() != volume(w->output)) {
            return Error(ErrorCategory::Shape, "size_mismatch", "", "input " + mrg::toString(x),
                         std::to_string(volume(w->output)) + " windows in dimension "
                                 + std::to_string(channelDim + 1),
                         "make output_size, kernel_size and stride those of the windows");
        }
        Shape out(x.begin(), x.end() - 1);
        out.back() /= volume(w->kernel);
        out.insert(out.end(), {w->input[1], w->input[2]});
        return Shapes{out};
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        inferred("Fold", infer(options, {inputs[0].shape()}));
        const auto [x, single] = batched(inputs[0], 1);
        const Tensor out = fold(
                x, *windowsOver(options, options.output_size->at(0), options.output_size->at(1)));
        return {single ? unbatched(out) : out};
    }

    Options options;
};

/// (*, C r^2, H, W) to (*, C, H r, W r), or back.
Result<Shapes> shuffledShape(const Shape &x, int64_t r, bool up)
{
    if (x.size() < 3) {
        return Error(ErrorCategory::Shape, "dimension_count_mismatch", "",
                     "input " + mrg::toString(x) + " with " + std::to_string(x.size())
                             + " dimensions",
                     "at least 3: channels, height and width");
    }
    Shape out = x;
    const size_t channels = x.size() - 3;
    for (size_t i = 0; i < 3; ++i) {
        const int64_t divisor = (i == 0) == up ? (i == 0 ? r * r : r) : 1;
        if (x[channels + i] % divisor != 0) {
            return Error(ErrorCategory::Shape, "not_divisible_by_factor", "",
                         "input " + mrg::toString(x),
                         "a multiple of " + std::to_string(divisor) + " in dimension "
                                 + std::to_string(channels + i));
        }
        const int64_t factor = (i == 0) != up ? (i == 0 ? r * r : r) : 1;
        out[channels + i] = x[channels + i] / divisor * factor;
    }
    // What has no elements PyTorch gives back as it is.
    return Shapes{!up && numel(x) == 0 ? x : out};
}

struct PixelShuffleOptions {
    int64_t upscale_factor = 2;
};
/// torch.nn.PixelShuffle (Shi et al., 2016).
class PixelShuffle : public Module {
public:
    using Options = PixelShuffleOptions;
    explicit PixelShuffle(Options options_) : options(options_) { }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const Tensor &x = inputs[0];
        const int64_t r = options.upscale_factor;
        const Shape out = inferred("PixelShuffle", shuffledShape(x.shape(), r, true))[0];
        // Planes of channels and rows; r by r of them become neighbours: c i j h w -> c h i w j.
        const Tensor split = reshape(x, {planesOf(out, 2), r, r, x.size(-2), x.size(-1)});
        return {reshape(permute(split, {0, 3, 1, 4, 2}), out)};
    }

    Options options;
};

struct PixelUnshuffleOptions {
    int64_t downscale_factor = 2;
};
/// torch.nn.PixelUnshuffle: the inverse of PixelShuffle.
class PixelUnshuffle : public Module {
public:
    using Options = PixelUnshuffleOptions;
    explicit PixelUnshuffle(Options options_) : options(options_) { }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const Tensor &x = inputs[0];
        const int64_t r = options.downscale_factor;
        const Shape out = inferred("PixelUnshuffle", shuffledShape(x.shape(), r, false))[0];
        if (x.numel() == 0)
            return {clone(x)};
        // c h i w j -> c i j h w.
        const Tensor split
                = reshape(x, {planesOf(x.shape(), 2), x.size(-2) / r, r, x.size(-1) / r, r});
        return {reshape(permute(split, {0, 2, 4, 1, 3}), out)};
    }

    Options options;
};

struct ChannelShuffleOptions {
    int64_t groups = 1;
};
/// torch.nn.ChannelShuffle (Zhang et al., 2018): channels of all groups in turn.
class ChannelShuffle : public Module {
public:
    using Options = ChannelShuffleOptions;
    explicit ChannelShuffle(Options options_) : options(options_) { }

    static Result<Shapes> infer(const Options &o, const Shapes &in)
    {
        const Shape &x = in.at(0);
        if (x.size() < 3) {
            return Error(ErrorCategory::Shape, "dimension_count_mismatch", "",
                         "input " + mrg::toString(x) + " with " + std::to_string(x.size())
                                 + " dimensions",
                         "at least 3: [N, C, *]");
        }
        if (x[1] % o.groups != 0) {
            return Error(ErrorCategory::Shape, "channels_not_divisible_by_groups", "",
                         "input " + mrg::toString(x),
                         "a multiple of groups " + std::to_string(o.groups) + " in dimension 1");
        }
        return Shapes{x};
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const Shape shape = inferred("ChannelShuffle", infer(options, {inputs[0].shape()}))[0];
        const int64_t channels = shape[1] / options.groups;
        const Tensor split
                = reshape(inputs[0],
                          {shape[0], options.groups, channels,
                           planesOf(shape, 0) / std::max<int64_t>(1, shape[0] * shape[1])});
        return {reshape(transpose(split, 1, 2), shape)};
    }

    Options options;
};

template <typename O> std::vector<Arg> windowArgs()
{
    return {requiredArg("kernel_size", &O::kernel_size, "Height and width of the windows.",
                        atLeast(1)),
            arg("dilation", &O::dilation, "Distance between a window's points.", atLeast(1)),
            arg("padding", &O::padding, "Zeros on each side of the space.", atLeast(0)),
            arg("stride", &O::stride, "Step between windows.", atLeast(1))};
}

ModuleSpec unfoldSpec()
{
    using O = UnfoldOptions;
    return declare<Unfold>(
            {.name = "Unfold",
             .group = Group::Vision,
             .summary = "The content of every window as a column.",
             .formula = R"(out[c\,k + m,\, l] = x[c,\, s\,l + d\,m - p])",
             .source = "torch.nn.Unfold",
             .args = windowArgs<O>(),
             .inputs = {spatialPort("input", "C", 2)},
             .outputs = {spatialPort("output", "C_out", 1, "_out")},
             .infer = Unfold::infer,
             .validate =
                     [](const O &o) {
                         return checkCounts(2, o.kernel_size, o.dilation, o.padding, o.stride);
                     },
             .samples = {{.args = {{"kernel_size", 2}}, .inputs = {{2, 2, 3, 4}}},
                         {.args = {{"kernel_size", ValueList{2, 3}},
                                   {"dilation", ValueList{2, 1}},
                                   {"padding", ValueList{1, 0}},
                                   {"stride", ValueList{1, 2}}},
                          .inputs = {{2, 4, 5}}}},
             .badSamples = {{{{"kernel_size", 6}}, {{1, 1, 4, 4}}, "kernel_larger_than_input"},
                            {{{"kernel_size", 2}}, {{4, 4}}, "dimension_count_mismatch"}}});
}

ModuleSpec foldSpec()
{
    using O = FoldOptions;
    std::vector<Arg> args = windowArgs<O>();
    args.insert(args.begin(),
                requiredArg("output_size", &O::output_size, "Height and width of the space.",
                            atLeast(1)));
    return declare<Fold>(
            {.name = "Fold",
             .group = Group::Vision,
             .summary = "Adds columns of windows up to a space: the transpose of Unfold.",
             .formula = R"(out[c, i] = \sum_{s\,l + d\,m - p = i} x[c\,k + m,\, l])",
             .source = "torch.nn.Fold",
             .args = std::move(args),
             .inputs = {spatialPort("input", "C", 1)},
             .outputs = {spatialPort("output", "C_out", 2, "_out")},
             .infer = Fold::infer,
             .validate = Fold::validate,
             .samples = {{.args = {{"output_size", 4}, {"kernel_size", 2}}, .inputs = {{2, 8, 9}}},
                         {.args = {{"output_size", ValueList{5, 6}},
                                   {"kernel_size", ValueList{2, 3}},
                                   {"dilation", 2},
                                   {"padding", 1},
                                   {"stride", ValueList{1, 2}}},
                          .inputs = {{12, 10}}}},
             .badSamples
             = {{{{"output_size", 4}, {"kernel_size", 2}}, {{1, 4, 8}}, "size_mismatch"},
                {{{"output_size", 4}, {"kernel_size", 2}},
                 {{1, 5, 9}},
                 "channels_not_divisible_by_kernel"},
                {{{"output_size", Value()}, {"kernel_size", 2}}, {{1, 4, 9}}, "no_output_size"}}});
}

template <typename M>
ModuleSpec shuffleSpec(const char *name, const char *argName, int64_t M::Options::*factor, bool up)
{
    const Shape small{2, 8, 1, 3};
    const Shape large{2, 2, 2, 6};
    const Shape smallOfThree{9, 2, 1};
    const Shape largeOfThree{1, 6, 3};
    const std::string what = up ? "Turns groups of channels into finer points."
                                : "Turns groups of neighbouring points into channels.";
    return declare<M>(
            {.name = name,
             .group = Group::Vision,
             .summary = what,
             .formula = up ? R"(out[c,\, h r + i,\, w r + j] = x[c r^2 + i r + j,\, h,\, w])"
                           : R"(out[c r^2 + i r + j,\, h,\, w] = x[c,\, h r + i,\, w r + j])",
             .source = std::string("torch.nn.") + name + "; Shi et al., 2016",
             .args = {requiredArg(argName, factor, "The factor r.", atLeast(1))},
             .inputs = {{.name = "input", .pattern = "* C H W", .dtype = "any"}},
             .outputs = {{.name = "output", .pattern = "* C_out H_out W_out", .dtype = "any"}},
             .infer
             = [factor, up](const typename M::Options &o,
                            const Shapes &in) { return shuffledShape(in.at(0), o.*factor, up); },
             .samples = {{.args = {{argName, 2}}, .inputs = {up ? small : large}},
                         {.args = {{argName, 3}}, .inputs = {up ? smallOfThree : largeOfThree}}},
             .badSamples = {{{{argName, 2}}, {{1, 3, 3, 2}}, "not_divisible_by_factor"},
                            {{{argName, 2}}, {{4, 4}}, "dimension_count_mismatch"}}});
}

ModuleSpec channelShuffleSpec()
{
    using O = ChannelShuffleOptions;
    return declare<ChannelShuffle>(
            {.name = "ChannelShuffle",
             .group = Group::Vision,
             .summary = "Takes the channels of all groups in turn, so that groups mix.",
             .formula = R"(out[i\,g + j] = x[j\,C/g + i])",
             .source = "torch.nn.ChannelShuffle; Zhang et al., 2018",
             .args = {requiredArg("groups", &O::groups, "Number of groups g.", atLeast(1))},
             .inputs = {{.name = "input", .pattern = "N C *", .dtype = "any"}},
             .outputs = {{.name = "output", .pattern = "N C *", .dtype = "any"}},
             .infer = ChannelShuffle::infer,
             .samples = {{.args = {{"groups", 2}}, .inputs = {{2, 4, 2, 1}}},
                         {.args = {{"groups", 3}}, .inputs = {{1, 6, 2}}}},
             .badSamples = {{{{"groups", 2}}, {{1, 3, 2, 2}}, "channels_not_divisible_by_groups"},
                            {{{"groups", 2}}, {{1, 4}}, "dimension_count_mismatch"}}});
}

} // namespace

std::vector<ModuleSpec> visionModules()
{
    return {unfoldSpec(), foldSpec(),
            shuffleSpec<PixelShuffle>("PixelShuffle", "upscale_factor",
                                      &PixelShuffleOptions::upscale_factor, true),
            shuffleSpec<PixelUnshuffle>("PixelUnshuffle", "downscale_factor",
                                        &PixelUnshuffleOptions::downscale_factor, false),
            channelShuffleSpec()};
}

} // namespace mrg
