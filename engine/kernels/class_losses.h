// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/kernels/softmax.h"

#include <cstdint>

namespace mrg::kernels {

/// Negative log-likelihood of classes, of scores (with the softmax) or of log-probabilities, in one
/// pass over the scores: a value per item and the gradient, already divided for a mean.
///
/// An item's classes lie along `rows`. The target is either a class per item or a share per class.
/// Throws Error (index) for classes outside [0, length) that are not `ignored`.
template <typename T> struct ClassLoss {
    const char *where;
    Rows rows;
    bool softmax; ///< x are scores, not log-probabilities
    const T *x;
    const int64_t *classes; ///< per item; null: see shares
    const T *shares; ///< as x; null: see classes
    const T *weight; ///< per class; null: 1
    int64_t ignored;
    double smoothing; ///< share of the target that is spread over all classes
    bool mean; ///< divide gradients by the divisor
    T *items;
    T *gradient; ///< null: not wanted
    T *sharesGradient; ///< null: not wanted
};
/// Gives the divisor of the mean: the weights of the classes that count, or the number of items.
template <typename T> double classLoss(const ClassLoss<T> &call);

} // namespace mrg::kernels
