// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/optim/step_options.h"

#include "engine/optim/clip.h"

namespace mrg {

std::vector<Arg> stepOptionArgs()
{
    using O = StepOptions;
    return {arg("clip_grad_norm", &O::clip_grad_norm,
                "The largest norm of all gradients together; longer ones are scaled down to it "
                "before the update. None: as they are.",
                above(0)),
            arg("clip_grad_value", &O::clip_grad_value,
                "The largest size of each element of the gradients; larger ones are cut off before "
                "the update. None: as they are.",
                above(0)),
            arg("ema_decay", &O::ema_decay,
                "Keeps an exponential average of the weights, decay * average + (1 - decay) * "
                "weights after every step, and evaluates with it; training goes on with the "
                "weights. None: no average.",
                {.minimum = 0, .maximum = 1, .exclusiveMaximum = true})};
}

Result<StepOptions> makeStepOptions(const Arguments &values)
{
    return makeOptions<StepOptions>(stepOptionArgs(), values, "training options");
}

void clipGradients(std::span<const Tensor> parameters, const StepOptions &options)
{
    if (options.clip_grad_norm)
        clipGradientNorm(parameters, *options.clip_grad_norm);
    if (options.clip_grad_value)
        clipGradientValue(parameters, *options.clip_grad_value);
}

} // namespace mrg
