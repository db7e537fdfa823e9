// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/reductions.h"

namespace mrg {

// Moments, norms, and sums that pass over NaN. Recorded with derivatives that are recorded
// themselves.

/// Variance and mean: squared distances from the mean over the number of elements less
/// `correction`. Of complex numbers the variance is real.
struct MomentsResult {
    Tensor variance;
    Tensor mean;
};
MomentsResult varMean(const Tensor &x, const Dims &dims = {}, double correction = 1,
                      bool keepdim = false);
/// The square root of the variance; where that is 0 it has no slope.
Tensor standardDeviation(const Tensor &variance);

/// (sum |x|^p)^(1/p); infinite p: the largest (or smallest) magnitude; p = 0: how many are not 0.
/// Where the norm is 0 its gradient is 0.
Tensor vectorNorm(const Tensor &x, double p = 2, const Dims &dims = {}, bool keepdim = false);

/// NaN counts as 0.
Tensor nansum(const Tensor &x, const Dims &dims = {}, bool keepdim = false,
              std::optional<DType> dtype = {});
/// The mean of those that are not NaN.
Tensor nanmean(const Tensor &x, const Dims &dims = {}, bool keepdim = false,
               std::optional<DType> dtype = {});

/// Whether all, or any, elements are not 0; uint8 gives uint8, all others bool.
Tensor all(const Tensor &x, const Dims &dims = {}, bool keepdim = false);
Tensor any(const Tensor &x, const Dims &dims = {}, bool keepdim = false);
Tensor countNonzero(const Tensor &x, const Dims &dims = {});

/// Covariance of variables in rows (one variable: 1-d), with whole and any weights of the
/// observations.
Tensor cov(const Tensor &x, int64_t correction = 1, const Tensor &fweights = {},
           const Tensor &aweights = {});
Tensor corrcoef(const Tensor &x);

} // namespace mrg
