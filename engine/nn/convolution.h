// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/nn/Module.h"
#include "engine/nn/spatial.h"

namespace mrg {

// What convolutions and transposed convolutions share.

/// That the arguments which both have fit together: numbers of sizes, channels and groups.
template <typename O> Result<void> checkFilters(const O &o, size_t dimensions)
{
    if (Result<void> counts = checkCounts(dimensions, o.kernel_size, o.stride, o.dilation); !counts)
        return counts;
    for (const auto &[name, channels] :
         {std::pair{"in_channels", o.in_channels}, std::pair{"out_channels", o.out_channels}}) {
        if (channels % o.groups != 0) {
            return Error(ErrorCategory::Value, "channels_not_divisible_by_groups", "",
                         std::string(name) + " " + std::to_string(channels),
                         "a multiple of groups " + std::to_string(o.groups));
        }
    }
    return {};
}

/// That the input has `channels` channels; none (0) are any.
Result<void> checkChannels(const Shape &input, int64_t channels, size_t dimensions);

/// The weight's shape: outer channels, inner channels / groups, kernel.
Shape filterShape(int64_t outer, int64_t inner, int64_t groups, const IntOrList &kernel,
                  size_t dimensions);

/// Draws weight and bias as PyTorch does: uniform within 1 / sqrt(fan in).
void drawFilters(const Tensor &weight, const Tensor &bias, RandomStream &random);

/// The options of a lazy form with in_channels from the shape of the input.
template <typename O> Result<O> completedFor(O o, const Shape &input, size_t dimensions)
{
    if (Result<void> rank = checkSpatialRank(input, dimensions); !rank)
        return rank.error();
    o.in_channels = input[input.size() - dimensions - 1];
    if (Result<void> filters = checkFilters(o, dimensions); !filters)
        return filters.error();
    return o;
}

/// Options, weight and bias of a (transposed) convolution. Lazy ones get in_channels and their
/// parameters' sizes from the first input.
template <typename O> class FilterModule : public Module {
public:
    using Options = O;
    using WeightShape = Shape (*)(const O &options, size_t dimensions);

    O options;
    Tensor weight;
    Tensor bias;

protected:
    FilterModule(O given, size_t dimensions, bool lazy, WeightShape weightShape)
        : options(std::move(given)),
          m_dimensions(dimensions),
          m_weightShape(weightShape)
    {
        if (lazy) {
            options.in_channels = 0;
            registerUninitializedParameter("weight", weight);
            if (options.bias)
                registerUninitializedParameter("bias", bias);
        } else {
            registerParameter("weight", weight, m_weightShape(options, dimensions));
            if (options.bias)
                registerParameter("bias", bias, {options.out_channels});
        }
        initialize(RandomStream());
    }

    void resetParameters(RandomStream &random) override
    {
        if (weight.defined())
            drawFilters(weight, bias, random);
    }
    void initializeParameters(const std::vector<Shape> &inputs) override
    {
        options = completedFor(options, inputs.at(0), m_dimensions).value();
        materialize("weight", m_weightShape(options, m_dimensions));
        if (options.bias)
            materialize("bias", {options.out_channels});
    }

private:
    size_t m_dimensions;
    WeightShape m_weightShape;
};

/// A wrong use of a convolution: what is set besides its channels and kernel, and the input's sizes
/// before those of space.
struct WrongConvolution {
    Arguments more;
    Shape leading;
    const char *kind;
};
/// Those that all convolutions share, and some of one's own, on a space of `size` in each
/// dimension.
inline std::vector<BadSample> wrongConvolutions(size_t dimensions, int64_t kernel, int64_t size,
                                                const std::vector<WrongConvolution> &own)
{
    std::vector<WrongConvolution> all{
            {{}, {2, 3}, "size_mismatch"},
            {{}, {1, 2, 2}, "dimension_count_mismatch"},
            {{{"out_channels", 3}, {"groups", 2}}, {2, 2}, "channels_not_divisible_by_groups"}};
    all.insert(all.end(), own.begin(), own.end());
    const Arguments plain{{"in_channels", 2}, {"out_channels", 4}, {"kernel_size", kernel}};
    std::vector<BadSample> out;
    for (WrongConvolution &wrong : all) {
        wrong.more.insert(plain.begin(), plain.end());
        out.push_back({wrong.more,
                       {spatialShape(wrong.leading, Shape(3, size), dimensions)},
                       wrong.kind});
    }
    return out;
}

/// Turns the declaration of a convolution into that of its lazy form: no in_channels.
template <typename O> Declaration<O> lazyForm(Declaration<O> d, size_t dimensions)
{
    d.name = "Lazy" + d.name;
    d.source = "torch.nn." + d.name;
    d.summary += " The first input tells the number of its channels.";
    d.args.erase(d.args.begin());
    d.inputs = {spatialPort("input", "C", dimensions)};
    d.infer = [infer = d.infer, dimensions](const O &o, const Shapes &in) -> Result<Shapes> {
        const Result<O> options = completedFor(o, in.at(0), dimensions);
        return options ? infer(*options, in) : options.error();
    };
    d.validate = [validate = d.validate](O o) {
        o.in_channels = 0; // any number of groups divides it
        return validate(o);
    };
    for (Sample &sample : d.samples)
        sample.args.erase("in_channels");
    for (BadSample &sample : d.badSamples)
        sample.args.erase("in_channels");
    std::erase_if(d.badSamples,
                  [](const BadSample &sample) { return sample.kind == "size_mismatch"; });
    return d;
}

} // namespace mrg
