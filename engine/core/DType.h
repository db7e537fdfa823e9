// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Error.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace mrg {

/// Element types of tensors.
enum class DType : uint8_t { Bool, Int32, Int64, Float32, Float64 };

/// "bool", "int32", "int64", "float32", "float64".
const char *dtypeName(DType dtype);
/// The DType of that name; throws Error (value, "unknown_dtype") otherwise.
DType dtypeFromName(std::string_view name);
/// Bytes per element.
int64_t dtypeSize(DType dtype);
bool isFloating(DType dtype);
/// The type in which two types meet, by PyTorch's promotion: bool < int32 < int64 < float32 < float64.
DType promoteTypes(DType a, DType b);

/// The DType of a C++ element type: dtypeOf<float> is DType::Float32.
template <typename T> inline constexpr DType dtypeOf = DType::Float32;
template <> inline constexpr DType dtypeOf<bool> = DType::Bool;
template <> inline constexpr DType dtypeOf<int32_t> = DType::Int32;
template <> inline constexpr DType dtypeOf<int64_t> = DType::Int64;
template <> inline constexpr DType dtypeOf<float> = DType::Float32;
template <> inline constexpr DType dtypeOf<double> = DType::Float64;

/// Stands for a C++ type in dispatch lambdas.
template <typename T> struct TypeTag { using type = T; };

/// Calls f(TypeTag<T>{}) with the C++ type of any dtype.
template <typename F>
decltype(auto) dispatchAll(DType dtype, F &&f)
{
    switch (dtype) {
    case DType::Bool: return f(TypeTag<bool>{});
    case DType::Int32: return f(TypeTag<int32_t>{});
    case DType::Int64: return f(TypeTag<int64_t>{});
    case DType::Float32: return f(TypeTag<float>{});
    case DType::Float64: break;
    }
    return f(TypeTag<double>{});
}

/// Calls f(TypeTag<T>{}) for float32 and float64; throws Error (dtype) naming `where` otherwise.
template <typename F>
decltype(auto) dispatchFloating(DType dtype, const char *where, F &&f)
{
    if (dtype == DType::Float32)
        return f(TypeTag<float>{});
    if (dtype == DType::Float64)
        return f(TypeTag<double>{});
    throw Error(ErrorCategory::DType, "dtype_not_supported", where, dtypeName(dtype),
                "float32 or float64", "convert the tensor with to(DType::Float32)");
}

} // namespace mrg
