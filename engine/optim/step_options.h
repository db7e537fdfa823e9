// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/spec/Arg.h"

#include <span>

namespace mrg {

/// What a step of training does around the optimizer's update, whichever optimizer it is.
struct StepOptions {
    std::optional<double> clip_grad_norm;
    std::optional<double> clip_grad_value;
    std::optional<double> ema_decay;

    /// Whether gradients are changed before the update.
    bool clips() const { return clip_grad_norm || clip_grad_value; }
};

/// Their declarations: forms, files and checks are made from these.
std::vector<Arg> stepOptionArgs();

/// Options with these values. **Errors** (value): `unknown_argument`, `wrong_argument`.
Result<StepOptions> makeStepOptions(const Arguments &values);

/// Clips the gradients that are there as the options say: by their norm, then by value. Launched,
/// so that captured steps clip as well.
void clipGradients(std::span<const Tensor> parameters, const StepOptions &options);

} // namespace mrg
