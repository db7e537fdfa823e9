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
constexpr std::array<Row, 5> rows{{{DType::Bool, "bool", 1},
                                   {DType::Int32, "int32", 4},
                                   {DType::Int64, "int64", 8},
                                   {DType::Float32, "float32", 4},
                                   {DType::Float64, "float64", 8}}};
} // namespace

const char *dtypeName(DType dtype) { return rows[static_cast<size_t>(dtype)].name; }

DType dtypeFromName(std::string_view name)
{
    for (const Row &row : rows) {
        if (name == row.name)
            return row.dtype;
    }
    throw Error(ErrorCategory::Value, "unknown_dtype", std::string(name), "",
                "bool, int32, int64, float32 or float64");
}

int64_t dtypeSize(DType dtype) { return rows[static_cast<size_t>(dtype)].size; }

bool isFloating(DType dtype) { return dtype == DType::Float32 || dtype == DType::Float64; }

DType promoteTypes(DType a, DType b) { return std::max(a, b); }

} // namespace mrg
