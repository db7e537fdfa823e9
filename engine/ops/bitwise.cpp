// SPDX-License-Identifier: GPL-3.0-or-later
// Functions of whole numbers: their bits, and common divisors.
#include "engine/ops/binary.h"
#include "engine/ops/families.h"

#include <numeric>

namespace mrg {

namespace {

constexpr Types bits = types::Bool | types::Integers;

/// Bits moved out are lost; by a number of places that there aren't, all of them.
template <typename T> T shiftedLeft(T a, T b)
{
    using Unsigned = std::make_unsigned_t<T>;
    if (b < 0 || b >= static_cast<T>(8 * sizeof(T)))
        return T(0);
    return static_cast<T>(static_cast<Unsigned>(a) << static_cast<Unsigned>(b));
}
/// The sign moves in.
template <typename T> T shiftedRight(T a, T b)
{
    constexpr T places = static_cast<T>(8 * sizeof(T) - 1);
    return static_cast<T>(a >> (b < 0 || b > places ? places : b));
}

template <typename T> T leastCommonMultiple(T a, T b)
{
    const T divisor = std::gcd(a, b);
    return divisor == 0 ? T(0) : static_cast<T>(std::abs(static_cast<int64_t>(a / divisor * b)));
}

constexpr std::array rows{
        BinaryRow{.name = "bitwise_and",
                  .summary = "The bits that both numbers have.",
                  .formula = R"(x \mathbin{\&} y)",
                  .function
                  = binaryOf<bits>([](auto a, auto b) { return a & b; }, NoSlope{}, NoSlope{}),
                  .number = true},
        BinaryRow{.name = "bitwise_or",
                  .summary = "The bits that one of the numbers has.",
                  .formula = R"(x \mathbin{|} y)",
                  .function
                  = binaryOf<bits>([](auto a, auto b) { return a | b; }, NoSlope{}, NoSlope{}),
                  .number = true},
        BinaryRow{.name = "bitwise_xor",
                  .summary = "The bits that just one of the numbers has.",
                  .formula = R"(x \oplus y)",
                  .function
                  = binaryOf<bits>([](auto a, auto b) { return a ^ b; }, NoSlope{}, NoSlope{}),
                  .number = true},
        BinaryRow{.name = "bitwise_left_shift",
                  .summary = "Moves the bits to the left by a number of places.",
                  .formula = R"(x \ll y)",
                  .function = binaryOf<types::Integers>(
                          [](auto a, auto b) { return shiftedLeft(a, b); }, NoSlope{}, NoSlope{}),
                  .number = true},
        BinaryRow{.name = "bitwise_right_shift",
                  .summary = "Moves the bits to the right by a number of places.",
                  .formula = R"(x \gg y)",
                  .function = binaryOf<types::Integers>(
                          [](auto a, auto b) { return shiftedRight(a, b); }, NoSlope{}, NoSlope{}),
                  .number = true},
        BinaryRow{.name = "gcd",
                  .summary = "The greatest common divisor.",
                  .formula = R"(\gcd(x, y))",
                  .function = binaryOf<types::Integers>(
                          [](auto a, auto b) { return std::gcd(a, b); }, NoSlope{}, NoSlope{})},
        BinaryRow{.name = "lcm",
                  .summary = "The least common multiple.",
                  .formula = R"(\operatorname{lcm}(x, y))",
                  .function = binaryOf<types::Integers>(
                          [](auto a, auto b) { return leastCommonMultiple(a, b); }, NoSlope{},
                          NoSlope{})},
};

constexpr std::array unaryRows{
        UnaryRow{"bitwise_not", "Turns every bit; a bool becomes the other one.", R"(\sim x)",
                 function<bits>(
                         [](auto x) {
                             if constexpr (std::is_same_v<decltype(x), bool>)
                                 return !x;
                             else
                                 return static_cast<decltype(x)>(~x);
                         },
                         NoSlope{})},
};

} // namespace

Tensor bitwiseNot(const Tensor &x) { return rowOf(unaryRows, "bitwise_not")(x); }
Tensor bitwiseAnd(const Tensor &a, const Tensor &b) { return rowOf(rows, "bitwise_and")(a, b); }
Tensor bitwiseOr(const Tensor &a, const Tensor &b) { return rowOf(rows, "bitwise_or")(a, b); }
Tensor bitwiseXor(const Tensor &a, const Tensor &b) { return rowOf(rows, "bitwise_xor")(a, b); }

std::vector<FunctionSpec> bitwiseFunctions()
{
    std::vector<FunctionSpec> out = declareUnary(unaryRows);
    for (FunctionSpec &spec : declareBinary(rows))
        out.push_back(std::move(spec));
    return out;
}

} // namespace mrg
