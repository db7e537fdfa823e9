// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/kernels/lanes.h"

// The cells' arithmetic for one row, forward and back. Pointers are those of the row; pieces that a
// rule or a pass has no use for are null.

namespace mrg::kernels {

/// A row on its way forward.
template <typename T> struct CellRow {
    T *gates; ///< in: the input's share; out: after the nonlinearities
    const T *recurrent; ///< Gru: the state's share; the others' is in `gates` already
    const T *bias; ///< of all gates; Gru: without the state's share of n
    const T *stateBias; ///< Gru: the state's share of n
    const T *previous; ///< h of the step before
    T *cell; ///< Lstm: c, updated
    T *squashed; ///< kept for the way back, or null
    T *next; ///< h
};

/// A row on its way back.
template <typename T> struct CellRowBack {
    const T *gates;
    const T *previous;
    const T *previousCell;
    const T *squashed;
    const T *gradient; ///< of h
    T *cellGradient; ///< Lstm: of c, becomes that of the c before
    T *inputGates; ///< gradient of the gates before their nonlinearities
    T *stateGates; ///< Gru: the same as the state's share sees it
    T *direct; ///< Gru: gradient of the h before that does not go through the gates
};

struct TanhCell {
    template <typename T> static void forward(int64_t hidden, CellRow<T> row)
    {
        forLanes<T>(hidden, [=](int64_t j, auto some) {
            const Lanes<T> h = (some.load(row.gates + j) + some.load(row.bias + j)).tanh();
            some.store(row.gates + j, h);
            some.store(row.next + j, h);
        });
    }
    template <typename T> static void backward(int64_t hidden, CellRowBack<T> row)
    {
        forLanes<T>(hidden, [=](int64_t j, auto some) {
            const Lanes<T> h = some.load(row.gates + j);
            const Lanes<T> g = some.load(row.gradient + j) * (T(1) - h * h);
            some.store(row.inputGates + j, g);
        });
    }
};

struct ReluCell {
    template <typename T> static void forward(int64_t hidden, CellRow<T> row)
    {
        forLanes<T>(hidden, [=](int64_t j, auto some) {
            const Lanes<T> sum = some.load(row.gates + j) + some.load(row.bias + j);
            const Lanes<T> h = (sum < T(0)).select(Lanes<T>::Zero(), sum);
            some.store(row.gates + j, h);
            some.store(row.next + j, h);
        });
    }
    template <typename T> static void backward(int64_t hidden, CellRowBack<T> row)
    {
        forLanes<T>(hidden, [=](int64_t j, auto some) {
            const Lanes<T> h = some.load(row.gates + j);
            const Lanes<T> g = (h > T(0)).select(some.load(row.gradient + j), Lanes<T>::Zero());
            some.store(row.inputGates + j, g);
        });
    }
};

struct LstmCell {
    template <typename T> static void forward(int64_t hidden, CellRow<T> row)
    {
        forLanes<T>(hidden, [=](int64_t j, auto some) {
            const auto preGate = [&](int64_t gate) -> Lanes<T> {
                const int64_t at = gate * hidden + j;
                return some.load(row.gates + at) + some.load(row.bias + at);
            };
            const Lanes<T> in = preGate(0).logistic();
            const Lanes<T> forget = preGate(1).logistic();
            const Lanes<T> candidate = preGate(2).tanh();
            const Lanes<T> out = preGate(3).logistic();
            const Lanes<T> c = forget * some.load(row.cell + j) + in * candidate;
            const Lanes<T> squashed = c.tanh();
            some.store(row.gates + j, in);
            some.store(row.gates + hidden + j, forget);
            some.store(row.gates + 2 * hidden + j, candidate);
            some.store(row.gates + 3 * hidden + j, out);
            some.store(row.cell + j, c);
            if (row.squashed)
                some.store(row.squashed + j, squashed);
            const Lanes<T> h = out * squashed;
            some.store(row.next + j, h);
        });
    }
    template <typename T> static void backward(int64_t hidden, CellRowBack<T> row)
    {
        forLanes<T>(hidden, [=](int64_t j, auto some) {
            const Lanes<T> in = some.load(row.gates + j);
            const Lanes<T> forget = some.load(row.gates + hidden + j);
            const Lanes<T> candidate = some.load(row.gates + 2 * hidden + j);
            const Lanes<T> out = some.load(row.gates + 3 * hidden + j);
            const Lanes<T> squashed = some.load(row.squashed + j);
            const Lanes<T> g = some.load(row.gradient + j);
            const Lanes<T> c
                    = some.load(row.cellGradient + j) + g * out * (T(1) - squashed * squashed);
            const Lanes<T> before = some.load(row.previousCell + j);
            const Lanes<T> dIn = c * candidate * in * (T(1) - in);
            const Lanes<T> dForget = c * before * forget * (T(1) - forget);
            const Lanes<T> dCandidate = c * in * (T(1) - candidate * candidate);
            const Lanes<T> dOut = g * squashed * out * (T(1) - out);
            const Lanes<T> dBefore = c * forget;
            some.store(row.inputGates + j, dIn);
            some.store(row.inputGates + hidden + j, dForget);
            some.store(row.inputGates + 2 * hidden + j, dCandidate);
            some.store(row.inputGates + 3 * hidden + j, dOut);
            some.store(row.cellGradient + j, dBefore);
        });
    }
};

struct GruCell {
    template <typename T> static void forward(int64_t hidden, CellRow<T> row)
    {
        forLanes<T>(hidden, [=](int64_t j, auto some) {
            const auto preGate = [&](int64_t gate) -> Lanes<T> {
                const int64_t at = gate * hidden + j;
                return some.load(row.gates + at) + some.load(row.bias + at);
            };
            const Lanes<T> reset = (preGate(0) + some.load(row.recurrent + j)).logistic();
            const Lanes<T> keep = (preGate(1) + some.load(row.recurrent + hidden + j)).logistic();
            const Lanes<T> share
                    = some.load(row.recurrent + 2 * hidden + j) + some.load(row.stateBias + j);
            const Lanes<T> candidate = (preGate(2) + reset * share).tanh();
            const Lanes<T> h = candidate + keep * (some.load(row.previous + j) - candidate);
            some.store(row.gates + j, reset);
            some.store(row.gates + hidden + j, keep);
            some.store(row.gates + 2 * hidden + j, candidate);
            if (row.squashed)
                some.store(row.squashed + j, share);
            some.store(row.next + j, h);
        });
    }
    template <typename T> static void backward(int64_t hidden, CellRowBack<T> row)
    {
        forLanes<T>(hidden, [=](int64_t j, auto some) {
            const Lanes<T> reset = some.load(row.gates + j);
            const Lanes<T> keep = some.load(row.gates + hidden + j);
            const Lanes<T> candidate = some.load(row.gates + 2 * hidden + j);
            const Lanes<T> g = some.load(row.gradient + j);
            const Lanes<T> dCandidate = g * (T(1) - keep) * (T(1) - candidate * candidate);
            const Lanes<T> dReset
                    = dCandidate * some.load(row.squashed + j) * reset * (T(1) - reset);
            const Lanes<T> dKeep
                    = g * (some.load(row.previous + j) - candidate) * keep * (T(1) - keep);
            const Lanes<T> dShare = dCandidate * reset;
            const Lanes<T> direct = g * keep;
            some.store(row.inputGates + j, dReset);
            some.store(row.inputGates + hidden + j, dKeep);
            some.store(row.inputGates + 2 * hidden + j, dCandidate);
            some.store(row.stateGates + j, dReset);
            some.store(row.stateGates + hidden + j, dKeep);
            some.store(row.stateGates + 2 * hidden + j, dShare);
            some.store(row.direct + j, direct);
        });
    }
};

} // namespace mrg::kernels
