// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/autograd/repeated_gradients.h"
#include "engine/kernels/recurrent.h"

namespace mrg {

/// A recurrent layer step by step in recorded functions: what recurrentLayer() computes, slowly,
/// but differentiable any number of times. Inputs as its node has them: rows, h_0, c_0, then
/// weight_ih, weight_hh, bias_ih, bias_hh and weight_hr of every direction; outputs: output, h_n,
/// c_n.
Operations recurrentSteps(kernels::CellRule rule, std::vector<int64_t> batchSizes);

} // namespace mrg
