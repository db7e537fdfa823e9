// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

namespace mrg::kernels {

/// A sparse matrix by rows: row i is the sum of entries starts[i] <= k < starts[i + 1], each a
/// weight times column indices[k]. No weights at all: they are 1. Padding, averaging over windows
/// and interpolation are such matrices, applied along one dimension after the other.
struct SparseRows {
    int64_t columns = 0;
    std::vector<int64_t> starts{0};
    std::vector<int64_t> indices;
    std::vector<double> weights;

    explicit SparseRows(int64_t columnCount) : columns(columnCount) { }
    int64_t rows() const { return static_cast<int64_t>(starts.size()) - 1; }
    /// Adds to the row at the end.
    void add(int64_t column) { indices.push_back(column); }
    void add(int64_t column, double weight)
    {
        add(column);
        weights.push_back(weight);
    }
    /// Ends the row.
    void endRow() { starts.push_back(static_cast<int64_t>(indices.size())); }
    SparseRows transposed() const;
};

/// y (outer, rows, inner) = matrix * x (outer, columns, inner) along the middle dimension. A row
/// without entries becomes `fill`.
template <typename T>
void applyRows(const SparseRows &matrix, int64_t outer, int64_t inner, T fill, const T *x, T *y);

} // namespace mrg::kernels
