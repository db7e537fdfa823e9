// SPDX-License-Identifier: GPL-3.0-or-later
// Places in sorted sequences, and the numbers of elements.
#include "engine/core/Launch.h"
#include "engine/ops/declarations.h"
#include "engine/ops/families.h"

#include <algorithm>

namespace mrg {

namespace {

constexpr Group group = Group::IndexingAndJoining;
using Inputs = std::span<const Tensor>;

enum class Side { Left, Right };

struct SearchOptions {
    bool out_int32 = false;
    bool right = false;
    std::optional<Side> side;
};
struct UnravelOptions {
    std::vector<int64_t> shape{1};
};

} // namespace

template <> struct EnumTexts<Side> {
    static constexpr std::array texts{std::pair{Side::Left, "left"},
                                      std::pair{Side::Right, "right"}};
};

namespace {

void checkSequences(const Shape &sequences, const Shape &values, const char *where)
{
    if (sequences.size() == 1)
        return;
    const bool fits = !sequences.empty() && sequences.size() == values.size()
            && std::equal(sequences.begin(), sequences.end() - 1, values.begin());
    if (!fits) {
        throw Error(ErrorCategory::Shape, "size_mismatch", where,
                    "sequences " + toString(sequences) + " for values " + toString(values),
                    "one sequence, or one for each row of the values");
    }
}

/// The place of each value in its sorted sequence; NaN comes last.
Tensor search(const Tensor &sequences, const Tensor &values, const SearchOptions &o,
              const char *where)
{
    checkSequences(sequences.shape(), values.shape(), where);
    if (o.side == Side::Left && o.right) {
        throw Error(ErrorCategory::Value, "wrong_argument", where, "side=\"left\" and right=True",
                    "one of them");
    }
    const bool after = o.right || o.side == Side::Right;
    const DType dtype = promoteTypes(sequences.dtype(), values.dtype());
    const Tensor sorted = sequences.detach().toType(dtype).compact();
    const Tensor sought = values.detach().toType(dtype).compact();
    Tensor out = Tensor::empty(values.shape(), DType::Int64);
    dispatchReal(dtype, where, [&](auto tag) {
        using T = typename decltype(tag)::type;
        const int64_t length = sequences.size(-1);
        const int64_t row = sequences.dim() == 1 ? values.numel() : values.size(-1);
        launch([after, length, row, count = values.numel(), from = sorted.template data<T>(),
                what = sought.template data<T>(), to = out.data<int64_t>(),
                one = sequences.dim() == 1] {
            const auto before = [](T a, T b) { return a < b || (b != b && a == a); };
            parallelFor(count, 1024, [&](int64_t begin, int64_t end) {
                for (int64_t i = begin; i < end; ++i) {
                    const T *first = from + (one ? 0 : i / row * length);
                    const T *place = after
                            ? std::upper_bound(first, first + length, what[i], before)
                            : std::lower_bound(first, first + length, what[i], before);
                    to[i] = place - first;
                }
            });
        });
    });
    return o.out_int32 ? out.toType(DType::Int32) : out;
}

FunctionSpec searchFunction(Title title, const char *first, const char *second, bool valuesFirst)
{
    std::vector<Arg> args{
            arg("out_int32", &SearchOptions::out_int32,
                "Whether the result is int32 instead of int64."),
            arg("right", &SearchOptions::right, "Whether a value goes behind equal ones.")};
    if (!valuesFirst)
        args.push_back(arg("side", &SearchOptions::side, "The same in words."));
    const char *name = title.name;
    FunctionSpec spec = tensorFunction<SearchOptions>(
            group, title, {tensorPort(first), tensorPort(second)}, std::move(args),
            [name, valuesFirst](const SearchOptions &, const Shapes &in) {
                const Shape &sequences = in.at(valuesFirst ? 1 : 0);
                if (valuesFirst && sequences.size() != 1) {
                    throw Error(ErrorCategory::Shape, "dimension_count_mismatch", name,
                                "boundaries " + toString(sequences), "1 dimension");
                }
                checkSequences(sequences, in.at(valuesFirst ? 0 : 1), name);
                return in.at(valuesFirst ? 0 : 1);
            },
            [name, valuesFirst](const SearchOptions &o, Inputs in) {
                const Tensor &sequences = in[valuesFirst ? 1 : 0];
                if (valuesFirst && sequences.dim() != 1) {
                    throw Error(ErrorCategory::Shape, "dimension_count_mismatch", name,
                                "boundaries " + toString(sequences.shape()), "1 dimension");
                }
                return search(sequences, in[valuesFirst ? 0 : 1], o, name);
            },
            {.good = {{.args = {{"right", true}}, .inputs = {{4}, {4}}}},
             .bad = {{.args = {},
                      .inputs = {{2, 2}, valuesFirst ? Shape{2, 2} : Shape{3, 1}},
                      .kind = valuesFirst ? "dimension_count_mismatch" : "size_mismatch"}}});
    for (Port &port : spec.inputs)
        port.number = port.name == "input";
    spec.outputs = outputPorts({{"places", "int64"}});
    spec.differentiable = false;
    return spec;
}

FunctionSpec unravelFunction()
{
    const auto rule = [](const UnravelOptions &o, const Shapes &in) {
        return Shapes(o.shape.size(), in.at(0));
    };
    FunctionSpec spec = tensorFunction<UnravelOptions>(
            group,
            {"unravel_index", "The index along each dimension of elements given by their numbers."},
            {tensorPort("indices", "int64")},
            {requiredArg("shape", &UnravelOptions::shape,
                         "The shape of the tensor that they are in.")},
            rule,
            [](const UnravelOptions &o, Inputs in) {
                const Tensor places = in[0].detach().toType(DType::Int64).compact();
                std::vector<Tensor> out;
                int64_t stride = numel(o.shape);
                for (int64_t size : o.shape) {
                    stride = size == 0 ? 0 : stride / size;
                    Tensor part = Tensor::empty(places.shape(), DType::Int64);
                    launch([=, total = numel(o.shape), from = places.data<int64_t>(),
                            to = part.data<int64_t>(), count = places.numel()] {
                        for (int64_t i = 0; i < count; ++i) {
                            if (from[i] < 0 || from[i] >= total) {
                                throw Error(ErrorCategory::Index, "index_out_of_range",
                                            "unravel_index", "index " + std::to_string(from[i]),
                                            "0 to " + std::to_string(total - 1));
                            }
                            to[i] = from[i] / stride % size;
                        }
                    });
                    out.push_back(part);
                }
                return out;
            },
            {.good = {{.args = {{"shape", ValueList{2, 3}}}, .inputs = {{3}}}}});
    spec.outputs = {{.name = "indices", .pattern = "*", .dtype = "int64", .variadic = true}};
    spec.differentiable = false;
    return spec;
}

FunctionSpec numelFunction()
{
    return declareValueFunction<NoOptions>(
            {.name = "numel",
             .group = group,
             .summary = "The number of elements.",
             .source = "torch.numel",
             .inputs = {tensorPort("input")},
             .outputs = {{.name = "count", .pattern = "", .dtype = "any"}},
             .infer = [](const NoOptions &, const Shapes &) -> Result<Shapes> { return Shapes{}; },
             .samples = {{.args = {}, .inputs = {{2, 3}}}},
             .differentiable = false},
            [](const NoOptions &, Inputs in) -> ValueList { return {in[0].numel()}; });
}

} // namespace

std::vector<FunctionSpec> searchingFunctions()
{
    return {searchFunction({"searchsorted", "Where values go in sorted sequences.",
                            R"(s_{i-1} < v \le s_i)"},
                           "sorted_sequence", "input", false),
            searchFunction(
                    {"bucketize", "Between which boundaries values lie.", R"(b_{i-1} < x \le b_i)"},
                    "input", "boundaries", true),
            unravelFunction(), numelFunction()};
}

} // namespace mrg
