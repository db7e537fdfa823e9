// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace mrg::kernels {

/// A compact (outer, channels, inner) tensor.
struct Channels {
    int64_t outer;
    int64_t channels;
    int64_t inner;
};

/// Mean and biased variance of every channel.
template <typename T> void channelMoments(Channels c, const T *x, T *mean, T *variance);
/// y = (x - mean) * inverse (* weight + bias; both may be null).
template <typename T>
void channelNormalize(Channels c, const T *x, const T *mean, const T *inverse, const T *weight,
                      const T *bias, T *y);
/// dx, dweight and dbias; `batchMoments` tells whether mean and inverse depend on x.
template <typename T>
void channelNormalizeBackward(Channels c, bool batchMoments, const T *x, const T *mean,
                              const T *inverse, const T *weight, const T *gradient, T *dx,
                              T *dweight, T *dbias);

/// Rows of `length` normalised each for itself; mean and inverse deviation of each are kept.
template <typename T>
void layerNormalize(int64_t rows, int64_t length, T eps, const T *x, const T *weight, const T *bias,
                    T *y, T *mean, T *inverse);
/// dx, and dweight and dbias (may be null) added to what is there.
template <typename T>
void layerNormalizeBackward(int64_t rows, int64_t length, const T *x, const T *mean, const T *inverse,
                            const T *weight, const T *gradient, T *dx, T *dweight, T *dbias);

} // namespace mrg::kernels
