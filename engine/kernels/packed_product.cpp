// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/packed_product.h"

#include "engine/kernels/Scratch.h"
#include "engine/kernels/product_tile.h"

#include <algorithm>

namespace mrg::kernels {

namespace {

using simd::lanes;
using simd::Vector;

/// Width of the panel that holds the next columns of `left`: the last one may be one vector.
template <typename T> int64_t panelWidth(int64_t left)
{
    return left <= lanes<T> ? lanes<T> : tileColumns<T>;
}

/// to[p * step + r] = from[r * stride + p] for p < k and r < rows. Of each row of `to` the first
/// `width` elements are written, filled up with zeros; neither is more than lanes<T>.
template <typename T>
void interleave(int64_t rows, int64_t k, const T *from, int64_t stride, T *to, int64_t step,
                int64_t width)
{
    for (int64_t p = 0; p < k; p += lanes<T>) {
        const int64_t count = std::min(lanes<T>, k - p);
        Vector<T> square[lanes<T>] = {};
        for (int64_t r = 0; r < rows; ++r) {
            const T *row = from + r * stride + p;
            square[r] = count == lanes<T> ? simd::load(row) : simd::loadPart(row, count);
        }
        simd::transpose<T>(square);
        for (int64_t i = 0; i < count; ++i, to += step) {
            if (width == lanes<T>)
                simd::store(to, square[i]);
            else
                simd::storePart(to, square[i], width);
        }
    }
}

/// Columns of B from which laying out A pays: where its rows are compact, where these besides lie
/// at a distance that brings them all to the same lines of the first cache, and where its columns
/// are compact.
constexpr int64_t columnsForRows = 512;
constexpr int64_t columnsForCollidingRows = 128;
constexpr int64_t columnsForColumns = 128;
constexpr int64_t cacheWayBytes = 4096;

/// The rows of A in tiles, for some steps of k; laid out where that pays. In this thread, one at a
/// time.
template <typename T> class LeftTiles {
public:
    /// Columns p to p + k of A (m rows), to be multiplied by n columns.
    LeftTiles(int64_t m, int64_t n, int64_t p, int64_t k, const LeftFactor<T> &a)
        : m_rows(m),
          m_steps(k),
          m_first{a.at(0, p), a.rowStride, a.columnStride}
    {
        const bool collides = a.rowStride * static_cast<int64_t>(sizeof(T)) % cacheWayBytes == 0;
        const int64_t enough = a.columnStride != 1 ? columnsForColumns
                : collides                         ? columnsForCollidingRows
                                                   : columnsForRows;
        if (m > 1 && n >= enough) {
            thread_local Scratch<T> scratch;
            T *packed = scratch.of(packedLeftSize<T>(m, k));
            packLeft(m, k, m_first, packed);
            m_packed = packed;
        }
    }

    /// A panel of C (columns of it) from one of B. With Layout::Transposed it is stored as a panel
    /// of rows.
    void times(const RightRows<T> &panel, const TileTarget<T> &to, Layout stored) const
    {
        forEachTile(m_rows, [&, tile = 0](int64_t row, int64_t rows) mutable {
            if (stored == Layout::Plain) {
                multiply(tile++, row, rows, panel,
                         {to.data + row * to.step, to.step, to.columns, to.accumulate});
            } else {
                alignas(64) T columns[tileRows * tileColumns<T>];
                multiply(tile++, row, rows, panel, {columns, tileColumns<T>, to.columns, false});
                storeTurned(columns, rows, {to.data + row, to.step, to.columns, to.accumulate});
            }
        });
    }

private:
    void multiply(int tile, int64_t row, int64_t rows, const RightRows<T> &panel,
                  const TileTarget<T> &to) const
    {
        if (m_packed) {
            const T *place = m_packed + tile * m_steps * tileRows;
            productTile(rows, m_steps, LeftColumns<T>{place, tileRows}, panel, to);
        } else if (m_first.columnStride == 1) {
            const T *pointers[tileRows];
            for (int64_t r = 0; r < rows; ++r)
                pointers[r] = m_first.at(row + r, 0);
            productTile(rows, m_steps, LeftRows<T>{pointers}, panel, to);
        } else {
            const LeftColumns<T> columns{m_first.at(row, 0), m_first.columnStride};
            productTile(rows, m_steps, columns, panel, to);
        }
    }

    /// Stores a tile with its columns as rows.
    static void storeTurned(const T *tile, int64_t rows, const TileTarget<T> &to)
    {
        for (int64_t part = 0; part < rows; part += lanes<T>) {
            const int64_t count = std::min(lanes<T>, rows - part);
            for (int64_t column = 0; column < to.columns; column += lanes<T>) {
                Vector<T> square[lanes<T>] = {};
                for (int64_t r = 0; r < count; ++r)
                    square[r] = simd::load(tile + (part + r) * tileColumns<T> + column);
                simd::transpose<T>(square);
                const int64_t last = std::min(lanes<T>, to.columns - column);
                for (int64_t i = 0; i < last; ++i) {
                    T *target = to.data + (column + i) * to.step + part;
                    const Vector<T> sum
                            = to.accumulate ? simd::loadPart(target, count) + square[i] : square[i];
                    simd::storePart(target, sum, count);
                }
            }
        }
    }

    int64_t m_rows;
    int64_t m_steps;
    LeftFactor<T> m_first;
    const T *m_packed = nullptr;
};

/// Calls body(first step, steps, whether to add to C) for k in blocks.
template <typename Body> void forEachBlock(int64_t k, bool accumulate, Body body)
{
    for (int64_t p = 0; p == 0 || p < k; p += productBlock) {
        body(p, std::min(productBlock, k - p), accumulate || p > 0);
    }
}

} // namespace

template <typename T> int64_t packedLeftSize(int64_t m, int64_t k)
{
    return (m + tileRows - 1) / tileRows * tileRows * k;
}

template <typename T> void packLeft(int64_t m, int64_t k, const LeftFactor<T> &a, T *packed)
{
    forEachTile(m, [&](int64_t row, int64_t rows) {
        for (int64_t part = 0; part < rows; part += lanes<T>) {
            const int64_t count = std::min(lanes<T>, rows - part);
            const T *from = a.at(row + part, 0);
            if (a.columnStride == 1) {
                interleave(count, k, from, a.rowStride, packed + part, tileRows, count);
                continue;
            }
            for (int64_t p = 0; p < k; ++p)
                simd::storePart<T>(packed + part + p * tileRows,
                                   simd::loadPart(from + p * a.columnStride, count), count);
        }
        packed += k * tileRows;
    });
}

template <typename T> int64_t packedSize(int64_t k, int64_t n)
{
    const int64_t full = n / tileColumns<T> * tileColumns<T>;
    return k * (n == full ? n : full + panelWidth<T>(n - full));
}

template <typename T>
void pack(Layout layout, int64_t k, int64_t n, const T *b, int64_t stride, T *packed)
{
    for (int64_t begin = 0; begin < n; begin += tileColumns<T>) {
        const int64_t width = panelWidth<T>(n - begin);
        for (int64_t part = 0; part < width; part += lanes<T>) {
            const int64_t columns = std::clamp<int64_t>(n - begin - part, 0, lanes<T>);
            T *to = packed + part;
            if (layout == Layout::Transposed) {
                interleave(columns, k, b + (begin + part) * stride, stride, to, width, lanes<T>);
                continue;
            }
            const T *from = b + begin + part;
            if (columns == lanes<T>) {
                for (int64_t p = 0; p < k; ++p)
                    simd::store(to + p * width, simd::load(from + p * stride));
            } else {
                for (int64_t p = 0; p < k; ++p)
                    simd::store(to + p * width, simd::loadPart(from + p * stride, columns));
            }
        }
        packed += k * width;
    }
}

template <typename T>
void packedProduct(int64_t m, int64_t n, int64_t k, LeftFactor<T> a, const T *packed, T *c,
                   int64_t strideC, bool accumulate, Layout stored)
{
    forEachBlock(k, accumulate, [&](int64_t p, int64_t steps, bool add) {
        const LeftTiles<T> left(m, n, p, steps, a);
        for (int64_t begin = 0; begin < n; begin += tileColumns<T>) {
            const int64_t width = panelWidth<T>(n - begin);
            T *to = c + begin * (stored == Layout::Plain ? 1 : strideC);
            left.times({packed + begin * k + p * width, width},
                       {to, strideC, std::min(width, n - begin), add}, stored);
        }
    });
}

template <typename T>
void directProduct(int64_t m, int64_t n, int64_t k, LeftFactor<T> a, const T *b, int64_t strideB,
                   T *c, int64_t strideC, bool accumulate)
{
    thread_local Scratch<T> scratch;
    forEachBlock(k, accumulate, [&](int64_t p, int64_t steps, bool add) {
        const LeftTiles<T> left(m, n, p, steps, a);
        for (int64_t begin = 0; begin < n; begin += tileColumns<T>) {
            const int64_t width = panelWidth<T>(n - begin);
            const int64_t columns = std::min(width, n - begin);
            RightRows<T> panel{b + p * strideB + begin, strideB};
            if (columns < width) {
                T *last = scratch.of(steps * width);
                pack(Layout::Plain, steps, columns, panel.data, strideB, last);
                panel = {last, width};
            }
            left.times(panel, {c + begin, strideC, columns, add}, Layout::Plain);
        }
    });
}

template int64_t packedLeftSize<float>(int64_t, int64_t);
template int64_t packedLeftSize<double>(int64_t, int64_t);
template void packLeft(int64_t, int64_t, const LeftFactor<float> &, float *);
template void packLeft(int64_t, int64_t, const LeftFactor<double> &, double *);
template int64_t packedSize<float>(int64_t, int64_t);
template int64_t packedSize<double>(int64_t, int64_t);
template void pack(Layout, int64_t, int64_t, const float *, int64_t, float *);
template void pack(Layout, int64_t, int64_t, const double *, int64_t, double *);
template void packedProduct(int64_t, int64_t, int64_t, LeftFactor<float>, const float *, float *,
                            int64_t, bool, Layout);
template void packedProduct(int64_t, int64_t, int64_t, LeftFactor<double>, const double *, double *,
                            int64_t, bool, Layout);
template void directProduct(int64_t, int64_t, int64_t, LeftFactor<float>, const float *, int64_t,
                            float *, int64_t, bool);
template void directProduct(int64_t, int64_t, int64_t, LeftFactor<double>, const double *, int64_t,
                            double *, int64_t, bool);

} // namespace mrg::kernels
