// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/distance.h"

#include "engine/nn/Module.h"
#include "engine/nn/families.h"

namespace mrg {

namespace {

struct CosineOptions {
    int64_t dim = 1;
    double eps = 1e-8;
};
/// torch.nn.CosineSimilarity.
class CosineSimilarity : public Module {
public:
    using Options = CosineOptions;
    explicit CosineSimilarity(Options options_) : options(options_) { }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        return {cosineSimilarity(inputs[0], inputs[1], options.dim, options.eps)};
    }

    Options options;
};

struct PairwiseOptions {
    double p = 2;
    double eps = 1e-6;
    bool keepdim = false;
};
/// torch.nn.PairwiseDistance.
class PairwiseDistance : public Module {
public:
    using Options = PairwiseOptions;
    explicit PairwiseDistance(Options options_) : options(options_) { }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        return {pairwiseDistance(inputs[0], inputs[1], options.p, options.eps, options.keepdim)};
    }

    Options options;
};

Result<Shapes> alone(Result<Shape> shape)
{
    if (!shape)
        return shape.error();
    return Shapes{*shape};
}

} // namespace

std::vector<ModuleSpec> distanceModules()
{
    using C = CosineOptions;
    using P = PairwiseOptions;
    const std::vector<Port> inputs{
            {.name = "x1", .pattern = "*"},
            {.name = "x2", .pattern = "*", .summary = "Broadcasts with x1."}};
    return {declare<CosineSimilarity>(
                    {.name = "CosineSimilarity",
                     .group = Group::Distance,
                     .summary = "The cosine of the angle between two vectors.",
                     .formula
                     = R"(\frac{x_1 \cdot x_2}{\max(\lVert x_1 \rVert, \epsilon) \max(\lVert x_2 \rVert, \epsilon)})",
                     .source = "torch.nn.CosineSimilarity",
                     .args = {arg("dim", &C::dim, "The dimension along which the vectors lie."),
                              arg("eps", &C::eps, "Least length that is divided by.", atLeast(0))},
                     .inputs = inputs,
                     .outputs = {{.name = "output", .pattern = "*"}},
                     .infer =
                             [](const C &o, const Shapes &in) {
                                 return alone(cosineSimilarityShape(in.at(0), in.at(1), o.dim));
                             },
                     .samples = {{.args = {}, .inputs = {{2, 3}, {2, 3}}},
                                 {.args = {{"dim", -1}}, .inputs = {{2, 1, 4}, {3, 4}}},
                                 {.args = {{"dim", 0}}, .inputs = {{3}, {3}}}},
                     .badSamples
                     = {{{}, {{2, 3}, {2, 4}}, "broadcast_error_incompatible_dimensions"},
                        {{{"dim", 3}}, {{2, 3}, {2, 3}}, "dimension_error_out_of_range"}}}),
            declare<PairwiseDistance>(
                    {.name = "PairwiseDistance",
                     .group = Group::Distance,
                     .summary = "The p-norm of the difference between two vectors.",
                     .formula = R"(\Big(\sum_i |x_{1,i} - x_{2,i} + \epsilon|^p\Big)^{1/p})",
                     .source = "torch.nn.PairwiseDistance",
                     .args
                     = {arg("p", &P::p, "Exponent of the norm; inf: the largest difference."),
                        arg("eps", &P::eps,
                            "Added to the difference, so that the root has a slope at 0."),
                        arg("keepdim", &P::keepdim, "Whether the vectors' dimension stays as 1.")},
                     .inputs = inputs,
                     .outputs = {{.name = "output", .pattern = "*"}},
                     .infer =
                             [](const P &o, const Shapes &in) {
                                 return alone(pairwiseDistanceShape(in.at(0), in.at(1), o.keepdim));
                             },
                     .samples
                     = {{.args = {}, .inputs = {{2, 3}, {2, 3}}},
                        {.args = {{"p", 1.0}, {"keepdim", true}}, .inputs = {{2, 2, 3}, {1, 3}}},
                        {.args = {{"p", 3.5}}, .inputs = {{4}, {4}}},
                        {.args = {{"p", 0.5}, {"eps", 0.0}}, .inputs = {{2, 3}, {2, 3}}},
                        {.args = {{"p", "inf"}}, .inputs = {{2, 3}, {2, 3}}}},
                     .badSamples
                     = {{{}, {{2, 3}, {2, 4}}, "broadcast_error_incompatible_dimensions"},
                        {{}, {{}, {}}, "dimension_count_mismatch"}}})};
}

} // namespace mrg
