// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Shape.h"

namespace mrg::kernels {

/// A compact tensor seen as rows along one dimension, or along several that follow each other:
/// element k of row (outer, inner) lies at (outer * length + k) * inner + innerIndex.
struct Rows {
    int64_t outer = 1;
    int64_t length = 1;
    int64_t inner = 1;
};

/// Rows along the dimensions from `first` to `last`, both included.
inline Rows rowsAlong(const Shape &shape, int64_t first, int64_t last)
{
    Rows rows;
    for (size_t d = 0; d < shape.size(); ++d) {
        const auto at = static_cast<int64_t>(d);
        (at < first ? rows.outer : at <= last ? rows.length : rows.inner) *= shape[d];
    }
    return rows;
}
inline Rows rowsAlong(const Shape &shape, int64_t dim) { return rowsAlong(shape, dim, dim); }

} // namespace mrg::kernels
