// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/kernels/windows.h"

namespace mrg::kernels {

/// Sizes of a cross-correlation over up to three dimensions of input (batch, channels, ...) with a
/// weight (outChannels, channels / groups, ...) to output (batch, outChannels, ...).
struct Convolution {
    int64_t batch = 1;
    int64_t channels = 1;
    int64_t outChannels = 1;
    int64_t groups = 1;
    Windows windows;
};

// Products of register tiles (product_tile.h) a sample and group, in which the unfolded input
// (im2col) is never made: patches.h lays the input out so that its rows are parts of it. Work is
// cut into pieces by the sizes alone, so the bits do not depend on the number of threads.

/// output = input * weight (+ bias, may be null).
template <typename T>
void convolve(const Convolution &c, const T *input, const T *weight, const T *bias, T *output);
/// The gradient of input from that of output, which is also the transposed convolution of the
/// latter (+ bias per input channel, may be null): for each residue of the stride a correlation
/// with the kernel's points that reach it.
template <typename T>
void convolveInputGradient(const Convolution &c, const T *weight, const T *gradient, const T *bias,
                           T *input);
/// The gradient of weight from that of output; samples are summed in a fixed order.
template <typename T>
void convolveWeightGradient(const Convolution &c, const T *input, const T *gradient, T *weight);
/// The gradient of bias: the sum of (batch, channels, points) over everything but channels.
template <typename T>
void sumChannels(int64_t batch, int64_t channels, int64_t points, const T *gradient, T *bias);

} // namespace mrg::kernels
