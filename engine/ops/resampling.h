// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/kernels/resampling.h"
#include "engine/tensor/Tensor.h"

#include <memory>
#include <optional>

namespace mrg {

/// A sparse matrix and its transpose, for use along a dimension and for the derivative of that.
struct Resampling {
    explicit Resampling(kernels::SparseRows rows)
        : matrix(std::move(rows)),
          transposed(matrix.transposed())
    {
    }
    kernels::SparseRows matrix;
    kernels::SparseRows transposed;
};
using SharedResampling = std::shared_ptr<const Resampling>;

/// The matrix applied along one dimension of x (its transpose, if asked for); a row without entries
/// becomes `fill`. Recorded as `name`, with gradients of every order. Any dtype.
Tensor resample(const char *name, const Tensor &x, size_t dim, const SharedResampling &resampling,
                double fill = 0, bool transposed = false);

/// Matrices that average windows of one dimension. Entries of window i: begin(i) <= j < end(i).
/// Window i of `count` is floor(i size / count) to ceil((i + 1) size / count): adaptive pooling.
kernels::SparseRows adaptiveMeans(int64_t size, int64_t count);
/// Window i begins at i * stride - padding. The weights are 1 over the window's length, which
/// counts padding or does not; or 1, without a divisor.
enum class MeanDivisor { Padded, Inside, None };
kernels::SparseRows windowMeans(int64_t size, int64_t count, int64_t kernel, int64_t stride,
                                int64_t padding, MeanDivisor divisor);

/// How values between points are found.
enum class Interpolation { Nearest, Linear, Cubic };
/// Matrix that makes `size` points into `count`. `scale` is the factor to go by (none: count /
/// size). With alignCorners the end points stay where they are. Indices of Nearest are rounded as
/// in float32, linear and cubic positions as `dtype`, like PyTorch's.
kernels::SparseRows interpolated(int64_t size, int64_t count, Interpolation interpolation,
                                 bool alignCorners, std::optional<double> scale, DType dtype);

} // namespace mrg
