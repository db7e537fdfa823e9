// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/binary.h"
#include "engine/ops/families.h"

#include <limits>

namespace mrg {

namespace {

constexpr Types reals = types::Integers | types::Floats;

/// x within bounds, of which one may be left out. A NaN stays, and a bound that is NaN gives NaN.
template <typename T> T bounded(T x, T low, T high, bool hasLow, bool hasHigh)
{
    const T above = hasLow && (x < low || low != low) ? low : x;
    return hasHigh && (above > high || high != high) ? high : above;
}

Tensor clampByNumbers(const Tensor &x, std::optional<Number> low, std::optional<Number> high)
{
    const bool hasLow = low.has_value();
    const bool hasHigh = high.has_value();
    const Number lower = low.value_or(0);
    const Number upper = high.value_or(0);
    return unaryFunction<reals>(
            "clamp", x,
            [=](auto v) {
                using T = decltype(v);
                return bounded(v, lower.to<T>(), upper.to<T>(), hasLow, hasHigh);
            },
            ofInput([=](auto v) {
                using T = decltype(v);
                if constexpr (std::is_same_v<T, Tensor>) {
                    Tensor within = Tensor::ones(v.shape(), DType::Bool);
                    if (hasLow)
                        within = logicalAnd(within, ge(v, lower));
                    return hasHigh ? logicalAnd(within, le(v, upper)) : within;
                } else {
                    return (!hasLow || v >= lower.to<T>()) && (!hasHigh || v <= upper.to<T>());
                }
            }));
}

/// Where the gradient goes to: the number, or the bound that holds.
Tensor passing(const char *what, const Tensor &x, const Tensor &low, const Tensor &high)
{
    const std::string_view of = what;
    if (of == "low")
        return high.defined() ? logicalAnd(lt(x, low), lt(low, high)) : lt(x, low);
    if (of == "high")
        return low.defined() ? logicalOr(gt(x, high), lt(high, low)) : gt(x, high);
    if (!low.defined())
        return le(x, high);
    return high.defined() ? logicalAnd(ge(x, low), le(x, high)) : ge(x, low);
}

Tensor clampByTensors(const Tensor &x, const Tensor &low, const Tensor &high)
{
    const Tensor &lower = low.defined() ? low : high;
    const Tensor &upper = high.defined() ? high : low;
    const Shape shape = inferBroadcast({x.shape(), lower.shape(), upper.shape()}).value()[0];
    Tensor out = Tensor::empty(shape, x.dtype());
    dispatchTypes<reals>(x.dtype(), "clamp", [&](auto tag) {
        using T = typename decltype(tag)::type;
        kernels::map<T, T, T, T>(
                out,
                [hasLow = low.defined(), hasHigh = high.defined()](T v, T a, T b) {
                    return bounded(v, a, b, hasLow, hasHigh);
                },
                x, lower, upper);
    });
    if (shouldRecord({&x, &low, &high})) {
        const auto needs = [](const Tensor &t) { return t.defined() && t.requiresGrad(); };
        record("clamp", {x, low, high}, {out},
               [saved = SavedTensor(x), savedLow = SavedTensor(low), savedHigh = SavedTensor(high),
                needX = needs(x), needLow = needs(low),
                needHigh = needs(high)](const Gradients &g) {
                   const Tensor v = saved.unpack();
                   const Tensor a = savedLow.unpack();
                   const Tensor b = savedHigh.unpack();
                   const auto part = [&](const char *what, bool needed, const Tensor &operand) {
                       return needed
                               ? sumToSize(where(passing(what, v, a, b), g[0], 0), operand.shape())
                               : Tensor();
                   };
                   return Gradients{part("x", needX, v), part("low", needLow, a),
                                    part("high", needHigh, b)};
               });
    }
    return out;
}

Error noBounds()
{
    return {ErrorCategory::Value, "missing_argument", "clamp", "neither min nor max",
            "at least one of them"};
}

} // namespace

Tensor clamp(const Tensor &x, const Tensor &low, const Tensor &high)
{
    if (!low.defined() && !high.defined())
        throw noBounds();
    const DType dtype = resultType({&x, &low, &high});
    const auto numberOf = [](const Tensor &bound) {
        return bound.defined() && bound.isNumber() ? std::optional<Number>(Number(bound))
                                                   : std::nullopt;
    };
    const bool byNumbers
            = (!low.defined() || low.isNumber()) && (!high.defined() || high.isNumber());
    if (byNumbers)
        return clampByNumbers(to(x, dtype), numberOf(low), numberOf(high));
    const auto converted = [dtype](const Tensor &bound) {
        return bound.defined() ? detail::Operand(bound, dtype).tensor : bound;
    };
    const Tensor computed = to(x, dtype).toType(computedType(dtype));
    return narrowedTo(dtype, clampByTensors(computed, converted(low), converted(high)));
}

Tensor clamp(const Tensor &x, std::optional<Number> low, std::optional<Number> high)
{
    return clamp(x, low ? low->tensor() : Tensor(), high ? high->tensor() : Tensor());
}

std::vector<FunctionSpec> clampFunctions()
{
    struct NoOptions { };
    return {declareFunction<NoOptions>(
            {.name = "clamp",
             .group = Group::UnaryPointwise,
             .summary = "Keeps numbers between two bounds.",
             .formula = R"(\min(\max(x, min), max))",
             .source = "torch.clamp",
             .inputs = {{.name = "input", .dtype = "any"},
                        {.name = "min",
                         .dtype = "any",
                         .summary = "The lower bound; left out: none.",
                         .optional = true,
                         .number = true},
                        {.name = "max",
                         .dtype = "any",
                         .summary = "The upper bound; left out: none.",
                         .optional = true,
                         .number = true}},
             .outputs = {{.name = "output", .dtype = "any"}},
             .infer = [](const NoOptions &, const Shapes &in) -> Result<Shapes> {
                 if (in.size() < 2)
                     return noBounds();
                 return inferBroadcast(in);
             },
             .samples = {{.inputs = {{2, 3}, {3}}}, {.inputs = {{2, 4}, {4}, {2, 1}}}},
             .badSamples
             = {{.inputs = {{2, 3}}, .kind = "missing_argument"},
                {.inputs = {{2, 3}, {2}}, .kind = "broadcast_error_incompatible_dimensions"}}},
            [](const NoOptions &, std::span<const Tensor> in) {
                return std::vector<Tensor>{clamp(in[0], in.size() > 1 ? in[1] : Tensor(),
                                                 in.size() > 2 ? in[2] : Tensor())};
            })};
}

} // namespace mrg
