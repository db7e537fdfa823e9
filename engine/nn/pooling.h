// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/nn/spatial.h"

namespace mrg {

// What max and average pooling share.

/// Sizes of adaptive pooling's output; null keeps a dimension.
struct AdaptivePoolOptions {
    SizesOrNull output_size{1};
};

/// The windows of a pooling over `x`; its output sizes are still to be set. The stride is the
/// kernel's size where it is null.
kernels::Windows windowsOver(const Shape &x, const IntOrList &kernel,
                             const std::optional<IntOrList> &stride, const IntOrList &padding,
                             const IntOrList &dilation, size_t dimensions);

/// The shape after pooling; also sets the windows' output sizes. Error (shape,
/// `dimension_count_mismatch`, `kernel_larger_than_input`).
Result<Shape> pooledShape(const Shape &x, kernels::Windows &windows, bool ceilMode,
                          size_t dimensions);

/// Error (value, `padding_more_than_half_the_kernel`).
Result<void> checkHalfPadding(const IntOrList &kernel, const IntOrList &padding, size_t dimensions);

/// The shape of adaptive pooling's output.
Result<Shape> adaptiveShape(const SizesOrNull &sizes, const Shape &x, size_t dimensions);

/// The sample sizes of adaptive pooling, shared by averages and maxima.
std::vector<Sample> adaptiveSamples(size_t dimensions);
std::vector<BadSample> adaptiveBadSamples(size_t dimensions);

} // namespace mrg
