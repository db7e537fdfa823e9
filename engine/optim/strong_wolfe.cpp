// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/optim/strong_wolfe.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace mrg {

namespace {

constexpr double enoughDecrease = 1e-4;
constexpr double flatEnough = 0.9;
constexpr double tolerance = 1e-9;
constexpr int64_t tries = 25;

/// Where the cubic through two points with their slopes is smallest within [low, high].
double cubicMinimum(const LinePoint &a, const LinePoint &b, double low, double high)
{
    const double d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.length - b.length);
    const double square = d1 * d1 - a.slope * b.slope;
    if (!(square >= 0))
        return (low + high) / 2;
    const double d2 = std::sqrt(square);
    const LinePoint &left = a.length <= b.length ? a : b;
    const LinePoint &right = a.length <= b.length ? b : a;
    const double at = right.length
            - (right.length - left.length)
                    * ((right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2));
    return std::min(std::max(at, low), high);
}

} // namespace

LineStep strongWolfe(const std::function<LinePoint(double)> &evaluate, const LinePoint &start,
                     double firstLength, double largest)
{
    const auto fallsTooLittle = [&](const LinePoint &point) {
        return point.loss > start.loss + enoughDecrease * point.length * start.slope;
    };
    const auto isFlat = [&](const LinePoint &point) {
        return std::abs(point.slope) <= -flatEnough * start.slope;
    };

    // First a bracket that holds such a length.
    LinePoint previous = start;
    LinePoint point = evaluate(firstLength);
    int64_t evaluations = 1;
    int64_t iteration = 0;
    std::array<LinePoint, 2> bracket;
    bool bracketed = false;
    for (; iteration < tries; ++iteration) {
        if (!fallsTooLittle(point) && !(iteration > 1 && point.loss >= previous.loss)
            && isFlat(point))
            return {point, evaluations};
        if (fallsTooLittle(point) || (iteration > 1 && point.loss >= previous.loss)
            || point.slope >= 0) {
            bracket = {previous, point};
            bracketed = true;
            break;
        }
        const double smallest = point.length + 0.01 * (point.length - previous.length);
        const double next = cubicMinimum(previous, point, smallest, point.length * 10);
        previous = point;
        point = evaluate(next);
        ++evaluations;
    }
    if (!bracketed)
        bracket = {start, point};

    // Then the bracket shrinks around it.
    size_t low = bracket[0].loss <= bracket[1].loss ? 0 : 1;
    bool slow = false;
    for (bool done = false; !done && iteration < tries; ++iteration) {
        if (std::abs(bracket[1].length - bracket[0].length) * largest < tolerance)
            break;
        const double left = std::min(bracket[0].length, bracket[1].length);
        const double right = std::max(bracket[0].length, bracket[1].length);
        double length = cubicMinimum(bracket[0], bracket[1], left, right);
        // Steps that hug an end of the bracket are moved inwards, at the latest the second time.
        const double inset = 0.1 * (right - left);
        const bool hugs = std::min(right - length, length - left) < inset;
        if (hugs && (slow || length >= right || length <= left)) {
            length = std::abs(length - right) < std::abs(length - left) ? right - inset
                                                                        : left + inset;
            slow = false;
        } else {
            slow = hugs;
        }
        point = evaluate(length);
        ++evaluations;
        const size_t high = 1 - low;
        if (fallsTooLittle(point) || point.loss >= bracket[low].loss) {
            bracket[high] = point;
            low = bracket[0].loss <= bracket[1].loss ? 0 : 1;
        } else {
            done = isFlat(point);
            if (!done && point.slope * (bracket[high].length - bracket[low].length) >= 0)
                bracket[high] = bracket[low];
            bracket[low] = point;
        }
    }
    return {bracket[low], evaluations};
}

} // namespace mrg
