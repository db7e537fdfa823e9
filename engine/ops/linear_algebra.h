// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/Tensor.h"

namespace mrg {

// torch's products of matrices. All of them go through one batched product (kernels/gemm) whose
// derivative is that product again, for complex numbers too. **Errors**: shape
// `matmul_error_inner_dimensions_do_not_match`, `batch_dimensions_do_not_match_error`,
// `linalg_error_requires_2d`, `dimension_count_mismatch`; dtype `dtype_mismatch`.

/// Matrix product of 1-d (vectors), 2-d or batches of matrices, whose leading dimensions broadcast.
Tensor matmul(const Tensor &a, const Tensor &b);
/// (n x k) times (k x m).
Tensor mm(const Tensor &a, const Tensor &b);
/// As many products of matrices as the first dimension says.
Tensor bmm(const Tensor &a, const Tensor &b);
Tensor mv(const Tensor &a, const Tensor &b);
Tensor dot(const Tensor &a, const Tensor &b);
/// beta * input + alpha * mat1 mat2; with beta 0 the input is not looked at (its NaNs neither).
Tensor addmm(const Tensor &input, const Tensor &mat1, const Tensor &mat2,
             std::complex<double> beta = 1, std::complex<double> alpha = 1);
Tensor baddbmm(const Tensor &input, const Tensor &batch1, const Tensor &batch2,
               std::complex<double> beta = 1, std::complex<double> alpha = 1);

/// The shape that matmul() gives; the rule that `infer` and the operation share.
Shape matmulShape(const Shape &a, const Shape &b);

} // namespace mrg
