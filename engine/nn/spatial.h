// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/spec/Spec.h"

namespace mrg {

/// The one shape that an infer function gave, for use in forward; throws its Error within `where`.
Shape inferred(const char *where, const Result<Shapes> &shapes);

/// `x` with a batch dimension of 1 in front (recorded), for unbatched inputs.
Tensor unsqueezed(const Tensor &x);

/// That an int-or-list argument has one value or `count`.
Result<void> checkCount(const IntOrList &values, size_t count);

/// Output size of a window sliding over one dimension; with ceilMode rounded up, but a last window
/// that would start in the right padding is dropped.
int64_t pooledSize(int64_t size, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation,
                   bool ceilMode);

} // namespace mrg
