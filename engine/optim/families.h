// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/optim/Optimizer.h"
#include "engine/optim/Scheduler.h"

namespace mrg {

/// The declarations of one family each, defined beside the implementations.
std::vector<OptimizerSpec> gradientOptimizers(); ///< gradient_optimizers.cpp: SGD, ASGD, Rprop
std::vector<OptimizerSpec> adamOptimizers(); ///< adam_optimizers.cpp: Adam, ..., RAdam
std::vector<OptimizerSpec>
adaptiveOptimizers(); ///< adaptive_optimizers.cpp: RMSprop, Adagrad, Adadelta
std::vector<OptimizerSpec> curvatureOptimizers(); ///< LBFGS.cpp
std::vector<SchedulerSpec> epochSchedulers(); ///< epoch_schedulers.cpp: StepLR, ...
std::vector<SchedulerSpec> cyclicSchedulers(); ///< cyclic_schedulers.cpp: OneCycleLR, CyclicLR
std::vector<SchedulerSpec> plateauSchedulers(); ///< ReduceLROnPlateau.cpp

} // namespace mrg
