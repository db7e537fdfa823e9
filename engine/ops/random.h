// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/Number.h"

#include <optional>

namespace mrg {

// torch's random functions. They draw from this thread's defaultGenerator(), element after element,
// when their kernels run: the same seed gives the same numbers. **Errors**: value for chances,
// rates, weights and bounds that are not possible (found while drawing).

/// Uniform in [0, 1).
Tensor rand(const Shape &size, DType dtype = DType::Float32);
/// Standard normal.
Tensor randn(const Shape &size, DType dtype = DType::Float32);
/// Whole numbers from low to before high.
Tensor randint(int64_t low, int64_t high, const Shape &size, DType dtype = DType::Int64);
/// 0 .. n-1 in random order.
Tensor randperm(int64_t n, DType dtype = DType::Int64);
/// 1 with the chance that an element is, else 0.
Tensor bernoulli(const Tensor &chances);
/// Numbers of events at these rates.
Tensor poisson(const Tensor &rates);
/// Normal with these means and standard deviations, broadcast.
Tensor normal(const Tensor &mean, const Tensor &standardDeviation);
/// Row by row, numbers of categories drawn by their weights (which need not sum to 1).
Tensor multinomial(const Tensor &weights, int64_t count, bool replacement = false);
/// The rule that `infer` and the operation share. **Errors**: shape `dimension_count_mismatch`,
/// value `wrong_argument` for more draws than there are categories.
Shape multinomialShape(const Shape &weights, int64_t count, bool replacement);

} // namespace mrg
