// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/convolution.h"

#include "engine/core/Parallel.h"
#include "engine/kernels/gemm.h"

#include <algorithm>
#include <memory>
#include <vector>

namespace mrg::kernels {

namespace {

/// Parts into which a batch is split for weight gradients: fixed, whatever the thread count.
constexpr int64_t weightParts = 8;

/// The matrices of one sample and group.
struct Matrices {
    explicit Matrices(const Convolution &c)
        : channels(c.channels / c.groups), outChannels(c.outChannels / c.groups),
          patch(channels * volume(c.windows.kernel)), points(volume(c.windows.output)),
          space(volume(c.windows.input)),
          pointwise(volume(c.windows.kernel) == 1 && c.windows.input == c.windows.output
                    && c.windows.stride == Extents{1, 1, 1} && c.windows.padding == Extents{0, 0, 0})
    {
    }
    int64_t channels, outChannels;
    int64_t patch;  ///< rows of the unfolded input
    int64_t points; ///< and columns
    int64_t space;  ///< points of the input
    bool pointwise; ///< the unfolded input is the input itself
};

/// Room for the unfolded input, not initialised.
template <typename T> std::unique_ptr<T[]> columnsFor(const Matrices &m)
{
    return std::unique_ptr<T[]>(m.pointwise ? nullptr
                                            : new T[static_cast<size_t>(m.patch * m.points)]);
}

/// The input of a sample and group, unfolded.
template <typename T>
const T *unfolded(const Convolution &c, const Matrices &m, const T *x, T *columns)
{
    if (m.pointwise)
        return x;
    unfold(c.windows, m.channels, x, columns);
    return columns;
}

} // namespace

template <typename T>
void convolve(const Convolution &c, const T *x, const T *weight, const T *bias, T *out)
{
    const Matrices m(c);
    parallelFor(c.batch, 1, [&](int64_t begin, int64_t end) {
        const std::unique_ptr<T[]> columns = columnsFor<T>(m);
        for (int64_t n = begin; n < end; ++n) {
            for (int64_t g = 0; g < c.groups; ++g) {
                T *target = out + (n * c.outChannels + g * m.outChannels) * m.points;
                for (int64_t o = 0; bias && o < m.outChannels; ++o)
                    std::fill_n(target + o * m.points, m.points, bias[g * m.outChannels + o]);
                const T *source = x + (n * c.channels + g * m.channels) * m.space;
                gemm(Layout::Plain, Layout::Plain, m.outChannels, m.points, m.patch,
                     weight + g * m.outChannels * m.patch, unfolded(c, m, source, columns.get()),
                     target, bias != nullptr);
            }
        }
    });
}

template <typename T>
void convolveInputGradient(const Convolution &c, const T *weight, const T *gradient, const T *bias,
                           T *dx)
{
    const Matrices m(c);
    parallelFor(c.batch, 1, [&](int64_t begin, int64_t end) {
        const std::unique_ptr<T[]> columns = columnsFor<T>(m);
        for (int64_t n = begin; n < end; ++n) {
            for (int64_t channel = 0; channel < c.channels; ++channel)
                std::fill_n(dx + (n * c.channels + channel) * m.space, m.space,
                            bias ? bias[channel] : T(0));
            for (int64_t g = 0; g < c.groups; ++g) {
                T *target = dx + (n * c.channels + g * m.channels) * m.space;
                gemm(Layout::Transposed, Layout::Plain, m.patch, m.points, m.outChannels,
                     weight + g * m.outChannels * m.patch,
                     gradient + (n * c.outChannels + g * m.outChannels) * m.points,
                     m.pointwise ? target : columns.get(), m.pointwise);
                if (!m.pointwise)
                    fold(c.windows, m.channels, columns.get(), target);
            }
        }
    });
}

template <typename T>
void convolveWeightGradient(const Convolution &c, const T *x, const T *gradient, T *dweight)
{
    const Matrices m(c);
    const int64_t weights = c.outChannels * m.patch;
    const int64_t parts = std::min(weightParts, std::max<int64_t>(c.batch, 1));
    std::vector<T> sums(static_cast<size_t>(parts * weights), T(0));
    parallelFor(parts, 1, [&](int64_t first, int64_t last) {
        const std::unique_ptr<T[]> columns = columnsFor<T>(m);
        for (int64_t part = first; part < last; ++part) {
            for (int64_t n = part * c.batch / parts; n < (part + 1) * c.batch / parts; ++n) {
                for (int64_t g = 0; g < c.groups; ++g) {
                    const T *source = x + (n * c.channels + g * m.channels) * m.space;
                    gemm(Layout::Plain, Layout::Transposed, m.outChannels, m.patch, m.points,
                         gradient + (n * c.outChannels + g * m.outChannels) * m.points,
                         unfolded(c, m, source, columns.get()),
                         sums.data() + part * weights + g * m.outChannels * m.patch, true);
                }
            }
        }
    });
    sumRows(parts, weights, sums.data(), dweight);
}

template <typename T>
void sumChannels(int64_t batch, int64_t channels, int64_t points, const T *gradient, T *bias)
{
    std::fill_n(bias, channels, T(0));
    for (int64_t n = 0; n < batch; ++n) {
        for (int64_t channel = 0; channel < channels; ++channel) {
            T sum = 0;
            for (int64_t i = 0; i < points; ++i)
                sum += *gradient++;
            bias[channel] += sum;
        }
    }
}

template void convolve(const Convolution &, const float *, const float *, const float *, float *);
template void convolve(const Convolution &, const double *, const double *, const double *, double *);
template void convolveInputGradient(const Convolution &, const float *, const float *, const float *,
                                    float *);
template void convolveInputGradient(const Convolution &, const double *, const double *, const double *,
                                    double *);
template void convolveWeightGradient(const Convolution &, const float *, const float *, float *);
template void convolveWeightGradient(const Convolution &, const double *, const double *, double *);
template void sumChannels(int64_t, int64_t, int64_t, const float *, float *);
template void sumChannels(int64_t, int64_t, int64_t, const double *, double *);

} // namespace mrg::kernels
