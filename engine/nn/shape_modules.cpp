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
    explicit Flatten(Options options_) : options(options_) {}

    /// The shape with dimensions start_dim to end_dim made one. Throws Error (index).
    static Shape flattened(const Options &options, const Shape &shape)
    {
        const auto rank = static_cast<int64_t>(shape.size());
        const auto start = static_cast<size_t>(wrapDim(options.start_dim, rank, "start_dim"));
        const auto end = static_cast<size_t>(wrapDim(options.end_dim, rank, "end_dim"));
        if (start > end) {
            throw Error(ErrorCategory::Shape, "flatten_start_after_end", "Flatten",
                        "start_dim " + std::to_string(start) + ", end_dim " + std::to_string(end),
                        "start_dim not after end_dim");
        }
        if (shape.empty())
            return {1};
        Shape out;
        int64_t product = 1;
        for (size_t d = 0; d < shape.size(); ++d) {
            if (d < start || d > end) {
                out.push_back(shape[d]);
                continue;
            }
            product *= shape[d];
            if (d == end)
                out.push_back(product);
        }
        return out;
    }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        return {reshape(inputs[0], flattened(options, inputs[0].shape()))};
    }

    Options options;
};

} // namespace

std::vector<ModuleSpec> shapeModules()
{
    using O = Flatten::Options;
    return {declare<Flatten>(
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
                 return Shapes{Flatten::flattened(options, in.at(0))};
             },
             .samples = {{.args = {}, .inputs = {{2, 3, 4}}},
                         {.args = {{"start_dim", 0}, {"end_dim", 1}}, .inputs = {{2, 3, 4}}}},
             .badSamples = {{.args = {{"start_dim", 3}},
                             .inputs = {{2, 3}},
                             .kind = "dimension_error_out_of_range"}}})};
}

} // namespace mrg
