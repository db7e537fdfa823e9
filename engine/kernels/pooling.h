// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/kernels/windows.h"

namespace mrg::kernels {

/// The largest value of every window of x (planes, input points) and its place in its plane (may be
/// null). Padding counts as -infinity, a NaN wins, the first of equals wins.
template <typename T>
void maxPool(const Windows &windows, int64_t planes, const T *x, T *y, int64_t *indices);

/// The same over windows floor(i size / count) to ceil((i + 1) size / count).
template <typename T>
void adaptiveMaxPool(const Extents &input, const Extents &output, int64_t planes, const T *x, T *y,
                     int64_t *indices);

/// The same over windows of `kernel` points at pseudo-random distances (Graham, 2014), fixed for
/// every plane by three numbers in [0, 1), one a dimension.
template <typename T>
void fractionalMaxPool(const Extents &input, const Extents &output, const Extents &kernel,
                       int64_t planes, const double *samples, const T *x, T *y, int64_t *indices);

/// y[p, i] = x[p, indices[p, i]] for planes of `space` points in x and `points` in y.
template <typename T>
void gatherPlanes(int64_t planes, int64_t space, int64_t points, const int64_t *indices, const T *x,
                  T *y);
/// Its transpose: y[p, indices[p, i]] += x[p, i] from zeros.
template <typename T>
void scatterPlanes(int64_t planes, int64_t space, int64_t points, const int64_t *indices,
                   const T *x, T *y);
/// y[p, indices[p, i]] = x[p, i] over zeros; the last of equal indices stays. Throws Error (index,
/// `index_out_of_range`).
template <typename T>
void placeInPlanes(int64_t planes, int64_t space, int64_t points, const int64_t *indices,
                   const T *x, T *y);

} // namespace mrg::kernels
