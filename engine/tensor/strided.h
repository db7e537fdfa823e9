// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Shape.h"

#include <array>

namespace mrg {

/// Calls row(offsets, count) for every innermost row of `shape` in row-major order: the element
/// offsets of the row's start in each of N strided layouts, and the row's length. Element i of the
/// row lies at offsets[n] + i * strides[n].back(). A 0-d shape is one row of one element.
template <size_t N, typename Row>
void forEachRow(const Shape &shape, const std::array<std::vector<int64_t>, N> &strides, Row &&row)
{
    const int64_t total = numel(shape);
    if (total == 0)
        return;
    const int64_t inner = shape.empty() ? 1 : shape.back();
    std::array<int64_t, N> offsets{};
    std::vector<int64_t> index(shape.size(), 0);
    for (int64_t done = 0; done < total; done += inner) {
        row(offsets, inner);
        for (size_t d = shape.empty() ? 0 : shape.size() - 1; d-- > 0;) {
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

/// Stride of the innermost dimension; 0 for a 0-d layout.
inline int64_t innerStride(const std::vector<int64_t> &strides)
{
    return strides.empty() ? 0 : strides.back();
}

/// `strides` of a tensor of shape `own` seen as the shape it broadcasts to: 0 along the dimensions in
/// which it is repeated.
std::vector<int64_t> broadcastStrides(const Shape &own, const std::vector<int64_t> &strides,
                                      const Shape &shape);

} // namespace mrg
