// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/optim/Scheduler.h"

#include "engine/optim/families.h"

namespace mrg {

std::vector<SchedulerSpec> schedulerSpecs()
{
    std::vector<SchedulerSpec> out;
    for (auto family : {epochSchedulers, cyclicSchedulers, plateauSchedulers}) {
        for (SchedulerSpec &spec : family())
            out.push_back(std::move(spec));
    }
    return out;
}

} // namespace mrg
