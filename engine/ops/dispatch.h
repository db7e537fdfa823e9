// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/Tensor.h"

namespace mrg {

/// Sets of element types that a function takes, to be joined with |.
using Types = unsigned;
namespace types {
inline constexpr Types Bool = 1;
inline constexpr Types Integers = 2;
inline constexpr Types Floats = 4;
inline constexpr Types Complexes = 8;
/// Bools and integers are converted to the default floating type first.
inline constexpr Types IntegersAsFloats = 16;
/// Functions of two: one of them is often a plain number, which gets kernels of its own.
inline constexpr Types PlainNumbers = 32;
inline constexpr Types Reals = Bool | Integers | Floats;
inline constexpr Types All = Reals | Complexes;
} // namespace types

/// "bool, integral or floating types" and the like, for errors.
const char *typesText(Types types);

/// The type in which elements are computed: int32 for the smaller integers, as in C, which gives
/// the same bits when the result is narrowed again and spares them kernels of their own.
inline DType computedType(DType dtype)
{
    return dtype == DType::UInt8 || dtype == DType::Int8 || dtype == DType::Int16 ? DType::Int32
                                                                                  : dtype;
}
/// A result computed in computedType(dtype) as one of `dtype`; conditions stay.
inline Tensor narrowedTo(DType dtype, const Tensor &result)
{
    const bool narrows = computedType(dtype) != dtype && result.dtype() == computedType(dtype);
    return narrows ? result.toType(dtype) : result;
}

/// Calls f(TypeTag<T>{}) if the dtype is in the set, which is all that is instantiated; throws
/// Error (dtype, `dtype_not_supported`) naming `where` otherwise. The dtype is a computedType().
template <Types set, typename F> decltype(auto) dispatchTypes(DType dtype, const char *where, F &&f)
{
    switch (dtype) {
    case DType::Bool:
        if constexpr ((set & types::Bool) != 0)
            return f(TypeTag<bool>{});
        break;
    case DType::UInt8:
    case DType::Int8:
    case DType::Int16: break; // see computedType()
    case DType::Int32:
        if constexpr ((set & types::Integers) != 0)
            return f(TypeTag<int32_t>{});
        break;
    case DType::Int64:
        if constexpr ((set & types::Integers) != 0)
            return f(TypeTag<int64_t>{});
        break;
    case DType::Float32:
        if constexpr ((set & types::Floats) != 0)
            return f(TypeTag<float>{});
        break;
    case DType::Float64:
        if constexpr ((set & types::Floats) != 0)
            return f(TypeTag<double>{});
        break;
    case DType::Complex64:
        if constexpr ((set & types::Complexes) != 0)
            return f(TypeTag<std::complex<float>>{});
        break;
    case DType::Complex128:
        if constexpr ((set & types::Complexes) != 0)
            return f(TypeTag<std::complex<double>>{});
        break;
    }
    detail::dtypeNotSupported(dtype, where, typesText(set));
}

} // namespace mrg
