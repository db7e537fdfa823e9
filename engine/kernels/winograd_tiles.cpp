// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/winograd_tiles.h"

#include "engine/kernels/Scratch.h"

#include <algorithm>
#include <utility>

namespace mrg::kernels {

namespace {

using V = simd::Vector<float>;
constexpr int64_t L = simd::lanes<float>;

// One side of each of the transforms, of vectors.

/// B^T: 6 input points.
struct InputTransform {
    static constexpr int from = 6;
    static void apply(const V *d, V *t)
    {
        const V even = d[4] - 4 * d[2];
        const V odd = d[3] - 4 * d[1];
        const V near = d[4] - d[2];
        const V far = 2 * (d[3] - d[1]);
        t[0] = 4 * d[0] - 5 * d[2] + d[4];
        t[1] = even + odd;
        t[2] = even - odd;
        t[3] = near + far;
        t[4] = near - far;
        t[5] = 4 * d[1] - 5 * d[3] + d[5];
    }
};
/// A: the gradients of 4 output points.
struct GradientTransform {
    static constexpr int from = 4;
    static void apply(const V *y, V *t)
    {
        const V even = y[0] + y[2];
        const V odd = y[1] + y[3];
        const V evenFar = y[0] + 4 * y[2];
        const V oddFar = 2 * y[1] + 8 * y[3];
        t[0] = y[0];
        t[1] = even + odd;
        t[2] = even - odd;
        t[3] = evenFar + oddFar;
        t[4] = evenFar - oddFar;
        t[5] = y[3];
    }
};
/// A^T: 4 output points from 6 products.
void outputTransform(const V *m, V *y)
{
    const V sum = m[1] + m[2];
    const V difference = m[1] - m[2];
    const V farSum = m[3] + m[4];
    const V farDifference = m[3] - m[4];
    y[0] = m[0] + sum + farSum;
    y[1] = difference + 2 * farDifference;
    y[2] = sum + 4 * farSum;
    y[3] = difference + 8 * farDifference + m[5];
}
/// Lanes First, First + 4, ... of two vectors.
template <size_t First, size_t... Lane>
V everyFourth(V first, V second, std::index_sequence<Lane...>)
{
    return __builtin_shufflevector(first, second, ((First + 4 * Lane) % (2 * L))...);
}
/// Four vectors of one element of each of L / 2 tiles, as the row of these tiles: two vectors.
template <size_t... Lane> void interleave(const V *s, V *row, std::index_sequence<Lane...>)
{
    const V a = __builtin_shufflevector(s[0], s[1], (Lane % 2 * L + Lane / 2)...);
    const V b = __builtin_shufflevector(s[2], s[3], (Lane % 2 * L + Lane / 2)...);
    row[0] = __builtin_shufflevector(a, b, (Lane % 4 / 2 * L + Lane / 4 * 2 + Lane % 2)...);
    row[1] = __builtin_shufflevector(a, b, (Lane % 4 / 2 * L + L / 2 + Lane / 4 * 2 + Lane % 2)...);
}
constexpr auto laneNumbers = std::make_index_sequence<static_cast<size_t>(L)>();

/// to[place][channel][tile] of all tiles of some images.
template <typename Transform>
void transformTiles(const ImageTiles &tiles, const ImagePlanes &planes, int64_t images,
                    const float *x, float *to)
{
    constexpr int from = Transform::from;
    // So many tiles of a row are in two vectors of its elements.
    constexpr int64_t together = (2 * L - from) / tileSide + 1;
    const int64_t columns = tiles.columns();
    const int64_t placeStep = tiles.placeStep(planes.channels);
    thread_local Scratch<float> scratch;
    float *half = scratch.of(6 * from * columns);
    std::fill_n(half, 6 * from * columns, 0.f);
    for (int64_t channel = 0; channel < planes.channels; ++channel) {
        // Down the columns, as they lie; then every fourth element for each place in a row of
        // tiles.
        for (int64_t first = 0; first < tiles.across; first += together) {
            const int64_t left = first * tileSide - planes.left;
            const int64_t count = std::min(together, tiles.across - first);
            for (int64_t row = 0; row < images * tiles.rows; ++row) {
                const float *plane = x
                        + (row / tiles.rows * planes.channels + channel) * planes.height
                                * planes.width;
                const int64_t top = row % tiles.rows * tileSide - planes.top;
                V t[2][6];
                for (int64_t part = 0; part < 2; ++part) {
                    const int64_t start = left + part * L;
                    V d[from];
                    for (int64_t i = 0; i < from; ++i) {
                        const int64_t y = top + i;
                        d[i] = y < 0 || y >= planes.height
                                ? V{}
                                : simd::loadRange(plane + y * planes.width + start, -start,
                                                  planes.width - start);
                    }
                    Transform::apply(d, t[part]);
                }
                float *place = half + row * tiles.across + first;
                for (int64_t i = 0; i < 6; ++i, place += from * columns) {
                    const auto store = [&]<size_t... J>(std::index_sequence<J...>)
                    {
                        (simd::storePart<float>(place + static_cast<int64_t>(J) * columns,
                                                everyFourth<J>(t[0][i], t[1][i], laneNumbers),
                                                count),
                         ...);
                    };
                    store(std::make_index_sequence<static_cast<size_t>(from)>());
                }
            }
        }
        // Along the rows, for a vector of tiles.
        for (int64_t i = 0; i < 6; ++i) {
            for (int64_t tile = 0; tile < columns; tile += L) {
                V d[from], t[6];
                for (int64_t j = 0; j < from; ++j)
                    d[j] = simd::load(half + (i * from + j) * columns + tile);
                Transform::apply(d, t);
                for (int64_t j = 0; j < 6; ++j)
                    simd::store(to + (i * 6 + j) * placeStep + channel * columns + tile, t[j]);
            }
        }
    }
}

} // namespace

void transformInput(const ImageTiles &tiles, const ImagePlanes &planes, int64_t images,
                    const float *x, float *to)
{
    transformTiles<InputTransform>(tiles, planes, images, x, to);
}

void transformGradient(const ImageTiles &tiles, const ImagePlanes &planes, int64_t images,
                       const float *x, float *to)
{
    transformTiles<GradientTransform>(tiles, planes, images, x, to);
}

void transformOutput(const ImageTiles &tiles, const ImagePlanes &planes, int64_t images,
                     const float *products, const float *bias, float *out)
{
    const int64_t columns = tiles.columns();
    const int64_t placeStep = tiles.placeStep(planes.channels);
    thread_local Scratch<float> scratch;
    float *points = scratch.of(tileSide * tileSide * columns + L);
    for (int64_t channel = 0; channel < planes.channels; ++channel) {
        const V offset = simd::all(bias ? bias[channel] : 0.f);
        for (int64_t tile = 0; tile < columns; tile += L) {
            V half[tileSide][6];
            for (int64_t j = 0; j < 6; ++j) {
                V m[6], y[tileSide];
                for (int64_t i = 0; i < 6; ++i)
                    m[i] = simd::load(products + (i * 6 + j) * placeStep + channel * columns
                                      + tile);
                outputTransform(m, y);
                for (int64_t i = 0; i < tileSide; ++i)
                    half[i][j] = y[i];
            }
            for (int64_t i = 0; i < tileSide; ++i) {
                V y[tileSide];
                outputTransform(half[i], y);
                for (int64_t j = 0; j < tileSide; ++j)
                    simd::store<float>(points + (i * tileSide + j) * columns + tile, y[j] + offset);
            }
        }
        for (int64_t row = 0; row < images * tiles.rows; ++row) {
            float *plane = out
                    + (row / tiles.rows * planes.channels + channel) * planes.height * planes.width;
            const int64_t top = row % tiles.rows * tileSide;
            for (int64_t i = 0; i < std::min(tileSide, planes.height - top); ++i) {
                for (int64_t first = 0; first < tiles.across; first += L / 2) {
                    V s[tileSide], both[2];
                    for (int64_t j = 0; j < tileSide; ++j)
                        s[j] = simd::load(points + (i * tileSide + j) * columns + row * tiles.across
                                          + first);
                    interleave(s, both, laneNumbers);
                    float *to = plane + (top + i) * planes.width + first * tileSide;
                    const int64_t count = planes.width - first * tileSide;
                    simd::storePart(to, both[0], std::min(count, L));
                    if (count > L)
                        simd::storePart(to + L, both[1], std::min(count - L, L));
                }
            }
        }
    }
}

} // namespace mrg::kernels
