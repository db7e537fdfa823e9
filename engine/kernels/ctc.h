// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace mrg::kernels {

/// A batch of label sequences to be aligned with a batch of outputs (steps, batch, classes).
struct CtcProblem {
    int64_t steps = 0;
    int64_t batch = 0;
    int64_t classes = 0;
    int64_t blank = 0;
    bool zeroInfinity = false;
    /// Labels lie in rows of this many, filled up at the end; -1: one sequence after the other.
    int64_t rowLength = -1;
    int64_t labelCount = 0; ///< elements of the labels in all
    const int64_t *labels = nullptr;
    const int64_t *inputLengths = nullptr;
    const int64_t *targetLengths = nullptr;

    /// Elements of the forward variables: for every step and sequence twice its labels and one.
    int64_t alphas() const { return steps * (2 * labelCount + batch); }
};

/// loss[n] = -log p(labels of n | logProbabilities) and the forward variables for the way back.
///
/// **Errors** (value): `input_length_too_large`, `negative_length`; (shape):
/// `target_length_mismatch`; (index): `index_out_of_range` for a label that is no class.
/// **Source**: Graves et al., "Connectionist temporal classification", ICML 2006.
template <typename T>
void ctcForward(const CtcProblem &problem, const T *logProbabilities, T *alphas, T *loss);

/// The gradient as PyTorch's, which takes the log-probabilities to come from a log_softmax and
/// folds its gradient in: (p - posterior) * lossGradient.
template <typename T>
void ctcBackward(const CtcProblem &problem, const T *logProbabilities, const T *alphas,
                 const T *loss, const T *lossGradient, T *gradient);

} // namespace mrg::kernels
