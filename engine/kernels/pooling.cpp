// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/pooling.h"

#include "engine/core/Error.h"
#include "engine/core/Launch.h"
#include "engine/kernels/simd.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace mrg::kernels {

namespace {

/// The input points of one window along one dimension: begin, begin + step, ... below end.
struct Range {
    int64_t begin;
    int64_t end;
};
/// The ranges of all output points, by dimension.
using Ranges = std::array<std::vector<Range>, 3>;

template <typename RangeOf> Ranges rangesOf(const Extents &output, RangeOf rangeOf)
{
    Ranges out;
    for (size_t d = 0; d < 3; ++d) {
        for (int64_t o = 0; o < output[d]; ++o)
            out[d].push_back(rangeOf(d, o));
    }
    return out;
}

/// The largest of one window: `best` and its place.
template <typename T>
void largest(const T *x, const Extents &size, const Extents &step, Range depth, Range height,
             Range width, T &best, int64_t &place)
{
    best = -std::numeric_limits<T>::infinity();
    place = (depth.begin * size[1] + height.begin) * size[2] + width.begin;
    for (int64_t d = depth.begin; d < depth.end; d += step[0]) {
        for (int64_t h = height.begin; h < height.end; h += step[1]) {
            const int64_t row = (d * size[1] + h) * size[2];
            for (int64_t w = width.begin; w < width.end; w += step[2]) {
                const T value = x[row + w];
                if (value > best || std::isnan(value)) {
                    best = value;
                    place = row + w;
                }
            }
        }
    }
}

/// The elements of windows side by side: `count` of them, `stride` apart.
template <int64_t stride, typename T> simd::Vector<T> loadApart(const T *from, int64_t count)
{
    if constexpr (stride == 1) {
        return simd::loadPart(from, count);
    } else {
        static_assert(stride == 2);
        constexpr int64_t lanes = simd::lanes<T>;
        const int64_t reach = 2 * count - 1;
        return simd::everySecond<T>(
                simd::loadPart(from, std::min(reach, lanes)),
                simd::loadPart(from + std::min(reach, lanes), std::max<int64_t>(reach - lanes, 0)));
    }
}

/// The largest of `count` windows side by side, `stride` apart, all of whose points lie in the
/// input: `columns` of them in a row, step[2] apart. `first` is the place of the first window's
/// first column in row 0.
template <int64_t stride, typename T>
void largestSideBySide(const T *x, const Extents &size, const Extents &step, Range depth,
                       Range height, int64_t columns, int64_t first, int64_t count, T *y,
                       int64_t *indices)
{
    using Place = simd::MaskElement<T>;
    constexpr int64_t lanes = simd::lanes<T>;
    simd::Vector<Place> apart;
    for (int64_t j = 0; j < lanes; ++j)
        apart[j] = static_cast<Place>(j * stride);
    for (int64_t done = 0; done < count; done += lanes) {
        const int64_t n = std::min(lanes, count - done);
        const int64_t column = first + done * stride;
        const int64_t begin = (depth.begin * size[1] + height.begin) * size[2] + column;
        simd::Vector<T> best = simd::all(-std::numeric_limits<T>::infinity());
        simd::Vector<Place> place = apart + static_cast<Place>(begin);
        for (int64_t d = depth.begin; d < depth.end; d += step[0]) {
            for (int64_t h = height.begin; h < height.end; h += step[1]) {
                for (int64_t k = 0; k < columns; ++k) {
                    const int64_t at = (d * size[1] + h) * size[2] + column + k * step[2];
                    const simd::Vector<T> value = loadApart<stride>(x + at, n);
                    const simd::Mask<T> takes = (value > best) | (value != value);
                    best = takes ? value : best;
                    place = takes ? apart + static_cast<Place>(at) : place;
                }
            }
        }
        simd::storePart<T>(y + done, best, n);
        if (indices) {
            Place places[lanes];
            simd::store<Place>(places, place);
            std::copy_n(places, n, indices + done);
        }
    }
}

template <typename T>
void poolPlane(const Extents &size, const Extents &step, const Ranges &ranges, const T *x, T *y,
               int64_t *indices)
{
    int64_t point = 0;
    for (Range depth : ranges[0]) {
        for (Range height : ranges[1]) {
            for (Range width : ranges[2]) {
                int64_t place;
                largest(x, size, step, depth, height, width, y[point], place);
                if (indices)
                    indices[point] = place;
                ++point;
            }
        }
    }
}

/// Calls pool(plane) for all, in pieces of some work each.
template <typename Pool> void forEachPlane(int64_t planes, int64_t space, Pool pool)
{
    parallelFor(planes, std::max<int64_t>(1, elementGrain / std::max<int64_t>(space, 1)),
                [&](int64_t begin, int64_t end) {
                    for (int64_t plane = begin; plane < end; ++plane)
                        pool(plane);
                });
}

template <typename T>
void poolPlanes(const Extents &input, const Extents &output, const Extents &step,
                const Ranges &ranges, int64_t planes, const T *x, T *y, int64_t *indices)
{
    forEachPlane(planes, volume(input), [&](int64_t plane) {
        const int64_t point = plane * volume(output);
        poolPlane(input, step, ranges, x + plane * volume(input), y + point,
                  indices ? indices + point : nullptr);
    });
}

} // namespace

template <typename T>
void maxPool(const Windows &w, int64_t planes, const T *x, T *y, int64_t *indices)
{
    const Ranges ranges = rangesOf(w.output, [&](size_t d, int64_t o) {
        const int64_t first = o * w.stride[d] - w.padding[d];
        const int64_t end = std::min(first + (w.kernel[d] - 1) * w.dilation[d] + 1, w.input[d]);
        const int64_t skipped = first < 0 ? (-first + w.dilation[d] - 1) / w.dilation[d] : 0;
        return Range{first + skipped * w.dilation[d], end};
    });
    // Windows that lie in the input over their whole width.
    const int64_t width = w.output[2];
    const int64_t reach = (w.kernel[2] - 1) * w.dilation[2] + 1;
    const int64_t inside = w.input[2] + w.padding[2] - reach; // begin of the last, before the input
    const int64_t last = inside < 0 ? 0 : std::min(inside / w.stride[2] + 1, width);
    const int64_t first = std::min((w.padding[2] + w.stride[2] - 1) / w.stride[2], last);
    const auto sideBySide = w.stride[2] == 1 ? &largestSideBySide<1, T>
            : w.stride[2] == 2               ? &largestSideBySide<2, T>
                                             : nullptr;
    if (!sideBySide) {
        poolPlanes(w.input, w.output, w.dilation, ranges, planes, x, y, indices);
        return;
    }
    forEachPlane(planes, volume(w.input), [&](int64_t plane) {
        const T *from = x + plane * volume(w.input);
        int64_t point = plane * volume(w.output);
        for (Range depth : ranges[0]) {
            for (Range height : ranges[1]) {
                for (int64_t o = 0; o < width; ++o) {
                    if (o == first && last > first) {
                        sideBySide(from, w.input, w.dilation, depth, height, w.kernel[2],
                                   first * w.stride[2] - w.padding[2], last - first,
                                   y + point + first, indices ? indices + point + first : nullptr);
                        o = last;
                        if (o == width)
                            break;
                    }
                    int64_t place;
                    largest(from, w.input, w.dilation, depth, height,
                            ranges[2][static_cast<size_t>(o)], y[point + o], place);
                    if (indices)
                        indices[point + o] = place;
                }
                point += width;
            }
        }
    });
}

template <typename T>
void adaptiveMaxPool(const Extents &input, const Extents &output, int64_t planes, const T *x, T *y,
                     int64_t *indices)
{
    const Ranges ranges = rangesOf(output, [&](size_t d, int64_t o) {
        return Range{o * input[d] / output[d], ((o + 1) * input[d] + output[d] - 1) / output[d]};
    });
    poolPlanes(input, output, {1, 1, 1}, ranges, planes, x, y, indices);
}

template <typename T>
void fractionalMaxPool(const Extents &input, const Extents &output, const Extents &kernel,
                       int64_t planes, const double *samples, const T *x, T *y, int64_t *indices)
{
    forEachPlane(planes, volume(input), [&](int64_t plane) {
        const Ranges ranges = rangesOf(output, [&](size_t d, int64_t o) {
            int64_t begin = input[d] - kernel[d];
            if (o + 1 < output[d]) {
                const T sample = static_cast<T>(samples[plane * 3 + static_cast<int64_t>(d)]);
                const T alpha = static_cast<T>(begin) / static_cast<T>(output[d] - 1);
                begin = static_cast<int64_t>((static_cast<T>(o) + sample) * alpha)
                        - static_cast<int64_t>(sample * alpha);
            }
            return Range{begin, begin + kernel[d]};
        });
        const int64_t point = plane * volume(output);
        poolPlane(input, {1, 1, 1}, ranges, x + plane * volume(input), y + point,
                  indices ? indices + point : nullptr);
    });
}

template <typename T>
void gatherPlanes(int64_t planes, int64_t space, int64_t points, const int64_t *indices, const T *x,
                  T *y)
{
    forEachPlane(planes, points, [=](int64_t plane) {
        for (int64_t i = plane * points; i < (plane + 1) * points; ++i)
            y[i] = x[plane * space + indices[i]];
    });
}

template <typename T>
void scatterPlanes(int64_t planes, int64_t space, int64_t points, const int64_t *indices,
                   const T *x, T *y)
{
    forEachPlane(planes, space, [=](int64_t plane) {
        std::fill_n(y + plane * space, space, T(0));
        for (int64_t i = plane * points; i < (plane + 1) * points; ++i)
            y[plane * space + indices[i]] += x[i];
    });
}

template <typename T>
void placeInPlanes(int64_t planes, int64_t space, int64_t points, const int64_t *indices,
                   const T *x, T *y)
{
    forEachPlane(planes, space, [=](int64_t plane) {
        std::fill_n(y + plane * space, space, T(0));
        for (int64_t i = plane * points; i < (plane + 1) * points; ++i) {
            if (indices[i] < 0 || indices[i] >= space) {
                throw Error(ErrorCategory::Index, "index_out_of_range", "max_unpool",
                            "index " + std::to_string(indices[i]),
                            "0 to " + std::to_string(space - 1) + ", a place in the output's plane",
                            "use the indices that max pooling gave, or a larger output_size");
            }
            y[plane * space + indices[i]] = x[i];
        }
    });
}

template void maxPool(const Windows &, int64_t, const float *, float *, int64_t *);
template void adaptiveMaxPool(const Extents &, const Extents &, int64_t, const float *, float *,
                              int64_t *);
template void fractionalMaxPool(const Extents &, const Extents &, const Extents &, int64_t,
                                const double *, const float *, float *, int64_t *);
template void gatherPlanes(int64_t, int64_t, int64_t, const int64_t *, const float *, float *);
template void scatterPlanes(int64_t, int64_t, int64_t, const int64_t *, const float *, float *);
template void placeInPlanes(int64_t, int64_t, int64_t, const int64_t *, const float *, float *);
template void maxPool(const Windows &, int64_t, const double *, double *, int64_t *);
template void adaptiveMaxPool(const Extents &, const Extents &, int64_t, const double *, double *,
                              int64_t *);
template void fractionalMaxPool(const Extents &, const Extents &, const Extents &, int64_t,
                                const double *, const double *, double *, int64_t *);
template void gatherPlanes(int64_t, int64_t, int64_t, const int64_t *, const double *, double *);
template void scatterPlanes(int64_t, int64_t, int64_t, const int64_t *, const double *, double *);
template void placeInPlanes(int64_t, int64_t, int64_t, const int64_t *, const double *, double *);

} // namespace mrg::kernels
