// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/reductions.h"

namespace mrg {

// What has come together along a dimension so far. Recorded; derivatives of derivatives too.
// **Errors**: index `dimension_error_out_of_range`.

/// int64 for bool and integers, unless `dtype` says otherwise.
Tensor cumsum(const Tensor &x, int64_t dim, std::optional<DType> dtype = {});
/// The sum of what is still to come, this element included: the derivative of cumsum.
Tensor reverseCumsum(const Tensor &x, int64_t dim);
Tensor cumprod(const Tensor &x, int64_t dim, std::optional<DType> dtype = {});
Tensor logcumsumexp(const Tensor &x, int64_t dim);
/// Of equal ones the later index; a NaN stays.
ValuesAndIndices cummax(const Tensor &x, int64_t dim);
ValuesAndIndices cummin(const Tensor &x, int64_t dim);

} // namespace mrg
