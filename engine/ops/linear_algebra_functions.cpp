// SPDX-License-Identifier: GPL-3.0-or-later
// Declarations of the functions of linear algebra.
#include "engine/ops/declarations.h"
#include "engine/ops/families.h"
#include "engine/ops/layouts.h"
#include "engine/ops/linear_algebra.h"

#include <numeric>

namespace mrg {

namespace {

constexpr Group group = Group::LinearAlgebra;
using Inputs = std::span<const Tensor>;

struct BlendOptions {
    std::complex<double> beta = 1;
    std::complex<double> alpha = 1;
};
struct DotOptions {
    std::variant<int64_t, ValueList> dims = int64_t(2);
};
struct DistanceOptions {
    double p = 2;
};

/// A product of two tensors.
FunctionSpec product(Title title, const char *first, const char *second,
                     Shape (*rule)(const Shape &, const Shape &),
                     Tensor (*operation)(const Tensor &, const Tensor &), Uses uses)
{
    return tensorFunction<NoOptions>(
            group, title, {tensorPort(first), tensorPort(second)}, {},
            [rule](const NoOptions &, const Shapes &in) { return rule(in.at(0), in.at(1)); },
            [operation](const NoOptions &, Inputs in) { return operation(in[0], in[1]); },
            std::move(uses));
}

using Blend = Tensor (*)(const Tensor &, const Tensor &, const Tensor &, std::complex<double>,
                         std::complex<double>);

/// beta * input + alpha * a product.
FunctionSpec blend(Title title, const char *first, const char *second,
                   Shape (*rule)(const Shape &, const Shape &), Blend operation, Shapes sample,
                   BadSample bad)
{
    using O = BlendOptions;
    Shapes repeated = sample;
    for (int64_t &size : repeated[0])
        size = 1;
    return tensorFunction<O>(
            group, title, {tensorPort("input"), tensorPort(first), tensorPort(second)},
            {arg("beta", &O::beta, "Factor of the input; 0: it is not looked at."),
             arg("alpha", &O::alpha, "Factor of the product.")},
            [rule, title](const O &, const Shapes &in) {
                return expanded(compactLayout(in.at(0)), rule(in.at(1), in.at(2)), title.name)
                        .shape;
            },
            [operation](const O &o, Inputs in) {
                return operation(in[0], in[1], in[2], o.beta, o.alpha);
            },
            {.good = {{.args = {}, .inputs = sample},
                      {.args = {{"beta", 0.5}, {"alpha", 2}}, .inputs = repeated},
                      {.args = {{"beta", 0}}, .inputs = sample}},
             .bad = {std::move(bad)}});
}

/// Pairs of dimensions: the last of a with the first of b, or those named.
std::pair<std::vector<int64_t>, std::vector<int64_t>> dotDims(const DotOptions &o, int64_t rank)
{
    if (const int64_t *count = std::get_if<int64_t>(&o.dims)) {
        if (*count < 0) {
            throw Error(ErrorCategory::Value, "wrong_argument", "tensordot",
                        "dims = " + std::to_string(*count), "0 or more");
        }
        std::vector<int64_t> first(static_cast<size_t>(*count));
        std::vector<int64_t> second = first;
        std::iota(first.begin(), first.end(), rank - *count);
        std::iota(second.begin(), second.end(), 0);
        return {first, second};
    }
    const ValueList &lists = std::get<ValueList>(o.dims);
    if (lists.size() != 2) {
        throw Error(ErrorCategory::Value, "wrong_argument", "tensordot",
                    std::to_string(lists.size()) + " lists of dims", "one for each tensor");
    }
    return {ValueTraits<IntOrList>::from(lists[0]).value().values,
            ValueTraits<IntOrList>::from(lists[1]).value().values};
}

std::vector<FunctionSpec> blendFunctions()
{
    const char *inner = "matmul_error_inner_dimensions_do_not_match";
    const auto sumOfProducts = [](const Shape &a, const Shape &b) {
        const Shape all = bmmShape(a, b);
        return Shape{all[1], all[2]};
    };
    return {blend({"addmm", "Adds a product of matrices.", R"(\beta\,input + \alpha\,mat_1 mat_2)"},
                  "mat1", "mat2", mmShape, addmm, {{2, 2}, {2, 3}, {3, 2}},
                  {.args = {}, .inputs = {{2, 2}, {3, 3}, {2, 3}}, .kind = inner}),
            blend({"addmv", "Adds a product of a matrix and a vector.",
                   R"(\beta\,input + \alpha\,mat\,vec)"},
                  "mat", "vec", mvShape, addmv, {{2}, {2, 3}, {3}},
                  {.args = {}, .inputs = {{2}, {2, 3}, {2}}, .kind = inner}),
            blend({"addr", "Adds an outer product.", R"(\beta\,input + \alpha\,vec_1 vec_2^T)"},
                  "vec1", "vec2", outerShape, addr, {{2, 3}, {2}, {3}},
                  {.args = {}, .inputs = {{2, 3}, {4}, {2}}, .kind = "expand_error_incompatible"}),
            blend({"baddbmm", "Adds products of matrices.", R"(\beta\,input_b + \alpha\,m_b n_b)"},
                  "batch1", "batch2", bmmShape, baddbmm, {{3, 2, 2}, {3, 2, 3}, {3, 3, 2}},
                  {.args = {}, .inputs = {{3, 2, 2}, {3, 3, 3}, {3, 2, 3}}, .kind = inner}),
            blend({"addbmm", "Adds the sum of products of matrices.",
                   R"(\beta\,input + \alpha\sum_b m_b n_b)"},
                  "batch1", "batch2", sumOfProducts, addbmm, {{2, 2}, {3, 2, 3}, {3, 3, 2}},
                  {.args = {}, .inputs = {{2, 2}, {3, 3, 3}, {3, 2, 3}}, .kind = inner})};
}

} // namespace

std::vector<FunctionSpec> linearAlgebraFunctions()
{
    const char *inner = "matmul_error_inner_dimensions_do_not_match";
    std::vector<FunctionSpec> out{
            product({"matmul", "Product of matrices, vectors, or batches of matrices.", "AB"},
                    "input", "other", matmulShape, matmul,
                    {.good = {{.args = {}, .inputs = {{2, 3}, {3, 2}}},
                              {.args = {}, .inputs = {{3}, {3}}},
                              {.args = {}, .inputs = {{2, 3}, {3}}},
                              {.args = {}, .inputs = {{3}, {2, 3, 2}}},
                              {.args = {}, .inputs = {{2, 1, 2, 3}, {3, 3, 2}}}},
                     .bad
                     = {{.args = {}, .inputs = {{2, 3}, {2, 3}}, .kind = inner},
                        {.args = {},
                         .inputs = {{2, 2, 3}, {3, 3, 2}},
                         .kind = "batch_dimensions_do_not_match_error"},
                        {.args = {}, .inputs = {{}, {2}}, .kind = "dimension_count_mismatch"}}}),
            product({"mm", "Product of two matrices.", "AB"}, "input", "mat2", mmShape, mm,
                    {.good = {{.args = {}, .inputs = {{2, 3}, {3, 4}}}},
                     .bad = {{.args = {}, .inputs = {{2, 3}, {2, 3}}, .kind = inner},
                             {.args = {},
                              .inputs = {{2, 2, 3}, {3, 2}},
                              .kind = "linalg_error_requires_2d"}}}),
            product({"bmm", "Products of matrices, one for each entry of the first dimension.",
                     "A_b B_b"},
                    "input", "mat2", bmmShape, bmm,
                    {.good = {{.args = {}, .inputs = {{2, 2, 3}, {2, 3, 2}}}},
                     .bad = {{.args = {},
                              .inputs = {{2, 2, 3}, {1, 3, 2}},
                              .kind = "batch_dimensions_do_not_match_error"}}}),
            product({"mv", "Product of a matrix and a vector.", "Av"}, "input", "vec", mvShape, mv,
                    {.good = {{.args = {}, .inputs = {{2, 3}, {3}}}},
                     .bad = {{.args = {}, .inputs = {{2, 3}, {2}}, .kind = inner}}}),
            product({"dot", "Scalar product of two vectors.", R"(\sum_i a_i b_i)"}, "input",
                    "other", dotShape, dot,
                    {.good = {{.args = {}, .inputs = {{3}, {3}}}},
                     .bad = {{.args = {}, .inputs = {{3}, {2}}, .kind = inner},
                             {.args = {},
                              .inputs = {{2, 2}, {2}},
                              .kind = "dimension_count_mismatch"}}}),
            product({"vdot", "Scalar product with the first vector conjugated.",
                     R"(\sum_i \bar a_i b_i)"},
                    "input", "other", dotShape, vdot,
                    {.good = {{.args = {}, .inputs = {{3}, {3}}}},
                     .bad = {{.args = {}, .inputs = {{3}, {2}}, .kind = inner}}}),
            product({"outer", "Products of all pairs of two vectors' elements.", R"(a_i b_j)"},
                    "input", "vec2", outerShape, outer,
                    {.good = {{.args = {}, .inputs = {{2}, {3}}}},
                     .bad = {{.args = {},
                              .inputs = {{2, 2}, {2}},
                              .kind = "dimension_count_mismatch"}}}),
            product({"kron",
                     "The Kronecker product: the second tensor times every element of the first."},
                    "input", "other", kronShape, kron,
                    {.good = {{.args = {}, .inputs = {{2, 2}, {1, 3}}},
                              {.args = {}, .inputs = {{2, 2}, {2}}}}}),
            tensorFunction<DotOptions>(
                    group, {"tensordot", "Sums of products over pairs of dimensions."},
                    {tensorPort("a"), tensorPort("b")},
                    {arg("dims", &DotOptions::dims,
                         "So many last dimensions of a with as many first ones of b, or a list for "
                         "each.")},
                    [](const DotOptions &o, const Shapes &in) {
                        const auto dims = dotDims(o, static_cast<int64_t>(in.at(0).size()));
                        return tensordotShape(in[0], in.at(1), dims.first, dims.second);
                    },
                    [](const DotOptions &o, Inputs in) {
                        const auto dims = dotDims(o, in[0].dim());
                        return tensordot(in[0], in[1], dims.first, dims.second);
                    },
                    {.good = {{.args = {}, .inputs = {{2, 3, 2}, {3, 2, 2}}},
                              {.args = {{"dims", ValueList{ValueList{0}, ValueList{-2}}}},
                               .inputs = {{2, 3}, {2, 4}}},
                              {.args = {{"dims", 0}}, .inputs = {{2}, {3}}}},
                     .bad = {{.args = {{"dims", 1}}, .inputs = {{2, 3}, {2, 3}}, .kind = inner}}}),
            tensorFunction<NoOptions>(
                    group,
                    {"chain_matmul",
                     "The product of matrices, in the order of the fewest multiplications."},
                    {variadicPort("matrices")}, {},
                    [](const NoOptions &, const Shapes &in) { return chainShape(in); },
                    [](const NoOptions &, Inputs in) { return chainMatmul(in); },
                    {.good = {{.args = {}, .inputs = {{2, 3}, {3, 4}, {4, 1}}}},
                     .bad = {{.args = {}, .inputs = {{2, 3}, {2, 3}}, .kind = inner}}}),
            tensorFunction<NoOptions>(
                    group, {"inverse", "Inverses of square matrices.", "A^{-1}"},
                    {tensorPort("input")}, {},
                    [](const NoOptions &, const Shapes &in) { return inverseShape(in.at(0)); },
                    [](const NoOptions &, Inputs in) { return inverse(in[0]); },
                    {.good
                     = {{.args = {}, .inputs = {{2, 2}}}, {.args = {}, .inputs = {{2, 1, 1}}}},
                     .bad
                     = {{.args = {}, .inputs = {{2, 3}}, .kind = "linalg_error_not_square_matrix"},
                        {.args = {},
                         .inputs = {{3}},
                         .kind = "linalg_error_requires_at_least_2d"}}}),
            tensorFunction<DistanceOptions>(
                    group, {"cdist", "Distances of all pairs of rows.", R"(\|a_i - b_j\|_p)"},
                    {tensorPort("x1"), tensorPort("x2")},
                    {arg("p", &DistanceOptions::p, "The exponent of the norm.", atLeast(0))},
                    [](const DistanceOptions &, const Shapes &in) {
                        return cdistShape(in.at(0), in.at(1));
                    },
                    [](const DistanceOptions &o, Inputs in) { return cdist(in[0], in[1], o.p); },
                    {.good = {{.args = {}, .inputs = {{3, 2}, {2, 2}}},
                              {.args = {{"p", 3}}, .inputs = {{2, 3, 2}, {2, 2}}},
                              {.args = {{"p", "inf"}}, .inputs = {{3, 2}, {2, 2}}}},
                     .bad = {{.args = {}, .inputs = {{3, 2}, {2, 3}}, .kind = "size_mismatch"}}}),
            tensorFunction<NoOptions>(
                    group, {"trace", "The sum of a matrix's diagonal.", R"(\sum_i a_{ii})"},
                    {tensorPort("input")}, {},
                    [](const NoOptions &, const Shapes &in) {
                        checkTrace(in.at(0));
                        return Shape{};
                    },
                    [](const NoOptions &, Inputs in) { return trace(in[0]); },
                    {.good = {{.args = {}, .inputs = {{2, 4}}}, {.args = {}, .inputs = {{5, 2}}}},
                     .bad = {{.args = {}, .inputs = {{3}}, .kind = "linalg_error_requires_2d"}}})};
    for (FunctionSpec &spec : blendFunctions())
        out.push_back(std::move(spec));
    return out;
}

} // namespace mrg
