// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cmath>

namespace mrg {

/// A number with its derivative along some direction: forward-mode differentiation, by which the
/// slopes of the pointwise losses give their own slopes. A function written over "V" works on plain
/// numbers and on these; comparisons look at the value.
///
///     Dual<double> x{3, 1};
///     (x * x).slope; // 6
template <typename T> struct Dual {
    T value{};
    T slope{};

    Dual() = default;
    Dual(T value_) : value(value_) { }
    Dual(T value_, T slope_) : value(value_), slope(slope_) { }

    friend Dual operator-(Dual a) { return {-a.value, -a.slope}; }
    friend Dual operator+(Dual a, Dual b) { return {a.value + b.value, a.slope + b.slope}; }
    friend Dual operator-(Dual a, Dual b) { return {a.value - b.value, a.slope - b.slope}; }
    friend Dual operator*(Dual a, Dual b)
    {
        return {a.value * b.value, a.slope * b.value + a.value * b.slope};
    }
    friend Dual operator/(Dual a, Dual b)
    {
        const T quotient = a.value / b.value;
        return {quotient, (a.slope - quotient * b.slope) / b.value};
    }
    friend bool operator<(Dual a, Dual b) { return a.value < b.value; }
    friend bool operator>(Dual a, Dual b) { return a.value > b.value; }
    friend bool operator<=(Dual a, Dual b) { return a.value <= b.value; }
    friend bool operator>=(Dual a, Dual b) { return a.value >= b.value; }
    friend bool operator==(Dual a, Dual b) { return a.value == b.value; }
    friend bool operator!=(Dual a, Dual b) { return a.value != b.value; }

    friend Dual exp(Dual x)
    {
        const T y = std::exp(x.value);
        return {y, y * x.slope};
    }
    friend Dual log(Dual x) { return {std::log(x.value), x.slope / x.value}; }
    friend Dual log1p(Dual x) { return {std::log1p(x.value), x.slope / (1 + x.value)}; }
    friend Dual abs(Dual x) { return x.value < 0 ? -x : x; }
};

/// x, but not below `lowest`, while the derivative passes as if nothing had been done: what
/// PyTorch's clamps under no_grad do.
template <typename T> T raisedTo(T x, double lowest)
{
    return x < static_cast<T>(lowest) ? static_cast<T>(lowest) : x;
}
template <typename T> Dual<T> raisedTo(Dual<T> x, double lowest)
{
    return {raisedTo(x.value, lowest), x.slope};
}

} // namespace mrg
