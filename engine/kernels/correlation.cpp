// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/correlation.h"

#include "engine/kernels/packed_product.h"
#include "engine/kernels/product_tile.h"

#include <algorithm>

namespace mrg::kernels {

namespace {

using simd::lanes;

/// What of one row of output points lies in a tile.
struct Segment {
    int64_t column; ///< in the tile
    int64_t count;
    int64_t row, first; ///< in the output
};
/// The segments of `columns` elements from `begin` in rows of `rowStep` of which `width` are
/// wanted; their number.
int64_t cutRows(int64_t begin, int64_t columns, int64_t rowStep, int64_t width, Segment *segments)
{
    int64_t row = begin / rowStep;
    int64_t first = begin % rowStep;
    int64_t number = 0;
    for (int64_t column = 0; column < columns; ++row) {
        const int64_t count = std::min(width - first, columns - column);
        if (count > 0)
            segments[number++] = {column, count, row, first};
        column += rowStep - first;
        first = 0;
    }
    return number;
}

/// A part of a tile's row to its place, with `offset` added, or added to what is there. Whole
/// vectors of the tile are read.
template <typename T>
void place(const T *from, int64_t count, T offset, bool accumulate, T *to, int64_t step)
{
    if (step != 1) {
        for (int64_t i = 0; i < count; ++i)
            to[i * step] = (accumulate ? to[i * step] : offset) + from[i];
        return;
    }
    for (; count > 0; count -= lanes<T>, from += lanes<T>, to += lanes<T>) {
        const int64_t some = std::min(count, lanes<T>);
        const auto before = accumulate ? simd::loadPart(to, some) : simd::all(offset);
        simd::storePart<T>(to, before + simd::load(from), some);
    }
}

} // namespace

template <typename T>
void correlate(const Windows &windows, const Patches &patches, const T *input,
               const CorrelationWeights<T> &weights, const T *bias, const Placement<T> &to)
{
    const int64_t width = windows.output[2];
    alignas(64) T tile[(tileRows + 1) * tileColumns<T>] = {};
    Segment segments[tileColumns<T>];
    const int64_t length = (windows.output[1] - 1) * patches.rowStep() + width;
    for (int64_t p = 0; p == 0 || p < weights.patch; p += productBlock) {
        const int64_t steps = std::min(productBlock, weights.patch - p);
        for (int64_t begin = 0; begin < length; begin += tileColumns<T>) {
            const int64_t columns = std::min(tileColumns<T>, length - begin);
            const int64_t count = cutRows(begin, columns, patches.rowStep(), width, segments);
            const RightOffsets<T> right{input + begin, weights.offsets + p};
            const T *packed = weights.packed + p * tileRows;
            forEachTile(weights.outChannels, [&](int64_t channel, int64_t channels) {
                const int64_t stored = columns <= lanes<T> ? lanes<T> : tileColumns<T>;
                productTile(channels, steps, LeftColumns<T>{packed, tileRows}, right,
                            TileTarget<T>{tile, tileColumns<T>, stored, false});
                packed += weights.patch * tileRows;
                for (int64_t i = 0; i < channels; ++i) {
                    const T offset = bias ? bias[channel + i] : T(0);
                    T *target = to.data + (channel + i) * to.channelStep;
                    for (int64_t j = 0; j < count; ++j) {
                        const Segment &s = segments[j];
                        place(tile + i * tileColumns<T> + s.column, s.count, offset, p > 0,
                              target + s.row * to.rowStep + s.first * to.step, to.step);
                    }
                }
            });
        }
    }
}

template void correlate(const Windows &, const Patches &, const float *,
                        const CorrelationWeights<float> &, const float *, const Placement<float> &);
template void correlate(const Windows &, const Patches &, const double *,
                        const CorrelationWeights<double> &, const double *,
                        const Placement<double> &);

} // namespace mrg::kernels
