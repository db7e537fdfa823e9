// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/Tensor.h"

namespace mrg {

/// exp(x) / sum(exp(x)) along a dimension. Throws Error (index, `softmax_error_dim_out_of_range`;
/// dtype).
Tensor softmax(const Tensor &x, int64_t dim);
/// Its logarithm, without overflow.
Tensor log_softmax(const Tensor &x, int64_t dim);

} // namespace mrg
