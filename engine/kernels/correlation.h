// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/kernels/patches.h"

namespace mrg::kernels {

/// The weights of a correlation: packLeft()'s form of outChannels x patch, and where in the laid
/// out input a patch's elements lie.
template <typename T> struct CorrelationWeights {
    const T *packed;
    const int64_t *offsets;
    int64_t outChannels;
    int64_t patch;
};

/// Where a correlation's output goes: each point of its own steps from the next.
template <typename T> struct Placement {
    T *data;
    int64_t channelStep;
    int64_t rowStep;
    int64_t step;
};

/// Every output channel's sum over the patch of each of the windows (one plane of output points),
/// plus its bias (may be null): the convolution of an input that Patches laid out, and the gradient
/// of a convolution's input. A product of register tiles whose right factor, the unfolded input, is
/// read where it lies. In this thread.
template <typename T>
void correlate(const Windows &windows, const Patches &patches, const T *input,
               const CorrelationWeights<T> &weights, const T *bias, const Placement<T> &to);

} // namespace mrg::kernels
