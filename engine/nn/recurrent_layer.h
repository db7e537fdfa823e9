// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/kernels/recurrent.h"
#include "engine/tensor/Tensor.h"

#include <span>

namespace mrg {

using kernels::CellRule;

/// The weights of one direction, as torch names them; undefined: without biases, not projected.
struct RecurrentParameters {
    Tensor weight_ih; ///< (gates, input)
    Tensor weight_hh; ///< (gates, state)
    Tensor bias_ih; ///< (gates)
    Tensor bias_hh; ///< (gates)
    Tensor weight_hr; ///< (state, hidden)
};

struct RecurrentResult {
    Tensor output; ///< (rows, directions * state)
    Tensor h_n; ///< (directions, batch, state)
    Tensor c_n; ///< (directions, batch, hidden); undefined unless the rule is Lstm
};

/// One recurrent layer in one or two directions, differentiated through time by hand: the input
/// products of all steps in one, one product a step for all gates.
///
/// `rows` (sum of batchSizes, input) lie by steps: those of step t follow those of step t - 1.
/// Batch sizes do not increase. Undefined first states are zeros.
/// **Errors**: dtype `dtype_mismatch`. Shapes are the caller's to check.
RecurrentResult recurrentLayer(CellRule rule, const Tensor &rows,
                               const std::vector<int64_t> &batchSizes, const Tensor &h_0,
                               const Tensor &c_0, std::span<const RecurrentParameters> directions);

} // namespace mrg
