// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/convolution.h"

#include "engine/core/Parallel.h"
#include "engine/kernels/Scratch.h"
#include "engine/kernels/correlation.h"
#include "engine/kernels/packed_product.h"
#include "engine/kernels/patches.h"
#include "engine/kernels/product_tile.h"
#include "engine/kernels/residue.h"
#include "engine/kernels/winograd.h"

#include <algorithm>

namespace mrg::kernels {

namespace {

using simd::lanes;

/// Parts into which a batch is split for weight gradients: fixed, whatever the thread count.
constexpr int64_t weightParts = 8;
/// Bytes of the laid out input that are made at a time, so that they stay in a core's own cache.
constexpr int64_t bandBytes = 1 << 19;
/// Output channels of a group up to which weight gradients are dot products, as tiles would have
/// too few columns.
constexpr int64_t fewChannels = 4;
/// Multiplications that are worth a piece of their own for a thread, and up to which threads do not
/// pay at all.
constexpr int64_t pieceWork = 1 << 19;
constexpr int64_t smallWork = 1 << 21;

/// The sizes of one group.
struct Group {
    explicit Group(const Convolution &c)
        : channels(c.channels / c.groups),
          outChannels(c.outChannels / c.groups),
          points(volume(c.windows.kernel)),
          patch(channels * points),
          space(volume(c.windows.input)),
          outSpace(volume(c.windows.output))
    {
    }
    int64_t channels, outChannels;
    int64_t points; ///< of the kernel
    int64_t patch; ///< what one window sees
    int64_t space; ///< points of the input
    int64_t outSpace; ///< and of the output
};

/// How many of the samples and groups, in `parts` each, one piece takes.
int64_t grainOf(const Convolution &c, const Group &g, int64_t parts = 1)
{
    const int64_t count = c.batch * c.groups * parts;
    const int64_t work = g.patch * g.outChannels * g.outSpace / parts;
    if (count * work <= smallWork)
        return std::max<int64_t>(count, 1);
    return std::max<int64_t>(1, pieceWork / std::max<int64_t>(work, 1));
}

/// The windows of an output by bands: some rows of a plane at a time.
class Bands {
public:
    Bands(const Windows &windows, int64_t bytesOfChannels) : m_windows(windows)
    {
        const int64_t rows = windows.kernel[0] * std::min(windows.kernel[1], windows.stride[1]);
        const int64_t rowBytes = std::max<int64_t>(1, bytesOfChannels * rows * windows.input[2]);
        m_rows = std::clamp<int64_t>(bandBytes / rowBytes, 1,
                                     std::max<int64_t>(windows.output[1], 1));
        m_perPlane = (windows.output[1] + m_rows - 1) / m_rows;
    }
    int64_t count() const { return m_windows.output[0] * m_perPlane; }
    /// The windows of a band.
    Windows windows(int64_t band) const
    {
        Windows w = m_windows;
        w.padding[0] -= plane(band) * w.stride[0];
        w.padding[1] -= row(band) * w.stride[1];
        w.output = {1, std::min(m_rows, w.output[1] - row(band)), w.output[2]};
        return w;
    }
    int64_t plane(int64_t band) const { return band / m_perPlane; }
    int64_t row(int64_t band) const { return band % m_perPlane * m_rows; }

private:
    Windows m_windows;
    int64_t m_rows, m_perPlane;
};

/// The laid out input of a band, in memory of this thread.
template <typename T> const T *laidOut(const Patches &patches, int64_t channels, const T *x)
{
    thread_local Scratch<T> scratch;
    const int64_t size = channels * patches.channelSize();
    // Tiles read whole vectors.
    T *out = scratch.of(size + tileColumns<T>);
    patches.layOut(channels, x, out);
    std::fill_n(out + size, tileColumns<T>, T(0));
    return out;
}

/// The parts of the weight that a residue's correlation of one group needs.
template <typename T>
void packResidue(const Residue &residue, const Convolution &c, const Group &g, const T *weight,
                 T *packed)
{
    thread_local Scratch<T> scratch;
    const int64_t points = residue.points();
    T *turned = scratch.of(g.channels * g.outChannels * points);
    for (int64_t j = 0; j < points; ++j) {
        const int64_t point = residue.kernelPoint(c.windows.kernel, j);
        for (int64_t channel = 0; channel < g.channels; ++channel) {
            for (int64_t o = 0; o < g.outChannels; ++o)
                turned[(channel * g.outChannels + o) * points + j]
                        = weight[(o * g.channels + channel) * g.points + point];
        }
    }
    packLeft(g.channels, g.outChannels * points, LeftFactor<T>{turned, g.outChannels * points},
             packed);
}

/// Adds to sums[point * step] the products of one output channel's gradients with what all windows
/// see at each of the patch's points: dot products along rows of windows.
template <typename T>
void addDots(const Patches &patches, const Windows &windows, const T *input, int64_t patch,
             const int64_t *offsets, const T *gradient, T *sums, int64_t step)
{
    constexpr int64_t together = 4;
    for (int64_t point = 0; point < patch; point += together) {
        const int64_t count = std::min(together, patch - point);
        const T *seen[together];
        for (int64_t i = 0; i < together; ++i)
            seen[i] = input + offsets[point + std::min(i, count - 1)];
        simd::Vector<T> dots[together] = {};
        for (int64_t y = 0; y < windows.output[1]; ++y) {
            for (int64_t x = 0; x < windows.output[2]; x += lanes<T>) {
                const int64_t some = std::min(lanes<T>, windows.output[2] - x);
                const auto g = simd::loadPart(gradient + y * windows.output[2] + x, some);
                for (int64_t i = 0; i < together; ++i)
                    dots[i] = simd::multiplyAdd<T>(
                            g, simd::loadPart(seen[i] + y * patches.rowStep() + x, some), dots[i]);
            }
        }
        for (int64_t i = 0; i < count; ++i)
            sums[(point + i) * step] += simd::sum<T>(dots[i]);
    }
}

/// Adds to sums (patch x outChannels) of a group the products of what all windows of a band see
/// with the gradients of their outputs.
template <typename T>
void addBand(const Windows &windows, const Group &g, const T *x, const T *gradient, T *sums)
{
    thread_local Scratch<T> gradientScratch;
    thread_local Scratch<int64_t> offsetScratch;
    const Patches patches(windows);
    const T *input = laidOut(patches, g.channels, x);
    int64_t *offsets = offsetScratch.of(g.patch);
    patches.offsets(g.channels, offsets);
    if (g.outChannels <= fewChannels) {
        for (int64_t o = 0; o < g.outChannels; ++o)
            addDots(patches, windows, input, g.patch, offsets, gradient + o * g.outSpace, sums + o,
                    g.outChannels);
        return;
    }
    const int64_t points = volume(windows.output);
    T *packed = gradientScratch.of(packedSize<T>(points, g.outChannels));
    pack(Layout::Transposed, points, g.outChannels, gradient, g.outSpace, packed);

    // Whole rows of windows at a time, unless all rows are one.
    const int64_t width = windows.output[2];
    const bool compact = patches.rowStep() == width;
    const int64_t most
            = compact ? productBlock : std::max<int64_t>(1, productBlock / width) * width;
    for (int64_t p = 0; p < points; p += most) {
        const int64_t steps = std::min(most, points - p);
        const T *first = input + p / width * patches.rowStep() + p % width;
        for (int64_t o = 0; o < g.outChannels; o += tileColumns<T>) {
            const int64_t columns = std::min(tileColumns<T>, g.outChannels - o);
            const int64_t panel = columns <= lanes<T> ? lanes<T> : tileColumns<T>;
            const RightRows<T> right{packed + o * points + p * panel, panel};
            forEachTile(g.patch, [&](int64_t row, int64_t rows) {
                const T *pointers[tileRows];
                for (int64_t r = 0; r < rows; ++r)
                    pointers[r] = first + offsets[row + r];
                const TileTarget<T> to{sums + row * g.outChannels + o, g.outChannels, columns,
                                       true};
                if (compact)
                    productTile(rows, steps, LeftRows<T>{pointers}, right, to);
                else
                    productTile(rows, steps,
                                LeftSegments<T>{pointers, width, patches.rowStep() - width}, right,
                                to);
            });
        }
    }
}

/// Adds what sample n adds, to the sums of one group after the other.
template <typename T>
void addWeightGradient(const Convolution &c, const Group &g, const Bands &bands, int64_t n,
                       const T *x, const T *gradient, T *sums)
{
    for (int64_t i = 0; i < c.groups * bands.count(); ++i) {
        const int64_t group = i / bands.count();
        const int64_t band = i % bands.count();
        const int64_t point
                = (bands.plane(band) * c.windows.output[1] + bands.row(band)) * c.windows.output[2];
        const int64_t channel = n * c.outChannels + group * g.outChannels;
        addBand(bands.windows(band), g, x + (n * c.channels + group * g.channels) * g.space,
                gradient + channel * g.outSpace + point, sums + group * g.patch * g.outChannels);
    }
}

} // namespace

template <typename T>
void convolve(const Convolution &c, const T *x, const T *weight, const T *bias, T *out)
{
    if constexpr (std::is_same_v<T, float>) {
        if (winogradPays(c))
            return winogradConvolve(c, x, weight, bias, out);
    }
    const Group g(c);
    const Bands bands(c.windows, g.channels * static_cast<int64_t>(sizeof(T)));
    if (c.batch * bands.count() == 0)
        return;
    thread_local Scratch<T> weightScratch;
    thread_local Scratch<int64_t> offsetScratch;
    const int64_t size = packedLeftSize<T>(g.outChannels, g.patch);
    T *packed = weightScratch.of(c.groups * size);
    for (int64_t group = 0; group < c.groups; ++group)
        packLeft(g.outChannels, g.patch,
                 LeftFactor<T>{weight + group * g.outChannels * g.patch, g.patch},
                 packed + group * size);
    // The last band may have fewer rows, and then offsets of its own.
    int64_t *offsets = offsetScratch.of(2 * g.patch);
    Patches(bands.windows(0)).offsets(g.channels, offsets);
    Patches(bands.windows(bands.count() - 1)).offsets(g.channels, offsets + g.patch);
    parallelFor(c.batch * c.groups * bands.count(), grainOf(c, g, bands.count()),
                [&](int64_t begin, int64_t end) {
                    for (int64_t piece = begin; piece < end; ++piece) {
                        const int64_t band = piece % bands.count();
                        const int64_t group = piece / bands.count() % c.groups;
                        const int64_t n = piece / (bands.count() * c.groups);
                        const Windows windows = bands.windows(band);
                        const Patches patches(windows);
                        const bool whole = windows.output == bands.windows(0).output;
                        const T *input
                                = laidOut(patches, g.channels,
                                          x + (n * c.channels + group * g.channels) * g.space);
                        T *to = out + (n * c.outChannels + group * g.outChannels) * g.outSpace
                                + (bands.plane(band) * c.windows.output[1] + bands.row(band))
                                        * c.windows.output[2];
                        correlate<T>(windows, patches, input,
                                     {packed + group * size, whole ? offsets : offsets + g.patch,
                                      g.outChannels, g.patch},
                                     bias ? bias + group * g.outChannels : nullptr,
                                     {to, g.outSpace, c.windows.output[2], 1});
                    }
                });
}

template <typename T>
void convolveInputGradient(const Convolution &c, const T *weight, const T *gradient, const T *bias,
                           T *dx)
{
    if constexpr (std::is_same_v<T, float>) {
        if (winogradPays(c))
            return winogradInputGradient(c, weight, gradient, bias, dx);
    }
    const Group g(c);
    const int64_t residues = volume(c.windows.stride);
    thread_local Scratch<T> weightScratch;
    const int64_t size
            = packedLeftSize<T>(g.channels, g.outChannels * Residue::mostPoints(c.windows));
    T *packed = weightScratch.of(c.groups * size * residues);
    for (int64_t i = 0; i < c.groups * residues; ++i)
        packResidue(Residue(c.windows, i % residues), c, g,
                    weight + i / residues * g.outChannels * g.patch, packed + i * size);
    // Where the kernel is smaller than its stride it reaches some input points from no window.
    bool unreached = false;
    for (int64_t i = 0; i < residues; ++i)
        unreached = unreached || Residue(c.windows, i).points() == 0;
    parallelFor(c.batch * c.groups, grainOf(c, g), [&](int64_t begin, int64_t end) {
        thread_local Scratch<int64_t> offsetScratch;
        for (int64_t piece = begin; piece < end; ++piece) {
            const int64_t group = piece % c.groups;
            const int64_t firstChannel = piece * g.channels;
            const T *offset = bias ? bias + group * g.channels : nullptr;
            for (int64_t channel = 0; unreached && channel < g.channels; ++channel)
                std::fill_n(dx + (firstChannel + channel) * g.space, g.space,
                            offset ? offset[channel] : T(0));
            for (int64_t i = 0; i < residues; ++i) {
                const Residue residue(c.windows, i);
                if (residue.points() == 0 || volume(residue.windows.output) == 0)
                    continue;
                const int64_t patch = g.outChannels * residue.points();
                const Bands bands(residue.windows, g.outChannels * static_cast<int64_t>(sizeof(T)));
                for (int64_t band = 0; band < bands.count(); ++band) {
                    const Windows windows = bands.windows(band);
                    const Patches patches(windows);
                    int64_t *offsets = offsetScratch.of(patch);
                    patches.offsets(g.outChannels, offsets);
                    const T *input = laidOut(patches, g.outChannels,
                                             gradient + piece * g.outChannels * g.outSpace);
                    const Extents &all = c.windows.input;
                    const Extents &stride = c.windows.stride;
                    const int64_t depth = residue.start[0] + bands.plane(band) * stride[0];
                    const int64_t row = residue.start[1] + bands.row(band) * stride[1];
                    correlate<T>(
                            windows, patches, input,
                            {packed + (group * residues + i) * size, offsets, g.channels, patch},
                            offset,
                            {dx + firstChannel * g.space + (depth * all[1] + row) * all[2]
                                     + residue.start[2],
                             g.space, stride[1] * all[2], stride[2]});
                }
            }
        }
    });
}

template <typename T>
void convolveWeightGradient(const Convolution &c, const T *x, const T *gradient, T *dweight)
{
    if constexpr (std::is_same_v<T, float>) {
        if (winogradWeightPays(c))
            return winogradWeightGradient(c, x, gradient, dweight);
    }
    const Group g(c);
    const Bands bands(c.windows, g.channels * static_cast<int64_t>(sizeof(T)));
    const int64_t weights = c.outChannels * g.patch;
    const int64_t parts = std::min(weightParts, std::max<int64_t>(c.batch, 1));
    thread_local Scratch<T> scratch;
    T *sums = scratch.of(parts * weights);
    std::fill_n(sums, parts * weights, T(0));
    const int64_t grain = grainOf(c, g) * parts / std::max<int64_t>(c.batch * c.groups, 1);
    parallelFor(parts, std::max<int64_t>(1, grain), [&](int64_t begin, int64_t end) {
        for (int64_t part = begin; part < end; ++part) {
            for (int64_t n = part * c.batch / parts; n < (part + 1) * c.batch / parts; ++n)
                addWeightGradient(c, g, bands, n, x, gradient, sums + part * weights);
        }
    });
    for (int64_t part = 1; part < parts; ++part) {
        for (int64_t i = 0; i < weights; ++i)
            sums[i] += sums[part * weights + i];
    }
    for (int64_t group = 0; group < c.groups; ++group, sums += g.patch * g.outChannels) {
        for (int64_t o = 0; o < g.outChannels; ++o) {
            for (int64_t p = 0; p < g.patch; ++p)
                *dweight++ = sums[p * g.outChannels + o];
        }
    }
}

template <typename T>
void sumChannels(int64_t batch, int64_t channels, int64_t points, const T *gradient, T *bias)
{
    std::fill_n(bias, channels, T(0));
    for (int64_t n = 0; n < batch; ++n) {
        for (int64_t channel = 0; channel < channels; ++channel, gradient += points) {
            simd::Vector<T> sums = {};
            int64_t i = 0;
            for (; i + lanes<T> <= points; i += lanes<T>)
                sums += simd::load(gradient + i);
            if (i < points)
                sums += simd::loadPart(gradient + i, points - i);
            bias[channel] += simd::sum<T>(sums);
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
