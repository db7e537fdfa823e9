// SPDX-License-Identifier: GPL-3.0-or-later
// Declarations of the functions that copy elements into another order, and of those around
// diagonals.
#include "engine/ops/declarations.h"
#include "engine/ops/families.h"
#include "engine/ops/rearranging.h"
#include "engine/ops/views.h"

namespace mrg {

namespace {

constexpr Group group = Group::IndexingAndJoining;
using Inputs = std::span<const Tensor>;

struct FlipOptions {
    IntOrList dims{std::vector<int64_t>{0}};
};
struct RollOptions {
    IntOrList shifts{1};
    std::optional<IntOrList> dims;
};
struct RotateOptions {
    int64_t k = 1;
    std::vector<int64_t> dims{0, 1};
};
struct TileOptions {
    std::vector<int64_t> dims{1};
};
struct DiagonalOptions {
    int64_t diagonal = 0;
};
struct OffsetOptions {
    int64_t offset = 0;
};
struct EmbedOptions {
    int64_t offset = 0;
    int64_t dim1 = -2;
    int64_t dim2 = -1;
};
struct DiagonalPartOptions {
    int64_t offset = 0;
    int64_t dim1 = 0;
    int64_t dim2 = 1;
};
struct EntryOptions {
    int64_t dim = 0;
    int64_t index = 0;
};
struct SliceOptions {
    int64_t dim = 0;
    std::optional<int64_t> start;
    std::optional<int64_t> end;
    int64_t step = 1;
};

std::vector<int64_t> rollDims(const RollOptions &o)
{
    return o.dims ? o.dims->values : std::vector<int64_t>{};
}

FunctionSpec mirror(const char *name, const char *summary, int64_t dim)
{
    const auto check = [name, dim](const Shape &shape) {
        if (static_cast<int64_t>(shape.size()) <= dim) {
            throw Error(ErrorCategory::Shape, "dimension_count_mismatch", name, toString(shape),
                        "at least " + std::to_string(dim + 1) + " dimensions");
        }
        return shape;
    };
    return tensorFunction<NoOptions>(
            group, {name, summary}, {tensorPort("input")}, {},
            [check](const NoOptions &, const Shapes &in) { return check(in.at(0)); },
            [check, dim](const NoOptions &, Inputs in) {
                check(in[0].shape());
                return flip(in[0], {dim});
            },
            {.good = {{.args = {}, .inputs = {{2, 3}}}},
             .bad = {{.args = {}, .inputs = {{}}, .kind = "dimension_count_mismatch"}}});
}

FunctionSpec triangleFunction(const char *name, const char *summary,
                              Tensor (*operation)(const Tensor &, int64_t))
{
    return tensorFunction<DiagonalOptions>(
            group, {name, summary}, {tensorPort("input")},
            {arg("diagonal", &DiagonalOptions::diagonal,
                 "The last diagonal that is kept; above the main one if positive.")},
            [name](const DiagonalOptions &, const Shapes &in) {
                if (in.at(0).size() < 2 && (in[0].empty() || numel(in[0]) > 0)) {
                    throw Error(ErrorCategory::Shape, "linalg_error_requires_at_least_2d", name,
                                "input " + toString(in[0]), "2 dimensions or more: matrices",
                                "unsqueeze it to a row or a column");
                }
                return in[0];
            },
            [operation](const DiagonalOptions &o, Inputs in) {
                return operation(in[0], o.diagonal);
            },
            {.good = {{.args = {}, .inputs = {{3, 3}}},
                      {.args = {{"diagonal", -1}}, .inputs = {{2, 3, 4}}}},
             .bad = {{.args = {}, .inputs = {{3}}, .kind = "linalg_error_requires_at_least_2d"}}});
}

Shape diagShape(const Shape &shape, int64_t diagonal)
{
    if (shape.size() == 1)
        return diagEmbedShape(shape, diagonal, 0, 1);
    if (shape.size() != 2) {
        throw Error(ErrorCategory::Shape, "linalg_error_requires_2d", "diag",
                    "input " + toString(shape), "2 dimensions, or 1: a matrix or a vector",
                    "use diagonal for batches of matrices");
    }
    return diagonalOf(compactLayout(shape), diagonal, 0, 1).shape;
}

Tensor diag(const Tensor &x, int64_t diagonal_)
{
    diagShape(x.shape(), diagonal_);
    return x.dim() == 1 ? diagEmbed(x, diagonal_, 0, 1) : clone(diagonal(x, diagonal_, 0, 1));
}

/// select_scatter and its kin: `rule` shows which part of the input is replaced by src.
template <typename O, typename Rule>
FunctionSpec replacingFunction(Title title, std::vector<Arg> args, Rule rule, Uses uses)
{
    return tensorFunction<O>(
            group, title, {tensorPort("input"), tensorPort("src")}, std::move(args),
            [rule, title](const O &o, const Shapes &in) {
                const Shape part = rule(o, compactLayout(in.at(0))).shape;
                if (in.at(1) != part) {
                    throw Error(ErrorCategory::Shape, "size_mismatch", title.name,
                                "src " + toString(in[1]),
                                toString(part) + ", the part that is replaced");
                }
                return in[0];
            },
            [rule, title](const O &o, Inputs in) {
                return replacePart(title.name, in[0], rule(o, compactLayout(in[0].shape())), in[1]);
            },
            std::move(uses));
}

std::vector<FunctionSpec> diagonalFunctions()
{
    return {triangleFunction("tril", "The lower triangles of matrices, 0 elsewhere.", tril),
            triangleFunction("triu", "The upper triangles of matrices, 0 elsewhere.", triu),
            tensorFunction<DiagonalOptions>(
                    group, {"diag", "The diagonal of a matrix, or a matrix with this diagonal."},
                    {tensorPort("input")},
                    {arg("diagonal", &DiagonalOptions::diagonal,
                         "Which diagonal; above the main one if positive.")},
                    [](const DiagonalOptions &o, const Shapes &in) {
                        return diagShape(in.at(0), o.diagonal);
                    },
                    [](const DiagonalOptions &o, Inputs in) { return diag(in[0], o.diagonal); },
                    {.good = {{.args = {{"diagonal", 1}}, .inputs = {{2}}},
                              {.args = {{"diagonal", -1}}, .inputs = {{3, 4}}}},
                     .bad
                     = {{.args = {}, .inputs = {{2, 2, 2}}, .kind = "linalg_error_requires_2d"}}}),
            tensorFunction<EmbedOptions>(
                    group, {"diag_embed", "Matrices with the input's rows as their diagonals."},
                    {tensorPort("input")},
                    {arg("offset", &EmbedOptions::offset,
                         "Which diagonal; above the main one if positive."),
                     arg("dim1", &EmbedOptions::dim1, "The dimension of rows."),
                     arg("dim2", &EmbedOptions::dim2, "The dimension of columns.")},
                    [](const EmbedOptions &o, const Shapes &in) {
                        return diagEmbedShape(in.at(0), o.offset, o.dim1, o.dim2);
                    },
                    [](const EmbedOptions &o, Inputs in) {
                        return diagEmbed(in[0], o.offset, o.dim1, o.dim2);
                    },
                    {.good = {{.args = {{"offset", 1}}, .inputs = {{2, 3}}},
                              {.args = {{"dim1", 0}, {"dim2", 2}}, .inputs = {{2, 2}}}},
                     .bad = {{.args = {{"dim1", 0}, {"dim2", 0}},
                              .inputs = {{2, 2}},
                              .kind = "dimension_given_twice"}}}),
            tensorFunction<OffsetOptions>(
                    group, {"diagflat", "A matrix with all elements as its diagonal."},
                    {tensorPort("input")},
                    {arg("offset", &OffsetOptions::offset,
                         "Which diagonal; above the main one if positive.")},
                    [](const OffsetOptions &o, const Shapes &in) {
                        return diagEmbedShape({numel(in.at(0))}, o.offset, 0, 1);
                    },
                    [](const OffsetOptions &o, Inputs in) {
                        return diagEmbed(reshape(in[0], {in[0].numel()}), o.offset, 0, 1);
                    },
                    {.good = {{.args = {{"offset", 1}}, .inputs = {{2, 2}}}}}),
            replacingFunction<DiagonalPartOptions>(
                    {"diagonal_scatter", "The input with a diagonal replaced."},
                    {arg("offset", &DiagonalPartOptions::offset,
                         "Which diagonal; above the main one if positive."),
                     arg("dim1", &DiagonalPartOptions::dim1, "The dimension of rows."),
                     arg("dim2", &DiagonalPartOptions::dim2, "The dimension of columns.")},
                    [](const DiagonalPartOptions &o, const Layout &x) {
                        return diagonalOf(x, o.offset, o.dim1, o.dim2);
                    },
                    {.good = {{.args = {{"offset", 1}}, .inputs = {{3, 4}, {3}}}},
                     .bad = {{.args = {}, .inputs = {{3, 3}, {2}}, .kind = "size_mismatch"}}}),
            replacingFunction<EntryOptions>(
                    {"select_scatter", "The input with one entry of a dimension replaced."},
                    {requiredArg("dim", &EntryOptions::dim, "The dimension."),
                     requiredArg("index", &EntryOptions::index, "Which entry.")},
                    [](const EntryOptions &o, const Layout &x) {
                        return selected(x, o.dim, o.index);
                    },
                    {.good = {{.args = {{"dim", 1}, {"index", -1}}, .inputs = {{2, 3}, {2}}}},
                     .bad = {{.args = {{"dim", 0}, {"index", 2}},
                              .inputs = {{2, 3}, {3}},
                              .kind = "select_error_index_out_of_bounds"},
                             {.args = {{"dim", 0}, {"index", 0}},
                              .inputs = {{2, 3}, {2}},
                              .kind = "size_mismatch"}}}),
            replacingFunction<SliceOptions>(
                    {"slice_scatter", "The input with a slice of a dimension replaced."},
                    {arg("dim", &SliceOptions::dim, "The dimension."),
                     arg("start", &SliceOptions::start, "The first entry."),
                     arg("end", &SliceOptions::end, "The entry before which it ends."),
                     arg("step", &SliceOptions::step, "Every how manieth entry.")},
                    [](const SliceOptions &o, const Layout &x) {
                        return sliced(x, o.dim, o.start, o.end, o.step);
                    },
                    {.good
                     = {{.args = {{"start", 0}, {"end", 5}, {"step", 2}}, .inputs = {{5}, {3}}},
                        {.args = {{"dim", 1}, {"start", -2}}, .inputs = {{2, 4}, {2, 2}}}},
                     .bad = {{.args = {{"start", 1}, {"end", 3}},
                              .inputs = {{5}, {3}},
                              .kind = "size_mismatch"},
                             {.args = {{"step", 0}},
                              .inputs = {{5}, {3}},
                              .kind = "slice_error_out_of_bounds"}}})};
}

} // namespace

std::vector<FunctionSpec> rearrangingFunctions()
{
    std::vector<FunctionSpec> out{
            tensorFunction<FlipOptions>(
                    group, {"flip", "Turns the order of some dimensions round."},
                    {tensorPort("input")},
                    {requiredArg("dims", &FlipOptions::dims, "Which dimensions.")},
                    [](const FlipOptions &o, const Shapes &in) {
                        checkFlip(in.at(0), o.dims.values);
                        return in[0];
                    },
                    [](const FlipOptions &o, Inputs in) { return flip(in[0], o.dims.values); },
                    {.good = {{.args = {{"dims", ValueList{0, -1}}}, .inputs = {{2, 3}}}},
                     .bad = {{.args = {{"dims", ValueList{2}}},
                              .inputs = {{2, 3}},
                              .kind = "flip_error_dim_out_of_range"},
                             {.args = {{"dims", ValueList{0, 0}}},
                              .inputs = {{2, 3}},
                              .kind = "dimension_given_twice"}}}),
            mirror("fliplr", "Turns the order of columns round.", 1),
            mirror("flipud", "Turns the order of rows round.", 0),
            tensorFunction<RollOptions>(
                    group,
                    {"roll",
                     "Moves entries along dimensions; those that leave at the end come in at the "
                     "start."},
                    {tensorPort("input")},
                    {requiredArg("shifts", &RollOptions::shifts, "How far, for each dimension."),
                     arg("dims", &RollOptions::dims,
                         "Which dimensions; none: all elements as one row.")},
                    [](const RollOptions &o, const Shapes &in) {
                        checkRoll(in.at(0), o.shifts.values, rollDims(o));
                        return in[0];
                    },
                    [](const RollOptions &o, Inputs in) {
                        return roll(in[0], o.shifts.values, rollDims(o));
                    },
                    {.good = {{.args = {{"shifts", 2}}, .inputs = {{2, 3}}},
                              {.args = {{"shifts", ValueList{1, -1}}, {"dims", ValueList{0, 1}}},
                               .inputs = {{2, 3}}}},
                     .bad = {{.args = {{"shifts", ValueList{1, 1}}, {"dims", ValueList{0}}},
                              .inputs = {{2, 3}},
                              .kind = "roll_error_shifts_and_dims"}}}),
            tensorFunction<RotateOptions>(
                    group, {"rot90", "Turns by 90 degrees in the plane of two dimensions."},
                    {tensorPort("input")},
                    {arg("k", &RotateOptions::k, "How often."),
                     arg("dims", &RotateOptions::dims,
                         "From the first towards the second of these dimensions.")},
                    [](const RotateOptions &o, const Shapes &in) {
                        return rot90Shape(in.at(0), o.k, o.dims);
                    },
                    [](const RotateOptions &o, Inputs in) { return rot90(in[0], o.k, o.dims); },
                    {.good
                     = {{.args = {}, .inputs = {{2, 3}}},
                        {.args = {{"k", 3}, {"dims", ValueList{1, 2}}}, .inputs = {{2, 3, 2}}},
                        {.args = {{"k", -2}}, .inputs = {{2, 3}}}},
                     .bad = {{.args = {}, .inputs = {{3}}, .kind = "dimension_count_mismatch"}}}),
            tensorFunction<TileOptions>(
                    group, {"tile", "Repeats the input as a whole along every dimension."},
                    {tensorPort("input")},
                    {requiredArg("dims", &TileOptions::dims,
                                 "How often, for the last dimensions.")},
                    [](const TileOptions &o, const Shapes &in) {
                        return tileShape(in.at(0), o.dims);
                    },
                    [](const TileOptions &o, Inputs in) { return tile(in[0], o.dims); },
                    {.good = {{.args = {{"dims", ValueList{2}}}, .inputs = {{2, 3}}},
                              {.args = {{"dims", ValueList{2, 1, 3}}}, .inputs = {{2}}}},
                     .bad = {{.args = {{"dims", ValueList{-1}}},
                              .inputs = {{2}},
                              .kind = "negative_size"}}})};
    for (FunctionSpec &spec : diagonalFunctions())
        out.push_back(std::move(spec));
    return out;
}

} // namespace mrg
