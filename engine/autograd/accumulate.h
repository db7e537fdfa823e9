// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/Tensor.h"

namespace mrg {

/// sum += gradient, of one shape and type, in the memory of sum, which is contiguous. Not recorded:
/// for gradients that nobody else looks at.
void accumulateInto(Tensor sum, const Tensor &gradient);

} // namespace mrg
