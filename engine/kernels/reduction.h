// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Parallel.h"
#include "engine/kernels/rows.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <memory>
#include <type_traits>

namespace mrg::kernels {

// Reducers: how one row becomes one number. `take` adds an element (with its number in the row),
// `merge` adds what came of a later part of the row.

template <typename T> bool isNan(const T &value)
{
    if constexpr (std::is_floating_point_v<T>)
        return value != value;
    else
        return false;
}

template <typename T> struct SumReducer {
    using State = T;
    static State start() { return T(0); }
    static void take(State &state, T value, int64_t) { state += value; }
    static void merge(State &state, const State &other) { state += other; }
    static T finish(const State &state) { return state; }
};

template <typename T> struct ProductReducer {
    using State = T;
    static State start() { return T(1); }
    static void take(State &state, T value, int64_t) { state *= value; }
    static void merge(State &state, const State &other) { state *= other; }
    static T finish(const State &state) { return state; }
};

/// The largest (or with `Least` the smallest) element; a NaN wins.
template <typename T, bool Least> struct ExtremeReducer {
    using State = T;
    static State start()
    {
        if constexpr (std::is_floating_point_v<T>)
            return Least ? std::numeric_limits<T>::infinity() : -std::numeric_limits<T>::infinity();
        else
            return Least ? std::numeric_limits<T>::max() : std::numeric_limits<T>::lowest();
    }
    static void take(State &state, T value, int64_t)
    {
        // A state that is NaN fails the first comparison and stays.
        const bool better = Least ? value < state : value > state;
        state = better || isNan(value) ? value : state;
    }
    static void merge(State &state, const State &other) { take(state, other, 0); }
    static T finish(const State &state) { return state; }
};

/// An element and where it stands; the first of equal ones and the first NaN win.
template <typename T, bool Least> struct ExtremePlaceReducer {
    struct State {
        T value;
        int64_t place;
    };
    static State start() { return {ExtremeReducer<T, Least>::start(), -1}; }
    static void merge(State &state, const State &other)
    {
        if (other.place < 0)
            return;
        const bool newNan = isNan(other.value);
        const bool oldNan = isNan(state.value);
        const bool better = newNan != oldNan ? newNan
                : !newNan && other.value != state.value
                ? (Least ? other.value < state.value : other.value > state.value)
                : other.place < state.place;
        if (state.place < 0 || better)
            state = other;
    }
    static void take(State &state, T value, int64_t place) { merge(state, {value, place}); }
    static State finish(const State &state) { return state; }
};

/// Mean and sum of squared distances from it, without cancellation.
/// **Source**: Chan, Golub, LeVeque 1983, Algorithms for computing the sample variance.
template <typename T> struct MomentsReducer {
    using Real = decltype(std::abs(T()));
    struct State {
        T mean;
        Real squares;
        Real count;
    };
    static State start() { return {T(0), Real(0), Real(0)}; }
    static void take(State &state, T value, int64_t)
    {
        state.count += 1;
        const T before = value - state.mean;
        state.mean += before / state.count;
        const T after = value - state.mean;
        if constexpr (std::is_same_v<T, Real>)
            state.squares += before * after;
        else
            state.squares += (before * std::conj(after)).real();
    }
    static void merge(State &state, const State &other)
    {
        if (other.count == 0)
            return;
        if (state.count == 0) {
            state = other;
            return;
        }
        const Real count = state.count + other.count;
        const T apart = other.mean - state.mean;
        state.mean += apart * (other.count / count);
        state.squares += other.squares
                + std::abs(apart) * std::abs(apart) * (state.count * other.count / count);
        state.count = count;
    }
    static State finish(const State &state) { return state; }
};

namespace detail {

/// Independent sums over which a contiguous row is spread, so that they fill vector registers.
inline constexpr int64_t lanes = 16;
/// Columns that are reduced side by side.
inline constexpr int64_t columnBlock = 256;
/// Elements of work of one piece.
inline constexpr int64_t reductionGrain = 1 << 14;

/// Elements of a row that are reduced in one go; the parts are then merged as a tree.
inline int64_t partLength(const Rows &rows)
{
    return rows.inner == 1
            ? 4096
            : std::clamp<int64_t>(reductionGrain / std::max<int64_t>(rows.inner, 1), 64, 512);
}

template <typename Reducer, typename T>
typename Reducer::State reduceContiguous(const T *x, int64_t first, int64_t count)
{
    typename Reducer::State state = Reducer::start();
    int64_t i = 0;
    if (count >= 2 * lanes) {
        typename Reducer::State lane[lanes];
        for (int64_t j = 0; j < lanes; ++j)
            lane[j] = Reducer::start();
        for (; i + lanes <= count; i += lanes) {
            for (int64_t j = 0; j < lanes; ++j)
                Reducer::take(lane[j], x[i + j], first + i + j);
        }
        for (int64_t width = lanes / 2; width > 0; width /= 2) {
            for (int64_t j = 0; j < width; ++j)
                Reducer::merge(lane[j], lane[j + width]);
        }
        state = lane[0];
    }
    for (; i < count; ++i)
        Reducer::take(state, x[i], first + i);
    return state;
}

/// Reduces elements first to last of rows (outer, begin) to (outer, end) and hands out each state.
template <typename Reducer, typename T, typename Emit>
void reducePart(const Rows &rows, const T *x, int64_t outer, int64_t begin, int64_t end,
                int64_t first, int64_t last, Emit emit)
{
    const T *base = x + outer * rows.length * rows.inner;
    if (rows.inner == 1) {
        emit(int64_t(0), reduceContiguous<Reducer>(base + first, first, last - first));
        return;
    }
    typename Reducer::State states[columnBlock];
    const int64_t width = end - begin;
    for (int64_t j = 0; j < width; ++j)
        states[j] = Reducer::start();
    for (int64_t k = first; k < last; ++k) {
        const T *row = base + k * rows.inner + begin;
        for (int64_t j = 0; j < width; ++j)
            Reducer::take(states[j], row[j], k);
    }
    for (int64_t j = 0; j < width; ++j)
        emit(begin + j, states[j]);
}

} // namespace detail

/// Reduces every row of x and calls emit(row number, Reducer::finish(state)). The order of the
/// operations depends on the sizes alone, not on the number of threads.
template <typename Reducer, typename T, typename Emit>
void reduceRows(const Rows &rows, const T *x, Emit emit)
{
    using State = typename Reducer::State;
    const int64_t part = detail::partLength(rows);
    const int64_t parts = std::max<int64_t>(1, (rows.length + part - 1) / part);
    const int64_t blocks = (rows.inner + detail::columnBlock - 1) / detail::columnBlock;
    const int64_t tasks = rows.outer * parts * blocks;
    const int64_t work = std::min(part, rows.length) * std::min(rows.inner, detail::columnBlock);
    const int64_t grain = std::max<int64_t>(1, detail::reductionGrain / std::max<int64_t>(work, 1));
    // No vector: one of bools packs them, which threads may not write side by side.
    const auto partial = std::make_unique<State[]>(
            parts > 1 ? static_cast<size_t>(rows.outer * parts * rows.inner) : 0);
    parallelFor(tasks, grain, [&](int64_t begin, int64_t end) {
        for (int64_t task = begin; task < end; ++task) {
            const int64_t block = task % blocks;
            const int64_t number = task / blocks % parts;
            const int64_t outer = task / blocks / parts;
            const int64_t from = block * detail::columnBlock;
            detail::reducePart<Reducer>(
                    rows, x, outer, from, std::min(from + detail::columnBlock, rows.inner),
                    number * part, std::min((number + 1) * part, rows.length),
                    [&](int64_t inner, const State &state) {
                        if (parts == 1)
                            emit(outer * rows.inner + inner, Reducer::finish(state));
                        else
                            partial[static_cast<size_t>((outer * parts + number) * rows.inner
                                                        + inner)]
                                    = state;
                    });
        }
    });
    if (parts == 1)
        return;
    // Neighbours first, then their neighbours: rounding errors grow with the logarithm of the
    // parts.
    for (int64_t row = 0; row < rows.outer * rows.inner; ++row) {
        State *states = partial.get() + row / rows.inner * parts * rows.inner + row % rows.inner;
        for (int64_t width = 1; width < parts; width *= 2) {
            for (int64_t number = 0; number + width < parts; number += 2 * width)
                Reducer::merge(states[number * rows.inner], states[(number + width) * rows.inner]);
        }
        emit(row, Reducer::finish(states[0]));
    }
}

} // namespace mrg::kernels
