// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Random.h"
#include "engine/tensor/Tensor.h"

namespace mrg {

/// What dropout multiplies by: 0 with probability p, else 1 / (1 - p). One draw an element;
/// `random` must outlive a captured step.
Tensor dropoutFactors(const Shape &shape, DType dtype, double p, RandomStream &random);

/// While training, keeps an element with probability 1 - p and scales it by 1 / (1 - p); else
/// passes everything (torch.nn.functional.dropout).
/// **Source**: Srivastava et al., JMLR 15, 2014.
Tensor dropout(const Tensor &input, double p, bool training, RandomStream &random);

} // namespace mrg
