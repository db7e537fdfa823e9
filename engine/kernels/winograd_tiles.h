// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/kernels/simd.h"

#include <cstdint>

namespace mrg::kernels {

// The transforms of images for winograd.h: of tiles of 6 x 6 input points (or gradients of 4 x 4
// output points) to 36 places, and from 36 places to 4 x 4 output points.

/// Output points of a tile along a side, and products.
inline constexpr int64_t tileSide = 4;
inline constexpr int64_t tilePlaces = 36;

/// Images cut into tiles, some images (a chunk) at a time, whose tiles are the columns of the
/// products. What is transformed lies by place, channel and tile.
struct ImageTiles {
    static constexpr int64_t width = simd::lanes<float>;

    ImageTiles(int64_t batch_, int64_t height, int64_t breadth, int64_t most)
        : batch(batch_),
          rows((height + tileSide - 1) / tileSide),
          across((breadth + tileSide - 1) / tileSide)
    {
        images = std::min(std::max<int64_t>(1, most / perImage()), batch);
    }
    int64_t perImage() const { return rows * across; }
    /// Tiles of a chunk, rounded up to whole vectors.
    int64_t columns() const { return (images * perImage() + width - 1) / width * width; }
    /// From one place's matrix to the next: an odd number of vectors, as the same place in the
    /// cache for all of them would be used up soon.
    int64_t placeStep(int64_t channels) const { return (channels * columns() / width | 1) * width; }
    int64_t chunks() const { return (batch + images - 1) / images; }

    int64_t batch;
    int64_t rows, across; ///< tiles of an image
    int64_t images; ///< of a chunk
};

/// Planes of images: sizes, and how many points of padding lie before them.
struct ImagePlanes {
    int64_t channels;
    int64_t height, width;
    int64_t top = 0, left = 0;
};

/// Both sides of the transform of all tiles of some images: to[place][channel][tile].
void transformInput(const ImageTiles &tiles, const ImagePlanes &planes, int64_t images,
                    const float *x, float *to);
/// The same of the gradient of the output.
void transformGradient(const ImageTiles &tiles, const ImagePlanes &planes, int64_t images,
                       const float *x, float *to);
/// The output points from products[place][channel][tile], plus the channel's bias (may be null).
void transformOutput(const ImageTiles &tiles, const ImagePlanes &planes, int64_t images,
                     const float *products, const float *bias, float *out);

} // namespace mrg::kernels
