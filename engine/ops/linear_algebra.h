// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/Tensor.h"

#include <span>

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
/// dot() with the first vector conjugated.
Tensor vdot(const Tensor &a, const Tensor &b);
Tensor outer(const Tensor &a, const Tensor &b);
/// beta * input + alpha * mat1 mat2; with beta 0 the input is not looked at (its NaNs neither).
Tensor addmm(const Tensor &input, const Tensor &mat1, const Tensor &mat2,
             std::complex<double> beta = 1, std::complex<double> alpha = 1);
Tensor baddbmm(const Tensor &input, const Tensor &batch1, const Tensor &batch2,
               std::complex<double> beta = 1, std::complex<double> alpha = 1);

Tensor addbmm(const Tensor &input, const Tensor &batch1, const Tensor &batch2,
              std::complex<double> beta = 1, std::complex<double> alpha = 1);
Tensor addmv(const Tensor &input, const Tensor &mat, const Tensor &vec,
             std::complex<double> beta = 1, std::complex<double> alpha = 1);
Tensor addr(const Tensor &input, const Tensor &vec1, const Tensor &vec2,
            std::complex<double> beta = 1, std::complex<double> alpha = 1);

/// The sum of products over pairs of dimensions, one of a and one of b each.
Tensor tensordot(const Tensor &a, const Tensor &b, std::vector<int64_t> dimsA,
                 std::vector<int64_t> dimsB);
/// The product of matrices, in the order of the fewest multiplications.
Tensor chainMatmul(std::span<const Tensor> matrices);
Tensor kron(const Tensor &a, const Tensor &b);
/// Inverses of square matrices. Shape `linalg_error_requires_at_least_2d`,
/// `linalg_error_not_square_matrix`, value `linalg_error_singular`.
Tensor inverse(const Tensor &x);
/// Distances of all pairs of rows, by the p-norm of their difference.
Tensor cdist(const Tensor &x1, const Tensor &x2, double p = 2);
/// The sum of the diagonal.
Tensor trace(const Tensor &x);

// The shapes they give; the rules that `infer` and the operations share.
Shape matmulShape(const Shape &a, const Shape &b);
Shape mmShape(const Shape &a, const Shape &b);
Shape bmmShape(const Shape &a, const Shape &b);
Shape mvShape(const Shape &a, const Shape &b);
Shape dotShape(const Shape &a, const Shape &b);
Shape outerShape(const Shape &a, const Shape &b);
Shape tensordotShape(const Shape &a, const Shape &b, const std::vector<int64_t> &dimsA,
                     const std::vector<int64_t> &dimsB);
Shape chainShape(const Shapes &shapes);
Shape kronShape(const Shape &a, const Shape &b);
Shape inverseShape(const Shape &shape);
Shape cdistShape(const Shape &x1, const Shape &x2);
void checkTrace(const Shape &shape);

} // namespace mrg
