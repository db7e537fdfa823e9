// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace mrg::kernels {

/// Sizes of a 2-d cross-correlation. Weight is (outChannels, channels / groups, kernelH, kernelW).
struct Convolution2d {
    int64_t batch, channels, height, width;
    int64_t outChannels, kernelH, kernelW;
    int64_t strideH, strideW, dilationH, dilationW;
    int64_t top, left;          ///< zero padding before the first row and column
    int64_t outHeight, outWidth;
    int64_t groups;
};

/// out (batch, outChannels, outHeight, outWidth) = x * weight (+ bias, may be null), by im2col and
/// a matrix product a sample and group.
template <typename T>
void convolve(const Convolution2d &c, const T *x, const T *weight, const T *bias, T *out);
/// dx from the gradient of out.
template <typename T>
void convolveInputGradient(const Convolution2d &c, const T *weight, const T *gradient, T *dx);
/// dweight from the gradient of out; samples are summed in a fixed order.
template <typename T>
void convolveWeightGradient(const Convolution2d &c, const T *x, const T *gradient, T *dweight);
/// dbias: the sum of the gradient over everything but channels.
template <typename T> void convolveBiasGradient(const Convolution2d &c, const T *gradient, T *dbias);

} // namespace mrg::kernels
