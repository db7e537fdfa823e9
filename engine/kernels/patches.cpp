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

/// The elements of a laid out row or column that see input; those before and after see padding.
struct Inside {
    /// Of `count` elements at a stride from `first` on, in an input of `size`.
    Inside(int64_t first, int64_t stride, int64_t size, int64_t count)
        : begin(first >= 0 ? 0 : std::min((-first + stride - 1) / stride, count)),
          end(first >= size ? begin : std::clamp((size - 1 - first) / stride + 1, begin, count))
    {
    }
    int64_t begin, end;
};

/// Column by column of vectors: row y of `to` (height x width) holds from[y * rowStride + i *
/// Stride] at i, where both are inside, and 0 elsewhere.
template <int64_t Stride, typename T>
void layOutPlane(const T *from, int64_t rowStride, int64_t stride, Inside rows, Inside columns,
                 int64_t height, int64_t width, T *to)
{
    using simd::lanes;
    for (int64_t i = 0; i < width; i += lanes<T>) {
        const int64_t count = std::min(lanes<T>, width - i);
        const int64_t begin = columns.begin - i;
        const int64_t end = columns.end - i;
        for (int64_t y = 0; y < height; ++y) {
            const T *row = from + y * rowStride + i * stride;
            simd::Vector<T> values = {};
            if (y >= rows.begin && y < rows.end) {
                if constexpr (Stride == 1) {
                    values = simd::loadRange(row, begin, end);
                } else if constexpr (Stride == 2) {
                    values = simd::everySecond<T>(simd::loadRange(row, 2 * begin, 2 * end - 1),
                                                  simd::loadRange(row + lanes<T>,
                                                                  2 * begin - lanes<T>,
                                                                  2 * end - 1 - lanes<T>));
                } else {
                    for (int64_t j = std::max<int64_t>(begin, 0); j < std::min(end, count); ++j)
                        values[j] = row[j * stride];
                }
            }
            simd::storePart(to + y * width + i, values, count);
        }
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
    if (channels == 0)
        return;
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
    const auto layOutPlane = w.stride[2] == 1 ? &mrg::kernels::layOutPlane<1, T>
            : w.stride[2] == 2                ? &mrg::kernels::layOutPlane<2, T>
                                              : &mrg::kernels::layOutPlane<0, T>;
    for (int64_t i = 0; i < channels * m_planes[0] * m_planes[1]; ++i) {
        const int64_t channel = i / (m_planes[0] * m_planes[1]);
        const int64_t d = i / m_planes[1] % m_planes[0] * w.dilation[0] - w.padding[0];
        const int64_t firstRow = i % m_planes[1] * w.dilation[1] % w.stride[1] - w.padding[1];
        Inside rows(firstRow, w.stride[1], w.input[1], m_height);
        if (d < 0 || d >= w.input[0])
            rows.end = rows.begin;
        const T *plane = x + ((channel * w.input[0] + d) * w.input[1] + firstRow) * w.input[2];
        for (int64_t phase = 0; phase < m_planes[2]; ++phase, to += m_height * m_width) {
            const int64_t first = phase * w.dilation[2] % w.stride[2] - w.padding[2];
            layOutPlane(plane + first, w.stride[1] * w.input[2], w.stride[2], rows,
                        Inside(first, w.stride[2], w.input[2], m_width), m_height, m_width, to);
        }
    }
}

template void Patches::layOut(int64_t, const float *, float *) const;
template void Patches::layOut(int64_t, const double *, double *) const;

} // namespace mrg::kernels
