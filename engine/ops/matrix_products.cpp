// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/linear_algebra.h"

#include "engine/autograd/Node.h"
#include "engine/core/Launch.h"
#include "engine/kernels/gemm.h"
#include "engine/ops/dispatch.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/reductions.h"
#include "engine/ops/views.h"
#include "engine/tensor/result_type.h"

#include <algorithm>

namespace mrg {

namespace {

/// A batch of matrices as gemm takes it: each lies compact, or compact after transposing.
struct Matrices {
    Tensor tensor; ///< keeps the memory
    kernels::Layout layout;
    int64_t batchStride;
};

Matrices matricesOf(const Tensor &x)
{
    const int64_t rows = x.size(1);
    const int64_t columns = x.size(2);
    const std::vector<int64_t> &strides = x.strides();
    if ((strides[2] == 1 || columns == 1) && (strides[1] == columns || rows == 1))
        return {x, kernels::Layout::Plain, strides[0]};
    if ((strides[1] == 1 || rows == 1) && (strides[2] == rows || columns == 1))
        return {x, kernels::Layout::Transposed, strides[0]};
    return {x.copy(), kernels::Layout::Plain, rows * columns};
}

/// Multiplications above which one product is shared out among threads, instead of several
/// products.
constexpr int64_t largeProduct = 64 * 64 * 64;

template <typename T> void launchProducts(const Matrices &a, const Matrices &b, const Tensor &out)
{
    const int64_t k = a.tensor.size(2);
    launch([=, left = a.tensor.data<T>(), right = b.tensor.data<T>(), target = out.data<T>(),
            count = out.size(0), m = out.size(1), n = out.size(2), layoutA = a.layout,
            layoutB = b.layout, stepA = a.batchStride, stepB = b.batchStride] {
        const int64_t work = std::max<int64_t>(1, m * n * k);
        const int64_t grain
                = work > largeProduct ? count : std::max<int64_t>(1, largeProduct / work);
        parallelFor(count, grain, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i)
                kernels::gemm(layoutA, layoutB, m, n, k, left + i * stepA, right + i * stepB,
                              target + i * m * n);
        });
    });
}

void checkTypes(const Tensor &a, const Tensor &b, const char *where)
{
    if (a.dtype() != b.dtype()) {
        throw Error(ErrorCategory::DType, "dtype_mismatch", where,
                    std::string(dtypeName(a.dtype())) + " and " + dtypeName(b.dtype()),
                    "one type for both", "convert one of them");
    }
    if (a.dtype() == DType::Bool) {
        throw Error(ErrorCategory::DType, "dtype_not_supported", where, "bool", "numbers",
                    "convert the masks to int64 or float32");
    }
}

[[noreturn]] void innerMismatch(const char *where, const Shape &a, const Shape &b, int64_t left,
                                int64_t right)
{
    throw Error(ErrorCategory::Shape, "matmul_error_inner_dimensions_do_not_match", where,
                toString(a) + " times " + toString(b) + ": " + std::to_string(left) + " and "
                        + std::to_string(right),
                "dimension -1 of the first as large as dimension "
                        + std::string(b.size() > 1 ? "-2" : "-1") + " of the second",
                "transpose one of them, or make both " + std::to_string(left));
}

/// (B, m, k) times (B, k, n), types and sizes checked.
Tensor products(const char *name, const Tensor &a, const Tensor &b)
{
    if (const DType type = computedType(a.dtype()); type != a.dtype())
        return narrowedTo(a.dtype(), products(name, a.toType(type), b.toType(type)));
    Tensor out = Tensor::empty({a.size(0), a.size(1), b.size(2)}, a.dtype());
    const Matrices left = matricesOf(a);
    const Matrices right = matricesOf(b);
    dispatchTypes<types::Integers | types::Floats | types::Complexes>(
            a.dtype(), name,
            [&](auto tag) { launchProducts<typename decltype(tag)::type>(left, right, out); });
    if (shouldRecord({&a, &b})) {
        record(name, {a, b}, {out},
               [name, x = b.requiresGrad() ? SavedTensor(a) : SavedTensor(),
                y = a.requiresGrad() ? SavedTensor(b) : SavedTensor()](const Gradients &g) {
                   const auto adjoint = [](const SavedTensor &saved) {
                       return matrixTranspose(conj(saved.unpack()));
                   };
                   return Gradients{y.defined() ? products(name, g[0], adjoint(y)) : Tensor(),
                                    x.defined() ? products(name, adjoint(x), g[0]) : Tensor()};
               });
    }
    return out;
}

void requireDims(const char *where, const Shape &x, const char *which, int64_t dims,
                 const char *kind = "dimension_count_mismatch")
{
    if (static_cast<int64_t>(x.size()) != dims) {
        throw Error(ErrorCategory::Shape, kind, where, std::string(which) + " " + toString(x),
                    std::to_string(dims) + " dimensions",
                    dims == 2 ? "use matmul for batches and vectors" : "reshape it");
    }
}

/// factor * x for a plain number of x's kind.
Tensor scaled(const Tensor &x, std::complex<double> factor)
{
    if (factor == 1.0)
        return x;
    if (x.isComplex())
        return mul(x, Tensor::number(factor));
    // Of whole numbers PyTorch multiplies with the whole part.
    if (isIntegral(x.dtype()))
        return mul(x, Tensor::number(static_cast<int64_t>(factor.real())));
    return mul(x, Tensor::number(factor.real()));
}

/// beta * input + alpha * product, the input broadcast to the product's shape and converted to its
/// type.
Tensor blended(const char *where, const Tensor &given, const Tensor &product,
               std::complex<double> beta, std::complex<double> alpha)
{
    const Tensor input = to(given, product.dtype());
    const Layout fits = expanded(compactLayout(input.shape()), product.shape(), where);
    const Tensor right = scaled(product, alpha);
    if (beta != 0.0)
        return add(scaled(expand(input, fits.shape), beta), right);
    // A gradient of zero flows to an input that is not looked at.
    if (!shouldRecord({&input}))
        return right;
    Tensor out = right.detach();
    record(where, {input, right}, {out}, [shape = input.shape()](const Gradients &g) {
        return Gradients{Tensor::zeros(shape, g[0].dtype()), g[0]};
    });
    return out;
}

} // namespace

Shape matmulShape(const Shape &a, const Shape &b)
{
    if (a.empty() || b.empty()) {
        throw Error(ErrorCategory::Shape, "dimension_count_mismatch", "matmul",
                    toString(a) + " times " + toString(b), "at least one dimension in both",
                    "use mul for a 0-d factor");
    }
    const int64_t left = a.back();
    const int64_t right = b.size() == 1 ? b[0] : b[b.size() - 2];
    if (left != right)
        innerMismatch("matmul", a, b, left, right);
    const Shape leadA(a.begin(),
                      a.end() - static_cast<std::ptrdiff_t>(std::min<size_t>(a.size(), 2)));
    const Shape leadB(b.begin(),
                      b.end() - static_cast<std::ptrdiff_t>(std::min<size_t>(b.size(), 2)));
    const Result<Shape> lead = broadcastShapes(leadA, leadB);
    if (!lead) {
        throw Error(ErrorCategory::Shape, "batch_dimensions_do_not_match_error", "matmul",
                    toString(a) + " times " + toString(b) + ": batches " + toString(leadA) + " and "
                            + toString(leadB),
                    "leading dimensions of sizes that are equal or 1",
                    "reshape one of them, or expand its dimensions of size 1");
    }
    Shape out = *lead;
    if (a.size() > 1)
        out.push_back(a[a.size() - 2]);
    if (b.size() > 1)
        out.push_back(b.back());
    return out;
}

Tensor matmul(const Tensor &a, const Tensor &b)
{
    const Shape shape = matmulShape(a.shape(), b.shape());
    checkTypes(a, b, "matmul");
    const Tensor left = a.dim() == 1 ? unsqueeze(a, 0) : a;
    const Tensor right = b.dim() == 1 ? unsqueeze(b, 1) : b;
    // One matrix for the whole batch: the rows of all of it are one matrix.
    if (right.dim() == 2) {
        const int64_t rows = numel({left.shape().begin(), left.shape().end() - 1});
        return reshape(
                products("matmul", reshape(left, {1, rows, left.size(-1)}), unsqueeze(right, 0)),
                shape);
    }
    const Shape leadA(left.shape().begin(), left.shape().end() - 2);
    const Shape leadB(right.shape().begin(), right.shape().end() - 2);
    const Shape lead = broadcastShapes(leadA, leadB).value();
    const auto batch = [&lead](const Tensor &x) {
        Shape whole = lead;
        whole.push_back(x.size(-2));
        whole.push_back(x.size(-1));
        return reshape(expand(x, whole), {numel(lead), x.size(-2), x.size(-1)});
    };
    return reshape(products("matmul", batch(left), batch(right)), shape);
}

Shape mmShape(const Shape &a, const Shape &b)
{
    requireDims("mm", a, "input", 2, "linalg_error_requires_2d");
    requireDims("mm", b, "mat2", 2, "linalg_error_requires_2d");
    if (a[1] != b[0])
        innerMismatch("mm", a, b, a[1], b[0]);
    return {a[0], b[1]};
}

Shape bmmShape(const Shape &a, const Shape &b)
{
    requireDims("bmm", a, "input", 3);
    requireDims("bmm", b, "mat2", 3);
    if (a[0] != b[0]) {
        throw Error(ErrorCategory::Shape, "batch_dimensions_do_not_match_error", "bmm",
                    toString(a) + " times " + toString(b), "equal sizes of dimension 0",
                    "use matmul to repeat one of them");
    }
    if (a[2] != b[1])
        innerMismatch("bmm", a, b, a[2], b[1]);
    return {a[0], a[1], b[2]};
}

Shape mvShape(const Shape &a, const Shape &b)
{
    requireDims("mv", a, "input", 2, "linalg_error_requires_2d");
    requireDims("mv", b, "vec", 1);
    if (a[1] != b[0])
        innerMismatch("mv", a, b, a[1], b[0]);
    return {a[0]};
}

Shape dotShape(const Shape &a, const Shape &b)
{
    requireDims("dot", a, "input", 1);
    requireDims("dot", b, "other", 1);
    if (a[0] != b[0])
        innerMismatch("dot", a, b, a[0], b[0]);
    return {};
}

Shape outerShape(const Shape &a, const Shape &b)
{
    requireDims("outer", a, "input", 1);
    requireDims("outer", b, "vec2", 1);
    return {a[0], b[0]};
}

Tensor mm(const Tensor &a, const Tensor &b)
{
    mmShape(a.shape(), b.shape());
    checkTypes(a, b, "mm");
    return squeeze(products("mm", unsqueeze(a, 0), unsqueeze(b, 0)), Shape{0});
}

Tensor bmm(const Tensor &a, const Tensor &b)
{
    bmmShape(a.shape(), b.shape());
    checkTypes(a, b, "bmm");
    return products("bmm", a, b);
}

Tensor mv(const Tensor &a, const Tensor &b)
{
    mvShape(a.shape(), b.shape());
    return matmul(a, b);
}

Tensor dot(const Tensor &a, const Tensor &b)
{
    dotShape(a.shape(), b.shape());
    return matmul(a, b);
}

Tensor vdot(const Tensor &a, const Tensor &b) { return dot(conj(a), b); }

Tensor outer(const Tensor &a, const Tensor &b)
{
    outerShape(a.shape(), b.shape());
    return mul(unsqueeze(a, 1), unsqueeze(b, 0));
}

Tensor addmm(const Tensor &input, const Tensor &mat1, const Tensor &mat2, std::complex<double> beta,
             std::complex<double> alpha)
{
    checkTypes(input, mat1, "addmm");
    return blended("addmm", input, mm(mat1, mat2), beta, alpha);
}

Tensor addmv(const Tensor &input, const Tensor &mat, const Tensor &vec, std::complex<double> beta,
             std::complex<double> alpha)
{
    return blended("addmv", input, mv(mat, vec), beta, alpha);
}

Tensor addr(const Tensor &input, const Tensor &vec1, const Tensor &vec2, std::complex<double> beta,
            std::complex<double> alpha)
{
    const DType type = resultType({&input, &vec1, &vec2});
    const auto whole
            = [](std::complex<double> factor) { return std::trunc(factor.real()) == factor; };
    if (isIntegral(type) && !(whole(beta) && whole(alpha))) {
        throw Error(ErrorCategory::DType, "dtype_mismatch", "addr",
                    std::string("a fraction as factor of ") + dtypeName(type), "whole numbers");
    }
    if (type == DType::Bool) {
        const auto scaledMask = [](const Tensor &mask, std::complex<double> factor) {
            return logicalAnd(mask, Tensor::scalar(factor != 0.0, DType::Bool));
        };
        return logicalOr(scaledMask(input, beta), scaledMask(outer(vec1, vec2), alpha));
    }
    return blended("addr", to(input, type), to(outer(vec1, vec2), type), beta, alpha);
}

Tensor baddbmm(const Tensor &input, const Tensor &batch1, const Tensor &batch2,
               std::complex<double> beta, std::complex<double> alpha)
{
    return blended("baddbmm", input, bmm(batch1, batch2), beta, alpha);
}

Tensor addbmm(const Tensor &input, const Tensor &batch1, const Tensor &batch2,
              std::complex<double> beta, std::complex<double> alpha)
{
    checkTypes(input, batch1, "addbmm");
    const DType type = batch1.dtype();
    return blended("addbmm", input, sum(bmm(batch1, batch2), {0}, false, type), beta, alpha);
}

} // namespace mrg
