// SPDX-License-Identifier: GPL-3.0-or-later
// Declarations of the functions that write at places given by index tensors: scatter and index_*.
#include "engine/autograd/Node.h"
#include "engine/ops/conversion.h"
#include "engine/ops/declarations.h"
#include "engine/ops/families.h"
#include "engine/ops/gathering.h"
#include "engine/ops/indexing.h"
#include "engine/ops/inplace.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/reductions.h"
#include "engine/ops/views.h"

namespace mrg {

template <> struct EnumTexts<ScatterMode> {
    static constexpr std::array texts{
            std::pair{ScatterMode::Sum, "sum"}, std::pair{ScatterMode::Prod, "prod"},
            std::pair{ScatterMode::Mean, "mean"}, std::pair{ScatterMode::Amax, "amax"},
            std::pair{ScatterMode::Amin, "amin"}};
};

namespace {

constexpr Group group = Group::IndexingAndJoining;
using Inputs = std::span<const Tensor>;

struct DimOptions {
    int64_t dim = 0;
    double alpha = 1;
};
struct ReduceOptions {
    int64_t dim = 0;
    ScatterMode reduce = ScatterMode::Sum;
    bool include_self = true;
};

/// index_reduce knows no sum: that is index_add.
struct IndexReduceOptions {
    int64_t dim = 0;
    ScatterMode reduce = ScatterMode::Prod;
    bool include_self = true;
};

/// An input whose last dimension is the one that indices of the samples are about.
Port rowsPort() { return {.name = "input", .pattern = "* D", .dtype = "any"}; }

Arg dimArg()
{
    return requiredArg("dim", &DimOptions::dim, "The dimension that the index is about.");
}

FunctionSpec ordered(FunctionSpec spec, std::vector<std::string> order)
{
    spec.order = std::move(order);
    return spec;
}

/// Replaces the first input by the result: the functions whose names end in an underscore.
Tensor inPlace(const Tensor &x, const Tensor &result)
{
    Tensor target = x;
    assign(target, result);
    return target;
}

/// What a function works on: a copy where the input is going to change, for what is kept for
/// backward.
Tensor before(const Tensor &x, bool changesInput) { return changesInput ? clone(x) : x; }

FunctionSpec scatterAddFunction(const char *name, bool changesInput)
{
    return ordered(
            tensorFunction<DimOptions>(
                    group,
                    {name, "Adds elements at the places that the index names along a dimension.",
                     R"(out_{index_{ij}\,j} = x_{index_{ij}\,j} + \sum src_{ij})"},
                    {rowsPort(), indexPort(), tensorPort("src")}, {dimArg()},
                    [name](const DimOptions &o, const Shapes &in) {
                        checkScatterShapes(in.at(0), o.dim, in.at(1), in.at(2), name);
                        return in[0];
                    },
                    [changesInput](const DimOptions &o, Inputs in) {
                        const Tensor out
                                = scatterAdd(before(in[0], changesInput), o.dim, in[1], in[2]);
                        return changesInput ? inPlace(in[0], out) : out;
                    },
                    {.good = {{.args = {{"dim", -1}},
                               .inputs = {{3, 4}, {2, 5}, {2, 5}},
                               .differentiable = !changesInput}},
                     .bad = {{.args = {{"dim", 1}},
                              .inputs = {{3}, {2}, {2}},
                              .kind = "scatter_error_dim_out_of_range"},
                             {.args = {{"dim", 0}},
                              .inputs = {{3}, {3}, {2}},
                              .kind = "size_mismatch"}}}),
            {"input", "dim", "index", "src"});
}

FunctionSpec scatterReduceFunction(const char *name, bool changesInput)
{
    return ordered(
            tensorFunction<ReduceOptions>(
                    group,
                    {name,
                     "Combines elements at the places that the index names along a dimension."},
                    {rowsPort(), indexPort(), tensorPort("src")},
                    {requiredArg("dim", &ReduceOptions::dim,
                                 "The dimension that the index is about."),
                     requiredArg("reduce", &ReduceOptions::reduce,
                                 "How elements at one place are combined."),
                     arg("include_self", &ReduceOptions::include_self,
                         "Whether the input's element takes part.")},
                    [name](const ReduceOptions &o, const Shapes &in) {
                        checkScatterShapes(in.at(0), o.dim, in.at(1), in.at(2), name);
                        return in[0];
                    },
                    [changesInput](const ReduceOptions &o, Inputs in) {
                        const Tensor out = scatterReduce(before(in[0], changesInput), o.dim, in[1],
                                                         in[2], o.reduce, o.include_self);
                        return changesInput ? inPlace(in[0], out) : out;
                    },
                    {.good = {{.args = {{"dim", -1}, {"reduce", "sum"}},
                               .inputs = {{3, 4}, {2, 5}, {2, 5}},
                               .differentiable = !changesInput},
                              {.args = {{"dim", -1}, {"reduce", "prod"}},
                               .inputs = {{2, 3}, {2, 4}, {2, 4}},
                               .differentiable = !changesInput},
                              {.args = {{"dim", -1}, {"reduce", "mean"}, {"include_self", false}},
                               .inputs = {{2, 3}, {2, 4}, {2, 4}},
                               .differentiable = !changesInput},
                              {.args = {{"dim", -1}, {"reduce", "amax"}},
                               .inputs = {{2, 3}, {2, 4}, {2, 4}},
                               .differentiable = !changesInput},
                              {.args = {{"dim", -1}, {"reduce", "amin"}, {"include_self", false}},
                               .inputs = {{2, 3}, {2, 4}, {2, 4}},
                               .differentiable = !changesInput}},
                     .bad = {{.args = {{"dim", 1}, {"reduce", "sum"}},
                              .inputs = {{3}, {2}, {2}},
                              .kind = "scatter_error_dim_out_of_range"},
                             {.args = {{"dim", 0}, {"reduce", "median"}},
                              .inputs = {{3}, {2}, {2}},
                              .kind = "wrong_argument"}}}),
            {"input", "dim", "index", "src", "reduce", "include_self"});
}

/// Checks what index_add, index_copy and index_reduce ask of their source.
Shape indexedSourceShape(const Shape &x, int64_t dim, const Shape &index, const Shape &source,
                         const char *where)
{
    const Shape wanted = indexSelectShape(x, dim, index);
    if (source != wanted && !(x.size() <= 1 && numel(source) == numel(index))) {
        throw Error(ErrorCategory::Shape, "size_mismatch", where, "source " + toString(source),
                    toString(wanted));
    }
    return x;
}

void requireIndex(const Tensor &index, const char *where, bool int32 = false)
{
    if (index.dtype() != DType::Int64 && !(int32 && index.dtype() == DType::Int32)) {
        throw Error(ErrorCategory::DType, "index_dtype", where, dtypeName(index.dtype()), "int64",
                    "convert the index to int64");
    }
}

/// index_fill, whose entries may count from the end.
Tensor filled(const DimOptions &o, Inputs in)
{
    indexSelectShape(in[0].shape(), o.dim, in[1].shape());
    requireIndex(in[1], "index_fill");
    if (in[2].dim() > 0) {
        throw Error(ErrorCategory::Shape, "dimension_count_mismatch", "index_fill",
                    "value " + toString(in[2].shape()), "a number or a 0-d tensor");
    }
    const Tensor x = in[0].dim() == 0 ? reshape(in[0], {1}) : in[0];
    std::vector<Index> indices(static_cast<size_t>(wrapDim(o.dim, x.shape(), "index_fill")),
                               Slice{});
    indices.emplace_back(in[1]);
    const Tensor value = to(in[2], x.dtype());
    const Tensor out = reshape(withIndexed(x, indices, value.detach()), in[0].shape());
    if (!shouldRecord({&value}))
        return out;
    // An entry that is named twice counts once.
    const Tensor filledOnes = withIndexed(Tensor::zeros(x.shape(), x.dtype()), indices,
                                          Tensor::ones({}, x.dtype()));
    Tensor both = out.detach().copy();
    record("index_fill", {out, value}, {both}, [filledOnes](const Gradients &g) {
        return Gradients{g[0], sum(mul(g[0], reshape(filledOnes, g[0].shape())))};
    });
    return both;
}

std::vector<FunctionSpec> indexedFunctions()
{
    const auto alongIndex
            = [](const Tensor &index, int64_t dim, const Tensor &x, const Tensor &source) {
                  return indexAlong(index, wrapDim(dim, x.shape(), "index"), source.shape());
              };
    const BadSample mismatch{
            .args = {{"dim", 0}}, .inputs = {{3, 2}, {1}, {1, 3}}, .kind = "size_mismatch"};
    return {ordered(tensorFunction<DimOptions>(
                            group,
                            {"index_select", "The entries of a dimension that an index names.",
                             R"(out_{ij} = x_{index_i\,j})"},
                            {rowsPort(), indexPort()}, {dimArg()},
                            [](const DimOptions &o, const Shapes &in) {
                                return indexSelectShape(in.at(0), o.dim, in.at(1));
                            },
                            [](const DimOptions &o, Inputs in) {
                                return indexSelect(in[0], o.dim, in[1]);
                            },
                            {.good = {{.args = {{"dim", -1}}, .inputs = {{2, 3}, {4}}}},
                             .bad = {{.args = {{"dim", 1}},
                                      .inputs = {{3}, {1}},
                                      .kind = "index_select_error_dim_out_of_range"},
                                     {.args = {{"dim", 0}},
                                      .inputs = {{3}, {1, 1}},
                                      .kind = "dimension_count_mismatch"}}}),
                    {"input", "dim", "index"}),
            ordered(tensorFunction<DimOptions>(
                            group,
                            {"index_add",
                             "Adds entries at the places of a dimension that an index names.",
                             R"(out_{index_i\,j} = x_{index_i\,j} + \alpha\,source_{ij})"},
                            {rowsPort(), indexPort(), tensorPort("source")},
                            {dimArg(),
                             arg("alpha", &DimOptions::alpha, "Factor of what is added.")},
                            [](const DimOptions &o, const Shapes &in) {
                                return indexedSourceShape(in.at(0), o.dim, in.at(1), in.at(2),
                                                          "index_add");
                            },
                            [](const DimOptions &o, Inputs in) {
                                return indexAdd(in[0], o.dim, in[1], in[2], o.alpha);
                            },
                            {.good = {{.args = {{"dim", -1}, {"alpha", 0.5}},
                                       .inputs = {{2, 3}, {4}, {2, 4}}}},
                             .bad = {mismatch}}),
                    {"input", "dim", "index", "source", "alpha"}),
            ordered(tensorFunction<DimOptions>(
                            group,
                            {"index_copy",
                             "Replaces the entries of a dimension that an index names.",
                             R"(out_{index_i\,j} = source_{ij})"},
                            {rowsPort(), indexPort(), tensorPort("source")}, {dimArg()},
                            [](const DimOptions &o, const Shapes &in) {
                                return indexedSourceShape(in.at(0), o.dim, in.at(1), in.at(2),
                                                          "index_copy");
                            },
                            [alongIndex](const DimOptions &o, Inputs in) {
                                indexedSourceShape(in[0].shape(), o.dim, in[1].shape(),
                                                   in[2].shape(), "index_copy");
                                requireIndex(in[1], "index_copy");
                                return scatter(in[0], o.dim, alongIndex(in[1], o.dim, in[0], in[2]),
                                               in[2]);
                            },
                            {.good = {{.args = {{"dim", -1}}, .inputs = {{2, 3}, {1}, {2, 1}}}},
                             .bad = {mismatch}}),
                    {"input", "dim", "index", "source"}),
            ordered(tensorFunction<DimOptions>(
                            group,
                            {"index_fill",
                             "Sets the entries of a dimension that an index names to one number."},
                            {rowsPort(),
                             indexPort(),
                             {.name = "value", .pattern = "", .dtype = "any", .number = true}},
                            {dimArg()},
                            [](const DimOptions &o, const Shapes &in) {
                                indexSelectShape(in.at(0), o.dim, in.at(1));
                                return in[0];
                            },
                            filled,
                            {.good = {{.args = {{"dim", -1}}, .inputs = {{2, 3}, {2}, {}}}},
                             .bad = {{.args = {{"dim", 2}},
                                      .inputs = {{2, 3}, {2}, {}},
                                      .kind = "index_select_error_dim_out_of_range"}}}),
                    {"input", "dim", "index", "value"}),
            ordered(tensorFunction<IndexReduceOptions>(
                            group,
                            {"index_reduce",
                             "Combines entries at the places of a dimension that an index names."},
                            {rowsPort(), indexPort(), tensorPort("source")},
                            {requiredArg("dim", &IndexReduceOptions::dim,
                                         "The dimension that the index is about."),
                             requiredArg("reduce", &IndexReduceOptions::reduce,
                                         "How entries at one place are combined.",
                                         oneOf("prod", "mean", "amax", "amin")),
                             arg("include_self", &IndexReduceOptions::include_self,
                                 "Whether the input's entry takes part.")},
                            [](const IndexReduceOptions &o, const Shapes &in) {
                                return indexedSourceShape(in.at(0), o.dim, in.at(1), in.at(2),
                                                          "index_reduce");
                            },
                            [alongIndex](const IndexReduceOptions &o, Inputs in) {
                                indexedSourceShape(in[0].shape(), o.dim, in[1].shape(),
                                                   in[2].shape(), "index_reduce");
                                requireIndex(in[1], "index_reduce", true);
                                const Tensor index = in[1].toType(DType::Int64);
                                return scatterReduce(in[0], o.dim,
                                                     alongIndex(index, o.dim, in[0], in[2]), in[2],
                                                     o.reduce, o.include_self, "index_reduce");
                            },
                            {.good
                             = {{.args = {{"dim", -1}, {"reduce", "mean"}},
                                 .inputs = {{2, 3}, {4}, {2, 4}}},
                                {.args = {{"dim", -1}, {"reduce", "prod"}, {"include_self", false}},
                                 .inputs = {{2, 3}, {2}, {2, 2}}}},
                             .bad = {{.args = {{"dim", 0}, {"reduce", "amax"}},
                                      .inputs = {{3, 2}, {1}, {1, 3}},
                                      .kind = "size_mismatch"}}}),
                    {"input", "dim", "index", "source", "reduce", "include_self"})};
}

/// The source of a scatter that is one number.
Tensor scattered(const DimOptions &o, Inputs in)
{
    const bool number = in[2].dim() == 0 && in[2].isNumber();
    const Tensor src = number ? expand(in[2].toType(in[0].dtype()), in[1].shape()) : in[2];
    return scatter(in[0], o.dim, in[1], src);
}

FunctionSpec scatterFunction()
{
    return ordered(tensorFunction<DimOptions>(
                           group,
                           {"scatter",
                            "Puts elements at the places that the index names along a dimension.",
                            R"(out_{index_{ij}\,j} = src_{ij})"},
                           {rowsPort(),
                            indexPort(),
                            {.name = "src", .pattern = "*", .dtype = "any", .number = true}},
                           {dimArg()},
                           [](const DimOptions &o, const Shapes &in) {
                               // A number, which has no dimensions, stands for all of them.
                               const Shape &src = in.at(2).empty() ? in.at(1) : in[2];
                               checkScatterShapes(in.at(0), o.dim, in.at(1), src, "scatter");
                               return in[0];
                           },
                           scattered,
                           {.good = {{.args = {{"dim", -1}}, .inputs = {{3, 4}, {3, 1}, {3, 1}}}},
                            .bad = {{.args = {{"dim", 1}},
                                     .inputs = {{3}, {2}, {2}},
                                     .kind = "scatter_error_dim_out_of_range"},
                                    {.args = {{"dim", 0}},
                                     .inputs = {{3}, {3}, {2}},
                                     .kind = "size_mismatch"}}}),
                   {"input", "dim", "index", "src"});
}

} // namespace

std::vector<FunctionSpec> scatteringFunctions()
{
    std::vector<FunctionSpec> out = indexedFunctions();
    for (FunctionSpec spec :
         {scatterFunction(), scatterAddFunction("scatter_add", false),
          scatterAddFunction("scatter_add_", true), scatterReduceFunction("scatter_reduce", false),
          scatterReduceFunction("scatter_reduce_", true)})
        out.push_back(std::move(spec));
    return out;
}

} // namespace mrg
