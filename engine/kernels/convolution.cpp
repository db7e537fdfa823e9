// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/convolution.h"

#include "engine/core/Parallel.h"
#include "engine/kernels/gemm.h"

#include <algorithm>
#include <vector>

namespace mrg::kernels {

namespace {

/// Parts into which a batch is split for weight gradients: fixed, whatever the thread count.
constexpr int64_t weightParts = 8;

struct Sizes {
    explicit Sizes(const Convolution2d &c)
        : groupChannels(c.channels / c.groups), groupOut(c.outChannels / c.groups),
          patch(groupChannels * c.kernelH * c.kernelW), points(c.outHeight * c.outWidth),
          plane(c.height * c.width)
    {
    }
    int64_t groupChannels, groupOut, patch, points, plane;
};

/// Calls f(columnIndex, inputOffset or -1) for every element of the patch matrix of one group.
template <typename F> void forEachPatchElement(const Convolution2d &c, const Sizes &s, F f)
{
    int64_t column = 0;
    for (int64_t channel = 0; channel < s.groupChannels; ++channel) {
        for (int64_t kh = 0; kh < c.kernelH; ++kh) {
            for (int64_t kw = 0; kw < c.kernelW; ++kw) {
                for (int64_t oh = 0; oh < c.outHeight; ++oh) {
                    const int64_t h = oh * c.strideH - c.top + kh * c.dilationH;
                    const bool rowInside = h >= 0 && h < c.height;
                    const int64_t row = channel * s.plane + h * c.width;
                    for (int64_t ow = 0; ow < c.outWidth; ++ow) {
                        const int64_t w = ow * c.strideW - c.left + kw * c.dilationW;
                        f(column++, rowInside && w >= 0 && w < c.width ? row + w : -1);
                    }
                }
            }
        }
    }
}

template <typename T> void gather(const Convolution2d &c, const Sizes &s, const T *x, T *columns)
{
    forEachPatchElement(c, s, [=](int64_t column, int64_t offset) {
        columns[column] = offset < 0 ? T(0) : x[offset];
    });
}

template <typename T> void scatter(const Convolution2d &c, const Sizes &s, const T *columns, T *dx)
{
    forEachPatchElement(c, s, [=](int64_t column, int64_t offset) {
        if (offset >= 0)
            dx[offset] += columns[column];
    });
}

} // namespace

template <typename T>
void convolve(const Convolution2d &c, const T *x, const T *weight, const T *bias, T *out)
{
    const Sizes s(c);
    parallelFor(c.batch, 1, [&](int64_t begin, int64_t end) {
        std::vector<T> columns(static_cast<size_t>(s.patch * s.points));
        for (int64_t n = begin; n < end; ++n) {
            for (int64_t g = 0; g < c.groups; ++g) {
                gather(c, s, x + (n * c.channels + g * s.groupChannels) * s.plane, columns.data());
                T *target = out + (n * c.outChannels + g * s.groupOut) * s.points;
                if (bias) {
                    for (int64_t o = 0; o < s.groupOut; ++o)
                        std::fill_n(target + o * s.points, s.points, bias[g * s.groupOut + o]);
                }
                gemm(Layout::Plain, Layout::Plain, s.groupOut, s.points, s.patch,
                     weight + g * s.groupOut * s.patch, columns.data(), target, bias != nullptr);
            }
        }
    });
}

template <typename T>
void convolveInputGradient(const Convolution2d &c, const T *weight, const T *gradient, T *dx)
{
    const Sizes s(c);
    parallelFor(c.batch, 1, [&](int64_t begin, int64_t end) {
        std::vector<T> columns(static_cast<size_t>(s.patch * s.points));
        for (int64_t n = begin; n < end; ++n) {
            std::fill_n(dx + n * c.channels * s.plane, c.channels * s.plane, T(0));
            for (int64_t g = 0; g < c.groups; ++g) {
                gemm(Layout::Transposed, Layout::Plain, s.patch, s.points, s.groupOut,
                     weight + g * s.groupOut * s.patch,
                     gradient + (n * c.outChannels + g * s.groupOut) * s.points, columns.data());
                scatter(c, s, columns.data(), dx + (n * c.channels + g * s.groupChannels) * s.plane);
            }
        }
    });
}

template <typename T>
void convolveWeightGradient(const Convolution2d &c, const T *x, const T *gradient, T *dweight)
{
    const Sizes s(c);
    const int64_t weights = c.outChannels * s.patch;
    const int64_t parts = std::min(weightParts, std::max<int64_t>(c.batch, 1));
    std::vector<T> sums(static_cast<size_t>(parts * weights), T(0));
    parallelFor(parts, 1, [&](int64_t first, int64_t last) {
        std::vector<T> columns(static_cast<size_t>(s.patch * s.points));
        for (int64_t part = first; part < last; ++part) {
            for (int64_t n = part * c.batch / parts; n < (part + 1) * c.batch / parts; ++n) {
                for (int64_t g = 0; g < c.groups; ++g) {
                    gather(c, s, x + (n * c.channels + g * s.groupChannels) * s.plane, columns.data());
                    gemm(Layout::Plain, Layout::Transposed, s.groupOut, s.patch, s.points,
                         gradient + (n * c.outChannels + g * s.groupOut) * s.points, columns.data(),
                         sums.data() + part * weights + g * s.groupOut * s.patch, true);
                }
            }
        }
    });
    sumRows(parts, weights, sums.data(), dweight);
}

template <typename T> void convolveBiasGradient(const Convolution2d &c, const T *gradient, T *dbias)
{
    const int64_t points = c.outHeight * c.outWidth;
    std::fill_n(dbias, c.outChannels, T(0));
    for (int64_t n = 0; n < c.batch; ++n) {
        for (int64_t o = 0; o < c.outChannels; ++o) {
            T sum = 0;
            for (int64_t i = 0; i < points; ++i)
                sum += *gradient++;
            dbias[o] += sum;
        }
    }
}

template void convolve(const Convolution2d &, const float *, const float *, const float *, float *);
template void convolve(const Convolution2d &, const double *, const double *, const double *, double *);
template void convolveInputGradient(const Convolution2d &, const float *, const float *, float *);
template void convolveInputGradient(const Convolution2d &, const double *, const double *, double *);
template void convolveWeightGradient(const Convolution2d &, const float *, const float *, float *);
template void convolveWeightGradient(const Convolution2d &, const double *, const double *, double *);
template void convolveBiasGradient(const Convolution2d &, const float *, float *);
template void convolveBiasGradient(const Convolution2d &, const double *, double *);

} // namespace mrg::kernels
