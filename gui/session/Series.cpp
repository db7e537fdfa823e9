// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/session/Series.h"

#include <cmath>
#include <utility>

namespace mrg {

namespace {
/// The first thinning makes two points of so many.
constexpr qsizetype firstStride = 4;
} // namespace

void Series::Stretch::add(const Point &point)
{
    const bool known = finite > 0;
    if (std::isfinite(point.value)) {
        if (!known || point.value < least.value)
            least = point;
        if (!known || point.value > greatest.value)
            greatest = point;
        sum += point.mean;
        ++finite;
    } else if (count == 0) {
        least = greatest = point;
    }
    ++count;
}

void Series::append(double step, double epoch, double value)
{
    const Point point{step, epoch, value, value};
    if (m_stride == 1) {
        push(point);
    } else {
        m_open.add(point);
        if (m_open.count >= m_stride)
            push(std::exchange(m_open, {}));
    }
    if (m_values.size() >= capacity)
        thin();
}

void Series::push(const Point &point)
{
    m_steps.append(point.step);
    m_epochs.append(point.epoch);
    m_values.append(point.value);
    m_means.append(point.mean);
}

void Series::push(const Stretch &stretch)
{
    Point first = stretch.least;
    Point second = stretch.greatest;
    if (first.step > second.step)
        std::swap(first, second);
    first.mean = second.mean
            = stretch.finite ? stretch.sum / static_cast<double>(stretch.finite) : std::nan("");
    push(first);
    push(second);
}

void Series::thin()
{
    const Series before = *this;
    m_steps.clear();
    m_epochs.clear();
    m_values.clear();
    m_means.clear();
    // Two pairs, or four single points, become one pair.
    for (qsizetype i = 0; i + 3 < before.size(); i += 4) {
        Stretch stretch;
        for (qsizetype k = i; k < i + 4; ++k)
            stretch.add(before.at(k));
        push(stretch);
    }
    m_stride = m_stride == 1 ? firstStride : 2 * m_stride;
    ++m_generation;
}

} // namespace mrg
