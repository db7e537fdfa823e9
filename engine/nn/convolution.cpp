// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/convolution.h"

#include "engine/nn/families.h"
#include "engine/nn/init.h"
#include "engine/ops/convolution.h"
#include "engine/ops/padding.h"

#include <cmath>

namespace mrg {

Result<void> checkChannels(const Shape &input, int64_t channels, size_t dimensions)
{
    if (Result<void> rank = checkSpatialRank(input, dimensions); !rank)
        return rank;
    const size_t dim = input.size() - dimensions - 1;
    if (input[dim] == channels)
        return {};
    Error error(ErrorCategory::Shape, "size_mismatch", "", "input " + toString(input),
                std::to_string(channels) + " channels in dimension " + std::to_string(dim),
                "set in_channels to " + std::to_string(input[dim]));
    error.fixArgument = "in_channels";
    error.fixValue = {input[dim]};
    return error;
}

Shape filterShape(int64_t outer, int64_t inner, int64_t groups, const IntOrList &kernel,
                  size_t dimensions)
{
    Shape out{outer, inner / groups};
    for (int64_t size : numbersOf(kernel, dimensions))
        out.push_back(size);
    return out;
}

void drawFilters(const Tensor &weight, const Tensor &bias, RandomStream &random)
{
    init::kaimingUniform(weight, random, std::sqrt(5.0));
    if (bias.defined())
        init::biasFor(bias, weight, random);
}

namespace {

enum class PaddingWord { Same, Valid };
enum class PaddingMode { Zeros, Reflect, Replicate, Circular };

} // namespace

template <> struct EnumTexts<PaddingWord> {
    static constexpr std::array texts{std::pair{PaddingWord::Same, "same"},
                                      std::pair{PaddingWord::Valid, "valid"}};
};
template <> struct EnumTexts<PaddingMode> {
    static constexpr std::array texts{std::pair{PaddingMode::Zeros, "zeros"},
                                      std::pair{PaddingMode::Reflect, "reflect"},
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

/// The options as numbers, `padding` still to be added around the input or to be made up there.
Sliding slidingOf(const ConvOptions &o, size_t dimensions)
{
    Sliding out{.stride = numbersOf(o.stride, dimensions),
                .before = std::vector<int64_t>(dimensions, 0),
                .after = std::vector<int64_t>(dimensions, 0),
                .dilation = numbersOf(o.dilation, dimensions),
                .groups = o.groups};
    for (size_t i = 0; i < dimensions; ++i) {
        if (const auto *sizes = std::get_if<IntOrList>(&o.padding)) {
            out.before[i] = out.after[i] = sizes->at(i);
        } else if (std::get<PaddingWord>(o.padding) == PaddingWord::Same) {
            const int64_t total = out.dilation[i] * (o.kernel_size.at(i) - 1);
            out.before[i] = total / 2;
            out.after[i] = total - total / 2;
        }
    }
    return out;
}

/// The border as torch.nn.functional.pad takes it, the last dimension first.
std::vector<int64_t> borderOf(const Sliding &sliding)
{
    std::vector<int64_t> out;
    for (size_t i = sliding.before.size(); i-- > 0;)
        out.insert(out.end(), {sliding.before[i], sliding.after[i]});
    return out;
}

PaddingRule ruleOf(PaddingMode mode)
{
    switch (mode) {
    case PaddingMode::Zeros: break;
    case PaddingMode::Reflect: return PaddingRule::Reflect;
    case PaddingMode::Replicate: return PaddingRule::Replicate;
    case PaddingMode::Circular: return PaddingRule::Circular;
    }
    return PaddingRule::Constant;
}

Result<void> validateConvolution(const ConvOptions &o, size_t dimensions)
{
    if (Result<void> filters = checkFilters(o, dimensions); !filters)
        return filters;
    if (const auto *sizes = std::get_if<IntOrList>(&o.padding))
        return checkCount(*sizes, dimensions);
    if (std::get<PaddingWord>(o.padding) == PaddingWord::Same) {
        for (int64_t stride : numbersOf(o.stride, dimensions)) {
            if (stride != 1)
                return Error(ErrorCategory::Value, "same_padding_needs_stride_1", "",
                             "padding 'same' with stride " + std::to_string(stride), "stride 1");
        }
    }
    return {};
}

Result<Shapes> convolutionShape(const ConvOptions &o, const Shapes &in, size_t dimensions)
{
    const Shape &x = in.at(0);
    if (Result<void> channels = checkChannels(x, o.in_channels, dimensions); !channels)
        return channels.error();
    if (o.padding_mode == PaddingMode::Circular && x.size() == dimensions + 1) {
        return Error(ErrorCategory::Shape, "dimension_count_mismatch", "", "input " + toString(x),
                     "a batch, where padding is circular", "add a dimension of size 1 in front");
    }
    const Sliding sliding = slidingOf(o, dimensions);
    if (o.padding_mode != PaddingMode::Zeros) {
        if (const Result<Shape> padded = paddedShape(x, borderOf(sliding), ruleOf(o.padding_mode));
            !padded)
            return padded.error();
    }
    const size_t space = x.size() - dimensions;
    Shape out(x.begin(), x.end() - static_cast<std::ptrdiff_t>(dimensions));
    out.back() = o.out_channels;
    for (size_t i = 0; i < dimensions; ++i) {
        const int64_t padded = x[space + i] + sliding.before[i] + sliding.after[i];
        const int64_t reach = sliding.dilation[i] * (o.kernel_size.at(i) - 1) + 1;
        if (padded < reach) {
            return Error(ErrorCategory::Shape, "kernel_larger_than_input", "",
                         "input " + toString(x) + ", " + std::to_string(padded) + " in dimension "
                                 + std::to_string(space + i) + " with its padding",
                         "at least " + std::to_string(reach) + ", the reach of the kernel",
                         "use a smaller kernel or more padding");
        }
        out.push_back((padded - reach) / sliding.stride[i] + 1);
    }
    return Shapes{out};
}

Shape weightShape(const ConvOptions &o, size_t dimensions)
{
    return filterShape(o.out_channels, o.in_channels, o.groups, o.kernel_size, dimensions);
}

/// torch.nn.Conv1d, Conv2d and Conv3d, and their lazy forms.
template <size_t dimensions, bool lazy> class Conv : public FilterModule<ConvOptions> {
public:
    explicit Conv(Options o) : FilterModule(std::move(o), dimensions, lazy, weightShape) { }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        inferred(spatialName("Conv", dimensions),
                 convolutionShape(options, {inputs[0].shape()}, dimensions));
        auto [x, single] = batched(inputs[0], dimensions);
        Sliding sliding = slidingOf(options, dimensions);
        if (options.padding_mode != PaddingMode::Zeros) {
            x = pad(x, borderOf(sliding), ruleOf(options.padding_mode));
            sliding.before.assign(dimensions, 0);
            sliding.after.assign(dimensions, 0);
        }
        const Tensor out = convolution(x, weight, bias, sliding);
        return {single ? unbatched(out) : out};
    }
};

/// Uses of the options, for three dimensions; a convolution of fewer takes the last numbers.
std::vector<Sample> samplesFor(size_t dimensions)
{
    const auto space = [&](Shape leading, const Shape &sizes) {
        return Shapes{spatialShape(std::move(leading), sizes, dimensions)};
    };
    const auto each = [&](const ValueList &numbers) { return spatialValue(numbers, dimensions); };
    return {{.args = {{"in_channels", 2}, {"out_channels", 3}, {"kernel_size", 3}, {"padding", 1}},
             .inputs = space({2, 2}, {2, 4, 5})},
            {.args = {{"in_channels", 2},
                      {"out_channels", 4},
                      {"kernel_size", each({2, 2, 3})},
                      {"stride", 2},
                      {"groups", 2},
                      {"padding_mode", "reflect"},
                      {"padding", 1}},
             .inputs = space({2}, {2, 4, 5})},
            {.args = {{"in_channels", 1},
                      {"out_channels", 2},
                      {"kernel_size", each({1, 3, 2})},
                      {"padding", "same"},
                      {"dilation", each({2, 1, 2})},
                      {"padding_mode", "circular"},
                      {"bias", false}},
             .inputs = space({2, 1}, {2, 4, 3})},
            {.args = {{"in_channels", 2},
                      {"out_channels", 2},
                      {"kernel_size", 2},
                      {"stride", each({1, 2, 1})},
                      {"padding", each({1, 1, 2})},
                      {"dilation", 2},
                      {"padding_mode", "replicate"}},
             .inputs = space({1, 2}, {3, 4, 3})},
            {.args
             = {{"in_channels", 1}, {"out_channels", 1}, {"kernel_size", 2}, {"padding", "valid"}},
             .inputs = space({2, 1}, {2, 2, 2})}};
}

std::vector<BadSample> badSamplesFor(size_t dimensions)
{
    return wrongConvolutions(
            dimensions, 3, 5,
            {{{{"kernel_size", 9}}, {2, 2}, "kernel_larger_than_input"},
             {{{"in_channels", 3}, {"groups", 2}}, {2, 3}, "channels_not_divisible_by_groups"},
             {{{"padding", "same"}, {"stride", 2}}, {2, 2}, "same_padding_needs_stride_1"},
             {{{"kernel_size", ValueList{3, 3, 3, 3}}}, {2, 2}, "wrong_number_of_sizes"},
             {{{"kernel_size", ValueList()}}, {2, 2}, "wrong_number_of_sizes"},
             {{{"padding", -1}}, {2, 2}, "wrong_argument"},
             {{{"padding", "full"}}, {2, 2}, "wrong_argument"},
             {{{"padding", 5}, {"padding_mode", "reflect"}}, {2, 2}, "padding_larger_than_input"},
             {{{"padding", 6}, {"padding_mode", "circular"}},
              {2, 2},
              "padding_larger_than_input"}});
}

Declaration<ConvOptions> declaration(size_t dimensions)
{
    using O = ConvOptions;
    return {.name = spatialName("Conv", dimensions),
            .group = Group::Convolution,
            .summary = "Slides learnt filters over the space and adds an offset per channel "
                       "(a cross-correlation: filters are not flipped).",
            .formula
            = R"(out_o = b_o + \sum_{c} W_{o,c} \star x_c;\quad L_{out} = \lfloor (L + 2 p - d (k - 1) - 1)/s \rfloor + 1)",
            .source = "torch.nn." + spatialName("Conv", dimensions),
            .args
            = {requiredArg("in_channels", &O::in_channels, "Channels of the input.", atLeast(1)),
               requiredArg("out_channels", &O::out_channels, "Number of filters.", atLeast(1)),
               requiredArg("kernel_size", &O::kernel_size, "Size of the filters.", atLeast(1)),
               arg("stride", &O::stride, "Step between windows.", atLeast(1)),
               arg("padding", &O::padding,
                   "Points added on each side; 'same' keeps the size, 'valid' adds none.",
                   atLeast(0)),
               arg("dilation", &O::dilation, "Distance between the filter's points.", atLeast(1)),
               arg("groups", &O::groups, "Groups of channels that don't see each other.",
                   atLeast(1)),
               arg("bias", &O::bias, "Whether to add a learnt offset per filter."),
               arg("padding_mode", &O::padding_mode, "What the added border holds.")},
            .inputs = {spatialPort("input", "in_channels", dimensions)},
            .outputs = {spatialPort("output", "out_channels", dimensions, "_out")},
            .infer = [dimensions](const O &o,
                                  const Shapes &in) { return convolutionShape(o, in, dimensions); },
            .validate = [dimensions](const O &o) { return validateConvolution(o, dimensions); },
            .samples = samplesFor(dimensions),
            .badSamples = badSamplesFor(dimensions)};
}

template <size_t dimensions> void addBoth(std::vector<ModuleSpec> &out)
{
    out.push_back(declare<Conv<dimensions, false>>(declaration(dimensions)));
    out.push_back(declare<Conv<dimensions, true>>(lazyForm(declaration(dimensions), dimensions)));
}

} // namespace

std::vector<ModuleSpec> convolutionModules()
{
    std::vector<ModuleSpec> out;
    addBoth<1>(out);
    addBoth<2>(out);
    addBoth<3>(out);
    return out;
}

} // namespace mrg
