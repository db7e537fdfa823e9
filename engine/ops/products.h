// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/reductions.h"

namespace mrg {

/// The product of elements; int64 for bool and integers, unless `dtype` says otherwise. Its
/// derivative copes with zeros. Recorded.
Tensor prod(const Tensor &x, const Dims &dims = {}, bool keepdim = false,
            std::optional<DType> dtype = {});

} // namespace mrg
