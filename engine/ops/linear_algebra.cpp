// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/linear_algebra.h"

#include "engine/autograd/Node.h"
#include "engine/core/Launch.h"
#include "engine/kernels/inverse.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/reductions.h"
#include "engine/ops/statistics.h"
#include "engine/ops/views.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace mrg {

namespace {

std::string text(int64_t number) { return std::to_string(number); }

/// Dimensions not among `dims`, in order.
std::vector<int64_t> others(int64_t rank, const std::vector<int64_t> &dims)
{
    std::vector<int64_t> out;
    for (int64_t d = 0; d < rank; ++d) {
        if (std::find(dims.begin(), dims.end(), d) == dims.end())
            out.push_back(d);
    }
    return out;
}

std::vector<int64_t> wrapped(std::vector<int64_t> dims, const Shape &shape)
{
    for (int64_t &dim : dims)
        dim = wrapDim(dim, shape, "tensordot");
    return dims;
}

std::vector<int64_t> joined(std::vector<int64_t> first, const std::vector<int64_t> &second)
{
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

} // namespace

Shape tensordotShape(const Shape &a, const Shape &b, const std::vector<int64_t> &dimsA_,
                     const std::vector<int64_t> &dimsB_)
{
    if (dimsA_.size() != dimsB_.size()) {
        throw Error(ErrorCategory::Shape, "dimension_count_mismatch", "tensordot",
                    toString(dimsA_) + " and " + toString(dimsB_), "as many dimensions of both");
    }
    const auto dimsA = wrapped(dimsA_, a);
    const auto dimsB = wrapped(dimsB_, b);
    for (size_t i = 0; i < dimsA.size(); ++i) {
        const int64_t left = a.empty() ? 1 : a[static_cast<size_t>(dimsA[i])];
        const int64_t right = b.empty() ? 1 : b[static_cast<size_t>(dimsB[i])];
        if (left != right && left != 1 && right != 1) {
            throw Error(ErrorCategory::Shape, "matmul_error_inner_dimensions_do_not_match",
                        "tensordot",
                        "size " + text(left) + " at dimension " + text(dimsA[i]) + " of "
                                + toString(a) + " and " + text(right) + " at dimension "
                                + text(dimsB[i]) + " of " + toString(b),
                        "equal sizes", "choose other dims, or transpose one of them");
        }
    }
    Shape out;
    for (int64_t d : others(static_cast<int64_t>(a.size()), dimsA))
        out.push_back(a[static_cast<size_t>(d)]);
    for (int64_t d : others(static_cast<int64_t>(b.size()), dimsB))
        out.push_back(b[static_cast<size_t>(d)]);
    return out;
}

Tensor tensordot(const Tensor &first, const Tensor &second, std::vector<int64_t> dimsA,
                 std::vector<int64_t> dimsB)
{
    const Shape shape = tensordotShape(first.shape(), second.shape(), dimsA, dimsB);
    dimsA = wrapped(std::move(dimsA), first.shape());
    dimsB = wrapped(std::move(dimsB), second.shape());
    // A dimension of size 1 meets all of the other's.
    Tensor a = first;
    Tensor b = second;
    for (size_t i = 0; i < dimsA.size() && a.dim() > 0 && b.dim() > 0; ++i) {
        if (a.size(dimsA[i]) == 1 && b.size(dimsB[i]) != 1)
            b = sum(b, {{dimsB[i]}}, true);
        else if (b.size(dimsB[i]) == 1 && a.size(dimsA[i]) != 1)
            a = sum(a, {{dimsA[i]}}, true);
    }
    int64_t inner = 1;
    for (int64_t d : dimsA)
        inner *= a.dim() == 0 ? 1 : a.size(d);
    const std::vector<int64_t> restA = others(a.dim(), dimsA);
    const std::vector<int64_t> restB = others(b.dim(), dimsB);
    int64_t rows = 1;
    for (int64_t d : restA)
        rows *= a.size(d);
    int64_t columns = 1;
    for (int64_t d : restB)
        columns *= b.size(d);
    const Tensor left = a.dim() == 0 ? a : permute(a, joined(restA, dimsA));
    const Tensor right = b.dim() == 0 ? b : permute(b, joined(dimsB, restB));
    return reshape(mm(reshape(left, {rows, inner}), reshape(right, {inner, columns})), shape);
}

Shape chainShape(const Shapes &shapes)
{
    if (shapes.empty()) {
        throw Error(ErrorCategory::Value, "input_count_mismatch", "chain_matmul", "no matrices",
                    "one or more");
    }
    Shape out = shapes[0];
    if (shapes.size() == 1 && out.size() != 2)
        return mmShape(out, out);
    for (size_t i = 1; i < shapes.size(); ++i)
        out = mmShape(out, shapes[i]);
    return out;
}

namespace {

/// The product of matrices first to last, split where that takes the fewest multiplications.
Tensor chainPart(std::span<const Tensor> matrices, const std::vector<std::vector<size_t>> &splits,
                 size_t first, size_t last)
{
    if (first == last)
        return matrices[first];
    const size_t split = splits[first][last];
    return mm(chainPart(matrices, splits, first, split),
              chainPart(matrices, splits, split + 1, last));
}

} // namespace

Tensor chainMatmul(std::span<const Tensor> matrices)
{
    Shapes shapes;
    for (const Tensor &matrix : matrices)
        shapes.push_back(matrix.shape());
    chainShape(shapes);
    const size_t count = matrices.size();
    std::vector<std::vector<double>> costs(count, std::vector<double>(count, 0));
    std::vector<std::vector<size_t>> splits(count, std::vector<size_t>(count, 0));
    for (size_t length = 1; length < count; ++length) {
        for (size_t first = 0; first + length < count; ++first) {
            const size_t last = first + length;
            costs[first][last] = std::numeric_limits<double>::infinity();
            for (size_t split = first; split < last; ++split) {
                const double cost = costs[first][split] + costs[split + 1][last]
                        + static_cast<double>(shapes[first][0])
                                * static_cast<double>(shapes[split][1])
                                * static_cast<double>(shapes[last][1]);
                if (cost < costs[first][last]) {
                    costs[first][last] = cost;
                    splits[first][last] = split;
                }
            }
        }
    }
    return chainPart(matrices, splits, 0, count - 1);
}

Shape kronShape(const Shape &a, const Shape &b)
{
    Shape out(std::max(a.size(), b.size()), 1);
    for (const Shape *shape : {&a, &b}) {
        for (size_t i = 0; i < shape->size(); ++i)
            out[out.size() - shape->size() + i] *= (*shape)[i];
    }
    return out;
}

Tensor kron(const Tensor &a, const Tensor &b)
{
    const Shape shape = kronShape(a.shape(), b.shape());
    // a's dimensions and b's take turns.
    Shape left;
    Shape right;
    for (size_t i = 0; i < shape.size(); ++i) {
        const size_t back = shape.size() - i;
        left.insert(left.end(),
                    {back > a.shape().size() ? 1 : a.shape()[a.shape().size() - back], 1});
        right.insert(right.end(),
                     {1, back > b.shape().size() ? 1 : b.shape()[b.shape().size() - back]});
    }
    return reshape(mul(reshape(a, left), reshape(b, right)), shape);
}

Shape inverseShape(const Shape &shape)
{
    if (shape.size() < 2) {
        throw Error(ErrorCategory::Shape, "linalg_error_requires_at_least_2d", "inverse",
                    "input " + toString(shape), "a matrix or a batch of them: 2 dimensions or more",
                    "reshape it into a square");
    }
    if (shape.back() != shape[shape.size() - 2]) {
        throw Error(ErrorCategory::Shape, "linalg_error_not_square_matrix", "inverse",
                    "input " + toString(shape) + ": " + text(shape[shape.size() - 2]) + " rows and "
                            + text(shape.back()) + " columns",
                    "as many rows as columns in the last two dimensions",
                    "take the part of it that is square");
    }
    return shape;
}

Tensor inverse(const Tensor &x)
{
    inverseShape(x.shape());
    Tensor out = Tensor::empty(x.shape(), x.dtype());
    const Tensor source = x.compact();
    dispatchDifferentiable(x.dtype(), "inverse", [&](auto tag) {
        using T = typename decltype(tag)::type;
        const int64_t size = x.size(-1);
        launch([size, count = size == 0 ? 0 : x.numel() / (size * size),
                from = source.template data<T>(), to = out.template data<T>()] {
            for (int64_t i = 0; i < count; ++i) {
                const int64_t pivot
                        = kernels::invert(size, from + i * size * size, to + i * size * size);
                if (pivot >= 0) {
                    throw Error(ErrorCategory::Value, "linalg_error_singular", "inverse",
                                "a singular matrix (number " + text(i) + "): pivot " + text(pivot)
                                        + " is 0",
                                "matrices with an inverse");
                }
            }
        });
    });
    if (shouldRecord({&x})) {
        record("inverse", {x}, {out},
               [saved = SavedTensor(x),
                result = SavedTensor(out, SavedTensor::Output)](const Gradients &g) {
                   const Tensor inverted
                           = gradEnabled() ? inverse(saved.unpack()) : result.unpack();
                   const Tensor turned = matrixTranspose(conj(inverted));
                   return Gradients{neg(matmul(matmul(turned, g[0]), turned))};
               });
    }
    return out;
}

Shape cdistShape(const Shape &x1, const Shape &x2)
{
    if (x1.size() < 2 || x2.size() < 2) {
        throw Error(ErrorCategory::Shape, "linalg_error_requires_at_least_2d", "cdist",
                    "x1 " + toString(x1) + " and x2 " + toString(x2),
                    "rows, or batches of rows: 2 dimensions or more",
                    "unsqueeze a single row at dimension 0");
    }
    if (x1.back() != x2.back()) {
        throw Error(ErrorCategory::Shape, "size_mismatch", "cdist",
                    toString(x1) + " and " + toString(x2), "rows of one length");
    }
    Shape out = broadcastShapes({x1.begin(), x1.end() - 2}, {x2.begin(), x2.end() - 2}).value();
    out.push_back(x1[x1.size() - 2]);
    out.push_back(x2[x2.size() - 2]);
    return out;
}

Tensor cdist(const Tensor &x1, const Tensor &x2, double p)
{
    const Shape shape = cdistShape(x1.shape(), x2.shape());
    if (!(p >= 0)) {
        throw Error(ErrorCategory::Value, "wrong_argument", "cdist", "p = " + std::to_string(p),
                    "0 or more");
    }
    for (const Tensor *x : {&x1, &x2}) {
        if (!x->isFloatingPoint()) {
            throw Error(ErrorCategory::DType, "dtype_not_supported", "cdist", dtypeName(x->dtype()),
                        "float32 or float64", "convert it to float32");
        }
    }
    return vectorNorm(sub(unsqueeze(x1, -2), unsqueeze(x2, -3)), p, {-1});
}

void checkTrace(const Shape &shape)
{
    if (shape.size() != 2) {
        throw Error(ErrorCategory::Shape, "linalg_error_requires_2d", "trace",
                    "input " + toString(shape), "a matrix: 2 dimensions",
                    "use diagonal and sum to choose the two dimensions");
    }
}

Tensor trace(const Tensor &x)
{
    checkTrace(x.shape());
    if (x.dtype() == DType::Bool) {
        throw Error(ErrorCategory::DType, "dtype_not_supported", "trace", "bool", "numbers",
                    "convert the masks to int64 or float32");
    }
    return sum(diagonal(x));
}

} // namespace mrg
