// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/Module.h"
#include "engine/nn/families.h"
#include "engine/ops/views.h"

namespace mrg {

namespace {

/// torch.nn.Flatten.
class Flatten : public Module {
public:
    struct Options {
        int64_t start_dim = 1;
        int64_t end_dim = -1;
    };
    explicit Flatten(Options options_) : options(options_) { }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const Shape &shape = inputs[0].shape();
        if (wrapDim(options.start_dim, shape, "Flatten")
            > wrapDim(options.end_dim, shape, "Flatten")) {
            throw Error(ErrorCategory::Shape, "flatten_error_start_after_end", "Flatten",
                        "start_dim " + std::to_string(options.start_dim) + " and end_dim "
                                + std::to_string(options.end_dim) + " of " + toString(shape),
                        "a start_dim that is not after end_dim", "exchange them");
        }
        return {flatten(inputs[0], options.start_dim, options.end_dim)};
    }

    Options options;
};

/// torch.nn.Unflatten.
class Unflatten : public Module {
public:
    struct Options {
        int64_t dim = 1;
        std::vector<int64_t> unflattened_size{-1};
    };
    explicit Unflatten(Options options_) : options(std::move(options_)) { }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        return {unflatten(inputs[0], options.dim, options.unflattened_size)};
    }

    Options options;
};

/// torch.nn.Identity.
class Identity : public Module {
public:
    struct Options { };
    explicit Identity(Options) { }
    std::vector<Tensor> forward(std::span<const Tensor> inputs) override { return {inputs[0]}; }
};

} // namespace

std::vector<ModuleSpec> shapeModules()
{
    using O = Flatten::Options;
    const std::vector<Port> input{{.name = "input", .pattern = "*", .dtype = "any"}};
    const std::vector<Port> output{{.name = "output", .pattern = "*", .dtype = "any"}};
    return {declare<Identity>({.name = "Identity",
                               .group = Group::Utility,
                               .summary = "Passes its input on unchanged.",
                               .formula = "y = x",
                               .source = "torch.nn.Identity",
                               .inputs = input,
                               .outputs = output,
                               .samples = {{.inputs = {{2, 3}}}}}),
            declare<Unflatten>(
                    {.name = "Unflatten",
                     .group = Group::Utility,
                     .summary = "Splits a dimension into several.",
                     .formula = "",
                     .source = "torch.nn.Unflatten",
                     .args
                     = {requiredArg("dim", &Unflatten::Options::dim, "The dimension to split."),
                        requiredArg("unflattened_size", &Unflatten::Options::unflattened_size,
                                    "Its sizes; one may be -1 and is worked out.", atLeast(-1))},
                     .inputs = input,
                     .outputs = output,
                     .infer
                     = [](const Unflatten::Options &options, const Shapes &in) -> Result<Shapes> {
                         return Shapes{
                                 unflattenedShape(in.at(0), options.dim, options.unflattened_size)};
                     },
                     .samples = {{.args = {{"dim", 1}, {"unflattened_size", ValueList{2, 3}}},
                                  .inputs = {{2, 6}}},
                                 {.args = {{"dim", -1}, {"unflattened_size", ValueList{2, -1}}},
                                  .inputs = {{4}}}},
                     .badSamples = {{.args = {{"dim", 1}, {"unflattened_size", ValueList{2, 2}}},
                                     .inputs = {{2, 6}},
                                     .kind = "unflatten_error_size_mismatch"}}}),
            declare<Flatten>(
                    {.name = "Flatten",
                     .group = Group::Utility,
                     .summary = "Joins a range of dimensions into one.",
                     .formula = "",
                     .source = "torch.nn.Flatten",
                     .args = {arg("start_dim", &O::start_dim, "The first dimension to join."),
                              arg("end_dim", &O::end_dim, "The last dimension to join.")},
                     .inputs = {{.name = "input", .pattern = "*", .dtype = "any"}},
                     .outputs = {{.name = "output", .pattern = "*", .dtype = "any"}},
                     .infer = [](const O &options, const Shapes &in) -> Result<Shapes> {
                         return Shapes{
                                 flattenedShape(in.at(0), options.start_dim, options.end_dim)};
                     },
                     .samples
                     = {{.args = {}, .inputs = {{2, 3, 4}}},
                        {.args = {{"start_dim", 0}, {"end_dim", 1}}, .inputs = {{2, 3, 4}}}},
                     .badSamples = {{.args = {{"start_dim", 3}},
                                     .inputs = {{2, 3}},
                                     .kind = "dimension_error_out_of_range"}}})};
}

} // namespace mrg
