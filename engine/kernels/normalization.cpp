// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/normalization.h"

#include "engine/core/Parallel.h"

#include <cmath>

namespace mrg::kernels {

namespace {

/// Calls visit(element) for all elements of a channel, in order.
template <typename Visit> void forChannel(Channels c, int64_t channel, Visit visit)
{
    for (int64_t n = 0; n < c.outer; ++n) {
        const int64_t base = (n * c.channels + channel) * c.inner;
        for (int64_t i = 0; i < c.inner; ++i)
            visit(base + i);
    }
}

template <typename Body> void forChannels(Channels c, Body body)
{
    parallelFor(c.channels, 4, [&](int64_t begin, int64_t end) {
        for (int64_t channel = begin; channel < end; ++channel)
            body(channel);
    });
}

} // namespace

template <typename T> void channelMoments(Channels c, const T *x, T *mean, T *variance)
{
    const double count = static_cast<double>(c.outer * c.inner);
    forChannels(c, [=](int64_t channel) {
        double sum = 0;
        forChannel(c, channel, [&](int64_t at) { sum += x[at]; });
        const double average = sum / count;
        double squares = 0;
        forChannel(c, channel, [&](int64_t at) { squares += (x[at] - average) * (x[at] - average); });
        mean[channel] = static_cast<T>(average);
        variance[channel] = static_cast<T>(squares / count);
    });
}

template <typename T>
void channelNormalize(Channels c, const T *x, const T *mean, const T *inverse, const T *weight,
                      const T *bias, T *y)
{
    forChannels(c, [=](int64_t channel) {
        const T scale = weight ? inverse[channel] * weight[channel] : inverse[channel];
        const T offset = bias ? bias[channel] : T(0);
        forChannel(c, channel, [=](int64_t at) { y[at] = (x[at] - mean[channel]) * scale + offset; });
    });
}

template <typename T>
void channelNormalizeBackward(Channels c, bool batchMoments, const T *x, const T *mean,
                              const T *inverse, const T *weight, const T *gradient, T *dx,
                              T *dweight, T *dbias)
{
    const double count = static_cast<double>(c.outer * c.inner);
    forChannels(c, [=](int64_t channel) {
        double sum = 0;
        double dot = 0;
        forChannel(c, channel, [&](int64_t at) {
            sum += gradient[at];
            dot += static_cast<double>(gradient[at]) * (x[at] - mean[channel]);
        });
        const double inv = inverse[channel];
        dweight[channel] = static_cast<T>(dot * inv);
        dbias[channel] = static_cast<T>(sum);
        const double scale = weight ? inv * weight[channel] : inv;
        const double meanGradient = batchMoments ? sum / count : 0;
        const double slope = batchMoments ? dot * inv * inv / count : 0;
        forChannel(c, channel, [=](int64_t at) {
            dx[at] = static_cast<T>(scale * (gradient[at] - meanGradient - (x[at] - mean[channel]) * slope));
        });
    });
}

template <typename T>
void layerNormalize(int64_t rows, int64_t length, T eps, const T *x, const T *weight, const T *bias,
                    T *y, T *mean, T *inverse)
{
    parallelFor(rows, 16, [=](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
            const T *in = x + row * length;
            T *out = y + row * length;
            double sum = 0;
            for (int64_t i = 0; i < length; ++i)
                sum += in[i];
            const double average = sum / static_cast<double>(length);
            double squares = 0;
            for (int64_t i = 0; i < length; ++i)
                squares += (in[i] - average) * (in[i] - average);
            const double inv = 1 / std::sqrt(squares / static_cast<double>(length) + eps);
            mean[row] = static_cast<T>(average);
            inverse[row] = static_cast<T>(inv);
            for (int64_t i = 0; i < length; ++i) {
                const T normal = static_cast<T>((in[i] - average) * inv);
                out[i] = weight ? normal * weight[i] + (bias ? bias[i] : T(0)) : normal;
            }
        }
    });
}

template <typename T>
void layerNormalizeBackward(int64_t rows, int64_t length, const T *x, const T *mean, const T *inverse,
                            const T *weight, const T *gradient, T *dx, T *dweight, T *dbias)
{
    parallelFor(rows, 16, [=](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
            const T *in = x + row * length;
            const T *g = gradient + row * length;
            T *out = dx + row * length;
            double sum = 0;
            double dot = 0;
            for (int64_t i = 0; i < length; ++i) {
                const double scaled = weight ? static_cast<double>(g[i]) * weight[i] : g[i];
                sum += scaled;
                dot += scaled * (in[i] - mean[row]) * inverse[row];
            }
            const double n = static_cast<double>(length);
            for (int64_t i = 0; i < length; ++i) {
                const double scaled = weight ? static_cast<double>(g[i]) * weight[i] : g[i];
                const double normal = (in[i] - mean[row]) * inverse[row];
                out[i] = static_cast<T>(inverse[row] * (scaled - sum / n - normal * dot / n));
            }
        }
    });
    if (!dweight && !dbias)
        return;
    for (int64_t row = 0; row < rows; ++row) {
        for (int64_t i = 0; i < length; ++i) {
            const T g = gradient[row * length + i];
            if (dweight)
                dweight[i] += g * (x[row * length + i] - mean[row]) * inverse[row];
            if (dbias)
                dbias[i] += g;
        }
    }
}

template void channelMoments(Channels, const float *, float *, float *);
template void channelMoments(Channels, const double *, double *, double *);
template void channelNormalize(Channels, const float *, const float *, const float *, const float *, const float *, float *);
template void channelNormalize(Channels, const double *, const double *, const double *, const double *, const double *, double *);
template void channelNormalizeBackward(Channels, bool, const float *, const float *, const float *, const float *, const float *, float *, float *, float *);
template void channelNormalizeBackward(Channels, bool, const double *, const double *, const double *, const double *, const double *, double *, double *, double *);
template void layerNormalize(int64_t, int64_t, float, const float *, const float *, const float *, float *, float *, float *);
template void layerNormalize(int64_t, int64_t, double, const double *, const double *, const double *, double *, double *, double *);
template void layerNormalizeBackward(int64_t, int64_t, const float *, const float *, const float *, const float *, const float *, float *, float *, float *);
template void layerNormalizeBackward(int64_t, int64_t, const double *, const double *, const double *, const double *, const double *, double *, double *, double *);

} // namespace mrg::kernels
