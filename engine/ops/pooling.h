// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/kernels/windows.h"
#include "engine/tensor/Tensor.h"

namespace mrg {

/// What a max pooling gives: the largest values, and their places in their planes (int64).
struct Pooled {
    Tensor values;
    Tensor indices;
};

// Max pooling over the last `dimensions` of x, into `shape`. Recorded: the gradient goes to the
// place of each maximum, and gradients of every order follow. The caller answers for the sizes.

Pooled maxPool(const Tensor &x, const kernels::Windows &windows, const Shape &shape,
               size_t dimensions);
/// Over windows that divide x evenly.
Pooled adaptiveMaxPool(const Tensor &x, const Shape &shape, size_t dimensions);
/// Over windows of `kernel` points set by samples (planes, 3), float64 in [0, 1).
Pooled fractionalMaxPool(const Tensor &x, const kernels::Extents &kernel, const Tensor &samples,
                         const Shape &shape, size_t dimensions);

/// The partial inverse: x put at `indices` of zeros of `shape`. Throws Error (index,
/// `index_out_of_range`). Recorded.
Tensor maxUnpool(const Tensor &x, const Tensor &indices, const Shape &shape, size_t dimensions);

} // namespace mrg
