// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/patches.h"

#include "engine/kernels/simd.h"

#include <algorithm>
#include <numeric>

namespace mrg::kernels {

namespace {

/// How many steps of the stride a point of a window lies after the first one.
int64_t shift(const Windows &w, size_t dimension, int64_t point)
{
    return std::max<int64_t>(point, 0) * w.dilation[dimension] / w.stride[dimension];
}

/// to[i] = from[i * stride] for begin <= i < end, 0 for the other i < width; the rest of the last
/// vector is overwritten too.
template <typename T>
void layOutRow(const T *from, int64_t stride, int64_t begin, int64_t end, int64_t width, T *to)
{
    using simd::lanes;
    if (stride > 2) {
        std::fill_n(to, width, T(0));
        for (int64_t i = begin; i < end; ++i)
            to[i] = from[i * stride];
        return;
    }
    for (int64_t i = 0; i < width; i += lanes<T>) {
        if (stride == 1) {
            simd::store(to + i, simd::loadRange(from + i, begin - i, end - i));
            continue;
        }
        const int64_t first = 2 * (begin - i);
        const int64_t last = 2 * (end - i) - 1;
        simd::store(to + i,
                    simd::everySecond<T>(simd::loadRange(from + 2 * i, first, last),
                                         simd::loadRange(from + 2 * i + lanes<T>, first - lanes<T>,
                                                         last - lanes<T>)));
    }
}

} // namespace

Patches::Patches(const Windows &windows) : m_windows(windows)
{
    const Windows &w = windows;
    for (const size_t i : {1, 2}) {
        m_period[i] = w.stride[i] / std::gcd(w.stride[i], w.dilation[i]);
        m_planes[i] = std::min(m_period[i], w.kernel[i]);
    }
    m_planes[0] = w.kernel[0];
    m_height = w.output[1] + shift(w, 1, w.kernel[1] - 1);
    m_width = w.output[2] + shift(w, 2, w.kernel[2] - 1);
}

int64_t Patches::channelSize() const { return volume(m_planes) * m_height * m_width; }

int64_t Patches::offset(const Extents &point) const
{
    const int64_t plane = (point[0] * m_planes[1] + point[1] % m_period[1]) * m_planes[2]
            + point[2] % m_period[2];
    return (plane * m_height + shift(m_windows, 1, point[1])) * m_width
            + shift(m_windows, 2, point[2]);
}

void Patches::offsets(int64_t channels, int64_t *to) const
{
    const Extents &kernel = m_windows.kernel;
    const int64_t points = volume(kernel);
    int64_t *next = to;
    for (int64_t d = 0; d < kernel[0]; ++d) {
        for (int64_t h = 0; h < kernel[1]; ++h) {
            for (int64_t w = 0; w < kernel[2]; ++w)
                *next++ = offset({d, h, w});
        }
    }
    const int64_t step = channelSize();
    for (int64_t i = points; i < channels * points; ++i)
        to[i] = to[i - points] + step;
}

template <typename T> void Patches::layOut(int64_t channels, const T *x, T *to) const
{
    const Windows &w = m_windows;
    for (int64_t row = 0; row < channels * m_planes[0] * m_planes[1]; ++row) {
        const int64_t channel = row / (m_planes[0] * m_planes[1]);
        const int64_t d = row / m_planes[1] % m_planes[0] * w.dilation[0] - w.padding[0];
        const int64_t firstH = row % m_planes[1] * w.dilation[1] % w.stride[1] - w.padding[1];
        const bool inside = d >= 0 && d < w.input[0];
        const T *plane = x + (channel * w.input[0] + d) * w.input[1] * w.input[2];
        for (int64_t phase = 0; phase < m_planes[2]; ++phase) {
            // Elements begin to end of a row see input; the others padding.
            const int64_t first = phase * w.dilation[2] % w.stride[2] - w.padding[2];
            const int64_t begin
                    = first >= 0 ? 0 : std::min((-first + w.stride[2] - 1) / w.stride[2], m_width);
            const int64_t room = w.input[2] - 1 - first;
            const int64_t end
                    = room < 0 ? begin : std::clamp(room / w.stride[2] + 1, begin, m_width);
            for (int64_t y = 0; y < m_height; ++y, to += m_width) {
                const int64_t h = firstH + y * w.stride[1];
                if (!inside || h < 0 || h >= w.input[1])
                    layOutRow<T>(x, 1, 0, 0, m_width, to);
                else
                    layOutRow(plane + h * w.input[2] + first, w.stride[2], begin, end, m_width, to);
            }
        }
    }
}

template void Patches::layOut(int64_t, const float *, float *) const;
template void Patches::layOut(int64_t, const double *, double *) const;

} // namespace mrg::kernels
