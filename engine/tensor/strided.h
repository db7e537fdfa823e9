// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Shape.h"

#include <array>

namespace mrg {

/// Calls row(offsets, count) for the innermost rows of `shape` from number `begin` to before `end`,
/// in row-major order: the element offsets of the row's start in each of N strided layouts, and the
/// row's length. Element i of the row lies at offsets[n] + i * strides[n].back(). A 0-d shape is
/// one row of one element.
template <size_t N, typename Row>
void forEachRow(const Shape &shape, const std::array<std::vector<int64_t>, N> &strides,
                int64_t begin, int64_t end, Row &&row)
{
    const int64_t inner = shape.empty() ? 1 : shape.back();
    const size_t outer = shape.empty() ? 0 : shape.size() - 1;
    std::array<int64_t, N> offsets{};
    std::vector<int64_t> index(shape.size(), 0);
    for (size_t d = outer, rest = static_cast<size_t>(begin); d-- > 0;) {
        index[d] = static_cast<int64_t>(rest) % shape[d];
        rest /= static_cast<size_t>(shape[d]);
        for (size_t n = 0; n < N; ++n)
            offsets[n] += index[d] * strides[n][d];
    }
    for (int64_t number = begin; number < end; ++number) {
        row(offsets, inner);
        for (size_t d = outer; d-- > 0;) {
            for (size_t n = 0; n < N; ++n)
                offsets[n] += strides[n][d];
            if (++index[d] < shape[d])
                break;
            for (size_t n = 0; n < N; ++n)
                offsets[n] -= strides[n][d] * shape[d];
            index[d] = 0;
        }
    }
}

/// The same for all rows.
template <size_t N, typename Row>
void forEachRow(const Shape &shape, const std::array<std::vector<int64_t>, N> &strides, Row &&row)
{
    const int64_t total = numel(shape);
    if (total > 0)
        forEachRow<N>(shape, strides, 0, shape.empty() ? 1 : total / shape.back(), row);
}

/// Stride of the innermost dimension; 0 for a 0-d layout.
inline int64_t innerStride(const std::vector<int64_t> &strides)
{
    return strides.empty() ? 0 : strides.back();
}

/// `strides` of a tensor of shape `own` seen as the shape it broadcasts to: 0 along the dimensions
/// in which it is repeated.
std::vector<int64_t> broadcastStrides(const Shape &own, const std::vector<int64_t> &strides,
                                      const Shape &shape);

/// N strided layouts of one shape.
template <size_t N> struct StridedLayouts {
    Shape shape;
    std::array<std::vector<int64_t>, N> strides;

    /// The same elements in the same order with as few dimensions as can be: those that follow each
    /// other in all layouts become one, so that rows are long.
    StridedLayouts collapsed() const
    {
        StridedLayouts out;
        for (size_t d = 0; d < shape.size(); ++d) {
            if (shape[d] == 1)
                continue;
            bool follows = !out.shape.empty();
            for (size_t n = 0; n < N; ++n)
                follows = follows && out.strides[n].back() == strides[n][d] * shape[d];
            if (!follows)
                out.shape.push_back(1);
            out.shape.back() *= shape[d];
            for (size_t n = 0; n < N; ++n) {
                if (follows)
                    out.strides[n].back() = strides[n][d];
                else
                    out.strides[n].push_back(strides[n][d]);
            }
        }
        return out;
    }
};

} // namespace mrg
