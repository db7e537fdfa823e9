// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/Tensor.h"

namespace mrg {

/// How near numbers must be: |a - b| <= atol + rtol |b|.
struct Closeness {
    double rtol = 1e-5;
    double atol = 1e-8;
    bool equal_nan = false; ///< two NaN count as equal
};

/// Whether numbers are near each other, for each pair of two broadcast tensors; infinities must
/// agree.
/// **Errors**: dtype `dtype_mismatch`; value for negative tolerances.
Tensor isclose(const Tensor &a, const Tensor &b, Closeness closeness = {});
/// Whether all are.
bool allclose(const Tensor &a, const Tensor &b, Closeness closeness = {});
/// Whether shapes and all elements are the same. **Errors**: dtype `dtype_mismatch`.
bool equal(const Tensor &a, const Tensor &b);
/// Whether the only element is not 0. **Errors**: value `ambiguous_truth` unless there is one.
bool isNonzero(const Tensor &x);
/// Whether each element is among those of another tensor (`invert`: is not).
Tensor isin(const Tensor &elements, const Tensor &testElements, bool invert = false);

} // namespace mrg
