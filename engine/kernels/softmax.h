// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Shape.h"

namespace mrg::kernels {

/// A compact tensor seen as rows along one dimension: element k of row (outer, inner) lies at
/// (outer * length + k) * inner + innerIndex.
struct Rows {
    int64_t outer = 1;
    int64_t length = 1;
    int64_t inner = 1;
};
Rows rowsAlong(const Shape &shape, int64_t dim);

/// y = exp(x - max) / sum along each row.
template <typename T> void softmax(Rows rows, const T *x, T *y);
/// dx = y * (g - sum(g y)) along each row.
template <typename T> void softmaxBackward(Rows rows, const T *y, const T *g, T *dx);
/// y = x - max - log(sum(exp(x - max))) along each row.
template <typename T> void logSoftmax(Rows rows, const T *x, T *y);
/// dx = g - exp(y) * sum(g) along each row.
template <typename T> void logSoftmaxBackward(Rows rows, const T *y, const T *g, T *dx);

} // namespace mrg::kernels
