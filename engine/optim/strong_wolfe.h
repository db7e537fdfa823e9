// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace mrg {

/// The loss along a line, at one point of it.
struct LinePoint {
    double length = 0;
    double loss = 0;
    double slope = 0; ///< gradient . direction
    std::vector<double> gradient;
};

/// What a line search chose.
struct LineStep {
    LinePoint point;
    int64_t evaluations = 0;
};

/// A length along a line at which the loss has fallen enough and the slope is flat enough (the
/// strong Wolfe conditions), or the best of 25 tries. `start` is the point of length 0, `evaluate`
/// gives the point at a length, `largest` is the largest component of the direction.
///
/// **Source**: as torch.optim.lbfgs, after minFunc by Mark Schmidt; Nocedal and Wright, chapter 3.
LineStep strongWolfe(const std::function<LinePoint(double length)> &evaluate,
                     const LinePoint &start, double firstLength, double largest);

} // namespace mrg
