// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/Tensor.h"

#include <concepts>
#include <variant>

namespace mrg {

/// A plain number beside tensors: bool, int, float or complex. What kind it is decides the kind of
/// the result's type, not its precision (see resultType()).
///
///     mul(x, 2)     // int64 stays int64
///     mul(x, 0.5)   // int64 becomes float32, float64 stays float64
class Number {
public:
    Number(bool value) : m_value(value) { }
    template <std::integral T> Number(T value) : m_value(static_cast<int64_t>(value)) { }
    template <std::floating_point T> Number(T value) : m_value(static_cast<double>(value)) { }
    Number(std::complex<double> value) : m_value(value) { }
    /// That of a tensor made by Tensor::number().
    explicit Number(const Tensor &number);

    /// bool, int64, float64 or complex128.
    DType dtype() const;
    /// Converted as an element is.
    template <typename T> T to() const
    {
        return std::visit([](auto value) { return convertElement<T>(value); }, m_value);
    }
    /// As Tensor::number() makes it.
    Tensor tensor() const;

private:
    std::variant<bool, int64_t, double, std::complex<double>> m_value;
};

} // namespace mrg
