// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/unary.h"

namespace mrg {

Tensor detail::chain(const Tensor &gradient, const Tensor &slope)
{
    if (slope.dtype() == DType::Bool)
        return where(slope, gradient, Number(0));
    return mul(gradient, conj(slope));
}

FunctionSpec declareUnary(const UnaryRow &row)
{
    struct NoOptions { };
    const std::string type = row.function.input;
    return declareFunction<NoOptions>(
            {.name = row.name,
             .group = Group::UnaryPointwise,
             .summary = row.summary,
             .formula = row.formula,
             .source = std::string("torch.") + row.name,
             .inputs = {{.name = "input", .pattern = "*", .dtype = type, .domain = row.domain}},
             .outputs = {{.name = "output", .pattern = "*", .dtype = row.function.output}},
             .samples = {{.inputs = {{2, 3}}}, {.inputs = {{}}}, {.inputs = {{0, 2}}}},
             .differentiable = row.function.differentiable},
            [call = row.function.call, name = row.name](const NoOptions &,
                                                        std::span<const Tensor> inputs) {
                return std::vector<Tensor>{call(name, inputs[0])};
            });
}

} // namespace mrg
