// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/ctc.h"

#include "engine/core/Error.h"
#include "engine/core/Parallel.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <string>
#include <vector>

namespace mrg::kernels {

namespace {

template <typename T> constexpr T never = -std::numeric_limits<T>::infinity();

template <typename T> T logSumOfPowers(std::initializer_list<T> values)
{
    const T most = std::max(values);
    if (most == never<T>)
        return most;
    T sum = 0;
    for (const T value : values)
        sum += std::exp(value - most);
    return most + std::log(sum);
}

/// One sequence of the batch with blanks between its labels: blank, label, blank, label, ...,
/// blank.
class Sequence {
public:
    /// `number` in the batch; its labels begin after `before` others.
    Sequence(const CtcProblem &problem, int64_t number, int64_t before)
        : m_labels(problem.labels + (problem.rowLength < 0 ? before : number * problem.rowLength)),
          m_blank(problem.blank),
          steps(problem.inputLengths[number]),
          states(2 * problem.targetLengths[number] + 1),
          alphaOffset(problem.steps
                      * (problem.rowLength < 0 ? 2 * before + number
                                               : number * (2 * problem.rowLength + 1)))
    {
    }

    int64_t classOf(int64_t state) const { return state % 2 == 0 ? m_blank : m_labels[state / 2]; }
    /// Whether one may come to the state from two before it: not over a blank that must be there.
    bool skips(int64_t state) const { return state >= 2 && classOf(state) != classOf(state - 2); }

private:
    const int64_t *m_labels;
    int64_t m_blank;

public:
    const int64_t steps;
    const int64_t states;
    const int64_t alphaOffset;
};

void checkSequence(const CtcProblem &problem, int64_t n, int64_t before)
{
    const int64_t inputs = problem.inputLengths[n];
    const int64_t labels = problem.targetLengths[n];
    if (inputs < 0 || labels < 0) {
        throw Error(ErrorCategory::Value, "negative_length", "CTCLoss",
                    "lengths " + std::to_string(inputs) + " and " + std::to_string(labels),
                    "0 or more");
    }
    if (inputs > problem.steps) {
        throw Error(ErrorCategory::Value, "input_length_too_large", "CTCLoss",
                    "input length " + std::to_string(inputs),
                    "at most the " + std::to_string(problem.steps) + " steps of log_probs");
    }
    const int64_t room = problem.rowLength < 0 ? problem.labelCount - before : problem.rowLength;
    if (labels > room) {
        throw Error(ErrorCategory::Shape, "target_length_mismatch", "CTCLoss",
                    "target length " + std::to_string(labels),
                    "at most the " + std::to_string(room) + " labels that there are");
    }
    const Sequence sequence(problem, n, before);
    for (int64_t state = 1; state < sequence.states; state += 2) {
        const int64_t label = sequence.classOf(state);
        if (label < 0 || label >= problem.classes) {
            throw Error(ErrorCategory::Index, "index_out_of_range", "CTCLoss",
                        "label " + std::to_string(label),
                        "0 to " + std::to_string(problem.classes - 1));
        }
    }
}

/// Calls body(n, Sequence) for the batch.
template <typename Body> void forEachSequence(const CtcProblem &problem, bool check, Body body)
{
    std::vector<int64_t> before(static_cast<size_t>(problem.batch) + 1, 0);
    for (int64_t n = 0; n < problem.batch; ++n) {
        const auto i = static_cast<size_t>(n);
        if (check)
            checkSequence(problem, n, before[i]);
        before[i + 1] = before[i] + problem.targetLengths[n];
    }
    if (check && problem.rowLength < 0 && before.back() != problem.labelCount) {
        throw Error(ErrorCategory::Shape, "target_length_mismatch", "CTCLoss",
                    "target lengths that add up to " + std::to_string(before.back()),
                    "the number of labels, " + std::to_string(problem.labelCount));
    }
    parallelFor(problem.batch, 1, [&](int64_t begin, int64_t end) {
        for (int64_t n = begin; n < end; ++n)
            body(n, Sequence(problem, n, before[static_cast<size_t>(n)]));
    });
}

} // namespace

template <typename T>
void ctcForward(const CtcProblem &problem, const T *logProbabilities, T *alphas, T *loss)
{
    forEachSequence(problem, true, [&](int64_t n, const Sequence &sequence) {
        const auto at = [&](int64_t step, int64_t state) {
            return logProbabilities[(step * problem.batch + n) * problem.classes
                                    + sequence.classOf(state)];
        };
        if (sequence.steps == 0) {
            loss[n] = sequence.states == 1 || problem.zeroInfinity ? T(0) : -never<T>;
            return;
        }
        T *alpha = alphas + sequence.alphaOffset;
        for (int64_t state = 0; state < sequence.states; ++state)
            alpha[state] = state < 2 ? at(0, state) : never<T>;
        for (int64_t step = 1; step < sequence.steps; ++step) {
            const T *last = alpha;
            alpha += sequence.states;
            for (int64_t state = 0; state < sequence.states; ++state) {
                alpha[state] = at(step, state)
                        + logSumOfPowers<T>({last[state], state > 0 ? last[state - 1] : never<T>,
                                             sequence.skips(state) ? last[state - 2] : never<T>});
            }
        }
        const T whole
                = logSumOfPowers<T>({alpha[sequence.states - 1],
                                     sequence.states > 1 ? alpha[sequence.states - 2] : never<T>});
        loss[n] = whole == never<T> && problem.zeroInfinity ? T(0) : -whole;
    });
}

template <typename T>
void ctcBackward(const CtcProblem &problem, const T *logProbabilities, const T *alphas,
                 const T *loss, const T *lossGradient, T *gradient)
{
    std::fill_n(gradient, problem.steps * problem.batch * problem.classes, T(0));
    forEachSequence(problem, false, [&](int64_t n, const Sequence &sequence) {
        const int64_t states = sequence.states;
        const int64_t last = sequence.steps - 1;
        if (last < 0)
            return;
        const T *lastAlpha = alphas + sequence.alphaOffset + last * states;
        const bool impossible = lastAlpha[states - 1]
                        == never<T> && (states == 1 || lastAlpha[states - 2] == never<T>);
        if (impossible && problem.zeroInfinity)
            return;
        std::vector<T> beta(static_cast<size_t>(states), never<T>);
        std::vector<T> later;
        std::vector<T> posterior(static_cast<size_t>(problem.classes));
        for (int64_t step = last; step >= 0; --step) {
            const int64_t row = (step * problem.batch + n) * problem.classes;
            later.swap(beta);
            beta.resize(static_cast<size_t>(states));
            std::fill(posterior.begin(), posterior.end(), never<T>);
            for (int64_t state = 0; state < states; ++state) {
                const auto i = static_cast<size_t>(state);
                const int64_t label = sequence.classOf(state);
                const T own = logProbabilities[row + label];
                if (step == last) {
                    beta[i] = state >= states - 2 ? own : never<T>;
                } else {
                    beta[i] = own
                            + logSumOfPowers<T>({later[i],
                                                 state + 1 < states ? later[i + 1] : never<T>,
                                                 state + 2 < states && sequence.skips(state + 2)
                                                         ? later[i + 2]
                                                         : never<T>});
                }
                T &sum = posterior[static_cast<size_t>(label)];
                sum = logSumOfPowers<T>(
                        {sum, alphas[sequence.alphaOffset + step * states + state] + beta[i]});
            }
            // Both variables count this step's probability.
            for (int64_t c = 0; c < problem.classes; ++c) {
                const T own = logProbabilities[row + c];
                gradient[row + c] = (std::exp(own)
                                     - std::exp(posterior[static_cast<size_t>(c)] + loss[n] - own))
                        * lossGradient[n];
            }
        }
    });
}

template void ctcForward(const CtcProblem &, const float *, float *, float *);
template void ctcForward(const CtcProblem &, const double *, double *, double *);
template void ctcBackward(const CtcProblem &, const float *, const float *, const float *,
                          const float *, float *);
template void ctcBackward(const CtcProblem &, const double *, const double *, const double *,
                          const double *, double *);

} // namespace mrg::kernels
