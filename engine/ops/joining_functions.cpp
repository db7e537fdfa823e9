// SPDX-License-Identifier: GPL-3.0-or-later
// Declarations of the functions that join and split tensors.
#include "engine/ops/declarations.h"
#include "engine/ops/families.h"
#include "engine/ops/joining.h"
#include "engine/ops/layouts.h"
#include "engine/ops/views.h"

#include <algorithm>
#include <cmath>

namespace mrg {

namespace {

constexpr Group group = Group::IndexingAndJoining;

struct DimOptions {
    int64_t dim = 0;
};
struct SplitOptions {
    IntOrList sizes{1};
    int64_t dim = 0;
};
struct ChunkOptions {
    int64_t chunks = 1;
    int64_t dim = 0;
};
struct SectionsOptions {
    IntOrList sections{1};
    int64_t dim = 0;
};
struct ShapesOptions {
    ValueList shapes;
};

using Inputs = std::span<const Tensor>;

Shapes shapesOf(Inputs tensors)
{
    Shapes out;
    for (const Tensor &tensor : tensors)
        out.push_back(tensor.shape());
    return out;
}

std::vector<Port> pieces()
{
    return {{.name = "pieces", .pattern = "*", .dtype = "any", .variadic = true}};
}

/// The shapes of pieces of these sizes of one dimension.
Shapes pieceShapes(const Shape &shape, int64_t d, const std::vector<int64_t> &sizes)
{
    Shapes out;
    for (int64_t size : sizes) {
        out.push_back(shape);
        out.back()[static_cast<size_t>(d)] = size;
    }
    return out;
}

/// How hstack and its kin see a tensor: with at least `dims` dimensions, joined along `dim`.
struct Stacking {
    const char *name;
    const char *summary;
    int64_t dims;
    int64_t dim;
    Sample sample;
};

/// column_stack makes columns of vectors; the others add dimensions as atleast_*d do.
Shape stackingShape(const Stacking &way, const Shape &shape)
{
    if (std::string_view(way.name) == "column_stack" && shape.size() < 2)
        return {numel(shape), 1};
    // vstack of single elements and of vectors are rows, as with atleast_2d.
    return shapeAtLeast(shape, way.dims);
}

/// hstack joins vectors end to end.
int64_t stackingDim(const Stacking &way, const Shape &first)
{
    return std::string_view(way.name) == "hstack" && first.size() == 1 ? 0 : way.dim;
}

FunctionSpec stackingFunction(const Stacking &way)
{
    return tensorFunction<NoOptions>(
            group, {way.name, way.summary}, {variadicPort("tensors")}, {},
            [way](const NoOptions &, Shapes in) {
                for (Shape &shape : in)
                    shape = stackingShape(way, shape);
                return catShape(in, in.empty() ? 0 : stackingDim(way, in[0]));
            },
            [way](const NoOptions &, Inputs in) {
                std::vector<Tensor> parts;
                for (const Tensor &x : in)
                    parts.push_back(reshape(x, stackingShape(way, x.shape())));
                return cat(parts, parts.empty() ? 0 : stackingDim(way, parts[0].shape()));
            },
            {.good = {way.sample},
             .bad = {{.args = {}, .inputs = {{2, 3, 2}, {3, 4, 3}}, .kind = "size_mismatch"}}});
}

/// Where a dimension is cut: into so many sections, or before these entries.
std::vector<int64_t> sectionSizes(int64_t size, const IntOrList &sections)
{
    std::vector<int64_t> out;
    if (sections.single) {
        const int64_t count = sections.values[0];
        if (count < 1) {
            throw Error(ErrorCategory::Value, "tensor_split_error_sections", "tensor_split",
                        std::to_string(count) + " sections", "1 or more");
        }
        for (int64_t i = 0; i < count; ++i)
            out.push_back(size / count + (i < size % count ? 1 : 0));
        return out;
    }
    int64_t start = 0;
    for (size_t i = 0; i <= sections.values.size(); ++i) {
        int64_t end = i < sections.values.size() ? sections.values[i] : size;
        end = std::clamp<int64_t>(end < 0 ? end + size : end, 0, size);
        out.push_back(std::max<int64_t>(0, end - start));
        start = end;
    }
    return out;
}

/// The first entries of the sections, which may overlap where the cuts go back.
std::vector<int64_t> sectionStarts(int64_t size, const IntOrList &sections,
                                   const std::vector<int64_t> &sizes)
{
    std::vector<int64_t> out{0};
    for (size_t i = 0; i + 1 < sizes.size(); ++i) {
        if (sections.single) {
            out.push_back(out.back() + sizes[i]);
        } else {
            const int64_t cut = sections.values[i];
            out.push_back(std::clamp<int64_t>(cut < 0 ? cut + size : cut, 0, size));
        }
    }
    return out;
}

std::vector<Tensor> tensorSplit(const Tensor &x, const IntOrList &sections, int64_t d)
{
    const std::vector<int64_t> sizes = sectionSizes(x.size(d), sections);
    const std::vector<int64_t> starts = sectionStarts(x.size(d), sections, sizes);
    std::vector<Tensor> out;
    for (size_t i = 0; i < sizes.size(); ++i)
        out.push_back(narrow(x, d, starts[i], sizes[i]));
    return out;
}

int64_t splitDim(const Shape &shape, int64_t dim, const char *where)
{
    if (shape.empty()) {
        throw Error(ErrorCategory::Shape, "dimension_count_mismatch", where, "a 0-d tensor",
                    "at least one dimension");
    }
    return wrapDim(dim, shape, where, "split_error_dim_out_of_range");
}

/// hsplit, vsplit and dsplit: tensor_split along a fixed dimension, with sections of one size.
int64_t namedSplitDim(const Shape &shape, const char *name, int64_t dims, const IntOrList &sections)
{
    const bool horizontal = std::string_view(name) == "hsplit";
    const auto rank = static_cast<int64_t>(shape.size());
    if (rank < dims) {
        throw Error(ErrorCategory::Shape, "dimension_count_mismatch", name, toString(shape),
                    "at least " + std::to_string(dims) + " dimensions");
    }
    const int64_t dim = horizontal ? (rank == 1 ? 0 : 1) : dims - 1 - (dims == 2 ? 1 : 0);
    const int64_t size = shape[static_cast<size_t>(dim)];
    if (sections.single && (sections.values[0] < 1 || size % sections.values[0] != 0)) {
        throw Error(ErrorCategory::Shape, "split_error_sizes", name,
                    std::to_string(sections.values[0]) + " sections of size "
                            + std::to_string(size),
                    "a number of sections that divides dimension " + std::to_string(dim),
                    "give the places to cut at as a list, or use tensor_split");
    }
    return dim;
}

FunctionSpec namedSplitFunction(const char *name, const char *summary, int64_t dims, Shape sample)
{
    using O = SectionsOptions;
    FunctionSpec spec = tensorFunction<O>(
            group, {name, summary}, {tensorPort("input")},
            {requiredArg("indices_or_sections", &O::sections,
                         "How many sections of one size, or the entries before which to cut.")},
            [name, dims](const O &o, const Shapes &in) {
                const int64_t d = namedSplitDim(in.at(0), name, dims, o.sections);
                return pieceShapes(in[0], d,
                                   sectionSizes(in[0][static_cast<size_t>(d)], o.sections));
            },
            [name, dims](const O &o, Inputs in) {
                return tensorSplit(in[0], o.sections,
                                   namedSplitDim(in[0].shape(), name, dims, o.sections));
            },
            {.good = {{.args = {{"indices_or_sections", 2}}, .inputs = {sample}},
                      {.args = {{"indices_or_sections", ValueList{1, 3}}}, .inputs = {sample}}},
             .bad = {{.args = {{"indices_or_sections", 3}},
                      .inputs = {sample},
                      .kind = "split_error_sizes"},
                     {.args = {{"indices_or_sections", 2}},
                      .inputs = {{}},
                      .kind = "dimension_count_mismatch"}}});
    spec.outputs = pieces();
    return spec;
}

std::vector<FunctionSpec> splittingFunctions()
{
    FunctionSpec splitSpec = tensorFunction<SplitOptions>(
            group, {"split", "Cuts a dimension into pieces; views."}, {tensorPort("tensor")},
            {requiredArg("split_size_or_sections", &SplitOptions::sizes,
                         "The size of every piece, or their sizes."),
             arg("dim", &SplitOptions::dim, "The dimension.")},
            [](const SplitOptions &o, const Shapes &in) {
                const int64_t d = splitDim(in.at(0), o.dim, "split");
                const int64_t size = in[0][static_cast<size_t>(d)];
                return pieceShapes(in[0], d,
                                   o.sizes.single ? splitSizes(size, o.sizes.values[0])
                                                  : checkedSplitSizes(in[0], d, o.sizes.values));
            },
            [](const SplitOptions &o, Inputs in) {
                const int64_t d = splitDim(in[0].shape(), o.dim, "split");
                return o.sizes.single ? split(in[0], o.sizes.values[0], d)
                                      : split(in[0], o.sizes.values, d);
            },
            {.good = {{.args = {{"split_size_or_sections", 3}}, .inputs = {{7}}},
                      {.args = {{"split_size_or_sections", ValueList{2, 3}}, {"dim", -1}},
                       .inputs = {{2, 5}}}},
             .bad = {{.args = {{"split_size_or_sections", 2}, {"dim", 1}},
                      .inputs = {{4}},
                      .kind = "split_error_dim_out_of_range"},
                     {.args = {{"split_size_or_sections", ValueList{2, 2}}},
                      .inputs = {{5}},
                      .kind = "split_error_sizes"}}});
    FunctionSpec chunkSpec = tensorFunction<ChunkOptions>(
            group, {"chunk", "Cuts a dimension into at most that many pieces of one size; views."},
            {tensorPort("input")},
            {requiredArg("chunks", &ChunkOptions::chunks, "How many."),
             arg("dim", &ChunkOptions::dim, "The dimension.")},
            [](const ChunkOptions &o, const Shapes &in) {
                const int64_t d = wrapDim(o.dim, in.at(0), "chunk", "chunk_error_dim_out_of_range");
                splitDim(in[0], o.dim, "chunk");
                return pieceShapes(in[0], d, chunkSizes(in[0][static_cast<size_t>(d)], o.chunks));
            },
            [](const ChunkOptions &o, Inputs in) { return chunk(in[0], o.chunks, o.dim); },
            {.good = {{.args = {{"chunks", 3}}, .inputs = {{7, 2}}},
                      {.args = {{"chunks", 5}, {"dim", -1}}, .inputs = {{2, 3}}}},
             .bad = {{.args = {{"chunks", 2}, {"dim", 1}},
                      .inputs = {{4}},
                      .kind = "chunk_error_dim_out_of_range"},
                     {.args = {{"chunks", 0}}, .inputs = {{4}}, .kind = "chunk_error_count"}}});
    FunctionSpec sectionsSpec = tensorFunction<SectionsOptions>(
            group,
            {"tensor_split",
             "Cuts a dimension into sections of nearly one size, or at given places; views."},
            {tensorPort("input")},
            {requiredArg("indices_or_sections", &SectionsOptions::sections,
                         "How many sections, or the entries before which to cut."),
             arg("dim", &SectionsOptions::dim, "The dimension.")},
            [](const SectionsOptions &o, const Shapes &in) {
                const int64_t d = splitDim(in.at(0), o.dim, "tensor_split");
                return pieceShapes(in[0], d,
                                   sectionSizes(in[0][static_cast<size_t>(d)], o.sections));
            },
            [](const SectionsOptions &o, Inputs in) {
                return tensorSplit(in[0], o.sections,
                                   splitDim(in[0].shape(), o.dim, "tensor_split"));
            },
            {.good = {{.args = {{"indices_or_sections", 3}}, .inputs = {{7}}},
                      {.args = {{"indices_or_sections", ValueList{1, -2}}, {"dim", 1}},
                       .inputs = {{2, 6}}}},
             .bad = {{.args = {{"indices_or_sections", 0}},
                      .inputs = {{4}},
                      .kind = "tensor_split_error_sections"}}});
    FunctionSpec unbindSpec = tensorFunction<DimOptions>(
            group, {"unbind", "The entries of a dimension as tensors without it; views."},
            {tensorPort("input")}, {arg("dim", &DimOptions::dim, "The dimension.")},
            [](const DimOptions &o, const Shapes &in) {
                const int64_t d
                        = wrapDim(o.dim, in.at(0), "unbind", "unbind_error_dim_out_of_range");
                splitDim(in[0], o.dim, "unbind");
                Shape rest = in[0];
                rest.erase(rest.begin() + d);
                return Shapes(static_cast<size_t>(in[0][static_cast<size_t>(d)]), rest);
            },
            [](const DimOptions &o, Inputs in) { return unbind(in[0], o.dim); },
            {.good = {{.args = {{"dim", 1}}, .inputs = {{2, 3}}}},
             .bad = {{.args = {{"dim", 2}},
                      .inputs = {{2, 3}},
                      .kind = "unbind_error_dim_out_of_range"}}});
    std::vector<FunctionSpec> out{splitSpec, chunkSpec, sectionsSpec, unbindSpec};
    for (FunctionSpec &spec : out)
        spec.outputs = pieces();
    out.push_back(namedSplitFunction(
            "hsplit", "tensor_split along columns (of vectors: along their elements).", 1, {2, 4}));
    out.push_back(namedSplitFunction("vsplit", "tensor_split along rows.", 2, {4, 2}));
    out.push_back(
            namedSplitFunction("dsplit", "tensor_split along the third dimension.", 3, {1, 2, 4}));
    return out;
}

FunctionSpec broadcastShapesFunction()
{
    using O = ShapesOptions;
    FunctionSpec spec = declareValueFunction<O>(
            {.name = "broadcast_shapes",
             .group = group,
             .summary = "The shape that several shapes broadcast to.",
             .source = "torch.broadcast_shapes",
             .args = {requiredArg("shapes", &O::shapes, "The shapes, each a list of sizes.")},
             .outputs = {{.name = "shape", .pattern = "", .dtype = "any"}},
             .infer = [](const O &, const Shapes &) -> Result<Shapes> { return Shapes{}; },
             .samples = {{.args = {{"shapes", ValueList{ValueList{2, 1}, ValueList{3}}}}}},
             .differentiable = false},
            [](const O &o, std::span<const Tensor>) -> ValueList {
                Shape common;
                for (const Value &value : o.shapes) {
                    const Shape shape = ValueTraits<IntOrList>::from(value).value().values;
                    common = broadcastShapes(common, shape).value();
                }
                return {ValueTraits<Shape>::to(common)};
            });
    spec.bind = [](std::span<const Value> positional, const Arguments &keywords) -> Result<Call> {
        if (!keywords.empty()) {
            return Error(ErrorCategory::Value, "unknown_argument", "broadcast_shapes",
                         keywords.begin()->first, "shapes by position");
        }
        return Call{{{"shapes", ValueList(positional.begin(), positional.end())}}, {}};
    };
    return spec;
}

} // namespace

std::vector<FunctionSpec> joiningFunctions()
{
    const Sample two{.args = {}, .inputs = {{2, 3}, {2, 3}}};
    std::vector<FunctionSpec> out{
            tensorFunction<DimOptions>(
                    group,
                    {"cat", "Joins tensors along one dimension.", R"(out = [x_1, x_2, \dots])"},
                    {variadicPort("tensors")},
                    {arg("dim", &DimOptions::dim, "The dimension along which the sizes add up.")},
                    [](const DimOptions &o, const Shapes &in) { return catShape(in, o.dim); },
                    [](const DimOptions &o, Inputs in) { return cat(in, o.dim); },
                    {.good = {{.args = {{"dim", 1}}, .inputs = {{3, 4}, {3, 2}}},
                              {.args = {{"dim", -1}}, .inputs = {{2}, {0}, {3}}}},
                     .bad = {{.args = {}, .inputs = {{3, 4}, {3, 2}}, .kind = "size_mismatch"}}}),
            tensorFunction<DimOptions>(
                    group, {"stack", "Joins tensors of one shape along a new dimension."},
                    {variadicPort("tensors")},
                    {arg("dim", &DimOptions::dim, "Where the new dimension goes.")},
                    [](const DimOptions &o, const Shapes &in) { return stackShape(in, o.dim); },
                    [](const DimOptions &o, Inputs in) { return stack(in, o.dim); },
                    {.good = {{.args = {{"dim", -1}}, .inputs = {{2, 3}, {2, 3}}},
                              {.args = {}, .inputs = {{}, {}}}},
                     .bad = {{.args = {}, .inputs = {{2}, {3}}, .kind = "size_mismatch"},
                             {.args = {{"dim", 3}},
                              .inputs = {{2}, {2}},
                              .kind = "dimension_error_out_of_range"}}}),
            stackingFunction({"hstack", "Joins tensors side by side.", 1, 1, two}),
            stackingFunction({"vstack", "Joins tensors one below the other.", 2, 0, two}),
            stackingFunction({"dstack", "Joins tensors along the third dimension.", 3, 2, two}),
            stackingFunction({"column_stack",
                              "Joins tensors side by side, vectors as columns.",
                              2,
                              1,
                              {.args = {}, .inputs = {{3}, {3, 2}}}}),
            tensorFunction<NoOptions>(
                    group,
                    {"block_diag", "A matrix with others along its diagonal and 0 elsewhere."},
                    {variadicPort("tensors")}, {},
                    [](const NoOptions &, const Shapes &in) { return blockDiagonalShape(in); },
                    [](const NoOptions &, Inputs in) { return blockDiagonal(in); },
                    {.good = {{.args = {}, .inputs = {{2, 2}, {1, 3}, {2}, {}}}},
                     .bad
                     = {{.args = {}, .inputs = {{2, 2, 2}}, .kind = "dimension_count_mismatch"}}})};
    FunctionSpec broadcast = tensorFunction<NoOptions>(
            group, {"broadcast_tensors", "Expands tensors to the shape they broadcast to; views."},
            {variadicPort("tensors")}, {},
            [](const NoOptions &, const Shapes &in) { return Shapes(in.size(), broadcastAll(in)); },
            [](const NoOptions &, Inputs in) {
                const Shape common = broadcastAll(shapesOf(in));
                std::vector<Tensor> expanded;
                for (const Tensor &x : in)
                    expanded.push_back(expand(x, common));
                return expanded;
            },
            {.good = {{.args = {}, .inputs = {{2, 1}, {1, 3}, {}}}},
             .bad = {{.args = {},
                      .inputs = {{2}, {3}},
                      .kind = "broadcast_error_incompatible_dimensions"}}});
    broadcast.outputs = pieces();
    out.push_back(broadcast);
    out.push_back(broadcastShapesFunction());
    for (const FunctionSpec &spec : splittingFunctions())
        out.push_back(spec);
    return out;
}

} // namespace mrg
