// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/Tensor.h"

#include <span>

namespace mrg {

// torch.nn.utils.clip_grad: between backward and the optimizer's step, on the gradients that are
// there. Launched, so that captured steps clip as well.

/// Scales all gradients together so that their norm, taken over all of them as one vector, is at
/// most `maxNorm`; gives the norm before, a 0-d tensor. `normType` may be infinite: the largest.
/// Throws Error (value, `gradients_not_finite`) for norms that are no number, if asked to.
Tensor clipGradientNorm(std::span<const Tensor> parameters, double maxNorm, double normType = 2,
                        bool errorIfNotFinite = false);
/// Cuts every element of the gradients to [-limit, limit].
void clipGradientValue(std::span<const Tensor> parameters, double limit);

} // namespace mrg
