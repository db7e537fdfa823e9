// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace mrg::kernels {

/// Where the elements of a (batch, heads, length, size) matrix stack lie; the last dimension is
/// compact. So heads need not be split apart: they are steps in a row.
template <typename T> struct HeadView {
    T *data = nullptr;
    int64_t batchStride = 0;
    int64_t headStride = 0;
    int64_t rowStride = 0;

    T *matrix(int64_t batch, int64_t head) const
    {
        return data + batch * batchStride + head * headStride;
    }
};

/// What is added to the scores or forbids them; strides of 0 repeat.
template <typename T> struct MaskView {
    const bool *allowed = nullptr; ///< false: the score becomes -inf
    const T *added = nullptr;
    int64_t batchStride = 0;
    int64_t headStride = 0;
    int64_t rowStride = 0;
    int64_t columnStride = 0;
};
}
