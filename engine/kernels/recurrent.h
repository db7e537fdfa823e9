// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

namespace mrg::kernels {

/// How a recurrent cell makes its new state from its gates.
enum class CellRule { Tanh, Relu, Lstm, Gru };

/// Gates stacked in the weights: i, f, g, o for Lstm; r, z, n for Gru; one otherwise.
int64_t gateCount(CellRule rule);

/// The rows of one step.
struct RecurrentStep {
    int64_t firstRow;
    int64_t rows;
};
/// Rows lie by steps, those of step t after those of step t - 1: the steps in the order in which a
/// direction takes them.
std::vector<RecurrentStep> recurrentSteps(const std::vector<int64_t> &batchSizes, bool reverse);

/// One direction of a recurrent layer over a batch of sequences. A step has at most as many rows as
/// the one before it in time (sequences sorted by falling length); row n of a step continues row n
/// of its neighbour.
struct RecurrentShape {
    CellRule rule = CellRule::Tanh;
    int64_t input = 1;
    int64_t hidden = 1;
    int64_t state = 1; ///< size of h: `hidden`, or less where it is projected
    int64_t batch = 0; ///< most rows of a step
    int64_t rows = 0; ///< of all steps
    bool projected = false;
    std::vector<RecurrentStep> steps;

    int64_t gates() const { return gateCount(rule) * hidden; }
};

/// As torch names them: weight_ih (gates, input), weight_hh (gates, state), weight_hr (state,
/// hidden). Biases and the projection may be null.
template <typename T> struct RecurrentWeights {
    const T *inputWeight;
    const T *hiddenWeight;
    const T *inputBias;
    const T *hiddenBias;
    const T *projection;
};

/// What the way forward keeps for the way back, one row for each of the rows. All but the gates are
/// null where there is no way back or the rule has no use for them.
template <typename T> struct RecurrentTrace {
    T *gates; ///< (gates) after their nonlinearities
    T *previous; ///< (state) h of the step before
    T *previousCell; ///< (hidden) Lstm: c of the step before
    T *squashed; ///< (hidden) Lstm: tanh(c); Gru: W_hn h + b_hn
    T *unprojected; ///< (hidden) h before the projection
};

/// Elements of working memory that the passes need.
template <typename T> int64_t forwardScratch(const RecurrentShape &shape);
template <typename T> int64_t backwardScratch(const RecurrentShape &shape);

/// Runs a direction: `hidden` (batch, state) and `cell` (batch, hidden; Lstm) hold the first states
/// and then the last ones; output rows are `outputStride` elements apart.
template <typename T>
void recurrentForward(const RecurrentShape &shape, const T *input, RecurrentWeights<T> weights,
                      RecurrentTrace<T> trace, T *scratch, T *hidden, T *cell, T *output,
                      int64_t outputStride);

/// Where gradients go; null: not wanted.
template <typename T> struct RecurrentGradients {
    T *input;
    T *inputWeight;
    T *hiddenWeight;
    T *inputBias;
    T *hiddenBias;
    T *projection;
    bool accumulateInput; ///< adds to `input`: another direction was there before
};

/// The way back through time. `hidden` and `cell` hold the gradients of the last states and then
/// those of the first ones. `outputGradient` may be null.
template <typename T>
void recurrentBackward(const RecurrentShape &shape, const T *input, RecurrentWeights<T> weights,
                       RecurrentTrace<T> trace, const T *outputGradient, int64_t outputStride,
                       T *scratch, T *hidden, T *cell, RecurrentGradients<T> gradients);

} // namespace mrg::kernels
