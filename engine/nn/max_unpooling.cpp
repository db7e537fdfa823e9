// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/Module.h"
#include "engine/nn/families.h"
#include "engine/nn/spatial.h"
#include "engine/ops/pooling.h"

namespace mrg {

namespace {

struct MaxUnpoolOptions {
    IntOrList kernel_size = 2;
    std::optional<IntOrList> stride;
    IntOrList padding = 0;
};
using SizeWanted = std::optional<std::vector<int64_t>>;

/// torch.nn.MaxUnpool1d to 3d: every value back to the place that max pooling took it from, zeros
/// elsewhere.
template <size_t dimensions> class MaxUnpool : public Module {
public:
    using Options = MaxUnpoolOptions;
    explicit MaxUnpool(Options options_) : options(std::move(options_)) { }

    static Result<void> validate(const Options &o)
    {
        return checkCounts(dimensions, o.kernel_size, o.padding, o.stride.value_or(o.kernel_size));
    }

    static Result<Shapes> infer(const Options &o, const Shapes &in, SizeWanted wanted)
    {
        const Shape &x = in.at(0);
        if (Result<void> rank = checkSpatialRank(x, dimensions); !rank)
            return rank.error();
        if (in.at(1) != x) {
            return Error(ErrorCategory::Shape, "size_mismatch", "",
                         "indices " + mrg::toString(in[1]),
                         "the shape of input, " + mrg::toString(x));
        }
        if (wanted && wanted->size() == dimensions + 2)
            wanted->erase(wanted->begin(), wanted->begin() + 2);
        if (wanted && wanted->size() != dimensions) {
            return Error(ErrorCategory::Value, "wrong_number_of_sizes", "",
                         "output_size " + mrg::toString(*wanted),
                         std::to_string(dimensions) + " sizes");
        }
        Shape out(x.begin(), x.end() - static_cast<std::ptrdiff_t>(dimensions));
        for (size_t i = 0; i < dimensions; ++i) {
            const int64_t stride = o.stride.value_or(o.kernel_size).at(i);
            const int64_t usual
                    = (x[out.size()] - 1) * stride - 2 * o.padding.at(i) + o.kernel_size.at(i);
            const int64_t size = wanted ? (*wanted)[i] : usual;
            if (wanted && (size <= usual - stride || size >= usual + stride)) {
                return Error(ErrorCategory::Value, "output_size_out_of_reach", "",
                             "output_size " + mrg::toString(*wanted) + " for input "
                                     + mrg::toString(x),
                             std::to_string(usual - stride + 1) + " to "
                                     + std::to_string(usual + stride - 1) + " at position "
                                     + std::to_string(i));
            }
            if (size < 1) {
                return Error(ErrorCategory::Shape, "output_size_too_small", "",
                             "input " + mrg::toString(x) + ", which gives size "
                                     + std::to_string(size),
                             "an output of at least 1 in each dimension");
            }
            out.push_back(size);
        }
        return Shapes{out};
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        return forward(inputs, {});
    }
    std::vector<Tensor> forward(std::span<const Tensor> inputs, const Arguments &keywords) override
    {
        const std::string name = spatialName("MaxUnpool", dimensions);
        const Shape shape = inferred(name,
                                     infer(options, {inputs[0].shape(), inputs[1].shape()},
                                           outputSizeOf(keywords, name)))[0];
        return {maxUnpool(inputs[0], inputs[1], shape, dimensions)};
    }

    Options options;
};

template <size_t dimensions> ModuleSpec declareUnpool()
{
    using O = MaxUnpoolOptions;
    Port indices = spatialPort("indices", "C", dimensions);
    indices.dtype = "int64";
    indices.summary = "Places in the output's planes, as max pooling gives them.";
    indices.below = dimensions == 1 ? "L" : "W";
    const auto twice = [](const Shape &shape) { return Shapes{shape, shape}; };
    const auto space = [](Shape leading, const Shape &sizes) {
        return spatialShape(std::move(leading), sizes, dimensions);
    };
    return declare<MaxUnpool<dimensions>>(
            {.name = spatialName("MaxUnpool", dimensions),
             .group = Group::Pooling,
             .summary
             = "Puts every value back to the place that max pooling took it from; zeros elsewhere.",
             .formula = R"(out[indices_i] = x_i;\quad L_{out} = (L - 1) s - 2 p + k)",
             .source = "torch.nn." + spatialName("MaxUnpool", dimensions),
             .args
             = {requiredArg("kernel_size", &O::kernel_size, "Size of the pooling's windows.",
                            atLeast(1)),
                arg("stride", &O::stride, "Step between them; none: the kernel's size.",
                    atLeast(1)),
                arg("padding", &O::padding, "Border that the pooling had added.", atLeast(0))},
             .inputs = {spatialPort("input", "C", dimensions), indices},
             .outputs = {spatialPort("output", "C", dimensions, "_out")},
             .infer
             = [](const O &o, const Shapes &in) { return MaxUnpool<dimensions>::infer(o, in, {}); },
             .validate = MaxUnpool<dimensions>::validate,
             .samples
             = {{.args = {{"kernel_size", 3}}, .inputs = twice(space({2, 3}, {1, 1, 1}))},
                // Of several values for one place the last stays, though a gradient goes to each.
                {.args = {{"kernel_size", 3}, {"stride", 2}, {"padding", 1}},
                 .inputs = twice(space({2}, {2, 3, 4})),
                 .differentiable = false}},
             .badSamples = {{{{"kernel_size", 2}},
                             {space({1, 1}, {2, 2, 2}), space({1, 1}, {2, 2, 3})},
                             "size_mismatch"},
                            {{{"kernel_size", 2}}, {{4}, {4}}, "dimension_count_mismatch"},
                            {{{"kernel_size", 2}, {"padding", 3}},
                             twice(space({1, 1}, {2, 2, 2})),
                             "output_size_too_small"}},
             .forwardArgs = outputSizeArgs()});
}

} // namespace

std::vector<ModuleSpec> maxUnpoolingModules()
{
    return {declareUnpool<1>(), declareUnpool<2>(), declareUnpool<3>()};
}

} // namespace mrg
