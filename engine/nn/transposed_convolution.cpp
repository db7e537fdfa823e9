// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/convolution.h"
#include "engine/nn/families.h"
#include "engine/ops/convolution.h"

namespace mrg {

namespace {

enum class ZerosOnly { Zeros };

} // namespace

template <> struct EnumTexts<ZerosOnly> {
    static constexpr std::array texts{std::pair{ZerosOnly::Zeros, "zeros"}};
};

namespace {

struct ConvTransposeOptions {
    int64_t in_channels = 8;
    int64_t out_channels = 1;
    IntOrList kernel_size = 3;
    IntOrList stride = 1;
    IntOrList padding = 0;
    IntOrList output_padding = 0;
    int64_t groups = 1;
    bool bias = true;
    IntOrList dilation = 1;
    ZerosOnly padding_mode = ZerosOnly::Zeros;
};
using SizeWanted = std::optional<std::vector<int64_t>>;

Result<void> validateTransposed(const ConvTransposeOptions &o, size_t dimensions)
{
    if (Result<void> filters = checkFilters(o, dimensions); !filters)
        return filters;
    return checkCounts(dimensions, o.padding, o.output_padding);
}

/// The smallest output size along a dimension; up to stride - 1 more come from the same input size.
int64_t smallestSize(const ConvTransposeOptions &o, int64_t size, size_t i)
{
    return (size - 1) * o.stride.at(i) - 2 * o.padding.at(i)
            + o.dilation.at(i) * (o.kernel_size.at(i) - 1) + 1;
}

/// `wanted` without the sizes of batch and channels, checked to be reachable.
Result<std::vector<int64_t>> reachableSize(const ConvTransposeOptions &o, const Shape &x,
                                           std::vector<int64_t> wanted, size_t dimensions)
{
    const size_t leading = x.size() - dimensions;
    if (wanted.size() == x.size())
        wanted.erase(wanted.begin(), wanted.begin() + static_cast<std::ptrdiff_t>(leading));
    if (wanted.size() != dimensions) {
        return Error(ErrorCategory::Value, "wrong_number_of_sizes", "",
                     "output_size " + toString(wanted), std::to_string(dimensions) + " sizes");
    }
    for (size_t i = 0; i < dimensions; ++i) {
        const int64_t least = smallestSize(o, x[leading + i], i);
        const int64_t most = least + o.stride.at(i) - 1;
        if (wanted[i] < least || wanted[i] > most) {
            return Error(ErrorCategory::Value, "output_size_out_of_reach", "",
                         "output_size " + toString(wanted) + " for input " + toString(x),
                         std::to_string(least) + " to " + std::to_string(most) + " at position "
                                 + std::to_string(i));
        }
    }
    return wanted;
}

Result<std::vector<int64_t>> outputSize(const ConvTransposeOptions &o, const Shape &x,
                                        const SizeWanted &wanted, size_t dimensions)
{
    if (wanted)
        return reachableSize(o, x, *wanted, dimensions);
    std::vector<int64_t> out;
    for (size_t i = 0; i < dimensions; ++i) {
        const int64_t extra = o.output_padding.at(i);
        if (extra >= std::max(o.stride.at(i), o.dilation.at(i))) {
            return Error(ErrorCategory::Value, "output_padding_too_large", "",
                         "output_padding " + std::to_string(extra),
                         "less than stride " + std::to_string(o.stride.at(i)) + " or dilation "
                                 + std::to_string(o.dilation.at(i)));
        }
        out.push_back(smallestSize(o, x[x.size() - dimensions + i], i) + extra);
    }
    return out;
}

Result<Shapes> transposedShape(const ConvTransposeOptions &o, const Shapes &in,
                               const SizeWanted &wanted, size_t dimensions)
{
    const Shape &x = in.at(0);
    if (Result<void> channels = checkChannels(x, o.in_channels, dimensions); !channels)
        return channels.error();
    if (Result<void> filled = checkNotEmpty(x, dimensions); !filled)
        return filled.error();
    const Result<std::vector<int64_t>> size = outputSize(o, x, wanted, dimensions);
    if (!size)
        return size.error();
    Shape out(x.begin(), x.end() - static_cast<std::ptrdiff_t>(dimensions));
    out.back() = o.out_channels;
    for (int64_t one : *size) {
        if (one < 1) {
            return Error(ErrorCategory::Shape, "output_size_too_small", "",
                         "input " + toString(x) + ", which gives size " + std::to_string(one),
                         "an output of at least 1 in each dimension",
                         "use less padding or a larger kernel");
        }
        out.push_back(one);
    }
    return Shapes{out};
}

Shape weightShape(const ConvTransposeOptions &o, size_t dimensions)
{
    return filterShape(o.in_channels, o.out_channels, o.groups, o.kernel_size, dimensions);
}

/// torch.nn.ConvTranspose1d, ConvTranspose2d and ConvTranspose3d, and their lazy forms.
template <size_t dimensions, bool lazy>
class ConvTranspose : public FilterModule<ConvTransposeOptions> {
public:
    explicit ConvTranspose(Options o)
        : FilterModule(std::move(o), dimensions, lazy, weightShape) { }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        return forward(inputs, {});
    }
    std::vector<Tensor> forward(std::span<const Tensor> inputs, const Arguments &keywords) override
    {
        const std::string name = spatialName("ConvTranspose", dimensions);
        const Shape shape = inferred(name,
                                     transposedShape(options, {inputs[0].shape()},
                                                     outputSizeOf(keywords, name), dimensions))[0];
        const auto [x, single] = batched(inputs[0], dimensions);
        const std::vector<int64_t> padding = numbersOf(options.padding, dimensions);
        const Tensor out = transposedConvolution(
                x, weight, bias,
                {.stride = numbersOf(options.stride, dimensions),
                 .before = padding,
                 .after = padding,
                 .dilation = numbersOf(options.dilation, dimensions),
                 .groups = options.groups},
                {shape.end() - static_cast<std::ptrdiff_t>(dimensions), shape.end()});
        return {single ? unbatched(out) : out};
    }
};

std::vector<Sample> samplesFor(size_t dimensions)
{
    const auto space = [&](Shape leading, const Shape &sizes) {
        return Shapes{spatialShape(std::move(leading), sizes, dimensions)};
    };
    const auto each = [&](const ValueList &numbers) { return spatialValue(numbers, dimensions); };
    return {{.args = {{"in_channels", 2}, {"out_channels", 3}, {"kernel_size", 3}},
             .inputs = space({2, 2}, {1, 2, 3})},
            {.args = {{"in_channels", 4},
                      {"out_channels", 2},
                      {"kernel_size", each({1, 3, 2})},
                      {"stride", 2},
                      {"padding", each({0, 1, 0})},
                      {"output_padding", each({0, 1, 1})},
                      {"groups", 2},
                      {"bias", false}},
             .inputs = space({4}, {2, 2, 3})},
            {.args = {{"in_channels", 1},
                      {"out_channels", 2},
                      {"kernel_size", 2},
                      {"stride", each({1, 1, 2})},
                      {"padding", 1},
                      {"dilation", each({1, 2, 3})},
                      {"output_padding", each({0, 1, 2})}},
             .inputs = space({1, 1}, {3, 2, 2})}};
}

std::vector<BadSample> badSamplesFor(size_t dimensions)
{
    return wrongConvolutions(
            dimensions, 2, 3,
            {{{{"output_padding", 1}}, {2, 2}, "output_padding_too_large"},
             {{{"padding", 2}}, {2, 2}, "output_size_too_small"},
             {{{"padding_mode", "reflect"}}, {2, 2}, "wrong_argument"},
             {{{"stride", ValueList{1, 1, 1, 1}}}, {2, 2}, "wrong_number_of_sizes"}});
}

Declaration<ConvTransposeOptions> declaration(size_t dimensions)
{
    using O = ConvTransposeOptions;
    return {.name = spatialName("ConvTranspose", dimensions),
            .group = Group::Convolution,
            .summary
            = "The transpose of a convolution: every input point adds a scaled filter to the "
              "output. With a stride it enlarges.",
            .formula
            = R"(out = b + W^T x;\quad L_{out} = (L - 1) s - 2 p + d (k - 1) + p_{out} + 1)",
            .source = "torch.nn." + spatialName("ConvTranspose", dimensions),
            .args
            = {requiredArg("in_channels", &O::in_channels, "Channels of the input.", atLeast(1)),
               requiredArg("out_channels", &O::out_channels, "Channels of the output.", atLeast(1)),
               requiredArg("kernel_size", &O::kernel_size, "Size of the filters.", atLeast(1)),
               arg("stride", &O::stride, "Distance at which input points are laid out.",
                   atLeast(1)),
               arg("padding", &O::padding, "Points cut off on each side of the output.",
                   atLeast(0)),
               arg("output_padding", &O::output_padding,
                   "Points added at the end, of the sizes that the stride leaves open.",
                   atLeast(0)),
               arg("groups", &O::groups, "Groups of channels that don't see each other.",
                   atLeast(1)),
               arg("bias", &O::bias, "Whether to add a learnt offset per output channel."),
               arg("dilation", &O::dilation, "Distance between the filter's points.", atLeast(1)),
               arg("padding_mode", &O::padding_mode, "What stands beyond the input: zeros.")},
            .inputs = {spatialPort("input", "in_channels", dimensions)},
            .outputs = {spatialPort("output", "out_channels", dimensions, "_out")},
            .infer
            = [dimensions](const O &o,
                           const Shapes &in) { return transposedShape(o, in, {}, dimensions); },
            .validate = [dimensions](const O &o) { return validateTransposed(o, dimensions); },
            .samples = samplesFor(dimensions),
            .badSamples = badSamplesFor(dimensions),
            .forwardArgs = outputSizeArgs()};
}

template <size_t dimensions> void addBoth(std::vector<ModuleSpec> &out)
{
    out.push_back(declare<ConvTranspose<dimensions, false>>(declaration(dimensions)));
    out.push_back(declare<ConvTranspose<dimensions, true>>(
            lazyForm(declaration(dimensions), dimensions)));
}

} // namespace

std::vector<ModuleSpec> transposedConvolutionModules()
{
    std::vector<ModuleSpec> out;
    addBoth<1>(out);
    addBoth<2>(out);
    addBoth<3>(out);
    return out;
}

} // namespace mrg
