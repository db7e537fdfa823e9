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
/// Bytes of the unfolded input that are made at a time, so that they stay in a core's cache.
constexpr int64_t tileBytes = 1 << 19;

/// The matrices of one sample and group. The unfolded input is made tile by tile: some rows of the
/// output's points at a time.
struct Matrices {
    Matrices(const Convolution &c, int64_t elementSize)
        : channels(c.channels / c.groups),
          outChannels(c.outChannels / c.groups),
          patch(channels * volume(c.windows.kernel)),
          points(volume(c.windows.output)),
          space(volume(c.windows.input)),
          pointwise(volume(c.windows.kernel) == 1 && c.windows.input == c.windows.output
                    && c.windows.stride == Extents{1, 1, 1}
                    && c.windows.padding == Extents{0, 0, 0})
    {
        const int64_t rowBytes = patch * c.windows.output[2] * elementSize;
        tileRows = std::clamp<int64_t>(tileBytes / std::max<int64_t>(rowBytes, 1), 1,
                                       std::max<int64_t>(c.windows.output[1], 1));
        tilesPerPlane = (c.windows.output[1] + tileRows - 1) / tileRows;
        tiles = pointwise ? 1 : tilesPerPlane * c.windows.output[0];
    }
    int64_t channels, outChannels;
    int64_t patch; ///< rows of the unfolded input
    int64_t points; ///< and columns
    int64_t space; ///< points of the input
    bool pointwise; ///< the unfolded input is the input itself, in one tile
    int64_t tileRows, tilesPerPlane, tiles;
};

/// The points of one tile, and the windows that they are.
struct Tile {
    Tile(const Convolution &c, const Matrices &m, int64_t number) : windows(c.windows)
    {
        if (m.pointwise) {
            points = m.points;
            return;
        }
        const int64_t plane = number / m.tilesPerPlane;
        const int64_t row = number % m.tilesPerPlane * m.tileRows;
        const int64_t rows = std::min(m.tileRows, c.windows.output[1] - row);
        windows.padding[0] -= plane * windows.stride[0];
        windows.padding[1] -= row * windows.stride[1];
        windows.output = {1, rows, c.windows.output[2]};
        first = (plane * c.windows.output[1] + row) * c.windows.output[2];
        points = rows * c.windows.output[2];
    }
    Windows windows;
    int64_t first = 0;
    int64_t points = 0;
};

/// Room for one tile of the unfolded input, not initialised.
template <typename T> std::unique_ptr<T[]> tileRoom(const Convolution &c, const Matrices &m)
{
    const int64_t points = m.pointwise ? 0 : m.tileRows * c.windows.output[2];
    return std::unique_ptr<T[]>(new T[static_cast<size_t>(m.patch * points)]);
}

/// A tile of the unfolded input, and the distance of its rows.
template <typename T> struct Columns {
    const T *data;
    int64_t step;
};
template <typename T> Columns<T> unfolded(const Matrices &m, const Tile &tile, const T *x, T *room)
{
    if (m.pointwise)
        return {x, m.points};
    unfold(tile.windows, m.channels, x, room);
    return {room, tile.points};
}

} // namespace

template <typename T>
void convolve(const Convolution &c, const T *x, const T *weight, const T *bias, T *out)
{
    const Matrices m(c, sizeof(T));
    parallelFor(c.batch * m.tiles, 1, [&](int64_t begin, int64_t end) {
        const std::unique_ptr<T[]> room = tileRoom<T>(c, m);
        for (int64_t piece = begin; piece < end; ++piece) {
            const int64_t n = piece / m.tiles;
            const Tile tile(c, m, piece % m.tiles);
            for (int64_t g = 0; g < c.groups; ++g) {
                T *target = out + (n * c.outChannels + g * m.outChannels) * m.points + tile.first;
                for (int64_t o = 0; bias && o < m.outChannels; ++o)
                    std::fill_n(target + o * m.points, tile.points, bias[g * m.outChannels + o]);
                const Columns<T> columns = unfolded(
                        m, tile, x + (n * c.channels + g * m.channels) * m.space, room.get());
                gemm(Layout::Plain, Layout::Plain, m.outChannels, tile.points, m.patch,
                     weight + g * m.outChannels * m.patch, columns.data, target, bias != nullptr,
                     {.b = columns.step, .c = m.points});
            }
        }
    });
}

template <typename T>
void convolveInputGradient(const Convolution &c, const T *weight, const T *gradient, const T *bias,
                           T *dx)
{
    const Matrices m(c, sizeof(T));
    // Tiles add to the same input points: one after the other.
    parallelFor(c.batch, 1, [&](int64_t begin, int64_t end) {
        const std::unique_ptr<T[]> room = tileRoom<T>(c, m);
        for (int64_t n = begin; n < end; ++n) {
            for (int64_t channel = 0; channel < c.channels; ++channel)
                std::fill_n(dx + (n * c.channels + channel) * m.space, m.space,
                            bias ? bias[channel] : T(0));
            for (int64_t piece = 0; piece < c.groups * m.tiles; ++piece) {
                const int64_t g = piece / m.tiles;
                const Tile tile(c, m, piece % m.tiles);
                T *target = dx + (n * c.channels + g * m.channels) * m.space;
                gemm(Layout::Transposed, Layout::Plain, m.patch, tile.points, m.outChannels,
                     weight + g * m.outChannels * m.patch,
                     gradient + (n * c.outChannels + g * m.outChannels) * m.points + tile.first,
                     m.pointwise ? target : room.get(), m.pointwise, {.b = m.points});
                if (!m.pointwise)
                    fold(tile.windows, m.channels, room.get(), target);
            }
        }
    });
}

template <typename T>
void convolveWeightGradient(const Convolution &c, const T *x, const T *gradient, T *dweight)
{
    const Matrices m(c, sizeof(T));
    const int64_t weights = c.outChannels * m.patch;
    const int64_t parts = std::min(weightParts, std::max<int64_t>(c.batch, 1));
    std::vector<T> sums(static_cast<size_t>(parts * weights), T(0));
    parallelFor(parts, 1, [&](int64_t first, int64_t last) {
        const std::unique_ptr<T[]> room = tileRoom<T>(c, m);
        for (int64_t part = first; part < last; ++part) {
            const int64_t end = (part + 1) * c.batch / parts;
            for (int64_t piece = part * c.batch / parts * m.tiles; piece < end * m.tiles; ++piece) {
                const int64_t n = piece / m.tiles;
                const Tile tile(c, m, piece % m.tiles);
                for (int64_t g = 0; g < c.groups; ++g) {
                    const Columns<T> columns = unfolded(
                            m, tile, x + (n * c.channels + g * m.channels) * m.space, room.get());
                    gemm(Layout::Plain, Layout::Transposed, m.outChannels, m.patch, tile.points,
                         gradient + (n * c.outChannels + g * m.outChannels) * m.points + tile.first,
                         columns.data, sums.data() + part * weights + g * m.outChannels * m.patch,
                         true, {.a = m.points, .b = columns.step});
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
template void convolve(const Convolution &, const double *, const double *, const double *,
                       double *);
template void convolveInputGradient(const Convolution &, const float *, const float *,
                                    const float *, float *);
template void convolveInputGradient(const Convolution &, const double *, const double *,
                                    const double *, double *);
template void convolveWeightGradient(const Convolution &, const float *, const float *, float *);
template void convolveWeightGradient(const Convolution &, const double *, const double *, double *);
template void sumChannels(int64_t, int64_t, int64_t, const float *, float *);
template void sumChannels(int64_t, int64_t, int64_t, const double *, double *);

} // namespace mrg::kernels
