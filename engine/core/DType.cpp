// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/DType.h"

#include <algorithm>
#include <array>

namespace mrg {

namespace {
struct Row {
    DType dtype;
    const char *name;
    int64_t size;
};
constexpr std::array<Row, 10> rows{{{DType::Bool, "bool", 1},
                                    {DType::UInt8, "uint8", 1},
                                    {DType::Int8, "int8", 1},
                                    {DType::Int16, "int16", 2},
                                    {DType::Int32, "int32", 4},
                                    {DType::Int64, "int64", 8},
                                    {DType::Float32, "float32", 4},
                                    {DType::Float64, "float64", 8},
                                    {DType::Complex64, "complex64", 8},
                                    {DType::Complex128, "complex128", 16}}};
} // namespace

const char *dtypeName(DType dtype) { return rows[static_cast<size_t>(dtype)].name; }

DType dtypeFromName(std::string_view name)
{
    std::string known;
    for (const Row &row : rows) {
        if (name == row.name)
            return row.dtype;
        known += (known.empty() ? "" : ", ") + std::string(row.name);
    }
    throw Error(ErrorCategory::Value, "unknown_dtype", std::string(name), "", "one of " + known);
}

int64_t dtypeSize(DType dtype) { return rows[static_cast<size_t>(dtype)].size; }

bool isFloating(DType dtype) { return dtype == DType::Float32 || dtype == DType::Float64; }
bool isComplex(DType dtype) { return dtype >= DType::Complex64; }
bool isIntegral(DType dtype) { return dtype <= DType::Int64; }

DType toComplex(DType dtype)
{
    if (dtype == DType::Float32)
        return DType::Complex64;
    return dtype == DType::Float64 ? DType::Complex128 : dtype;
}

DType toReal(DType dtype)
{
    if (dtype == DType::Complex64)
        return DType::Float32;
    return dtype == DType::Complex128 ? DType::Float64 : dtype;
}

DType promoteTypes(DType a, DType b)
{
    const DType higher = std::max(a, b);
    if (higher == DType::Int8 && std::min(a, b) == DType::UInt8)
        return DType::Int16;
    // A float64 needs the finer complex type.
    return higher == DType::Complex64 && std::min(a, b) == DType::Float64 ? DType::Complex128
                                                                          : higher;
}

void detail::dtypeNotSupported(DType dtype, const char *where, const char *wanted)
{
    throw Error(ErrorCategory::DType, "dtype_not_supported", where, dtypeName(dtype), wanted,
                "convert the tensor with to()");
}

} // namespace mrg
