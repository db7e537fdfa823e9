// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/network/check_training.h"

#include "engine/optim/step_options.h"

namespace mrg {

Result<void> checkTraining(const TrainingSettings &settings, const Vocabulary &vocabulary)
{
    const OptimizerSpec *optimizer = vocabulary.optimizer(settings.optimizer);
    if (!optimizer) {
        return Error(ErrorCategory::Value, "unknown_optimizer", "training", settings.optimizer,
                     "one of the registry");
    }
    const SchedulerSpec *scheduler
            = settings.scheduler.empty() ? nullptr : vocabulary.scheduler(settings.scheduler);
    if (!settings.scheduler.empty() && !scheduler) {
        return Error(ErrorCategory::Value, "unknown_scheduler", "training", settings.scheduler,
                     "one of the registry");
    }
    if (const Result<StepOptions> options = makeStepOptions(settings.options); !options)
        return options.error();
    try {
        const auto made = optimizer->make({ParameterGroup()}, settings.optimizerArgs);
        if (scheduler)
            (void)scheduler->make(*made, settings.schedulerArgs);
    } catch (const Error &error) {
        return error;
    }
    return {};
}

} // namespace mrg
