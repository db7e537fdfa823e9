// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/kernels/simd.h"

#include <array>
#include <utility>

namespace mrg::kernels {

// The innermost part of every matrix product: a tile of C, some rows of one or two vectors, stays
// in registers while k runs over rank-1 updates of it. Packed products, matrix products and
// convolutions differ only in where the tile's factors lie.
//
// An element of C is the sum over k in rising order, each step a multiplyAdd(), whatever the tile:
// results depend neither on how C is cut into tiles nor on where the factors lie.
//
// Source: K. Goto, R. van de Geijn, Anatomy of High-Performance Matrix Multiplication, ACM TOMS
// 34(3), 2008.

/// Most rows of a tile: with two vectors each, the sums and what they are made of fill the vector
/// registers (32 with AVX-512, 16 otherwise).
#if defined(__AVX512F__)
inline constexpr int tileRows = 12;
#else
inline constexpr int tileRows = 6;
#endif
/// Steps of k that take longer than to fetch a tile's target.
inline constexpr int64_t longSum = 64;
/// Columns of a full tile. A last one of at most lanes<T> columns has one vector.
template <typename T> inline constexpr int64_t tileColumns = 2 * simd::lanes<T>;

/// Rows of A that lie anywhere, each compact: row r is rows[r][0], rows[r][1], ...
template <typename T> struct LeftRows {
    const T *const *rows;
};
/// The same, with every `segment` elements followed by a gap of some that are left out.
template <typename T> struct LeftSegments {
    const T *const *rows;
    int64_t segment;
    int64_t gap;
};
/// Columns of A that are compact and `step` apart: element (r, p) is data[p * step + r].
template <typename T> struct LeftColumns {
    const T *data;
    int64_t step;
};
/// Rows of B `step` apart.
template <typename T> struct RightRows {
    const T *data;
    int64_t step;
    const T *row(int64_t p) const { return data + p * step; }
};
/// Rows of B that lie anywhere: row p begins at data[offsets[p]].
template <typename T> struct RightOffsets {
    const T *data;
    const int64_t *offsets;
    const T *row(int64_t p) const { return data + offsets[p]; }
};

/// Where a tile goes: rows `step` apart, of which `columns` elements are stored, or added to.
template <typename T> struct TileTarget {
    T *data;
    int64_t step;
    int64_t columns;
    bool accumulate;
};

namespace detail {

// The left factors as the loop over k has them in registers. It runs up to end(), then next() leads
// on to what follows a gap.

template <int Rows, typename T> struct LocalRows {
    explicit LocalRows(const LeftRows<T> &left) { std::copy_n(left.rows, Rows, rows); }
    T at(int r, int64_t p) const { return rows[r][p]; }
    int64_t end(int64_t, int64_t k) const { return k; }
    void next() { }
    const T *rows[Rows];
};
template <int Rows, typename T> struct LocalSegments {
    explicit LocalSegments(const LeftSegments<T> &left) : segment(left.segment), gap(left.gap)
    {
        std::copy_n(left.rows, Rows, rows);
    }
    T at(int r, int64_t p) const { return rows[r][p]; }
    int64_t end(int64_t p, int64_t k) const { return std::min(p + segment, k); }
    void next()
    {
        for (const T *&row : rows)
            row += gap;
    }
    const T *rows[Rows];
    int64_t segment, gap;
};
template <int Rows, typename T> struct LocalColumns {
    explicit LocalColumns(const LeftColumns<T> &left) : data(left.data), step(left.step) { }
    T at(int r, int64_t p) const { return data[p * step + r]; }
    int64_t end(int64_t, int64_t k) const { return k; }
    void next() { }
    const T *data;
    int64_t step;
};
template <int Rows, typename T> LocalRows<Rows, T> local(const LeftRows<T> &left)
{
    return LocalRows<Rows, T>(left);
}
template <int Rows, typename T> LocalSegments<Rows, T> local(const LeftSegments<T> &left)
{
    return LocalSegments<Rows, T>(left);
}
template <int Rows, typename T> LocalColumns<Rows, T> local(const LeftColumns<T> &left)
{
    return LocalColumns<Rows, T>(left);
}

template <int Rows, int Vectors, typename T, typename Left, typename Right>
void productTile(int64_t k, const Left &left, const Right &right, const TileTarget<T> &to)
{
    using simd::Vector;
    constexpr int64_t width = simd::lanes<T>;
    auto a = local<Rows>(left);
    Vector<T> sums[Rows][Vectors] = {};
    // Where the tile goes may be far away: it comes while the sums are made.
    if (k >= longSum) {
        for (int r = 0; r < Rows; ++r) {
            for (int i = 0; i < Vectors; ++i)
                __builtin_prefetch(to.data + r * to.step + i * width, 1);
        }
    }
    for (int64_t p = 0; p < k; a.next()) {
        for (const int64_t end = a.end(p, k); p < end; ++p) {
            const T *row = right.row(p);
            Vector<T> b[Vectors];
            for (int i = 0; i < Vectors; ++i)
                b[i] = simd::load(row + i * width);
            for (int r = 0; r < Rows; ++r) {
                const Vector<T> factor = simd::all(a.at(r, p));
                for (int i = 0; i < Vectors; ++i)
                    sums[r][i] = simd::multiplyAdd<T>(factor, b[i], sums[r][i]);
            }
        }
    }
    // The last vector may be a part.
    const int64_t last = to.columns - (Vectors - 1) * width;
    for (int r = 0; r < Rows; ++r) {
        T *target = to.data + r * to.step;
        for (int i = 0; i + 1 < Vectors; ++i, target += width)
            simd::store<T>(target, to.accumulate ? simd::load(target) + sums[r][i] : sums[r][i]);
        Vector<T> &sum = sums[r][Vectors - 1];
        if (last == width)
            simd::store<T>(target, to.accumulate ? simd::load(target) + sum : sum);
        else
            simd::storePart<T>(target, to.accumulate ? simd::loadPart(target, last) + sum : sum,
                               last);
    }
}

template <typename T, typename Left, typename Right>
using TileFunction = void (*)(int64_t, const Left &, const Right &, const TileTarget<T> &);

template <int Vectors, typename T, typename Left, typename Right, int... Rows>
constexpr std::array<TileFunction<T, Left, Right>, sizeof...(Rows)>
tileFunctions(std::integer_sequence<int, Rows...>)
{
    return {&productTile<Rows + 1, Vectors, T, Left, Right>...};
}

} // namespace detail

/// A tile of C = A B: `rows` rows (1 to tileRows) and to.columns columns (1 to tileColumns). All
/// lanes of its one or two vectors are read from B.
template <typename T, typename Left, typename Right>
void productTile(int64_t rows, int64_t k, const Left &left, const Right &right,
                 const TileTarget<T> &to)
{
    constexpr auto numbers = std::make_integer_sequence<int, tileRows>();
    static constexpr auto narrow = detail::tileFunctions<1, T, Left, Right>(numbers);
    static constexpr auto full = detail::tileFunctions<2, T, Left, Right>(numbers);
    const auto &functions = to.columns <= simd::lanes<T> ? narrow : full;
    functions[static_cast<size_t>(rows - 1)](k, left, right, to);
}

/// Calls body(first row, rows) for m rows shared out evenly among as few tiles as will do.
template <typename Body> void forEachTile(int64_t m, Body body)
{
    const int64_t tiles = (m + tileRows - 1) / tileRows;
    for (int64_t i = 0; i < tiles; ++i) {
        const int64_t begin = i * m / tiles;
        body(begin, (i + 1) * m / tiles - begin);
    }
}

/// A panel of C = A B with the m rows of A laid out by packLeft().
template <typename T, typename Right>
void packedLeftPanel(int64_t m, int64_t k, const T *packed, const Right &right,
                     const TileTarget<T> &to)
{
    forEachTile(m, [&](int64_t row, int64_t rows) {
        productTile(rows, k, LeftColumns<T>{packed, tileRows}, right,
                    TileTarget<T>{to.data + row * to.step, to.step, to.columns, to.accumulate});
        packed += k * tileRows;
    });
}

} // namespace mrg::kernels
