// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/Tensor.h"

namespace mrg {

/// x in another type (itself if it is that type already), recorded: torch's x.to(dtype).
Tensor to(const Tensor &x, DType dtype);

} // namespace mrg
