// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/build.h"
#include "engine/optim/AveragedModel.h"
#include "engine/optim/step_options.h"

#include <memory>

namespace mrg {

/// What the training options add to a step: gradients are clipped before the optimizer's update,
/// weights averaged after it. Launched, so that captured steps do it too; after a change of options
/// they must be forgotten.
class StepExtras {
public:
    /// The network must outlive it.
    StepExtras(BuiltNetwork &network, const StepOptions &options);
    /// An average that is new begins with the weights as they are.
    void setOptions(const StepOptions &options);

    void beforeUpdate();
    void afterUpdate();

    /// Null: weights are not averaged.
    AveragedModel *average() { return m_average.get(); }

private:
    BuiltNetwork &m_network;
    std::vector<Tensor> m_parameters;
    StepOptions m_options;
    std::unique_ptr<AveragedModel> m_average; ///< where captured steps find it
};

/// The averaged weights in the place of the network's own for a scope, if there are any: to
/// evaluate with.
class WithAverage {
public:
    WithAverage(BuiltNetwork &network, StepExtras &extras);
    ~WithAverage();
    WithAverage(const WithAverage &) = delete;
    WithAverage &operator=(const WithAverage &) = delete;

private:
    BuiltNetwork &m_network;
    AveragedModel *m_average;
};

} // namespace mrg
