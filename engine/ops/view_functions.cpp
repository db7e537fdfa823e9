// SPDX-License-Identifier: GPL-3.0-or-later
// Declarations of the views: what they do to a layout is their shape rule.
#include "engine/ops/declarations.h"
#include "engine/ops/families.h"
#include "engine/ops/linear_algebra.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/views.h"

namespace mrg {

namespace {

constexpr Group group = Group::IndexingAndJoining;

struct DimOptions {
    int64_t dim = 0;
};
struct TwoDimsOptions {
    int64_t dim0 = 0;
    int64_t dim1 = 1;
};
struct DimsOptions {
    std::vector<int64_t> dims;
};
struct SqueezeOptions {
    std::optional<IntOrList> dim;
};
struct SizesOptions {
    std::vector<int64_t> sizes{-1};
};
struct MoveOptions {
    IntOrList source{0};
    IntOrList destination{0};
};
struct FlattenOptions {
    int64_t start_dim = 0;
    int64_t end_dim = -1;
};
struct UnflattenOptions {
    int64_t dim = 0;
    std::vector<int64_t> sizes{-1};
};
struct SelectOptions {
    int64_t dim = 0;
    int64_t index = 0;
};
struct NarrowOptions {
    int64_t dim = 0;
    int64_t start = 0;
    int64_t length = 1;
};
struct StridedOptions {
    std::vector<int64_t> size{1};
    std::vector<int64_t> stride{1};
    std::optional<int64_t> storage_offset;
};

/// A function of one tensor whose shape rule works on the layout of a compact tensor.
template <typename O, typename Rule, typename Operation>
FunctionSpec viewFunction(Title title, std::vector<Arg> args, Rule rule, Operation operation,
                          Uses uses)
{
    return tensorFunction<O>(
            group, title, {tensorPort("input")}, std::move(args),
            [rule](const O &o, const Shapes &in) { return rule(o, compactLayout(in.at(0))).shape; },
            [operation](const O &o, std::span<const Tensor> in) { return operation(o, in[0]); },
            std::move(uses));
}

/// The same for a rule over shapes.
template <typename O, typename Rule, typename Operation>
FunctionSpec shapeFunction(Title title, std::vector<Arg> args, Rule rule, Operation operation,
                           Uses uses)
{
    return tensorFunction<O>(
            group, title, {tensorPort("input")}, std::move(args),
            [rule](const O &o, const Shapes &in) { return rule(o, in.at(0)); },
            [operation](const O &o, std::span<const Tensor> in) { return operation(o, in[0]); },
            std::move(uses));
}

Shape requireMatrices(const Shape &shape, const char *where)
{
    if (shape.size() < 2) {
        throw Error(ErrorCategory::Shape, "linalg_error_requires_at_least_2d", where,
                    "input " + toString(shape), "a matrix or a batch of them: 2 dimensions or more",
                    "unsqueeze it to a row or a column");
    }
    return shape;
}

/// The dimensions that squeeze looks at.
std::optional<std::vector<int64_t>> dimsOf(const SqueezeOptions &options)
{
    if (!options.dim)
        return std::nullopt;
    return options.dim->values;
}

FunctionSpec swapFunction(const char *name, const char *first, const char *second)
{
    using O = TwoDimsOptions;
    return viewFunction<O>(
            {name, "Swaps two dimensions, sharing memory.",
             R"(out_{\dots j \dots i \dots} = x_{\dots i \dots j \dots})"},
            {requiredArg(first, &O::dim0, "One of them."),
             requiredArg(second, &O::dim1, "The other.")},
            [](const O &o, const Layout &x) { return transposed(x, o.dim0, o.dim1); },
            [](const O &o, const Tensor &x) { return transpose(x, o.dim0, o.dim1); },
            {.good = {{.args = {{first, 0}, {second, -1}}, .inputs = {{2, 3, 4}}}},
             .bad = {{.args = {{first, 0}, {second, 2}},
                      .inputs = {{2, 3}},
                      .kind = "transpose_dims_error_out_of_range"}}});
}

/// expand and broadcast_to.
FunctionSpec expandFunction(const char *name, const char *argument)
{
    using O = SizesOptions;
    return viewFunction<O>(
            {name, "Repeats dimensions of size 1, and new leading ones, without copying.",
             R"(out_{k i} = x_{1 i})"},
            {requiredArg(argument, &O::sizes, "The new sizes; -1 keeps one.")},
            [](const O &o, const Layout &x) { return expanded(x, o.sizes); },
            [](const O &o, const Tensor &x) { return expand(x, o.sizes); },
            {.good = {{.args = {{argument, ValueList{2, -1, 3}}}, .inputs = {{4, 1}}}},
             .bad = {{.args = {{argument, ValueList{4, 3}}},
                      .inputs = {{2, 3}},
                      .kind = "expand_error_incompatible"}}});
}

/// view and reshape.
FunctionSpec reshapeFunction(Title title, const char *argument,
                             Tensor (*operation)(const Tensor &, const Shape &))
{
    using O = SizesOptions;
    return shapeFunction<O>(
            title,
            {requiredArg(argument, &O::sizes, "The new sizes; one may be -1 and is worked out.")},
            [](const O &o, const Shape &x) { return resolvedShape(numel(x), o.sizes); },
            [operation](const O &o, const Tensor &x) { return operation(x, o.sizes); },
            {.good = {{.args = {{argument, ValueList{3, -1}}}, .inputs = {{2, 6}}}},
             .bad = {{.args = {{argument, ValueList{4, 2}}},
                      .inputs = {{2, 3}},
                      .kind = "reshape_error_size_mismatch"}}});
}

/// atleast_1d, atleast_2d and atleast_3d of one or more tensors.
FunctionSpec atLeastFunction(const char *name, int64_t dims)
{
    FunctionSpec spec = tensorFunction<NoOptions>(
            group, {name, "Adds dimensions of size 1 until there are enough."},
            {variadicPort("tensors")}, {},
            [dims](const NoOptions &, const Shapes &in) {
                Shapes out;
                for (const Shape &shape : in)
                    out.push_back(shapeAtLeast(shape, dims));
                return out;
            },
            [dims](const NoOptions &, std::span<const Tensor> in) {
                std::vector<Tensor> out;
                for (const Tensor &x : in)
                    out.push_back(reshape(x, shapeAtLeast(x.shape(), dims)));
                return out;
            },
            {.good = {{.args = {}, .inputs = {{3}}}, {.args = {}, .inputs = {{2, 3}, {}}}}});
    spec.outputs[0].variadic = true;
    return spec;
}

FunctionSpec narrowFunction(const char *name, const char *summary,
                            Tensor (*operation)(const Tensor &, int64_t, int64_t, int64_t))
{
    using O = NarrowOptions;
    return viewFunction<O>(
            {name, summary, R"(out_{i} = x_{start + i})"},
            {requiredArg("dim", &O::dim, "The dimension."),
             requiredArg("start", &O::start, "The first entry; negative counts from the end."),
             requiredArg("length", &O::length, "How many entries.")},
            [](const O &o, const Layout &x) { return narrowed(x, o.dim, o.start, o.length); },
            [operation](const O &o, const Tensor &x) {
                return operation(x, o.dim, o.start, o.length);
            },
            {.good = {{.args = {{"dim", 1}, {"start", 1}, {"length", 2}}, .inputs = {{2, 4}}}},
             .bad = {{.args = {{"dim", 0}, {"start", 5}, {"length", 1}},
                      .inputs = {{4}},
                      .kind = "narrow_error_start_out_of_bounds"},
                     {.args = {{"dim", 0}, {"start", 2}, {"length", 3}},
                      .inputs = {{4}},
                      .kind = "narrow_error_length_exceeds_bounds"}}});
}

std::vector<FunctionSpec> partFunctions()
{
    return {viewFunction<SelectOptions>(
                    {"select", "One entry of a dimension, which goes.",
                     R"(out_{i} = x_{i\,index})"},
                    {requiredArg("dim", &SelectOptions::dim, "The dimension."),
                     requiredArg("index", &SelectOptions::index,
                                 "Which entry; negative counts from the end.")},
                    [](const SelectOptions &o, const Layout &x) {
                        return selected(x, o.dim, o.index);
                    },
                    [](const SelectOptions &o, const Tensor &x) {
                        return select(x, o.dim, o.index);
                    },
                    {.good = {{.args = {{"dim", -1}, {"index", -2}}, .inputs = {{2, 3}}}},
                     .bad = {{.args = {{"dim", 0}, {"index", 2}},
                              .inputs = {{2, 3}},
                              .kind = "select_error_index_out_of_bounds"}}}),
            narrowFunction("narrow", "Some entries of a dimension that follow each other.", narrow),
            narrowFunction("narrow_copy",
                           "A copy of some entries of a dimension that follow each other.",
                           [](const Tensor &x, int64_t dim, int64_t start, int64_t length) {
                               return clone(narrow(x, dim, start, length));
                           }),
            shapeFunction<StridedOptions>(
                    {"as_strided", "Any view of the memory, by sizes and strides.",
                     R"(out_{ij} = memory_{offset + i\,s_0 + j\,s_1})"},
                    {requiredArg("size", &StridedOptions::size, "The sizes."),
                     requiredArg("stride", &StridedOptions::stride,
                                 "Elements between neighbours, for every dimension."),
                     arg("storage_offset", &StridedOptions::storage_offset,
                         "Elements before the first one.")},
                    [](const StridedOptions &o, const Shape &x) {
                        return stridedLayout({o.size, o.stride, o.storage_offset.value_or(0)},
                                             numel(x))
                                .shape;
                    },
                    [](const StridedOptions &o, const Tensor &x) {
                        return asStrided(x, o.size, o.stride, o.storage_offset);
                    },
                    {.good = {{.args = {{"size", ValueList{2, 2}}, {"stride", ValueList{1, 2}}},
                               .inputs = {{6}}},
                              {.args = {{"size", ValueList{3, 2}},
                                        {"stride", ValueList{1, 1}},
                                        {"storage_offset", 1}},
                               .inputs = {{5}}}},
                     .bad = {{.args = {{"size", ValueList{3}}, {"stride", ValueList{2}}},
                              .inputs = {{4}},
                              .kind = "as_strided_error_out_of_bounds"}}})};
}

std::vector<FunctionSpec> orderFunctions()
{
    return {viewFunction<DimsOptions>(
                    {"permute", "Puts the dimensions into another order, sharing memory.",
                     R"(out_{kij} = x_{ijk})"},
                    {requiredArg("dims", &DimsOptions::dims,
                                 "Every dimension once, in the new order.")},
                    [](const DimsOptions &o, const Layout &x) { return permuted(x, o.dims); },
                    [](const DimsOptions &o, const Tensor &x) { return permute(x, o.dims); },
                    {.good = {{.args = {{"dims", ValueList{2, 0, -2}}}, .inputs = {{2, 3, 4}}}},
                     .bad = {{.args = {{"dims", ValueList{0, 1}}},
                              .inputs = {{2, 3, 2}},
                              .kind = "permute_error_dimension_count_mismatch"}}}),
            viewFunction<MoveOptions>(
                    {"movedim", "Moves dimensions to other places; the rest keep their order."},
                    {requiredArg("source", &MoveOptions::source, "Which dimensions."),
                     requiredArg("destination", &MoveOptions::destination, "Where they go.")},
                    [](const MoveOptions &o, const Layout &x) {
                        return permuted(x,
                                        movedOrder(x.shape, o.source.values, o.destination.values));
                    },
                    [](const MoveOptions &o, const Tensor &x) {
                        return movedim(x, o.source.values, o.destination.values);
                    },
                    {.good
                     = {{.args = {{"source", 0}, {"destination", -1}}, .inputs = {{2, 3, 4}}},
                        {.args = {{"source", ValueList{0, 1}}, {"destination", ValueList{2, 0}}},
                         .inputs = {{2, 3, 4}}}},
                     .bad
                     = {{.args = {{"source", ValueList{0, 0}}, {"destination", ValueList{0, 1}}},
                         .inputs = {{2, 3}},
                         .kind = "dimension_given_twice"}}}),
            swapFunction("transpose", "dim0", "dim1"),
            swapFunction("swapaxes", "axis0", "axis1"),
            viewFunction<NoOptions>(
                    {"t", "The transpose of a matrix; vectors and single elements stay.", "x^T"},
                    {}, [](const NoOptions &, const Layout &x) { return matrixTransposed(x); },
                    [](const NoOptions &, const Tensor &x) { return t(x); },
                    {.good = {{.args = {}, .inputs = {{2, 3}}}, {.args = {}, .inputs = {{3}}}},
                     .bad = {{.args = {},
                              .inputs = {{2, 2, 2}},
                              .kind = "transpose_error_requires_2d_tensor"}}}),
            viewFunction<NoOptions>(
                    {"adjoint", "The conjugate transposes of matrices.", "x^H"}, {},
                    [](const NoOptions &, const Layout &x) {
                        requireMatrices(x.shape, "adjoint");
                        return transposed(x, -2, -1);
                    },
                    [](const NoOptions &, const Tensor &x) {
                        // A number is its own.
                        if (x.dim() == 0)
                            return conj(x);
                        requireMatrices(x.shape(), "adjoint");
                        return conj(matrixTranspose(x));
                    },
                    {.good = {{.args = {}, .inputs = {{2, 2, 3}}}},
                     .bad = {{.args = {},
                              .inputs = {{3}},
                              .kind = "linalg_error_requires_at_least_2d"}}})};
}

} // namespace

std::vector<FunctionSpec> viewFunctions()
{
    std::vector<FunctionSpec> out{
            viewFunction<SqueezeOptions>(
                    {"squeeze", "Drops dimensions of size 1."},
                    {arg("dim", &SqueezeOptions::dim,
                         "Only these, where they have size 1; none: all.")},
                    [](const SqueezeOptions &o, const Layout &x) { return squeezed(x, dimsOf(o)); },
                    [](const SqueezeOptions &o, const Tensor &x) { return squeeze(x, dimsOf(o)); },
                    {.good = {{.args = {}, .inputs = {{1, 3, 1}}},
                              {.args = {{"dim", -1}}, .inputs = {{1, 3, 1}}}},
                     .bad = {{.args = {{"dim", 3}},
                              .inputs = {{2, 1}},
                              .kind = "dimension_error_out_of_range"}}}),
            viewFunction<DimOptions>(
                    {"unsqueeze", "Adds a dimension of size 1."},
                    {requiredArg("dim", &DimOptions::dim, "Where it goes.")},
                    [](const DimOptions &o, const Layout &x) { return unsqueezed(x, o.dim); },
                    [](const DimOptions &o, const Tensor &x) { return unsqueeze(x, o.dim); },
                    {.good = {{.args = {{"dim", -1}}, .inputs = {{2, 3}}}},
                     .bad = {{.args = {{"dim", 3}},
                              .inputs = {{2}},
                              .kind = "dimension_error_out_of_range"}}}),
            shapeFunction<FlattenOptions>(
                    {"flatten", "Makes one dimension of several."},
                    {arg("start_dim", &FlattenOptions::start_dim, "The first of them."),
                     arg("end_dim", &FlattenOptions::end_dim, "The last of them.")},
                    [](const FlattenOptions &o, const Shape &x) {
                        return flattenedShape(x, o.start_dim, o.end_dim);
                    },
                    [](const FlattenOptions &o, const Tensor &x) {
                        return flatten(x, o.start_dim, o.end_dim);
                    },
                    {.good = {{.args = {{"start_dim", 1}}, .inputs = {{2, 3, 2}}}},
                     .bad = {{.args = {{"start_dim", 1}, {"end_dim", 0}},
                              .inputs = {{2, 3}},
                              .kind = "flatten_error_start_after_end"}}}),
            shapeFunction<NoOptions>(
                    {"ravel", "All elements in one dimension."}, {},
                    [](const NoOptions &, const Shape &x) { return Shape{numel(x)}; },
                    [](const NoOptions &, const Tensor &x) { return reshape(x, {x.numel()}); },
                    {.good = {{.args = {}, .inputs = {{2, 3}}}}}),
            shapeFunction<UnflattenOptions>(
                    {"unflatten", "Makes several dimensions of one."},
                    {requiredArg("dim", &UnflattenOptions::dim, "Which one."),
                     requiredArg("sizes", &UnflattenOptions::sizes, "Their sizes; one may be -1.")},
                    [](const UnflattenOptions &o, const Shape &x) {
                        return unflattenedShape(x, o.dim, o.sizes);
                    },
                    [](const UnflattenOptions &o, const Tensor &x) {
                        return unflatten(x, o.dim, o.sizes);
                    },
                    {.good
                     = {{.args = {{"dim", 1}, {"sizes", ValueList{2, -1}}}, .inputs = {{2, 6}}}},
                     .bad = {{.args = {{"dim", 1}, {"sizes", ValueList{2, 2}}},
                              .inputs = {{2, 6}},
                              .kind = "unflatten_error_size_mismatch"}}}),
            shapeFunction<NoOptions>(
                    {"contiguous", "The same elements, lying in memory in their order."}, {},
                    [](const NoOptions &, const Shape &x) { return x; },
                    [](const NoOptions &, const Tensor &x) { return contiguous(x); },
                    {.good = {{.args = {}, .inputs = {{2, 3}}}}}),
            reshapeFunction({"reshape", "The same elements in another shape."}, "shape", reshape),
            reshapeFunction({"view", "The same memory in another shape; never copies."}, "sizes",
                            view),
            expandFunction("expand", "sizes"),
            expandFunction("broadcast_to", "shape"),
            tensorFunction<NoOptions>(
                    group, {"expand_as", "Expands to the shape of another tensor."},
                    {tensorPort("input"), tensorPort("other")}, {},
                    [](const NoOptions &, const Shapes &in) {
                        return expanded(compactLayout(in.at(0)), in.at(1), "expand_as").shape;
                    },
                    [](const NoOptions &, std::span<const Tensor> in) {
                        return expand(in[0], in[1].shape());
                    },
                    {.good = {{.args = {}, .inputs = {{1, 3}, {2, 3}}}},
                     .bad = {{.args = {},
                              .inputs = {{2, 3}, {2, 4}},
                              .kind = "expand_error_incompatible"}}}),
            atLeastFunction("atleast_1d", 1),
            atLeastFunction("atleast_2d", 2),
            atLeastFunction("atleast_3d", 3)};
    for (const auto &family : {partFunctions(), orderFunctions()})
        out.insert(out.end(), family.begin(), family.end());
    return out;
}

} // namespace mrg
