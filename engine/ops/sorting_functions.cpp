// SPDX-License-Identifier: GPL-3.0-or-later
// Declarations of the functions that choose elements by their order, and say where they stand.
#include "engine/ops/cumulative.h"
#include "engine/ops/declarations.h"
#include "engine/ops/families.h"
#include "engine/ops/joining.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/sorting.h"
#include "engine/ops/views.h"

namespace mrg {

namespace {

constexpr Group group = Group::Reduction;
using Inputs = std::span<const Tensor>;

struct ChooseOptions {
    std::optional<int64_t> dim;
    bool keepdim = false;
};
struct ModeOptions {
    int64_t dim = -1;
    bool keepdim = false;
};
struct KthOptions {
    int64_t k = 1;
    std::optional<int64_t> dim;
    bool keepdim = false;
};
struct TopOptions {
    int64_t k = 1;
    std::optional<int64_t> dim;
    bool largest = true;
    bool sorted = true;
};
struct SortOptions {
    int64_t dim = -1;
    bool descending = false;
    bool stable = false;
};
struct DimOptions {
    int64_t dim = 0;
    std::optional<DType> dtype;
};
struct DiffOptions {
    int64_t n = 1;
    int64_t dim = -1;
};
struct TrapezoidOptions {
    double dx = 1;
    int64_t dim = -1;
};

template <typename O> Arg dimArg() { return arg("dim", &O::dim, "The dimension."); }
template <typename O> Arg keepdimArg()
{
    return arg("keepdim", &O::keepdim, "Whether the dimension stays, with size 1.");
}

FunctionSpec withPlaces(FunctionSpec spec)
{
    spec.outputs = outputPorts({{"values", "any"}, {"indices", "int64"}});
    return spec;
}
FunctionSpec placesOnly(FunctionSpec spec)
{
    spec.outputs = outputPorts({{"indices", "int64"}});
    spec.differentiable = false;
    return spec;
}

std::vector<Tensor> pair(const ValuesAndIndices &result) { return {result.values, result.indices}; }

Shape chosenShape(const Shape &x, std::optional<int64_t> dim, bool keepdim, const char *name)
{
    const Reduced reduced = reduceShape(x, dim ? Dims{*dim} : Dims{}, keepdim, name);
    requireElements(x, reduced, name);
    return reduced.shape();
}

const BadSample outOfRange{
        .args = {{"dim", 2}}, .inputs = {{2, 3}}, .kind = "dimension_error_out_of_range"};

/// max, min, median and nanmedian: of everything one value, along a dimension values and places.
/// `nanOfNothing`: of no elements the one value is NaN; otherwise there is none.
FunctionSpec choosing(Title title, Tensor (*ofAll)(const Tensor &),
                      ValuesAndIndices (*along)(const Tensor &, int64_t, bool),
                      bool nanOfNothing = false)
{
    using O = ChooseOptions;
    return withPlaces(tensorFunction<O>(
            group, title, {tensorPort("input")},
            {arg("dim", &O::dim, "The dimension; none: all elements give one value."),
             keepdimArg<O>()},
            [title, nanOfNothing](const O &o, const Shapes &in) {
                if (!o.dim && nanOfNothing)
                    return Shapes{reduceShape(in.at(0), {}, o.keepdim, title.name).shape()};
                return Shapes(o.dim ? 2 : 1, chosenShape(in.at(0), o.dim, o.keepdim, title.name));
            },
            [ofAll, along](const O &o, Inputs in) {
                return o.dim ? pair(along(in[0], *o.dim, o.keepdim))
                             : std::vector<Tensor>{ofAll(in[0])};
            },
            {.good = {{.args = {}, .inputs = {{2, 3}}},
                      {.args = {{"dim", 1}, {"keepdim", true}}, .inputs = {{2, 3, 2}}},
                      {.args = {{"dim", -1}}, .inputs = {{2, 3}}}},
             .bad = {outOfRange}}));
}

/// The same with a second form, of two tensors: the larger (or smaller) elements of both.
FunctionSpec comparing(FunctionSpec spec, Tensor (*operation)(const Tensor &, const Tensor &))
{
    spec.inputs.push_back(optionalPort("other"));
    spec.order = {"input", "dim", "other", "keepdim"};
    spec.samples.push_back({.args = {}, .inputs = {{2, 3}, {3}}});
    const InferFunction alone = spec.infer;
    spec.infer = [alone](const Arguments &args, const Shapes &in) -> Result<Shapes> {
        if (in.size() < 2 || in[1] == leftOut)
            return alone(args, in.size() < 2 ? in : Shapes{in[0]});
        const Result<Shape> common = broadcastShapes(in[0], in[1]);
        return common ? Result<Shapes>(Shapes{*common}) : Result<Shapes>(common.error());
    };
    const auto callAlone = spec.call;
    spec.call = [callAlone, operation](const Arguments &args, std::span<const Tensor> in) {
        if (in.size() < 2 || !in[1].defined())
            return callAlone(args, in.first(1));
        return std::vector<Tensor>{operation(in[0], in[1])};
    };
    spec.evaluate = [call = spec.call](const Arguments &args, std::span<const Tensor> in) {
        const std::vector<Tensor> out = call(args, in);
        return ValueList(out.begin(), out.end());
    };
    return spec;
}

FunctionSpec place(Title title, Tensor (*operation)(const Tensor &, std::optional<int64_t>, bool))
{
    using O = ChooseOptions;
    return placesOnly(tensorFunction<O>(
            group, title, {tensorPort("input")},
            {arg("dim", &O::dim, "The dimension; none: in the flattened input."), keepdimArg<O>()},
            [title](const O &o, const Shapes &in) {
                return chosenShape(in.at(0), o.dim, o.keepdim, title.name);
            },
            [operation](const O &o, Inputs in) { return operation(in[0], o.dim, o.keepdim); },
            {.good = {{.args = {}, .inputs = {{2, 3}}},
                      {.args = {{"dim", 1}, {"keepdim", true}}, .inputs = {{2, 3, 2}}}},
             .bad = {outOfRange}}));
}

/// A function along one dimension that keeps the shape.
template <typename O, typename Operation>
FunctionSpec running(Title title, std::vector<Arg> args, Operation operation)
{
    return tensorFunction<O>(group, title, {tensorPort("input")}, std::move(args),
                             [title](const O &o, const Shapes &in) {
                                 wrapDim(o.dim, in.at(0), title.name);
                                 return in[0];
                             },
                             operation,
                             {.good = {{.args = {{"dim", 1}}, .inputs = {{2, 3, 2}}},
                                       {.args = {{"dim", -1}}, .inputs = {{3}}}},
                              .bad = {outOfRange}});
}

FunctionSpec runningExtreme(Title title, ValuesAndIndices (*operation)(const Tensor &, int64_t))
{
    FunctionSpec spec = running<DimOptions>(
            title, {requiredArg("dim", &DimOptions::dim, "The dimension.")},
            [operation](const DimOptions &o, Inputs in) { return pair(operation(in[0], o.dim)); });
    const InferFunction one = spec.infer;
    spec.infer = [one](const Arguments &args, const Shapes &in) -> Result<Shapes> {
        const Result<Shapes> shape = one(args, in);
        return shape ? Result<Shapes>(Shapes(2, shape->at(0))) : shape;
    };
    return withPlaces(spec);
}

std::vector<FunctionSpec> cumulativeFunctions()
{
    const auto typedArgs = [] {
        return std::vector<Arg>{
                requiredArg("dim", &DimOptions::dim, "The dimension."),
                arg("dtype", &DimOptions::dtype, "The type in which it is computed.")};
    };
    return {running<DimOptions>(
                    {"cumsum", "Sums of all elements so far.", R"(y_k = \sum_{i\le k} x_i)"},
                    typedArgs(),
                    [](const DimOptions &o, Inputs in) { return cumsum(in[0], o.dim, o.dtype); }),
            running<DimOptions>(
                    {"cumprod", "Products of all elements so far.", R"(y_k = \prod_{i\le k} x_i)"},
                    typedArgs(),
                    [](const DimOptions &o, Inputs in) { return cumprod(in[0], o.dim, o.dtype); }),
            running<DimOptions>(
                    {"logcumsumexp", "Logarithms of sums of powers of e so far.",
                     R"(y_k = \log\sum_{i\le k} e^{x_i})"},
                    {requiredArg("dim", &DimOptions::dim, "The dimension.")},
                    [](const DimOptions &o, Inputs in) { return logcumsumexp(in[0], o.dim); }),
            runningExtreme({"cummax", "The largest element so far, and where it is."}, cummax),
            runningExtreme({"cummin", "The smallest element so far, and where it is."}, cummin)};
}

/// What diff works on: the input with what is put before and behind it.
Shapes diffParts(const Shapes &in)
{
    Shapes out;
    if (in.size() > 1)
        out.push_back(in[1]);
    out.push_back(in.at(0));
    if (in.size() > 2)
        out.push_back(in[2]);
    return out;
}

Shape diffShape(const DiffOptions &o, const Shapes &in)
{
    if (in.at(0).empty()) {
        throw Error(ErrorCategory::Shape, "dimension_count_mismatch", "diff", "a 0-d tensor",
                    "at least one dimension");
    }
    if (o.n < 0)
        throw Error(ErrorCategory::Value, "wrong_argument", "diff", "n = " + std::to_string(o.n),
                    "0 or more");
    Shape out = catShape(diffParts(in), o.dim);
    int64_t &size = out[static_cast<size_t>(wrapDim(o.dim, out, "diff"))];
    size = std::max<int64_t>(0, size - o.n);
    return out;
}

Tensor diff(const DiffOptions &o, Inputs in)
{
    diffShape(o, {in[0].shape()});
    std::vector<Tensor> parts;
    if (in.size() > 1 && in[1].defined())
        parts.push_back(in[1]);
    parts.push_back(in[0]);
    if (in.size() > 2 && in[2].defined())
        parts.push_back(in[2]);
    Tensor x = parts.size() == 1 ? in[0] : cat(parts, o.dim);
    for (int64_t i = 0; i < o.n && x.size(o.dim) > 0; ++i) {
        const int64_t count = x.size(o.dim) - 1;
        const Tensor after = narrow(x, o.dim, std::min<int64_t>(1, x.size(o.dim)), count);
        const Tensor before = narrow(x, o.dim, 0, count);
        // Bools differ or not.
        x = x.dtype() == DType::Bool
                ? sub(after.toType(DType::Int64), before.toType(DType::Int64)).toType(DType::Bool)
                : sub(after, before);
    }
    return x;
}

Shape trapezoidShape(const TrapezoidOptions &o, const Shapes &in, bool keep, const char *name)
{
    const int64_t d = wrapDim(o.dim, in.at(0), name);
    if (in[0].empty())
        throw Error(ErrorCategory::Shape, "dimension_count_mismatch", name, "a 0-d tensor",
                    "at least one dimension");
    if (in.size() > 1 && in[1].size() == 1 && in[1][0] != in[0][static_cast<size_t>(d)]) {
        throw Error(ErrorCategory::Shape, "size_mismatch", name, "x " + toString(in[1]),
                    "as many points as y " + toString(in[0]) + " along dimension "
                            + std::to_string(d));
    }
    Shape out = in[0];
    if (keep)
        out[static_cast<size_t>(d)] = std::max<int64_t>(0, out[static_cast<size_t>(d)] - 1);
    else
        out.erase(out.begin() + d);
    return out;
}

/// Areas between neighbouring points.
Tensor trapezoids(const TrapezoidOptions &o, Inputs in)
{
    for (const Tensor &points : in) {
        if (points.defined() && points.dtype() == DType::Bool) {
            throw Error(ErrorCategory::DType, "dtype_not_supported", "trapezoid", "bool", "numbers",
                        "convert the masks to float32");
        }
    }
    const Tensor &y = in[0];
    const int64_t d = wrapDim(o.dim, y.shape(), "trapezoid");
    const int64_t count = std::max<int64_t>(0, y.size(d) - 1);
    const auto after = [&](const Tensor &t, int64_t at) {
        return narrow(t, at, std::min<int64_t>(1, t.size(at)), count);
    };
    const Tensor heights = add(after(y, d), narrow(y, d, 0, count));
    if (in.size() < 2 || !in[1].defined())
        return mul(heights, Tensor::number(o.dx / 2));
    const Tensor &x = in[1];
    const int64_t at = x.dim() == 1 ? 0 : d;
    Tensor widths = sub(after(x, at), narrow(x, at, 0, count));
    if (x.dim() == 1 && y.dim() > 1) {
        Shape along(y.shape().size(), 1);
        along[static_cast<size_t>(d)] = count;
        widths = reshape(widths, along);
    }
    return mul(mul(heights, widths), Tensor::number(0.5));
}

std::vector<FunctionSpec> differenceFunctions()
{
    FunctionSpec diffSpec = tensorFunction<DiffOptions>(
            group, {"diff", "Differences of neighbours along a dimension.", "x_{i+1} - x_i"},
            {tensorPort("input"), optionalPort("prepend"), optionalPort("append")},
            {arg("n", &DiffOptions::n, "How often."), dimArg<DiffOptions>()}, diffShape, diff,
            {.good = {{.args = {}, .inputs = {{5}}},
                      {.args = {{"n", 2}, {"dim", 1}}, .inputs = {{3, 4}}},
                      {.args = {}, .inputs = {{4}, {1}, {2}}}},
             .bad = {{.args = {}, .inputs = {{}}, .kind = "dimension_count_mismatch"}}});
    diffSpec.order = {"input", "n", "dim", "prepend", "append"};
    const auto trapezoid = [](Title title, bool keep, auto operation) {
        return tensorFunction<TrapezoidOptions>(
                group, title, {tensorPort("y"), optionalPort("x")},
                {arg("dx", &TrapezoidOptions::dx, "The distance of points, where x is not given."),
                 dimArg<TrapezoidOptions>()},
                [title, keep](const TrapezoidOptions &o, const Shapes &in) {
                    return trapezoidShape(o, in, keep, title.name);
                },
                [title, keep, operation](const TrapezoidOptions &o, Inputs in) {
                    trapezoidShape(o, {in[0].shape()}, keep, title.name);
                    return operation(o, trapezoids(o, in));
                },
                {.good = {{.args = {}, .inputs = {{5}}},
                          {.args = {{"dx", 0.5}, {"dim", 0}}, .inputs = {{3, 2}}},
                          {.args = {}, .inputs = {{2, 4}, {4}}}},
                 .bad = {{.args = {}, .inputs = {{4}, {3}}, .kind = "size_mismatch"}}});
    };
    return {diffSpec,
            trapezoid({"trapezoid", "The area under points.",
                       R"(\sum_i \frac{(x_{i+1}-x_i)(y_i+y_{i+1})}{2})"},
                      false,
                      [](const TrapezoidOptions &o, const Tensor &areas) {
                          return sum(areas, {o.dim});
                      }),
            trapezoid({"cumulative_trapezoid", "The area under points so far."}, true,
                      [](const TrapezoidOptions &o, const Tensor &areas) {
                          return cumsum(areas, o.dim);
                      })};
}

} // namespace

std::vector<FunctionSpec> sortingFunctions()
{
    const auto sortShape = [](const SortOptions &o, const Shapes &in) {
        wrapDim(o.dim, in.at(0), "sort");
        return Shapes(2, in[0]);
    };
    const std::vector<Sample> sortSamples{
            {.args = {}, .inputs = {{3, 4}}},
            {.args = {{"dim", 0}, {"descending", true}}, .inputs = {{3, 4}}}};
    std::vector<FunctionSpec> out{
            comparing(choosing({"max",
                                "The largest element, or the largest along a dimension and where "
                                "they are, or the larger ones of two tensors."},
                               max, max),
                      maximum),
            comparing(choosing({"min",
                                "The smallest element, or the smallest along a dimension and where "
                                "they are, or the smaller ones of two tensors."},
                               min, min),
                      minimum),
            choosing({"median", "The lower one of the middle elements, and where it is."}, median,
                     median, true),
            choosing({"nanmedian", "The median of elements that are not NaN, and where it is."},
                     nanmedian, nanmedian, true),
            place({"argmax", "Where the largest element is."}, argmax),
            place({"argmin", "Where the smallest element is."}, argmin),
            withPlaces(tensorFunction<ModeOptions>(
                    group, {"mode", "The most frequent elements, and where one is."},
                    {tensorPort("input")}, {dimArg<ModeOptions>(), keepdimArg<ModeOptions>()},
                    [](const ModeOptions &o, const Shapes &in) {
                        return Shapes(2, chosenShape(in.at(0), o.dim, o.keepdim, "mode"));
                    },
                    [](const ModeOptions &o, Inputs in) {
                        return pair(mode(in[0], o.dim, o.keepdim));
                    },
                    {.good = {{.args = {}, .inputs = {{2, 3}}},
                              {.args = {{"dim", 0}, {"keepdim", true}}, .inputs = {{3, 2}}}},
                     .bad = {outOfRange}})),
            withPlaces(tensorFunction<KthOptions>(
                    group, {"kthvalue", "The k-th smallest elements, and where they are."},
                    {tensorPort("input")},
                    {requiredArg("k", &KthOptions::k, "Which, counted from 1."),
                     arg("dim", &KthOptions::dim, "The dimension; none: the last."),
                     keepdimArg<KthOptions>()},
                    [](const KthOptions &o, const Shapes &in) {
                        return Shapes(2,
                                      kthvalueShape(in.at(0), o.k, o.dim.value_or(-1), o.keepdim));
                    },
                    [](const KthOptions &o, Inputs in) {
                        return pair(kthvalue(in[0], o.k, o.dim.value_or(-1), o.keepdim));
                    },
                    {.good
                     = {{.args = {{"k", 2}}, .inputs = {{5}}},
                        {.args = {{"k", 1}, {"dim", 0}, {"keepdim", true}}, .inputs = {{3, 2}}}},
                     .bad = {{.args = {{"k", 4}}, .inputs = {{3}}, .kind = "k_out_of_range"},
                             {.args = {{"k", 0}}, .inputs = {{3}}, .kind = "k_out_of_range"}}})),
            withPlaces(tensorFunction<TopOptions>(
                    group, {"topk", "The k largest or smallest elements, and where they are."},
                    {tensorPort("input")},
                    {requiredArg("k", &TopOptions::k, "How many."),
                     arg("dim", &TopOptions::dim, "The dimension; none: the last."),
                     arg("largest", &TopOptions::largest, "Whether the largest, not the smallest."),
                     arg("sorted", &TopOptions::sorted, "Whether they come in order.")},
                    [](const TopOptions &o, const Shapes &in) {
                        return Shapes(2, topkShape(in.at(0), o.k, o.dim.value_or(-1)));
                    },
                    [](const TopOptions &o, Inputs in) {
                        return pair(topk(in[0], o.k, o.dim.value_or(-1), o.largest, o.sorted));
                    },
                    {.good
                     = {{.args = {{"k", 2}}, .inputs = {{4, 5}}},
                        {.args = {{"k", 3}, {"dim", 0}, {"largest", false}}, .inputs = {{4, 5}}}},
                     .bad = {{.args = {{"k", 4}}, .inputs = {{3}}, .kind = "k_out_of_range"}}})),
            withPlaces(tensorFunction<SortOptions>(
                    group,
                    {"sort",
                     "Elements in order, and where they stood. Equal ones keep their order."},
                    {tensorPort("input")},
                    {dimArg<SortOptions>(),
                     arg("descending", &SortOptions::descending, "The largest first."),
                     arg("stable", &SortOptions::stable,
                         "Has no effect: equal elements always keep their order.")},
                    sortShape,
                    [](const SortOptions &o,
                       Inputs in) { return pair(sort(in[0], o.dim, o.descending)); },
                    {.good = sortSamples, .bad = {outOfRange}})),
            placesOnly(tensorFunction<SortOptions>(
                    group, {"argsort", "Where the elements stand that come in order."},
                    {tensorPort("input")},
                    {dimArg<SortOptions>(),
                     arg("descending", &SortOptions::descending, "The largest first.")},
                    [sortShape](const SortOptions &o, const Shapes &in) {
                        return sortShape(o, in)[0];
                    },
                    [](const SortOptions &o, Inputs in) {
                        return sort(in[0].detach(), o.dim, o.descending).indices;
                    },
                    {.good = sortSamples, .bad = {outOfRange}})),
            tensorFunction<NoOptions>(
                    group, {"msort", "Elements in order along the first dimension."},
                    {tensorPort("input")}, {},
                    [](const NoOptions &, const Shapes &in) { return in.at(0); },
                    [](const NoOptions &, Inputs in) { return sort(in[0], 0).values; },
                    {.good = {{.args = {}, .inputs = {{3, 4}}}}})};
    for (const auto &family : {cumulativeFunctions(), differenceFunctions()})
        out.insert(out.end(), family.begin(), family.end());
    return out;
}

} // namespace mrg
