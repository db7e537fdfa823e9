// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/binary.h"

namespace mrg {

Shape commonShape(const char *name, const Tensor &a, const Tensor &b)
{
    if (a.shape() == b.shape())
        return a.shape();
    Result<Shape> shape = broadcastShapes(a.shape(), b.shape());
    if (!shape)
        throw shape.error().within(name);
    return *shape;
}

Result<Shapes> inferBroadcast(const Shapes &inputs)
{
    Shape common;
    for (const Shape &shape : inputs) {
        Result<Shape> next = broadcastShapes(common, shape);
        if (!next)
            return next.error();
        common = *next;
    }
    return Shapes{common};
}

std::vector<Sample> broadcastSamples(const Arguments &args)
{
    return {{.args = args, .inputs = {{2, 3}, {2, 3}}},
            {.args = args, .inputs = {{2, 3}, {3}}},
            {.args = args, .inputs = {{2, 1}, {1, 3}}},
            {.args = args, .inputs = {{2, 2}, {}}},
            {.args = args, .inputs = {{0, 2}, {2}}}};
}

std::vector<BadSample> broadcastBadSamples()
{
    return {{.inputs = {{2, 3}, {2, 4}}, .kind = "broadcast_error_incompatible_dimensions"}};
}

FunctionSpec declareBinary(const BinaryRow &row, Group group)
{
    struct NoOptions { };
    const std::string type = row.function.input;
    return declareFunction<NoOptions>(
            {.name = row.name,
             .group = group,
             .summary = row.summary,
             .formula = row.formula,
             .source = std::string("torch.") + row.name,
             .inputs
             = {{.name = "input", .dtype = type, .number = row.number, .domain = row.domain},
                {.name = row.second, .dtype = type, .number = row.number, .domain = row.domain}},
             .outputs = {{.name = "output", .dtype = row.function.output}},
             .infer = [](const NoOptions &, const Shapes &in) { return inferBroadcast(in); },
             .samples = broadcastSamples({}),
             .badSamples = broadcastBadSamples(),
             .differentiable = row.function.differentiable},
            [call = row.function.call, name = row.name](const NoOptions &,
                                                        std::span<const Tensor> inputs) {
                return std::vector<Tensor>{call(name, inputs[0], inputs[1])};
            });
}

} // namespace mrg
