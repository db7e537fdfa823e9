// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/conversion.h"
#include "engine/ops/reductions.h"
#include "engine/ops/unary.h"
#include "engine/tensor/result_type.h"

#include <optional>

namespace mrg {

/// The derivative of a function of two numbers by one of them, as a rule over those it depends on.
template <bool left_, bool right_, typename F> struct PartialSlope {
    static constexpr bool left = left_;
    static constexpr bool right = right_;
    static constexpr bool recorded = true;
    static constexpr bool differentiable = true;
    [[no_unique_address]] F rule;
    template <typename A, typename B> auto operator()(const A &a, const B &b) const
    {
        if constexpr (left && right)
            return rule(a, b);
        else if constexpr (left)
            return rule(a);
        else
            return rule(b);
    }
};
template <typename F> constexpr PartialSlope<true, false, F> ofLeft(F rule) { return {rule}; }
template <typename F> constexpr PartialSlope<false, true, F> ofRight(F rule) { return {rule}; }
template <typename F> constexpr PartialSlope<true, true, F> ofBoth(F rule) { return {rule}; }
/// The same number everywhere.
struct FactorSlope {
    static constexpr bool left = false;
    static constexpr bool right = false;
    static constexpr bool recorded = true;
    static constexpr bool differentiable = true;
    Number factor = 1;
    bool isOne = true;
};

namespace detail {

/// An operand as the kernel takes it: converted to the common type, small integers then to what
/// they are computed in; a plain number's value beside it, so that it is written into the kernel
/// and not read from memory.
struct Operand {
    Tensor tensor;
    std::optional<Number> number;

    Operand(const Tensor &given, DType dtype)
        : tensor(given.isNumber() ? given.detach().toType(dtype) : to(given, dtype))
    {
        if (computedType(dtype) != dtype)
            tensor = tensor.toType(computedType(dtype));
        if (given.isNumber())
            number = Number(tensor);
    }
};

/// An operand kept for backward.
struct SavedOperand {
    SavedTensor tensor;
    std::optional<Number> number;
    SavedOperand(const Operand &operand, bool needed) : number(operand.number)
    {
        if (needed)
            tensor = SavedTensor(operand.tensor);
    }
};

/// out = f(x, y), broadcast.
template <Types set, typename T, typename R, typename F>
void mapOperands(Tensor &out, F f, const Operand &x, const Operand &y)
{
    if constexpr ((set & types::PlainNumbers) != 0) {
        if (y.number) {
            const auto ofLeft = [f, c = y.number->to<T>()](T v) { return f(v, c); };
            return kernels::mapCompact<R, T>(out, ofLeft, x.tensor.compact());
        }
        if (x.number) {
            const auto ofRight = [f, c = x.number->to<T>()](T v) { return f(c, v); };
            return kernels::mapCompact<R, T>(out, ofRight, y.tensor.compact());
        }
    }
    kernels::map<R, T, T>(out, f, x.tensor, y.tensor);
}

/// out = gradient * slope, where the slope depends on one operand alone.
template <Types set, typename T, typename Rule>
void mapSlope(Tensor &out, Rule rule, const Tensor &gradient, const Tensor &operand,
              const std::optional<Number> &number)
{
    if constexpr ((set & types::PlainNumbers) != 0) {
        if (number) {
            const auto scale = [s = rule(number->to<T>())](T g) { return chain(g, s); };
            return kernels::mapCompact<T, T>(out, scale, gradient.compact());
        }
    }
    kernels::map<T, T, T>(
            out, [rule](T g, T v) { return chain(g, rule(v)); }, gradient, operand);
}

template <Types set, typename S>
Tensor binaryGradient(const char *name, const S &slope, const Tensor &gradient,
                      const SavedOperand &savedX, const SavedOperand &savedY)
{
    const Tensor x = savedX.tensor.unpack();
    const Tensor y = savedY.tensor.unpack();
    if (gradEnabled())
        return chain(gradient, slope(x, y));
    Tensor out = Tensor::empty(gradient.shape(), gradient.dtype());
    dispatchTypes<set &(types::Floats | types::Complexes)>(gradient.dtype(), name, [&](auto tag) {
        using T = typename decltype(tag)::type;
        if constexpr (S::left && S::right) {
            const auto rule = [slope](T g, T a, T b) { return chain(g, slope(a, b)); };
            kernels::map<T, T, T, T>(out, rule, gradient, x, y);
        } else {
            mapSlope<set, T>(
                    out, [slope](T v) { return slope(v, v); }, gradient, S::left ? x : y,
                    S::left ? savedX.number : savedY.number);
        }
    });
    return out;
}
template <Types set>
Tensor binaryGradient(const char *, const FactorSlope &slope, const Tensor &gradient,
                      const SavedOperand &, const SavedOperand &)
{
    return slope.isOne ? gradient : mul(gradient, slope.factor);
}
template <Types set>
Tensor binaryGradient(const char *, const Everywhere<0> &, const Tensor &gradient,
                      const SavedOperand &, const SavedOperand &)
{
    return Tensor::zeros(gradient.shape(), gradient.dtype());
}

template <typename S> constexpr bool usesLeft()
{
    if constexpr (requires { S::left; })
        return S::left;
    else
        return false;
}
template <typename S> constexpr bool usesRight()
{
    if constexpr (requires { S::right; })
        return S::right;
    else
        return false;
}

} // namespace detail

/// The shape two tensors broadcast to; throws the error with `name` as its place.
Shape commonShape(const char *name, const Tensor &a, const Tensor &b);

/// f(a, b) for each pair of elements of two tensors, broadcast and converted to their common type,
/// with its partial derivatives, for the types of the set.
///
/// **Errors**: shape `broadcast_error_incompatible_dimensions`; dtype `dtype_not_supported`.
template <Types set, typename F, typename L, typename R>
Tensor binaryFunction(const char *name, const Tensor &a, const Tensor &b, F f, L left, R right)
{
    const Shape shape = commonShape(name, a, b);
    DType dtype = resultType({&a, &b});
    if ((set & types::IntegersAsFloats) && isIntegral(dtype))
        dtype = defaultDType();
    const detail::Operand x(a, dtype);
    const detail::Operand y(b, dtype);
    Tensor out = dispatchTypes<set>(computedType(dtype), name, [&](auto tag) {
        using T = typename decltype(tag)::type;
        using Out = detail::ResultOf<F, T, T>;
        Tensor result = Tensor::empty(shape, dtypeOf<Out>);
        detail::mapOperands<set, T, Out>(
                result, [f](T u, T v) { return static_cast<Out>(f(u, v)); }, x, y);
        return result;
    });
    out = narrowedTo(dtype, out);
    if constexpr (L::recorded || R::recorded) {
        if (shouldRecord({&x.tensor, &y.tensor})) {
            const bool needX = L::recorded && x.tensor.requiresGrad();
            const bool needY = R::recorded && y.tensor.requiresGrad();
            const detail::SavedOperand savedX(
                    x, (needX && detail::usesLeft<L>()) || (needY && detail::usesLeft<R>()));
            const detail::SavedOperand savedY(
                    y, (needX && detail::usesRight<L>()) || (needY && detail::usesRight<R>()));
            record(name, {x.tensor, y.tensor}, {out},
                   [=, shapeX = x.tensor.shape(), shapeY = y.tensor.shape()](const Gradients &g) {
                       Gradients back(2);
                       if constexpr (L::recorded) {
                           if (needX) {
                               back[0] = sumToSize(detail::binaryGradient<set>(name, left, g[0],
                                                                               savedX, savedY),
                                                   shapeX);
                           }
                       }
                       if constexpr (R::recorded) {
                           if (needY) {
                               back[1] = sumToSize(detail::binaryGradient<set>(name, right, g[0],
                                                                               savedX, savedY),
                                                   shapeY);
                           }
                       }
                       return back;
                   });
        }
    }
    return out;
}

/// A function of two tensors as it is declared.
struct BinaryRow {
    const char *name;
    const char *summary;
    const char *formula; ///< TeX
    struct Function {
        Tensor (*call)(const char *name, const Tensor &a, const Tensor &b);
        bool differentiable;
        const char *input;
        const char *output;
    } function;
    const char *second = "other"; ///< the second port's name
    bool number = false; ///< it also takes a plain number
    /// Where samples of both are drawn from.
    Interval domain{};

    Tensor operator()(const Tensor &a, const Tensor &b) const { return function.call(name, a, b); }
};

/// The function of a row from its rule and the rules of its partial derivatives.
template <Types set, typename F, typename L, typename R>
constexpr BinaryRow::Function binaryOf(F, L, R)
{
    return {[](const char *name, const Tensor &a, const Tensor &b) {
                return binaryFunction<set>(name, a, b, F{}, L{}, R{});
            },
            L::differentiable || R::differentiable, (set & types::Floats) == 0 ? "integral" : "any",
            "any"};
}
/// Whether something holds for two numbers.
template <Types set, typename F> constexpr BinaryRow::Function relation(F rule)
{
    BinaryRow::Function out = binaryOf<set>(rule, NoSlope{}, NoSlope{});
    out.output = "bool";
    return out;
}

FunctionSpec declareBinary(const BinaryRow &row, Group group = Group::BinaryPointwise);
template <size_t N>
std::vector<FunctionSpec> declareBinary(const std::array<BinaryRow, N> &rows,
                                        Group group = Group::BinaryPointwise)
{
    std::vector<FunctionSpec> out;
    for (const BinaryRow &row : rows)
        out.push_back(declareBinary(row, group));
    return out;
}
template <size_t N>
consteval const BinaryRow &rowOf(const std::array<BinaryRow, N> &rows, std::string_view name)
{
    for (const BinaryRow &row : rows) {
        if (name == row.name)
            return row;
    }
    throw "no such row";
}
/// The shape of what comes of several tensors that are broadcast together.
Result<Shapes> inferBroadcast(const Shapes &inputs);
/// Two tensors that fit each other in every way there is, and two that don't.
std::vector<Sample> broadcastSamples(const Arguments &args);
std::vector<BadSample> broadcastBadSamples();

} // namespace mrg
