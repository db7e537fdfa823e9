// SPDX-License-Identifier: GPL-3.0-or-later
// Signs, steps, and conditions of one number.
#include "engine/ops/families.h"
#include "engine/ops/unary.h"

namespace mrg {

namespace {

using namespace rules;
using namespace math;

constexpr Types reals = types::Integers | types::Floats;

/// Integers are whole already.
template <typename T, typename F> T unlessWhole(T x, F step)
{
    if constexpr (std::is_integral_v<T>)
        return x;
    else
        return step(x);
}

template <typename T> bool isNotANumber(T x) { return x != x; }
template <typename T> bool isInfinite(T x)
{
    if constexpr (isComplexType<T>)
        return isInfinite(x.real()) || isInfinite(x.imag());
    else if constexpr (std::is_integral_v<T>)
        return false;
    else
        return abs(x) > std::numeric_limits<T>::max();
}
template <typename T> bool isFinite(T x)
{
    if constexpr (isComplexType<T>)
        return isFinite(x.real()) && isFinite(x.imag());
    else
        return !isNotANumber(x) && !isInfinite(x);
}
template <typename T> bool isNegative(T x)
{
    if constexpr (std::is_floating_point_v<T>)
        return std::signbit(x);
    else if constexpr (std::is_signed_v<T>)
        return x < 0;
    else
        return false;
}

constexpr std::array rows{
        UnaryRow{"sign", "-1, 0 or 1 by the sign.", R"(\operatorname{sign}(x))",
                 function<types::Reals>([](auto x) { return sign(x); }, Everywhere<0>{})},
        UnaryRow{"ceil", "Rounds up to a whole number.", R"(\lceil x \rceil)",
                 function<reals>(
                         [](auto x) { return unlessWhole(x, [](auto v) { return ceil(v); }); },
                         Everywhere<0>{})},
        UnaryRow{"floor", "Rounds down to a whole number.", R"(\lfloor x \rfloor)",
                 function<reals>(
                         [](auto x) { return unlessWhole(x, [](auto v) { return floor(v); }); },
                         Everywhere<0>{})},
        UnaryRow{"trunc", "Drops what is behind the decimal point.", R"(\operatorname{trunc}(x))",
                 function<reals>(
                         [](auto x) { return unlessWhole(x, [](auto v) { return trunc(v); }); },
                         Everywhere<0>{})},
        UnaryRow{"frac", "What is behind the decimal point.", R"(x - \operatorname{trunc}(x))",
                 function<types::Floats>([](auto x) { return x - trunc(x); }, Everywhere<1>{})},
        UnaryRow{"isnan", "Whether it is not a number.", R"(x \ne x)",
                 condition([](auto x) { return isNotANumber(x); })},
        UnaryRow{"isinf", "Whether it is infinite.", R"(|x| = \infty)",
                 condition([](auto x) { return isInfinite(x); })},
        UnaryRow{"isfinite", "Whether it is neither infinite nor NaN.", R"(|x| < \infty)",
                 condition([](auto x) { return isFinite(x); })},
        UnaryRow{"isposinf", "Whether it is positive and infinite.", R"(x = \infty)",
                 condition<types::Reals>([](auto x) { return isInfinite(x) && !isNegative(x); })},
        UnaryRow{"isneginf", "Whether it is negative and infinite.", R"(x = -\infty)",
                 condition<types::Reals>([](auto x) { return isInfinite(x) && isNegative(x); })},
        UnaryRow{"isreal", "Whether the imaginary part is 0.", R"(\operatorname{Im} x = 0)",
                 condition([](auto x) {
                     if constexpr (isComplexType<decltype(x)>)
                         return x.imag() == 0;
                     else
                         return true;
                 })},
        UnaryRow{"signbit", "Whether the sign is negative, that of -0 included.", "x < 0",
                 condition<types::Reals>([](auto x) { return isNegative(x); })},
        UnaryRow{"logical_not", "Whether it is 0.", R"(\neg x)",
                 condition([](auto x) { return x == decltype(x)(0); })},
};

} // namespace

Tensor sign(const Tensor &x) { return rowOf(rows, "sign")(x); }
Tensor ceil(const Tensor &x) { return rowOf(rows, "ceil")(x); }
Tensor floor(const Tensor &x) { return rowOf(rows, "floor")(x); }
Tensor trunc(const Tensor &x) { return rowOf(rows, "trunc")(x); }
Tensor frac(const Tensor &x) { return rowOf(rows, "frac")(x); }
Tensor isnan(const Tensor &x) { return rowOf(rows, "isnan")(x); }
Tensor isinf(const Tensor &x) { return rowOf(rows, "isinf")(x); }
Tensor isfinite(const Tensor &x) { return rowOf(rows, "isfinite")(x); }
Tensor isposinf(const Tensor &x) { return rowOf(rows, "isposinf")(x); }
Tensor isneginf(const Tensor &x) { return rowOf(rows, "isneginf")(x); }
Tensor isreal(const Tensor &x) { return rowOf(rows, "isreal")(x); }
Tensor signbit(const Tensor &x) { return rowOf(rows, "signbit")(x); }
Tensor logicalNot(const Tensor &x) { return rowOf(rows, "logical_not")(x); }

std::vector<FunctionSpec> roundingFunctions() { return declareUnary(rows); }

} // namespace mrg
