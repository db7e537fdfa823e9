// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/winograd.h"

#include "engine/core/Parallel.h"
#include "engine/kernels/Scratch.h"
#include "engine/kernels/packed_product.h"
#include "engine/kernels/product_tile.h"
#include "engine/kernels/winograd_tiles.h"

#include <algorithm>

namespace mrg::kernels {

namespace {

using V = simd::Vector<float>;
constexpr int64_t L = simd::lanes<float>;

constexpr int64_t places = tilePlaces;
/// Bytes of transformed tiles that are made at a time, so that they stay in a core's own cache;
/// more for weight gradients, whose sums run over the tiles.
constexpr int64_t chunkBytes = 1 << 18;
constexpr int64_t weightChunkBytes = 1 << 20;
/// Tiles up to which more of them make the products better.
constexpr int64_t mostTiles = 128;
constexpr int64_t mostWeightTiles = 256;
/// Multiplications (of the plain sum) and channels below which transforming does not pay.
constexpr int64_t leastWork = 1 << 22;
constexpr int64_t leastChannels = 8;
constexpr int64_t leastWeightChannels = 32;
/// Parts into which a batch is split for weight gradients: fixed, whatever the thread count.
constexpr int64_t weightParts = 4;

// One side of each of the transforms of weights, of vectors.

/// G: 3 points of a kernel.
void weightTransform(const V *g, V *t)
{
    const V ends = g[0] + g[2];
    const V farEnds = g[0] + 4 * g[2];
    t[0] = g[0] * (1.f / 4);
    t[1] = (ends + g[1]) * (-1.f / 6);
    t[2] = (ends - g[1]) * (-1.f / 6);
    t[3] = (farEnds + 2 * g[1]) * (1.f / 24);
    t[4] = (farEnds - 2 * g[1]) * (1.f / 24);
    t[5] = g[2];
}
/// G^T: the gradients of a kernel's 3 points.
void weightGradientTransform(const V *u, V *g)
{
    const V sum = (u[1] + u[2]) * (-1.f / 6);
    const V farSum = (u[3] + u[4]) * (1.f / 24);
    g[0] = u[0] * (1.f / 4) + sum + farSum;
    g[1] = (u[2] - u[1]) * (1.f / 6) + (u[3] - u[4]) * (1.f / 12);
    g[2] = sum + 4 * farSum + u[5];
}

/// Squares of From x From points to such of To x To, along their columns, then along their rows. A
/// point lies `count` elements after the one before; `count` is a multiple of a vector.
template <int From, int To>
void transformBothSides(int64_t count, void (*oneSide)(const V *, V *), const float *from,
                        float *to)
{
    for (int64_t i = 0; i < count; i += L) {
        V half[From][To];
        for (int64_t column = 0; column < From; ++column) {
            V points[From];
            for (int64_t row = 0; row < From; ++row)
                points[row] = simd::load(from + (row * From + column) * count + i);
            oneSide(points, half[column]);
        }
        for (int64_t row = 0; row < To; ++row) {
            V points[From], sums[To];
            for (int64_t column = 0; column < From; ++column)
                points[column] = half[column][row];
            oneSide(points, sums);
            for (int64_t column = 0; column < To; ++column)
                simd::store(to + (row * To + column) * count + i, sums[column]);
        }
    }
}

/// Tiles whose `channels` take up so many bytes, but not more than of use.
int64_t tilesOf(int64_t channels, int64_t bytes, int64_t most)
{
    return std::min(bytes / (places * channels * static_cast<int64_t>(sizeof(float))), most);
}

/// Transformed weights of some output and input channels, each place's matrix laid out by
/// packLeft(); element(o, c, point) is the weight.
template <typename Element>
const float *transformWeights(int64_t outChannels, int64_t channels, Element element)
{
    thread_local Scratch<float> scratch;
    const int64_t count = outChannels * channels;
    const int64_t padded = (count + L - 1) / L * L;
    const int64_t size = packedLeftSize<float>(outChannels, channels);
    float *packed = scratch.of(places * size + (places + 9) * padded);
    float *transformed = packed + places * size;
    float *points = transformed + places * padded;
    for (int64_t point = 0; point < 9; ++point) {
        float *to = points + point * padded;
        for (int64_t o = 0; o < outChannels; ++o) {
            for (int64_t c = 0; c < channels; ++c)
                *to++ = element(o, c, point);
        }
        std::fill(to, points + (point + 1) * padded, 0.f);
    }
    transformBothSides<3, 6>(padded, weightTransform, points, transformed);
    for (int64_t place = 0; place < places; ++place)
        packLeft(outChannels, channels, LeftFactor<float>{transformed + place * padded, channels},
                 packed + place * size);
    return packed;
}

/// The correlation of images with transformed weights.
void correlateTiles(const ImagePlanes &input, const ImagePlanes &output, int64_t batch,
                    const float *x, const float *weights, const float *bias, float *out)
{
    const ImageTiles tiles(
            batch, output.height, output.width,
            tilesOf(std::max(input.channels, output.channels), chunkBytes, mostTiles));
    const int64_t columns = tiles.columns();
    const int64_t size = packedLeftSize<float>(output.channels, input.channels);
    parallelFor(tiles.chunks(), 1, [&](int64_t begin, int64_t end) {
        thread_local Scratch<float> scratch;
        const int64_t inputStep = tiles.placeStep(input.channels);
        const int64_t outputStep = tiles.placeStep(output.channels);
        float *transformed = scratch.of(places * (inputStep + outputStep));
        float *products = transformed + places * inputStep;
        for (int64_t chunk = begin; chunk < end; ++chunk) {
            const int64_t first = chunk * tiles.images;
            const int64_t images = std::min(tiles.images, batch - first);
            transformInput(tiles, input, images,
                           x + first * input.channels * input.height * input.width, transformed);
            for (int64_t place = 0; place < places; ++place) {
                for (int64_t tile = 0; tile < columns; tile += tileColumns<float>) {
                    const float *right = transformed + place * inputStep + tile;
                    packedLeftPanel(output.channels, input.channels, weights + place * size,
                                    RightRows<float>{right, columns},
                                    TileTarget<float>{products + place * outputStep + tile, columns,
                                                      std::min(tileColumns<float>, columns - tile),
                                                      false});
                }
            }
            transformOutput(tiles, output, images, products, bias,
                            out + first * output.channels * output.height * output.width);
        }
    });
}

ImagePlanes inputPlanes(const Convolution &c, int64_t top = 0, int64_t left = 0)
{
    return {c.channels, c.windows.input[1], c.windows.input[2], top, left};
}
ImagePlanes outputPlanes(const Convolution &c, int64_t top = 0, int64_t left = 0)
{
    return {c.outChannels, c.windows.output[1], c.windows.output[2], top, left};
}

} // namespace

bool winogradPays(const Convolution &c)
{
    const Windows &w = c.windows;
    const int64_t work = c.batch * c.channels * c.outChannels * volume(w.output) * 9;
    return w.kernel == Extents{1, 3, 3} && w.stride == Extents{1, 1, 1}
    && w.dilation == Extents{1, 1, 1} && w.input[0] == 1 && w.output[0] == 1 && w.padding[0] == 0
            && w.padding[1] <= 2 && w.padding[2] <= 2 && c.groups == 1
            && std::min(c.channels, c.outChannels) >= leastChannels
            && std::min(w.output[1], w.output[2]) >= tileSide && work >= leastWork;
}

bool winogradWeightPays(const Convolution &c)
{
    return winogradPays(c) && std::min(c.channels, c.outChannels) >= leastWeightChannels;
}

void winogradConvolve(const Convolution &c, const float *x, const float *weight, const float *bias,
                      float *out)
{
    const float *weights = transformWeights(
            c.outChannels, c.channels, [=, channels = c.channels](int64_t o, int64_t i, int64_t p) {
                return weight[(o * channels + i) * 9 + p];
            });
    correlateTiles(inputPlanes(c, c.windows.padding[1], c.windows.padding[2]), outputPlanes(c),
                   c.batch, x, weights, bias, out);
}

void winogradInputGradient(const Convolution &c, const float *weight, const float *gradient,
                           const float *bias, float *dx)
{
    const float *weights = transformWeights(
            c.channels, c.outChannels, [=, channels = c.channels](int64_t i, int64_t o, int64_t p) {
                return weight[(o * channels + i) * 9 + 8 - p];
            });
    correlateTiles(outputPlanes(c, 2 - c.windows.padding[1], 2 - c.windows.padding[2]),
                   inputPlanes(c), c.batch, gradient, weights, bias, dx);
}

void winogradWeightGradient(const Convolution &c, const float *x, const float *gradient,
                            float *dweight)
{
    const ImagePlanes input = inputPlanes(c, c.windows.padding[1], c.windows.padding[2]);
    const ImagePlanes output = outputPlanes(c);
    const int64_t parts = std::min(weightParts, c.batch);
    const ImageTiles tiles(
            (c.batch + parts - 1) / parts, output.height, output.width,
            tilesOf(std::max(c.channels, c.outChannels), weightChunkBytes, mostWeightTiles));
    const int64_t columns = tiles.columns();
    const int64_t inputStep = tiles.placeStep(c.channels);
    const int64_t outputStep = tiles.placeStep(c.outChannels);
    const int64_t weights = c.outChannels * c.channels;
    const int64_t padded = (weights + L - 1) / L * L;
    thread_local Scratch<float> partScratch;
    float *points = partScratch.of(parts * 9 * padded);
    parallelFor(parts, 1, [&](int64_t begin, int64_t end) {
        thread_local Scratch<float> scratch;
        float *sums = scratch.of(places * (padded + inputStep + outputStep)
                                 + packedSize<float>(columns, c.channels));
        float *inputs = sums + places * padded;
        float *gradients = inputs + places * inputStep;
        float *packed = gradients + places * outputStep;
        for (int64_t part = begin; part < end; ++part) {
            const int64_t last = (part + 1) * c.batch / parts;
            std::fill_n(sums, places * padded, 0.f);
            for (int64_t n = part * c.batch / parts; n < last; n += tiles.images) {
                const int64_t images = std::min(tiles.images, last - n);
                transformInput(tiles, input, images,
                               x + n * c.channels * input.height * input.width, inputs);
                transformGradient(tiles, output, images,
                                  gradient + n * c.outChannels * output.height * output.width,
                                  gradients);
                const int64_t count = images * tiles.perImage();
                for (int64_t place = 0; place < places; ++place) {
                    pack(Layout::Transposed, count, c.channels, inputs + place * inputStep, columns,
                         packed);
                    packedProduct<float>(c.outChannels, c.channels, count,
                                         {gradients + place * outputStep, columns}, packed,
                                         sums + place * padded, c.channels, true);
                }
            }
            transformBothSides<6, 3>(padded, weightGradientTransform, sums,
                                     points + part * 9 * padded);
        }
    });
    for (int64_t i = 0; i < weights; ++i) {
        for (int64_t point = 0; point < 9; ++point) {
            float sum = 0;
            for (int64_t part = 0; part < parts; ++part)
                sum += points[(part * 9 + point) * padded + i];
            *dweight++ = sum;
        }
    }
}

} // namespace mrg::kernels
