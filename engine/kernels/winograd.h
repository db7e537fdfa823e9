// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/kernels/convolution.h"

namespace mrg::kernels {

// Convolutions of images with 3 x 3 kernels at stride 1 by F(4 x 4, 3 x 3): tiles of 6 x 6 input
// points and the kernels are transformed so that 36 products a channel give the 16 output points of
// a tile, for which the definition has 144. Rounding errors are some ten times those of the plain
// sum, so it is for float, and for sizes where it pays.
//
// Source: A. Lavin, S. Gray, Fast Algorithms for Convolutional Neural Networks, CVPR 2016.

/// Whether it is possible and pays, for the convolution and the gradient of its input and for the
/// gradient of its weight. The answer depends on sizes alone.
bool winogradPays(const Convolution &c);
bool winogradWeightPays(const Convolution &c);

/// As convolve(), convolveInputGradient() and convolveWeightGradient().
void winogradConvolve(const Convolution &c, const float *input, const float *weight,
                      const float *bias, float *output);
void winogradInputGradient(const Convolution &c, const float *weight, const float *gradient,
                           const float *bias, float *input);
void winogradWeightGradient(const Convolution &c, const float *input, const float *gradient,
                            float *weight);

} // namespace mrg::kernels
