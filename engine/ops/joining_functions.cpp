// SPDX-License-Identifier: GPL-3.0-or-later
// Declarations of the functions that join and split tensors.
#include "engine/ops/families.h"
#include "engine/ops/joining.h"

namespace mrg {

namespace {
struct CatOptions {
    int64_t dim = 0;
};
} // namespace

std::vector<FunctionSpec> joiningFunctions()
{
    using O = CatOptions;
    return {declareFunction<O>(
            {.name = "cat",
             .group = Group::IndexingAndJoining,
             .summary = "Joins tensors along one dimension.",
             .formula = R"(out = [x_1, x_2, \dots])",
             .source = "torch.cat",
             .args = {arg("dim", &O::dim, "The dimension along which the sizes add up.")},
             .inputs = {{.name = "tensors", .pattern = "", .dtype = "any", .variadic = true}},
             .outputs = {{.name = "output", .pattern = "", .dtype = "any"}},
             .infer = [](const O &options, const Shapes &in) -> Result<Shapes> {
                 return Shapes{catShape(in, options.dim)};
             },
             .validate = {},
             .samples = {{.args = {{"dim", 1}}, .inputs = {{3, 4}, {3, 2}}}},
             .badSamples = {{.args = {}, .inputs = {{3, 4}, {3, 2}}, .kind = "size_mismatch"}}},
            [](const O &options, std::span<const Tensor> inputs) {
                return std::vector<Tensor>{cat(inputs, options.dim)};
            })};
}

} // namespace mrg
