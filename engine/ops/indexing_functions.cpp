// SPDX-License-Identifier: GPL-3.0-or-later
// Declarations of the functions that read at places given by index tensors and masks.
#include "engine/ops/declarations.h"
#include "engine/ops/families.h"
#include "engine/ops/gathering.h"
#include "engine/ops/indexing.h"
#include "engine/ops/joining.h"
#include "engine/ops/layouts.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/views.h"

namespace mrg {

namespace {

constexpr Group group = Group::IndexingAndJoining;
using Inputs = std::span<const Tensor>;

struct GatherOptions {
    int64_t dim = 0;
    bool sparse_grad = false;
};
struct OptionalDimOptions {
    std::optional<int64_t> dim;
};
struct PutOptions {
    ValueList indices;
    bool accumulate = false;
};
struct RepeatOptions {
    std::variant<IntOrList, Tensor> repeats = IntOrList(1);
    std::optional<int64_t> dim;
};
struct TupleOptions {
    bool as_tuple = false;
};

/// An input whose last dimension is the one that indices of the samples are about.
Port rowsPort(const char *name = "input")
{
    return {.name = name, .pattern = "* D", .dtype = "any"};
}

const Sample lastDim{.args = {{"dim", -1}}, .inputs = {{2, 3}, {2, 4}}};

FunctionSpec ordered(FunctionSpec spec, std::vector<std::string> order)
{
    spec.order = std::move(order);
    return spec;
}

FunctionSpec elementsDecide(FunctionSpec spec)
{
    spec.shapeFromElements = true;
    return spec;
}

[[noreturn]] Shape unknownShape(const char *where)
{
    throw Error(ErrorCategory::State, "shape_depends_on_elements", where, "shapes alone",
                "the elements, which say how large the result is");
}

void requireInt64Index(const Tensor &index, const char *where)
{
    if (index.dtype() != DType::Int64) {
        throw Error(ErrorCategory::DType, "index_dtype", where, dtypeName(index.dtype()), "int64",
                    "convert the index to int64");
    }
}

Shape alongDimShape(const OptionalDimOptions &o, const Shapes &in)
{
    if (!o.dim)
        return {numel(in.at(1))};
    const int64_t d = wrapDim(*o.dim, in.at(0), "take_along_dim");
    if (in[0].size() != in.at(1).size()) {
        throw Error(ErrorCategory::Shape, "dimension_count_mismatch", "take_along_dim",
                    toString(in[0]) + " and " + toString(in[1]), "as many dimensions in both");
    }
    if (in[0].empty())
        return {};
    Shape others = in[0];
    Shape out = in[1];
    others[static_cast<size_t>(d)] = out[static_cast<size_t>(d)] = 1;
    const Result<Shape> common = broadcastShapes(others, out);
    if (!common) {
        throw Error(ErrorCategory::Shape, common.error().kind, "take_along_dim",
                    "input " + toString(in[0]) + " and indices " + toString(in[1]),
                    "sizes that are equal or 1 outside of dimension " + std::to_string(d),
                    "expand or cut one of them");
    }
    out = *common;
    out[static_cast<size_t>(d)] = in[1][static_cast<size_t>(d)];
    return out;
}

Tensor takeAlongDim(const OptionalDimOptions &o, Inputs in)
{
    const Shape shape = alongDimShape(o, {in[0].shape(), in[1].shape()});
    requireInt64Index(in[1], "take_along_dim");
    if (!o.dim)
        return gather(reshape(in[0], {in[0].numel()}), 0, reshape(in[1], {in[1].numel()}));
    if (shape.empty() && in[0].dim() == 0)
        return gather(in[0], 0, in[1]);
    const auto d = static_cast<size_t>(wrapDim(*o.dim, in[0].shape(), "take_along_dim"));
    Shape source = shape;
    source[d] = in[0].shape()[d];
    return gather(expand(in[0], source), *o.dim, expand(in[1], shape));
}

FunctionSpec maskedSelectFunction(const char *name)
{
    return elementsDecide(tensorFunction<NoOptions>(
            group, {name, "The elements where a mask holds, in one dimension."},
            {tensorPort("input"), tensorPort("mask", "bool")}, {},
            [name](const NoOptions &, const Shapes &in) {
                broadcastShapes(in.at(0), in.at(1)).value();
                return unknownShape(name);
            },
            [](const NoOptions &, Inputs in) { return maskedSelect(in[0], in[1]); },
            {.good
             = {{.args = {}, .inputs = {{2, 3}, {2, 3}}}, {.args = {}, .inputs = {{2, 3}, {3}}}},
             .bad = {{.args = {},
                      .inputs = {{2}, {3}},
                      .kind = "broadcast_error_incompatible_dimensions"}}}));
}

/// The indices of index_put as a tensor's indices; None stands for a whole dimension.
std::vector<Index> indicesOf(const ValueList &values)
{
    std::vector<Index> out;
    for (const Value &value : values) {
        if (const Tensor *tensor = value.as<Tensor>())
            out.emplace_back(*tensor);
        else if (value.isNull())
            out.emplace_back(Slice{});
        else {
            throw Error(ErrorCategory::Value, "wrong_argument", "index_put", value.toString(),
                        "tensors or None");
        }
    }
    return out;
}

Tensor put(const PutOptions &o, Inputs in)
{
    if (in[1].dtype() != in[0].dtype()) {
        throw Error(ErrorCategory::DType, "dtype_mismatch", "index_put",
                    std::string(dtypeName(in[1].dtype())) + " values", dtypeName(in[0].dtype()),
                    "convert the values");
    }
    return withIndexed(in[0], indicesOf(o.indices), in[1], o.accumulate);
}

/// A 0-d tensor has no dimension along which entries could be repeated.
void requireDimension(const RepeatOptions &o, const Shape &x)
{
    if (o.dim && x.empty()) {
        throw Error(ErrorCategory::Index, "dimension_error_out_of_range", "repeat_interleave",
                    "dimension " + std::to_string(*o.dim) + " of a 0-d tensor", "no dimension",
                    "leave dim out");
    }
}

/// repeat_interleave's numbers for each of `size` entries.
std::vector<int64_t> repeatsOf(const RepeatOptions &o, int64_t size)
{
    const Tensor *tensor = std::get_if<Tensor>(&o.repeats);
    if (tensor && !tensor->isNumber() && tensor->dtype() != DType::Int64
        && tensor->dtype() != DType::Int32) {
        throw Error(ErrorCategory::DType, "index_dtype", "repeat_interleave",
                    std::string("repeats of ") + dtypeName(tensor->dtype()), "int64 or int32",
                    "convert the repeats to int64");
    }
    std::vector<int64_t> out
            = tensor ? tensor->toVector<int64_t>() : std::get<IntOrList>(o.repeats).values;
    if (out.size() == 1)
        out.assign(static_cast<size_t>(size), out[0]);
    if (static_cast<int64_t>(out.size()) != size) {
        throw Error(ErrorCategory::Shape, "size_mismatch", "repeat_interleave",
                    std::to_string(out.size()) + " repeats",
                    "one, or one for each of the " + std::to_string(size) + " entries");
    }
    for (int64_t times : out) {
        if (times < 0) {
            throw Error(ErrorCategory::Value, "negative_size", "repeat_interleave",
                        std::to_string(times) + " repeats", "0 or more");
        }
    }
    return out;
}

Shape interleavedShape(const RepeatOptions &o, const Shape &x)
{
    requireDimension(o, x);
    const int64_t d = o.dim ? wrapDim(*o.dim, x, "repeat_interleave") : 0;
    Shape out = o.dim && !x.empty() ? x : Shape{numel(x)};
    int64_t total = 0;
    for (int64_t times : repeatsOf(o, out[static_cast<size_t>(d)]))
        total += times;
    out[static_cast<size_t>(d)] = total;
    return out;
}

Tensor interleaved(const RepeatOptions &o, const Tensor &x)
{
    requireDimension(o, x.shape());
    const Tensor whole = o.dim && x.dim() > 0 ? x : reshape(x, {x.numel()});
    const int64_t d = o.dim ? wrapDim(*o.dim, x.shape(), "repeat_interleave") : 0;
    std::vector<int64_t> entries;
    int64_t entry = 0;
    for (int64_t times : repeatsOf(o, whole.size(d))) {
        entries.insert(entries.end(), static_cast<size_t>(times), entry);
        ++entry;
    }
    return indexSelect(whole, d, Tensor::fromVector(entries));
}

FunctionSpec nonzeroFunction()
{
    FunctionSpec spec = elementsDecide(tensorFunction<TupleOptions>(
            group, {"nonzero", "Where elements are not 0."}, {tensorPort("input")},
            {arg("as_tuple", &TupleOptions::as_tuple,
                 "One index tensor for each dimension instead of rows.")},
            [](const TupleOptions &, const Shapes &) { return unknownShape("nonzero"); },
            [](const TupleOptions &o, Inputs in) {
                return o.as_tuple ? nonzeroTuple(in[0]) : std::vector<Tensor>{nonzero(in[0])};
            },
            {.good = {{.args = {}, .inputs = {{2, 3}}}}}));
    spec.outputs = {{.name = "indices", .pattern = "*", .dtype = "int64", .variadic = true}};
    spec.differentiable = false;
    return spec;
}

} // namespace

std::vector<FunctionSpec> indexingFunctions()
{
    std::vector<FunctionSpec> out;
    for (FunctionSpec spec :
         {ordered(tensorFunction<GatherOptions>(
                          group,
                          {"gather", "The elements that an index names along a dimension.",
                           R"(out_{ij} = x_{index_{ij}\,j})"},
                          {rowsPort(), indexPort()},
                          {requiredArg("dim", &GatherOptions::dim,
                                       "The dimension that the index is about."),
                           arg("sparse_grad", &GatherOptions::sparse_grad,
                               "Has no effect: gradients are dense.")},
                          [](const GatherOptions &o, const Shapes &in) {
                              return gatherShape(in.at(0), o.dim, in.at(1));
                          },
                          [](const GatherOptions &o, Inputs in) {
                              return gather(in[0], o.dim, in[1]);
                          },
                          {.good = {lastDim},
                          .bad = {{.args = {{"dim", 2}},
                                 .inputs = {{2, 3}, {2, 2}},
                                 .kind = "gather_error_dim_out_of_range"},
                                  {.args = {{"dim", 0}},
                                  .inputs = {{2, 3}, {2}},
                                  .kind = "dimension_count_mismatch"}}}),
                  {"input", "dim", "index", "sparse_grad"}),
          tensorFunction<NoOptions>(
                  group, {"take", "Elements of the flattened input by their numbers."},
                  {tensorPort("input"), indexPort()}, {},
                  [](const NoOptions &, const Shapes &in) { return in.at(1); },
                  [](const NoOptions &, Inputs in) {
                      requireInt64Index(in[1], "take");
                      return take(in[0], in[1]);
                  },
                  {.good = {{.args = {}, .inputs = {{2, 3}, {2, 2}}}}}),
          tensorFunction<OptionalDimOptions>(
                  group, {"take_along_dim", "gather() with the other dimensions broadcast."},
                  {rowsPort(), indexPort("indices")},
                  {arg("dim", &OptionalDimOptions::dim,
                       "The dimension; none: of the flattened input.")},
                  alongDimShape, takeAlongDim,
                  {.good = {{.args = {{"dim", -1}}, .inputs = {{2, 3}, {1, 4}}},
                            {.args = {}, .inputs = {{2, 3}, {2}}}},
                  .bad = {{.args = {{"dim", 0}},
                         .inputs = {{2, 3}, {2, 2}},
                         .kind = "broadcast_error_incompatible_dimensions"}}}),
          maskedSelectFunction("masked_select"),
          tensorFunction<RepeatOptions>(
                  group, {"repeat_interleave", "Repeats every entry of a dimension in its place."},
                  {tensorPort("input")},
                  {requiredArg("repeats", &RepeatOptions::repeats,
                               "How often, for all entries or for each."),
                   arg("dim", &RepeatOptions::dim, "The dimension; none: the input is flattened.")},
                  [](const RepeatOptions &o, const Shapes &in) {
                      return interleavedShape(o, in.at(0));
                  },
                  [](const RepeatOptions &o, Inputs in) { return interleaved(o, in[0]); },
                  {.good
                   = {{.args = {{"repeats", 2}}, .inputs = {{2, 3}}},
                      {.args = {{"repeats", ValueList{1, 0, 2}}, {"dim", 1}}, .inputs = {{2, 3}}}},
                   .bad = {{.args = {{"repeats", ValueList{1, 2}}, {"dim", 1}},
                          .inputs = {{2, 3}},
                          .kind = "size_mismatch"},
                           {.args = {{"repeats", -1}}, .inputs = {{3}}, .kind = "negative_size"}}}),
          ordered(tensorFunction<PutOptions>(
                          group,
                          {"index_put",
                           "Puts values where index tensors point: a copy of the input with "
                           "input[indices] = values."},
                          {tensorPort("input"), tensorPort("values")},
                          {requiredArg("indices", &PutOptions::indices,
                                       "An index tensor or mask for each leading dimension; "
                                       "None leaves one whole."),
                           arg("accumulate", &PutOptions::accumulate,
                               "Adds, instead of replacing.")},
                          [](const PutOptions &, const Shapes &in) { return in.at(0); }, put,
                          {.good = {{.args = {{"indices",
                                               ValueList{Tensor::fromVector<int64_t>({2, 0}),
                                                         Tensor::fromVector<int64_t>({1, -1})}}},
                                   .inputs = {{3, 4}, {2}}},
                                    {.args = {{"indices",
                                               ValueList{Tensor::fromVector<int64_t>({1, 1, 0})}},
                                              {"accumulate", true}},
                                    .inputs = {{2, 3}, {3}}}}}),
                  {"input", "indices", "values", "accumulate"}),
          nonzeroFunction()})
        out.push_back(std::move(spec));
    FunctionSpec argwhere = elementsDecide(tensorFunction<NoOptions>(
            group, {"argwhere", "Where elements are not 0, a row of indices for each."},
            {tensorPort("input")}, {},
            [](const NoOptions &, const Shapes &) { return unknownShape("argwhere"); },
            [](const NoOptions &, Inputs in) { return nonzero(in[0]); },
            {.good = {{.args = {}, .inputs = {{2, 3}}}}}));
    argwhere.differentiable = false;
    argwhere.outputs = outputPorts({{"indices", "int64"}});
    out.push_back(argwhere);
    FunctionSpec async = maskedSelectFunction("masked_select_async");
    async.group = Group::Device;
    out.push_back(async);
    return out;
}

} // namespace mrg
