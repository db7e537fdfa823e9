// SPDX-License-Identifier: GPL-3.0-or-later
// Declarations of einops: rearrange, reduce, repeat, pack and unpack.
#include "engine/ops/declarations.h"
#include "engine/ops/einops.h"
#include "engine/ops/families.h"
#include "engine/ops/joining.h"
#include "engine/ops/pattern_errors.h"
#include "engine/ops/reduction_frame.h"

namespace mrg {

template <> struct EnumTexts<EinopsReduction> {
    static constexpr std::array texts{
            std::pair{EinopsReduction::Mean, "mean"}, std::pair{EinopsReduction::Max, "max"},
            std::pair{EinopsReduction::Min, "min"},   std::pair{EinopsReduction::Sum, "sum"},
            std::pair{EinopsReduction::Prod, "prod"}, std::pair{EinopsReduction::Any, "any"},
            std::pair{EinopsReduction::All, "all"}};
};

namespace {

using Inputs = std::span<const Tensor>;

struct PatternOptions {
    std::string pattern = "... -> ...";
    std::string reduction = "mean";
    ValueList axes;
    ValueList packed_shapes;
};
using O = PatternOptions;

/// Sizes of axes, which come as a list of [name, size].
AxisSizes sizesOf(const ValueList &axes)
{
    AxisSizes out;
    for (const Value &axis : axes) {
        const ValueList *pair = axis.as<ValueList>();
        const std::string *name
                = pair && pair->size() == 2 ? (*pair)[0].as<std::string>() : nullptr;
        if (!name) {
            throw Error(ErrorCategory::Value, "wrong_argument", "axes", axis.toString(),
                        "a name and a size");
        }
        const Result<int64_t> size = ValueTraits<int64_t>::from((*pair)[1]);
        if (!size)
            throw size.error().within(*name);
        out[*name] = *size;
    }
    return out;
}

/// A reduction by its name, which is part of what einops checks.
EinopsReduction reductionOf(const std::string &name, const std::string &pattern, const Shape &shape)
{
    const Result<EinopsReduction> known = ValueTraits<EinopsReduction>::from(Value(name));
    if (!known) {
        throw inPattern(Error(ErrorCategory::Value, "einops_error_invalid_pattern", "reduce",
                              "reduction '" + name + "'", known.error().wanted,
                              "choose one of these reductions"),
                        pattern, {shape});
    }
    return *known;
}

/// Of nothing there is no largest element and no smallest.
void checkReduction(const EinopsPlan &plan, EinopsReduction reduction)
{
    if (plan.reduced.empty()
        || (reduction != EinopsReduction::Max && reduction != EinopsReduction::Min))
        return;
    requireElements(plan.split, reduceShape(plan.split, plan.reduced, false, "reduce"), "reduce");
}

Shapes shapesOf(const ValueList &values)
{
    Shapes out;
    for (const Value &value : values)
        out.push_back(ValueTraits<Shape>::from(value).value());
    return out;
}

Arg patternArg()
{
    return requiredArg("pattern", &O::pattern, "Names of the axes before and after the arrow.");
}
Arg axesArg()
{
    return arg("axes", &O::axes,
               "Sizes of axes that the shape does not tell, each a name and a size.");
}

Arguments use(const char *pattern, ValueList axes = {})
{
    return axes.empty() ? Arguments{{"pattern", pattern}}
                        : Arguments{{"pattern", pattern}, {"axes", axes}};
}
Value axis(const char *name, int64_t size) { return ValueList{name, size}; }

FunctionSpec patternFunction(Title title, std::vector<Arg> args, EinopsKind kind,
                             Tensor (*operation)(const O &, const Tensor &), Uses uses)
{
    FunctionSpec spec = tensorFunction<O>(
            Group::Einsum, title, {tensorPort("input")}, std::move(args),
            [kind](const O &o, const Shapes &in) {
                const EinopsPlan plan = planEinops(kind, o.pattern, sizesOf(o.axes), in.at(0));
                if (kind == EinopsKind::Reduce)
                    checkReduction(plan, reductionOf(o.reduction, o.pattern, in.at(0)));
                return plan.shape;
            },
            [operation](const O &o, Inputs in) { return operation(o, in[0]); }, std::move(uses));
    spec.otherKeywords = "axes";
    return spec;
}

FunctionSpec packFunction()
{
    FunctionSpec spec = tensorFunction<O>(
            Group::Einsum,
            {"pack", "Joins tensors along the dimension that stands for * in a pattern."},
            {variadicPort("tensors")},
            {requiredArg("pattern", &O::pattern, "Names of dimensions and one *, as in \"b *\".")},
            [](const O &o, const Shapes &in) { return packShape(in, o.pattern); },
            [](const O &o, Inputs in) { return pack(in, o.pattern).tensor; },
            {.good = {{.args = {{"pattern", "b *"}}, .inputs = {{2, 3}, {2, 2, 2}, {2}}},
                      {.args = {{"pattern", "* c"}}, .inputs = {{3}, {2, 3}}}},
             .bad
             = {{.args = {{"pattern", "b *"}}, .inputs = {{2, 3}, {3, 2}}, .kind = "size_mismatch"},
                {.args = {{"pattern", "a b"}},
                 .inputs = {{2, 3}},
                 .kind = "einops_error_invalid_pattern"}}});
    const auto options = [args = spec.args](const Arguments &values) {
        return makeOptions<O>(args, values, "pack").value();
    };
    spec.evaluate = [options](const Arguments &values, Inputs in) -> ValueList {
        const Packed packed = pack(in, options(values).pattern);
        ValueList shapes;
        for (const Shape &shape : packed.shapes)
            shapes.emplace_back(ValueTraits<Shape>::to(shape));
        return {packed.tensor, shapes};
    };
    return spec;
}

FunctionSpec unpackFunction()
{
    FunctionSpec spec = tensorFunction<O>(
            Group::Einsum, {"unpack", "Takes apart what pack has joined."}, {tensorPort("tensor")},
            {requiredArg("packed_shapes", &O::packed_shapes,
                         "What stood for * in each tensor; one size may be -1."),
             requiredArg("pattern", &O::pattern, "Names of dimensions and one *, as in \"b *\".")},
            [](const O &o, const Shapes &in) {
                return unpackShapes(in.at(0), shapesOf(o.packed_shapes), o.pattern);
            },
            [](const O &o, Inputs in) {
                return unpack(in[0], shapesOf(o.packed_shapes), o.pattern);
            },
            {.good
             = {{.args = {{"packed_shapes", ValueList{ValueList{3}, ValueList{2, 2}, ValueList{}}},
                          {"pattern", "b *"}},
                 .inputs = {{2, 8}}}},
             .bad = {{.args = {{"packed_shapes", ValueList{ValueList{3}}}, {"pattern", "b *"}},
                      .inputs = {{2, 8}},
                      .kind = "einops_error_dimension_mismatch"}}});
    spec.outputs = {{.name = "tensors", .pattern = "*", .dtype = "any", .variadic = true}};
    return spec;
}

} // namespace

std::vector<FunctionSpec> einopsFunctions()
{
    return {patternFunction(
                    {"rearrange",
                     "Splits, reorders and joins dimensions by a pattern of names: \"b (h w) -> b "
                     "h w\"."},
                    {patternArg(), axesArg()}, EinopsKind::Rearrange,
                    [](const O &o, const Tensor &x) {
                        return rearrange(x, o.pattern, sizesOf(o.axes));
                    },
                    {.good = {{.args = use("a b -> b a"), .inputs = {{2, 3}}},
                              {.args = use("b (h w) -> b h w", {axis("h", 2)}), .inputs = {{2, 6}}},
                              {.args = use("... c -> c ..."), .inputs = {{2, 3, 2}}},
                              {.args = use("a 1 b -> (b a) 1"), .inputs = {{2, 1, 3}}}},
                     .bad = {{.args = use("(a b) -> a b", {axis("a", 2)}),
                              .inputs = {{5}},
                              .kind = "einops_error_dimension_mismatch"},
                             {.args = use("(a b) -> a b"),
                              .inputs = {{6}},
                              .kind = "einops_error_ambiguous_decomposition"},
                             {.args = use("a b -> a c"),
                              .inputs = {{2, 3}},
                              .kind = "einops_error_undefined_axis"},
                             {.args = use("a b -> a (b"),
                              .inputs = {{2, 3}},
                              .kind = "einops_error_invalid_pattern"},
                             {.args = use("a b -> a b 2"),
                              .inputs = {{2, 3}},
                              .kind = "einops_error_anonymous_in_output"}}}),
            patternFunction(
                    {"reduce",
                     "Reduces the dimensions that a pattern of names drops: \"b c h w -> b c\"."},
                    {patternArg(),
                     requiredArg("reduction", &O::reduction,
                                 "mean, max, min, sum, prod, any or all."),
                     axesArg()},
                    EinopsKind::Reduce,
                    [](const O &o, const Tensor &x) {
                        return reduce(x, o.pattern, reductionOf(o.reduction, o.pattern, x.shape()),
                                      sizesOf(o.axes));
                    },
                    {.good = {{.args = {{"pattern", "a b -> a"}, {"reduction", "mean"}},
                               .inputs = {{2, 3}}},
                              {.args = {{"pattern", "b (h p) -> b h"},
                                        {"reduction", "sum"},
                                        {"axes", ValueList{axis("p", 2)}}},
                               .inputs = {{2, 4}}},
                              {.args = {{"pattern", "... c -> ..."}, {"reduction", "prod"}},
                               .inputs = {{2, 2, 3}}},
                              {.args = {{"pattern", "a b -> 1 b"}, {"reduction", "max"}},
                               .inputs = {{2, 3}}}},
                     .bad = {{.args = {{"pattern", "a b -> c"}, {"reduction", "sum"}},
                              .inputs = {{2, 3}},
                              .kind = "einops_error_reduce_undefined_output"},
                             {.args = {{"pattern", "a b -> a"}, {"reduction", "median"}},
                              .inputs = {{2, 3}},
                              .kind = "einops_error_invalid_pattern"}}}),
            patternFunction(
                    {"repeat",
                     "Repeats along new dimensions of a pattern of names: \"a b -> a b c\"."},
                    {patternArg(), axesArg()}, EinopsKind::Repeat,
                    [](const O &o, const Tensor &x) {
                        return repeat(x, o.pattern, sizesOf(o.axes));
                    },
                    {.good = {{.args = use("a b -> a b c", {axis("c", 2)}), .inputs = {{2, 3}}},
                              {.args = use("a b -> (r a) b", {axis("r", 2)}), .inputs = {{2, 3}}}},
                     .bad = {{.args = use("a -> a b"),
                              .inputs = {{3}},
                              .kind = "einops_error_repeat_missing_size"}}}),
            packFunction(), unpackFunction()};
}

} // namespace mrg
