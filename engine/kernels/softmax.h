// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/kernels/rows.h"

namespace mrg::kernels {

/// y = exp(x - max) / sum along each row.
template <typename T> void softmax(Rows rows, const T *x, T *y);
/// dx = y * (g - sum(g y)) along each row.
template <typename T> void softmaxBackward(Rows rows, const T *y, const T *g, T *dx);
/// y = x - max - log(sum(exp(x - max))) along each row.
template <typename T> void logSoftmax(Rows rows, const T *x, T *y);
/// dx = g - exp(y) * sum(g) along each row.
template <typename T> void logSoftmaxBackward(Rows rows, const T *y, const T *g, T *dx);

} // namespace mrg::kernels
