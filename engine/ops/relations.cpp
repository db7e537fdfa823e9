// SPDX-License-Identifier: GPL-3.0-or-later
// Comparisons, logic, and the choice between two tensors by a condition.
#include "engine/ops/binary.h"
#include "engine/ops/families.h"
#include "engine/ops/indexing.h"

namespace mrg {

namespace {

constexpr Types ordered = types::Reals | types::PlainNumbers;
constexpr auto smaller = [](auto a, auto b) { return a < b; };
constexpr auto notLarger = [](auto a, auto b) { return a <= b; };

/// The relation that holds of (a, b) where the rule holds of (b, a).
template <Types set, typename F> constexpr BinaryRow::Function converse(F rule)
{
    BinaryRow::Function out = relation<set>(rule);
    out.call = [](const char *name, const Tensor &a, const Tensor &b) {
        commonShape(name, a, b); // an error tells the operands in their own order
        return binaryFunction<set>(name, b, a, F{}, NoSlope{}, NoSlope{});
    };
    return out;
}

constexpr std::array comparisons{
        BinaryRow{.name = "eq",
                  .summary = "Whether two numbers are equal.",
                  .formula = "x = y",
                  .function = relation<types::All | types::PlainNumbers>(
                          [](auto a, auto b) { return a == b; }),
                  .number = true},
        BinaryRow{.name = "ne",
                  .summary = "Whether two numbers differ.",
                  .formula = R"(x \ne y)",
                  .function = relation<types::All | types::PlainNumbers>(
                          [](auto a, auto b) { return a != b; }),
                  .number = true},
        BinaryRow{.name = "lt",
                  .summary = "Whether the first number is smaller.",
                  .formula = "x < y",
                  .function = relation<ordered>(smaller),
                  .number = true},
        BinaryRow{.name = "le",
                  .summary = "Whether the first number is smaller or equal.",
                  .formula = R"(x \le y)",
                  .function = relation<ordered>(notLarger),
                  .number = true},
        BinaryRow{.name = "gt",
                  .summary = "Whether the first number is larger.",
                  .formula = "x > y",
                  .function = converse<ordered>(smaller),
                  .number = true},
        BinaryRow{.name = "ge",
                  .summary = "Whether the first number is larger or equal.",
                  .formula = R"(x \ge y)",
                  .function = converse<ordered>(notLarger),
                  .number = true},
};

/// A relation of truths: 0 is false, everything else true, NaN included.
template <typename F> constexpr BinaryRow::Function ofTruths(F rule)
{
    BinaryRow::Function out = relation<types::Bool>(rule);
    out.call = [](const char *name, const Tensor &a, const Tensor &b) {
        return binaryFunction<types::Bool>(name, a.toType(DType::Bool), b.toType(DType::Bool), F{},
                                           NoSlope{}, NoSlope{});
    };
    out.input = "any";
    return out;
}

constexpr std::array logic{
        BinaryRow{.name = "logical_and",
                  .summary = "Whether both numbers are not 0.",
                  .formula = R"(x \wedge y)",
                  .function = ofTruths([](auto a, auto b) { return a && b; })},
        BinaryRow{.name = "logical_or",
                  .summary = "Whether one of the numbers is not 0.",
                  .formula = R"(x \vee y)",
                  .function = ofTruths([](auto a, auto b) { return a || b; })},
        BinaryRow{.name = "logical_xor",
                  .summary = "Whether just one of the numbers is not 0.",
                  .formula = R"(x \oplus y)",
                  .function = ofTruths([](auto a, auto b) { return a != b; })},
};

} // namespace

Tensor eq(const Tensor &a, const Tensor &b) { return rowOf(comparisons, "eq")(a, b); }
Tensor ne(const Tensor &a, const Tensor &b) { return rowOf(comparisons, "ne")(a, b); }
Tensor lt(const Tensor &a, const Tensor &b) { return rowOf(comparisons, "lt")(a, b); }
Tensor le(const Tensor &a, const Tensor &b) { return rowOf(comparisons, "le")(a, b); }
Tensor gt(const Tensor &a, const Tensor &b) { return rowOf(comparisons, "gt")(a, b); }
Tensor ge(const Tensor &a, const Tensor &b) { return rowOf(comparisons, "ge")(a, b); }
Tensor logicalAnd(const Tensor &a, const Tensor &b) { return rowOf(logic, "logical_and")(a, b); }
Tensor logicalOr(const Tensor &a, const Tensor &b) { return rowOf(logic, "logical_or")(a, b); }
Tensor logicalXor(const Tensor &a, const Tensor &b) { return rowOf(logic, "logical_xor")(a, b); }

Tensor where(const Tensor &condition, const Tensor &a, const Tensor &b)
{
    if (condition.dtype() != DType::Bool && condition.dtype() != DType::UInt8) {
        throw Error(ErrorCategory::DType, "dtype_not_supported", "where",
                    std::string("a condition of ") + dtypeName(condition.dtype()), "bool",
                    "compare it with something, or convert it with to()");
    }
    const DType dtype = resultType({&a, &b});
    const detail::Operand x(a, dtype);
    const detail::Operand y(b, dtype);
    const Tensor chosen = condition.toType(DType::Bool);
    const Shapes common = inferBroadcast({chosen.shape(), a.shape(), b.shape()}).value();
    Tensor out = Tensor::empty(common[0], computedType(dtype));
    dispatchAll(out.dtype(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        if (y.number) {
            kernels::map<T, bool, T>(
                    out, [c = y.number->to<T>()](bool which, T v) { return which ? v : c; }, chosen,
                    x.tensor);
        } else if (x.number) {
            kernels::map<T, bool, T>(
                    out, [c = x.number->to<T>()](bool which, T v) { return which ? c : v; }, chosen,
                    y.tensor);
        } else {
            kernels::map<T, bool, T, T>(
                    out, [](bool which, T v, T w) { return which ? v : w; }, chosen, x.tensor,
                    y.tensor);
        }
    });
    out = narrowedTo(dtype, out);
    if (shouldRecord({&x.tensor, &y.tensor})) {
        record("where", {x.tensor, y.tensor}, {out},
               [needX = x.tensor.requiresGrad(), needY = y.tensor.requiresGrad(),
                saved = SavedTensor(chosen), shapeX = x.tensor.shape(),
                shapeY = y.tensor.shape()](const Gradients &g) {
                   const Tensor which = saved.unpack();
                   return Gradients{needX ? sumToSize(where(which, g[0], 0), shapeX) : Tensor(),
                                    needY ? sumToSize(where(which, 0, g[0]), shapeY) : Tensor()};
               });
    }
    return out;
}

namespace {

/// where(condition, input, other), or where(condition): the indices of what holds.
FunctionSpec declareWhere()
{
    struct NoOptions { };
    return declareFunction<NoOptions>(
            {.name = "where",
             .group = Group::IndexingAndJoining,
             .summary = "Elements of one tensor where a condition holds, of another where not; "
                        "with a condition alone, the indices of what holds.",
             .formula = R"(c \,?\, x : y)",
             .source = "torch.where",
             .inputs = {{.name = "condition", .dtype = "bool"},
                        {.name = "input", .dtype = "any", .optional = true, .number = true},
                        {.name = "other", .dtype = "any", .optional = true, .number = true}},
             .outputs = {{.name = "output", .dtype = "any", .variadic = true}},
             .infer = [](const NoOptions &, const Shapes &in) -> Result<Shapes> {
                 if (in.size() == 3)
                     return inferBroadcast(in);
                 return Error(ErrorCategory::State, "shape_depends_on_elements", "",
                              "a condition alone", "two tensors to choose from");
             },
             .samples = {{.inputs = {{2, 3}, {2, 3}, {2, 3}}}, {.inputs = {{2, 1}, {3}, {1, 3}}}},
             .badSamples
             = {{.inputs = {{2}, {3}, {3}}, .kind = "broadcast_error_incompatible_dimensions"}}},
            [](const NoOptions &, std::span<const Tensor> in) {
                const bool hasInput = in.size() > 1 && in[1].defined();
                const bool hasOther = in.size() > 2 && in[2].defined();
                if (hasInput != hasOther) {
                    throw Error(ErrorCategory::Value, "missing_argument", "where", "one tensor",
                                "two, or none");
                }
                return hasInput ? std::vector<Tensor>{where(in[0], in[1], in[2])}
                                : nonzeroTuple(in[0]);
            });
}

} // namespace

std::vector<FunctionSpec> relationFunctions()
{
    std::vector<FunctionSpec> out = declareBinary(comparisons, Group::Comparison);
    for (FunctionSpec &spec : declareBinary(logic))
        out.push_back(std::move(spec));
    out.push_back(declareWhere());
    return out;
}

} // namespace mrg
