// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Error.h"

#include <complex>
#include <cstdint>
#include <string>
#include <string_view>

namespace mrg {

/// Element types of tensors, in the order of PyTorch's promotion.
enum class DType : uint8_t {
    Bool,
    UInt8,
    Int8,
    Int16,
    Int32,
    Int64,
    Float32,
    Float64,
    Complex64,
    Complex128
};

/// "bool", "uint8", "int8", "int16", "int32", "int64", "float32", "float64", "complex64",
/// "complex128".
const char *dtypeName(DType dtype);
/// The DType of that name; throws Error (value, "unknown_dtype") otherwise.
DType dtypeFromName(std::string_view name);
/// Bytes per element.
int64_t dtypeSize(DType dtype);
/// float32 or float64.
bool isFloating(DType dtype);
/// complex64 or complex128.
bool isComplex(DType dtype);
/// bool or any of the integers.
bool isIntegral(DType dtype);
/// Whether gradients of such tensors exist: floating and complex types.
inline bool isDifferentiable(DType dtype) { return !isIntegral(dtype); }
/// complex64 for float32 and complex128 for float64; others stay.
DType toComplex(DType dtype);
/// float32 for complex64 and float64 for complex128; others stay.
DType toReal(DType dtype);
/// The type in which two types meet, by PyTorch's promotion (torch.promote_types):
/// bool < uint8, int8 < int16 < int32 < int64 < float32 < float64, int16 for uint8 with int8, and
/// complex types with the finer precision.
DType promoteTypes(DType a, DType b);

/// The DType of a C++ element type: dtypeOf<float> is DType::Float32.
template <typename T> inline constexpr DType dtypeOf = DType::Float32;
template <> inline constexpr DType dtypeOf<bool> = DType::Bool;
template <> inline constexpr DType dtypeOf<uint8_t> = DType::UInt8;
template <> inline constexpr DType dtypeOf<int8_t> = DType::Int8;
template <> inline constexpr DType dtypeOf<int16_t> = DType::Int16;
template <> inline constexpr DType dtypeOf<int32_t> = DType::Int32;
template <> inline constexpr DType dtypeOf<int64_t> = DType::Int64;
template <> inline constexpr DType dtypeOf<float> = DType::Float32;
template <> inline constexpr DType dtypeOf<double> = DType::Float64;
template <> inline constexpr DType dtypeOf<std::complex<float>> = DType::Complex64;
template <> inline constexpr DType dtypeOf<std::complex<double>> = DType::Complex128;

template <typename T> inline constexpr bool isComplexType = false;
template <typename T> inline constexpr bool isComplexType<std::complex<T>> = true;

/// An element of one type as one of another: complex to real keeps the real part, anything to bool
/// asks whether it is not zero.
template <typename T, typename S> constexpr T convertElement(S value)
{
    if constexpr (std::is_same_v<T, S>)
        return value;
    else if constexpr (std::is_same_v<T, bool>)
        return value != S(0);
    else if constexpr (isComplexType<S> && isComplexType<T>)
        return T(static_cast<typename T::value_type>(value.real()),
                 static_cast<typename T::value_type>(value.imag()));
    else if constexpr (isComplexType<S>)
        return static_cast<T>(value.real());
    else if constexpr (isComplexType<T>)
        return T(static_cast<typename T::value_type>(value));
    else
        return static_cast<T>(value);
}

/// Stands for a C++ type in dispatch lambdas.
template <typename T> struct TypeTag {
    using type = T;
};

namespace detail {
[[noreturn]] void dtypeNotSupported(DType dtype, const char *where, const char *wanted);
}

/// Calls f(TypeTag<T>{}) with the C++ type of any dtype that is not complex; throws Error (dtype,
/// `dtype_not_supported`) naming `where` for complex ones.
template <typename F> decltype(auto) dispatchReal(DType dtype, const char *where, F &&f)
{
    switch (dtype) {
    case DType::Bool: return f(TypeTag<bool>{});
    case DType::UInt8: return f(TypeTag<uint8_t>{});
    case DType::Int8: return f(TypeTag<int8_t>{});
    case DType::Int16: return f(TypeTag<int16_t>{});
    case DType::Int32: return f(TypeTag<int32_t>{});
    case DType::Int64: return f(TypeTag<int64_t>{});
    case DType::Float32: return f(TypeTag<float>{});
    case DType::Float64: return f(TypeTag<double>{});
    default: detail::dtypeNotSupported(dtype, where, "a type that is not complex");
    }
}

/// Calls f(TypeTag<T>{}) with the C++ type of any dtype.
template <typename F> decltype(auto) dispatchAll(DType dtype, F &&f)
{
    if (dtype == DType::Complex64)
        return f(TypeTag<std::complex<float>>{});
    if (dtype == DType::Complex128)
        return f(TypeTag<std::complex<double>>{});
    return dispatchReal(dtype, "", std::forward<F>(f));
}

/// For bool and the integers; throws Error (dtype) naming `where` otherwise.
template <typename F> decltype(auto) dispatchIntegral(DType dtype, const char *where, F &&f)
{
    switch (dtype) {
    case DType::Bool: return f(TypeTag<bool>{});
    case DType::UInt8: return f(TypeTag<uint8_t>{});
    case DType::Int8: return f(TypeTag<int8_t>{});
    case DType::Int16: return f(TypeTag<int16_t>{});
    case DType::Int32: return f(TypeTag<int32_t>{});
    case DType::Int64: return f(TypeTag<int64_t>{});
    default: detail::dtypeNotSupported(dtype, where, "bool or an integer type");
    }
}

/// For float32 and float64; throws Error (dtype) naming `where` otherwise.
template <typename F> decltype(auto) dispatchFloating(DType dtype, const char *where, F &&f)
{
    if (dtype == DType::Float32)
        return f(TypeTag<float>{});
    if (dtype == DType::Float64)
        return f(TypeTag<double>{});
    detail::dtypeNotSupported(dtype, where, "float32 or float64");
}

/// For floating and complex types; throws Error (dtype) naming `where` otherwise.
template <typename F> decltype(auto) dispatchDifferentiable(DType dtype, const char *where, F &&f)
{
    switch (dtype) {
    case DType::Float32: return f(TypeTag<float>{});
    case DType::Float64: return f(TypeTag<double>{});
    case DType::Complex64: return f(TypeTag<std::complex<float>>{});
    case DType::Complex128: return f(TypeTag<std::complex<double>>{});
    default: detail::dtypeNotSupported(dtype, where, "a floating or complex type");
    }
}

} // namespace mrg
