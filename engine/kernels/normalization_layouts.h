// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Parallel.h"
#include "engine/kernels/normalization.h"
#include "engine/kernels/vector_loops.h"

#include <algorithm>

// How normalisations go through memory. There are three ways, for the three places where a set can
// lie:
//   rows:    a set is one row, with a weight an element (layer and RMS norm);
//   runs:    a set is made of runs of elements that share a weight (batch, instance, group norm
//            over space);
//   columns: sets lie side by side (batch norm without space).
namespace mrg::kernels::normalization {

using Layout = NormalizationLayout;

/// Elements of work of one piece.
inline constexpr int64_t pieceSize = 1 << 14;
/// Columns of one piece.
inline constexpr int64_t columnBlock = 256;
inline bool liesInRows(const Layout &l) { return l.step == 1 && l.outer == 1; }
inline bool liesInColumns(const Layout &l) { return l.inner() == 1 && l.repeats == 1; }

template <typename Body> void forSets(const Layout &l, Body body)
{
    const int64_t grain = std::max<int64_t>(1, pieceSize / std::max<int64_t>(1, l.setSize()));
    parallelFor(l.sets(), grain, [&](int64_t begin, int64_t end) {
        for (int64_t set = begin; set < end; ++set)
            body(set);
        simd::streamed();
    });
}

template <typename T> bool outgrows(const Layout &l)
{
    return outgrowsCaches<T>(l.sets() * l.setSize());
}

/// Calls body(offset, length) for the runs of a set, whatever their weights.
template <typename Body> void forPieces(const Layout &l, int64_t set, Body body)
{
    for (int64_t o = 0; o < l.outer; ++o)
        body((o * l.sets() + set) * l.inner(), l.inner());
}

/// Calls body(offset, part) for the runs of `step` elements of a set.
template <typename Body> void forRuns(const Layout &l, int64_t set, Body body)
{
    for (int64_t o = 0; o < l.outer; ++o) {
        for (int64_t part = 0; part < l.parts; ++part)
            body((o * l.sets() + set) * l.inner() + part * l.step, part);
    }
}

} // namespace mrg::kernels::normalization
