// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/convolution.h"

#include "engine/autograd/Node.h"
#include "engine/nn/Module.h"
#include "engine/nn/families.h"
#include "engine/nn/init.h"
#include "engine/nn/spatial.h"
#include "engine/ops/views.h"

#include <cmath>

namespace mrg {

namespace {

enum class PaddingWord { Same, Valid };
enum class PaddingMode { Zeros, Reflect, Replicate, Circular };

} // namespace

template <> struct EnumTexts<PaddingWord> {
    static constexpr std::array texts{std::pair{PaddingWord::Same, "same"},
                                      std::pair{PaddingWord::Valid, "valid"}};
};
template <> struct EnumTexts<PaddingMode> {
    static constexpr std::array texts{
            std::pair{PaddingMode::Zeros, "zeros"}, std::pair{PaddingMode::Reflect, "reflect"},
            std::pair{PaddingMode::Replicate, "replicate"},
            std::pair{PaddingMode::Circular, "circular"}};
};

namespace {

struct ConvOptions {
    int64_t in_channels = 1;
    int64_t out_channels = 8;
    IntOrList kernel_size = 3;
    IntOrList stride = 1;
    std::variant<IntOrList, PaddingWord> padding = IntOrList(0);
    IntOrList dilation = 1;
    int64_t groups = 1;
    bool bias = true;
    PaddingMode padding_mode = PaddingMode::Zeros;
};

/// Padding before and after each of the two dimensions.
struct Padding {
    int64_t before[2];
    int64_t after[2];
};

Padding paddingOf(const ConvOptions &o)
{
    Padding out{};
    for (size_t i = 0; i < 2; ++i) {
        if (const auto *sizes = std::get_if<IntOrList>(&o.padding)) {
            out.before[i] = out.after[i] = sizes->at(i);
        } else if (std::get<PaddingWord>(o.padding) == PaddingWord::Same) {
            const int64_t total = o.dilation.at(i) * (o.kernel_size.at(i) - 1);
            out.before[i] = total / 2;
            out.after[i] = total - total / 2;
        }
    }
    return out;
}

Result<void> validateConvolution(const ConvOptions &o)
{
    const auto wrong = [](const char *kind, const std::string &got, const std::string &wanted) {
        return Error(ErrorCategory::Value, kind, "", got, wanted);
    };
    for (const IntOrList *sizes : {&o.kernel_size, &o.stride, &o.dilation}) {
        if (Result<void> count = checkCount(*sizes, 2); !count)
            return count;
    }
    if (const auto *sizes = std::get_if<IntOrList>(&o.padding)) {
        if (Result<void> count = checkCount(*sizes, 2); !count)
            return count;
    } else if (std::get<PaddingWord>(o.padding) == PaddingWord::Same
               && (o.stride.at(0) != 1 || o.stride.at(1) != 1)) {
        return wrong("same_padding_needs_stride_1", "padding 'same' with a stride", "stride 1");
    }
    if (o.in_channels % o.groups != 0)
        return wrong("channels_not_divisible_by_groups", "in_channels " + std::to_string(o.in_channels),
                     "a multiple of groups " + std::to_string(o.groups));
    if (o.out_channels % o.groups != 0)
        return wrong("channels_not_divisible_by_groups",
                     "out_channels " + std::to_string(o.out_channels),
                     "a multiple of groups " + std::to_string(o.groups));
    return {};
}

Result<Shapes> convolutionShape(const ConvOptions &o, const Shapes &in)
{
    const Shape &x = in.at(0);
    if (x.size() != 3 && x.size() != 4) {
        return Error(ErrorCategory::Shape, "dimension_count_mismatch", "", "input " + toString(x),
                     "[N, " + std::to_string(o.in_channels) + ", H, W]");
    }
    const size_t channelDim = x.size() - 3;
    if (x[channelDim] != o.in_channels) {
        Error error(ErrorCategory::Shape, "size_mismatch", "", "input " + toString(x),
                    std::to_string(o.in_channels) + " channels in dimension "
                            + std::to_string(channelDim),
                    "set in_channels to " + std::to_string(x[channelDim]));
        error.fixArgument = "in_channels";
        error.fixValue = {x[channelDim]};
        return error;
    }
    const Padding padding = paddingOf(o);
    Shape out(x.begin(), x.end() - 2);
    out[channelDim] = o.out_channels;
    for (size_t i = 0; i < 2; ++i) {
        const int64_t size = x[channelDim + 1 + i];
        const int64_t reach = o.dilation.at(i) * (o.kernel_size.at(i) - 1) + 1;
        const bool wraps = o.padding_mode == PaddingMode::Circular;
        if (o.padding_mode == PaddingMode::Reflect
            && (padding.before[i] >= size || padding.after[i] >= size)) {
            return Error(ErrorCategory::Shape, "padding_larger_than_input", "", "input " + toString(x),
                         "more than " + std::to_string(padding.before[i])
                                 + " in each padded dimension for reflect");
        }
        if (wraps && (padding.before[i] > size || padding.after[i] > size)) {
            return Error(ErrorCategory::Shape, "padding_larger_than_input", "", "input " + toString(x),
                         "at least the padding in each dimension for circular");
        }
        const int64_t room = size + padding.before[i] + padding.after[i] - reach;
        if (room < 0) {
            return Error(ErrorCategory::Shape, "kernel_larger_than_input", "", "input " + toString(x),
                         "at least " + std::to_string(reach) + " after padding in each of the last "
                                 "two dimensions",
                         "use a smaller kernel or more padding");
        }
        out.push_back(room / o.stride.at(i) + 1);
    }
    return Shapes{out};
}

/// Which input index stands at each padded position.
std::vector<int64_t> paddedIndices(int64_t size, int64_t before, int64_t after, PaddingMode mode)
{
    std::vector<int64_t> out;
    for (int64_t i = -before; i < size + after; ++i) {
        int64_t at = i;
        if (mode == PaddingMode::Replicate)
            at = std::clamp<int64_t>(i, 0, size - 1);
        else if (mode == PaddingMode::Circular)
            at = (i + size) % size;
        else if (i < 0)
            at = -i;
        else if (i >= size)
            at = 2 * (size - 1) - i;
        out.push_back(at);
    }
    return out;
}

/// x (N, C, H, W) with its border continued by `mode`.
Tensor padded(const Tensor &input, const Padding &padding, PaddingMode mode)
{
    const Tensor x = input.compact();
    const int64_t planes = x.shape()[0] * x.shape()[1];
    const int64_t height = x.shape()[2];
    const int64_t width = x.shape()[3];
    const std::vector<int64_t> rows = paddedIndices(height, padding.before[0], padding.after[0], mode);
    const std::vector<int64_t> columns = paddedIndices(width, padding.before[1], padding.after[1], mode);
    Tensor out = Tensor::empty({x.shape()[0], x.shape()[1], static_cast<int64_t>(rows.size()),
                                static_cast<int64_t>(columns.size())},
                               x.dtype());
    const auto walk = [=](auto *small, auto *large, auto move) {
        for (int64_t plane = 0; plane < planes; ++plane) {
            for (int64_t row : rows) {
                for (int64_t column : columns)
                    move(small[(plane * height + row) * width + column], *large++);
            }
        }
    };
    dispatchFloating(x.dtype(), "Conv2d", [&](auto tag) {
        using T = typename decltype(tag)::type;
        walk(x.data<T>(), out.data<T>(), [](T &from, T &to) { to = from; });
    });
    if (shouldRecord({&input})) {
        record("pad", {input}, {out}, [walk, shape = x.shape()](const Gradients &g) {
            const Tensor gradient = g[0].compact();
            Tensor back = Tensor::zeros(shape, gradient.dtype());
            dispatchFloating(gradient.dtype(), "Conv2d", [&](auto tag) {
                using T = typename decltype(tag)::type;
                walk(back.data<T>(), gradient.data<T>(), [](T &to, T &from) { to += from; });
            });
            return Gradients{back};
        });
    }
    return out;
}

Tensor convolution(const Tensor &input, const Tensor &weight, const Tensor &bias,
                   const kernels::Convolution2d &c)
{
    const Tensor x = input.compact();
    Tensor out = Tensor::empty({c.batch, c.outChannels, c.outHeight, c.outWidth}, x.dtype());
    dispatchFloating(x.dtype(), "Conv2d", [&](auto tag) {
        using T = typename decltype(tag)::type;
        kernels::convolve<T>(c, x.data<T>(), weight.data<T>(),
                             bias.defined() ? bias.data<T>() : nullptr, out.data<T>());
    });
    if (shouldRecord({&input, &weight, &bias})) {
        record("conv2d", {input, weight, bias}, {out},
               [c, sx = SavedTensor(x), sw = SavedTensor(weight), needX = input.requiresGrad(),
                needW = weight.requiresGrad(),
                needB = bias.defined() && bias.requiresGrad()](const Gradients &g) {
                   const Tensor from = sx.unpack();
                   const Tensor w = sw.unpack();
                   const Tensor gradient = g[0].compact();
                   Gradients back(3);
                   dispatchFloating(from.dtype(), "Conv2d", [&](auto tag) {
                       using T = typename decltype(tag)::type;
                       if (needX) {
                           back[0] = Tensor::empty(from.shape(), from.dtype());
                           kernels::convolveInputGradient<T>(c, w.data<T>(), gradient.data<T>(),
                                                             back[0].data<T>());
                       }
                       if (needW) {
                           back[1] = Tensor::empty(w.shape(), w.dtype());
                           kernels::convolveWeightGradient<T>(c, from.data<T>(), gradient.data<T>(),
                                                              back[1].data<T>());
                       }
                       if (needB) {
                           back[2] = Tensor::empty({c.outChannels}, w.dtype());
                           kernels::convolveBiasGradient<T>(c, gradient.data<T>(), back[2].data<T>());
                       }
                   });
                   return back;
               });
    }
    return out;
}

/// torch.nn.Conv2d.
class Conv2d : public Module {
public:
    using Options = ConvOptions;
    explicit Conv2d(Options options_) : options(std::move(options_))
    {
        registerParameter("weight", weight,
                          {options.out_channels, options.in_channels / options.groups,
                           options.kernel_size.at(0), options.kernel_size.at(1)});
        if (options.bias)
            registerParameter("bias", bias, {options.out_channels});
        initialize(RandomStream());
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const Shape wanted = inferred("Conv2d", convolutionShape(options, {inputs[0].shape()}));
        const bool unbatched = inputs[0].dim() == 3;
        Tensor x = unbatched ? unsqueezed(inputs[0]) : inputs[0];
        Padding padding = paddingOf(options);
        if (options.padding_mode != PaddingMode::Zeros) {
            x = padded(x, padding, options.padding_mode);
            padding = {};
        }
        const kernels::Convolution2d c{.batch = x.shape()[0],
                                       .channels = x.shape()[1],
                                       .height = x.shape()[2],
                                       .width = x.shape()[3],
                                       .outChannels = options.out_channels,
                                       .kernelH = options.kernel_size.at(0),
                                       .kernelW = options.kernel_size.at(1),
                                       .strideH = options.stride.at(0),
                                       .strideW = options.stride.at(1),
                                       .dilationH = options.dilation.at(0),
                                       .dilationW = options.dilation.at(1),
                                       .top = padding.before[0],
                                       .left = padding.before[1],
                                       .outHeight = wanted[wanted.size() - 2],
                                       .outWidth = wanted[wanted.size() - 1],
                                       .groups = options.groups};
        const Tensor out = convolution(x, weight, bias, c);
        return {unbatched ? reshape(out, wanted) : out};
    }

    Options options;
    Tensor weight;
    Tensor bias;

protected:
    void resetParameters(RandomStream &random) override
    {
        init::kaimingUniform(weight, random, std::sqrt(5.0));
        if (options.bias)
            init::biasFor(bias, weight, random);
    }
};

} // namespace

std::vector<ModuleSpec> convolutionModules()
{
    using O = ConvOptions;
    return {declare<Conv2d>(
            {.name = "Conv2d",
             .group = Group::Convolution,
             .summary = "Slides learnt filters over 2 spatial dimensions and adds an offset per channel "
                        "(a cross-correlation: filters are not flipped).",
             .formula = R"(out_o = b_o + \sum_{c} W_{o,c} \star x_c;\quad L_{out} = \lfloor (L + 2 p - d (k - 1) - 1)/s \rfloor + 1)",
             .source = "torch.nn.Conv2d",
             .args = {requiredArg("in_channels", &O::in_channels, "Channels of the input.", atLeast(1)),
                      requiredArg("out_channels", &O::out_channels, "Number of filters.", atLeast(1)),
                      requiredArg("kernel_size", &O::kernel_size, "Height and width of the filters.",
                                  atLeast(1)),
                      arg("stride", &O::stride, "Step between windows.", atLeast(1)),
                      arg("padding", &O::padding,
                          "Rows and columns added on each side; 'same' keeps the size, 'valid' adds none.",
                          atLeast(0)),
                      arg("dilation", &O::dilation, "Distance between the filter's points.", atLeast(1)),
                      arg("groups", &O::groups, "Groups of channels that don't see each other.", atLeast(1)),
                      arg("bias", &O::bias, "Whether to add a learnt offset per filter."),
                      arg("padding_mode", &O::padding_mode, "What the added border holds.")},
             .inputs = {{.name = "input", .pattern = "N in_channels H W | in_channels H W"}},
             .outputs = {{.name = "output", .pattern = "N out_channels H W | out_channels H W"}},
             .infer = convolutionShape,
             .validate = validateConvolution,
             .samples = {{.args = {{"in_channels", 2}, {"out_channels", 3}, {"kernel_size", 3}, {"padding", 1}},
                          .inputs = {{2, 2, 5, 4}}},
                         {.args = {{"in_channels", 2},
                                   {"out_channels", 4},
                                   {"kernel_size", ValueList{2, 3}},
                                   {"stride", 2},
                                   {"groups", 2},
                                   {"padding_mode", "reflect"},
                                   {"padding", 1}},
                          .inputs = {{2, 5, 6}}},
                         {.args = {{"in_channels", 1},
                                   {"out_channels", 2},
                                   {"kernel_size", ValueList{3, 2}},
                                   {"padding", "same"},
                                   {"dilation", ValueList{1, 2}},
                                   {"padding_mode", "circular"},
                                   {"bias", false}},
                          .inputs = {{2, 1, 4, 3}}},
                         {.args = {{"in_channels", 2},
                                   {"out_channels", 2},
                                   {"kernel_size", 2},
                                   {"stride", ValueList{2, 1}},
                                   {"padding", ValueList{1, 2}},
                                   {"dilation", 2},
                                   {"padding_mode", "replicate"}},
                          .inputs = {{1, 2, 4, 3}}},
                         {.args = {{"in_channels", 1}, {"out_channels", 1}, {"kernel_size", 2}, {"padding", "valid"}},
                          .inputs = {{2, 1, 2, 2}}}},
             .badSamples = {{.args = {{"in_channels", 2}, {"out_channels", 3}, {"kernel_size", 3}},
                             .inputs = {{2, 3, 5, 5}},
                             .kind = "size_mismatch"},
                            {.args = {{"in_channels", 2}, {"out_channels", 3}, {"kernel_size", 9}},
                             .inputs = {{2, 2, 5, 5}},
                             .kind = "kernel_larger_than_input"},
                            {.args = {{"in_channels", 3}, {"out_channels", 3}, {"kernel_size", 3}, {"groups", 2}},
                             .inputs = {{2, 3, 5, 5}},
                             .kind = "channels_not_divisible_by_groups"},
                            {.args = {{"in_channels", 2},
                                      {"out_channels", 3},
                                      {"kernel_size", 3},
                                      {"padding", "same"},
                                      {"stride", 2}},
                             .inputs = {{2, 2, 5, 5}},
                             .kind = "same_padding_needs_stride_1"},
                            {.args = {{"in_channels", 2}, {"out_channels", 3}, {"kernel_size", ValueList{3, 3, 3}}},
                             .inputs = {{2, 2, 5, 5}},
                             .kind = "wrong_number_of_sizes"},
                            {.args = {{"in_channels", 2}, {"out_channels", 3}, {"kernel_size", ValueList()}},
                             .inputs = {{2, 2, 5, 5}},
                             .kind = "wrong_number_of_sizes"},
                            {.args = {{"in_channels", 2}, {"out_channels", 3}, {"kernel_size", 3}, {"padding", -1}},
                             .inputs = {{2, 2, 5, 5}},
                             .kind = "wrong_argument"},
                            {.args = {{"in_channels", 2},
                                      {"out_channels", 3},
                                      {"kernel_size", 3},
                                      {"padding", 5},
                                      {"padding_mode", "reflect"}},
                             .inputs = {{2, 2, 5, 5}},
                             .kind = "padding_larger_than_input"}}})};
}

} // namespace mrg
