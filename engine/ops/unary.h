// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/autograd/Node.h"
#include "engine/kernels/elementwise.h"
#include "engine/ops/dispatch.h"
#include "engine/ops/rules.h"
#include "engine/spec/Spec.h"
#include "engine/tensor/settings.h"

namespace mrg {

/// What a derivative is computed from.
enum class SlopeOf { Nothing, Input, Output };

/// The derivative of a function of one number, as a rule over its input or its output; see rules.h.
/// A rule that gives a bool says where the gradient passes and where it is 0.
template <SlopeOf of_, typename F> struct Slope {
    static constexpr SlopeOf of = of_;
    static constexpr bool recorded = true;
    static constexpr bool differentiable = true;
    [[no_unique_address]] F rule;
};
template <typename F> constexpr Slope<SlopeOf::Input, F> ofInput(F rule) { return {rule}; }
template <typename F> constexpr Slope<SlopeOf::Output, F> ofOutput(F rule) { return {rule}; }
/// The derivative is this everywhere. 0 is that of steps (floor): a gradient which says nothing, so
/// that the catalogue calls them not differentiable.
template <int value> struct Everywhere {
    static constexpr SlopeOf of = SlopeOf::Nothing;
    static constexpr bool recorded = true;
    static constexpr bool differentiable = value != 0;
};
/// There is none: the result is a bool or an integer.
struct NoSlope {
    static constexpr bool recorded = false;
    static constexpr bool differentiable = false;
};

namespace detail {

/// The element type of f's results over T: bool for conditions, the real type where a complex
/// number gives a real one, else T.
template <typename F, typename... T>
using ResultOf = std::conditional_t<
        std::is_same_v<std::invoke_result_t<F, T...>, bool>, bool,
        std::conditional_t<isComplexType<std::tuple_element_t<0, std::tuple<T...>>>,
                           std::invoke_result_t<F, T...>,
                           std::tuple_element_t<0, std::tuple<T...>>>>;

/// gradient * conj(slope), or the gradient where the slope holds.
template <typename T, typename S> T chain(T gradient, S slope)
{
    if constexpr (std::is_same_v<S, bool>)
        return slope ? gradient : T(0);
    else if constexpr (isComplexType<S>)
        return gradient * std::conj(slope);
    else
        return gradient * static_cast<T>(slope);
}
/// The same recorded.
Tensor chain(const Tensor &gradient, const Tensor &slope);

template <Types set, typename F> Tensor unaryForward(const char *name, const Tensor &input, F f)
{
    const bool converts = (set & types::IntegersAsFloats) && isIntegral(input.dtype());
    const DType dtype = converts ? defaultDType() : computedType(input.dtype());
    const Tensor x = input.toType(dtype).compact();
    const Tensor out = dispatchTypes<set>(dtype, name, [&](auto tag) {
        using T = typename decltype(tag)::type;
        using R = ResultOf<F, T>;
        Tensor y = Tensor::empty(x.shape(), dtypeOf<R>);
        kernels::map<R, T>(
                y, [f](T v) { return static_cast<R>(f(v)); }, x);
        return y;
    });
    return narrowedTo(input.dtype(), out);
}

template <Types set, SlopeOf of, typename F>
Tensor unaryGradient(const char *name, const Slope<of, F> &slope, const Tensor &gradient,
                     const Tensor &saved)
{
    if (gradEnabled())
        return chain(gradient, slope.rule(saved));
    Tensor out = Tensor::empty(saved.shape(), saved.dtype());
    dispatchTypes<set &(types::Floats | types::Complexes)>(saved.dtype(), name, [&](auto tag) {
        using T = typename decltype(tag)::type;
        kernels::mapCompact<T, T, T>(
                out, [rule = slope.rule](T g, T s) { return chain(g, rule(s)); },
                gradient.compact(), saved.compact());
    });
    return out;
}
template <Types set, int value>
Tensor unaryGradient(const char *, const Everywhere<value> &, const Tensor &gradient,
                     const Tensor &)
{
    if constexpr (value == 0)
        return Tensor::zeros(gradient.shape(), gradient.dtype());
    else
        return value == 1 ? gradient : mul(gradient, Number(value));
}

} // namespace detail

/// y = f(x) for each element, with its derivative, for the types of the set.
///
///     Tensor elu(const Tensor &x, double alpha) {
///         return unaryFunction<types::Floats>("elu", x, [a = Constant{alpha}](auto v) { ... },
///                                             ofInput([a = Constant{alpha}](auto v) { ... }));
///     }
///
/// **Errors**: dtype `dtype_not_supported`.
template <Types set, typename F, typename D>
Tensor unaryFunction(const char *name, const Tensor &x, F f, D slope)
{
    Tensor y = detail::unaryForward<set>(name, x, f);
    if constexpr (D::recorded) {
        if (shouldRecord({&x})) {
            SavedTensor saved;
            if (D::of == SlopeOf::Input)
                saved = SavedTensor(x);
            else if (D::of == SlopeOf::Output)
                saved = SavedTensor(y, SavedTensor::Output);
            record(name, {x}, {y}, [name, slope, saved](const Gradients &g) {
                return Gradients{detail::unaryGradient<set>(name, slope, g[0], saved.unpack())};
            });
        }
    }
    return y;
}

/// A function of one tensor as it is declared.
struct UnaryRow {
    const char *name;
    const char *summary;
    const char *formula; ///< TeX
    struct Function {
        Tensor (*call)(const char *name, const Tensor &x);
        bool differentiable;
        const char *input; ///< what the port takes
        const char *output; ///< and gives
    } function;
    /// Where the function is real and smooth.
    Interval domain{};

    Tensor operator()(const Tensor &x) const { return function.call(name, x); }
};

/// The function of a row from its rule and the rule of its derivative. Both are lambdas that
/// capture nothing.
template <Types set, typename F, typename D> constexpr UnaryRow::Function function(F, D)
{
    return {[](const char *name, const Tensor &x) { return unaryFunction<set>(name, x, F{}, D{}); },
            D::differentiable,
            (set & types::Floats) == 0          ? "integral"
                    : (set & types::Reals) == 0 ? "complex"
                                                : "any",
            "any"};
}
/// Of floating numbers; integers are converted to them.
template <typename F, typename D> constexpr UnaryRow::Function ofFloats(F rule, D slope)
{
    return function<types::Floats | types::IntegersAsFloats>(rule, slope);
}
/// Of floating and complex numbers; integers are converted to floating ones.
template <typename F, typename D> constexpr UnaryRow::Function ofFields(F rule, D slope)
{
    return function<types::Floats | types::Complexes | types::IntegersAsFloats>(rule, slope);
}
/// Whether something holds.
template <Types set = types::All, typename F> constexpr UnaryRow::Function condition(F rule)
{
    UnaryRow::Function out = function<set>(rule, NoSlope{});
    out.output = "bool";
    return out;
}

/// A row's declaration.
FunctionSpec declareUnary(const UnaryRow &row);
template <size_t N> std::vector<FunctionSpec> declareUnary(const std::array<UnaryRow, N> &rows)
{
    std::vector<FunctionSpec> out;
    for (const UnaryRow &row : rows)
        out.push_back(declareUnary(row));
    return out;
}
/// The row of that name, found while compiling.
template <size_t N>
consteval const UnaryRow &rowOf(const std::array<UnaryRow, N> &rows, std::string_view name)
{
    for (const UnaryRow &row : rows) {
        if (name == row.name)
            return row;
    }
    throw "no such row";
}

} // namespace mrg
