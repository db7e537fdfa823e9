// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/autograd/Node.h"

namespace mrg {

/// For backward functions that are kernels instead of recorded operations: while gradients are
/// recorded (create_graph), ties `gradients` to what they were made of, so that differentiating
/// them again throws Error (state, `double_backward_not_supported`) instead of taking them for
/// constants.
///
///     return onceDifferentiable("lstm", lstmBackward(saved, g), {g[0], x, weight});
Gradients onceDifferentiable(const char *name, Gradients gradients, std::span<const Tensor> madeOf);

} // namespace mrg
