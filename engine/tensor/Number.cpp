// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/Number.h"

namespace mrg {

// A number tensor is a constant of the program: reading it makes nothing depend on data.
Number::Number(const Tensor &number) : m_value(false)
{
    dispatchAll(number.dtype(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        const T value = *number.data<T>();
        if constexpr (isComplexType<T>)
            m_value = std::complex<double>(value);
        else if constexpr (std::is_same_v<T, bool>)
            m_value = value;
        else if constexpr (std::is_floating_point_v<T>)
            m_value = static_cast<double>(value);
        else
            m_value = static_cast<int64_t>(value);
    });
}

DType Number::dtype() const
{
    return std::visit([](auto value) { return dtypeOf<decltype(value)>; }, m_value);
}

Tensor Number::tensor() const
{
    return std::visit([](auto value) { return Tensor::number(value); }, m_value);
}

} // namespace mrg
