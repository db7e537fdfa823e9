// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/distance.h"

#include "engine/autograd/Node.h"
#include "engine/kernels/elementwise.h"
#include "engine/ops/conversion.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/reductions.h"
#include "engine/ops/views.h"
#include "engine/tensor/result_type.h"

#include <cmath>
#include <limits>

namespace mrg {

namespace {

/// f(x) without a derivative.
template <typename F> Tensor constantOf(const Tensor &x, F f)
{
    const Tensor source = x.detach();
    Tensor out = Tensor::empty(x.shape(), x.dtype());
    dispatchFloating(x.dtype(), "norm", [&](auto tag) {
        using T = typename decltype(tag)::type;
        kernels::unary<T, T>(source, out, f);
    });
    return out;
}
Tensor signOf(const Tensor &x)
{
    return constantOf(x, [](auto v) { return static_cast<decltype(v)>((v > 0) - (v < 0)); });
}

/// a / b, 0 where b is 0.
Tensor quotientOrZero(const Tensor &a, const Tensor &b)
{
    const Tensor isZero = constantOf(b, [](auto v) { return static_cast<decltype(v)>(v == 0); });
    const Tensor notZero = constantOf(b, [](auto v) { return static_cast<decltype(v)>(v != 0); });
    return mul(div(a, add(b, isZero)), notZero);
}

/// The p-norm of n numbers.
template <typename T> T normOf(const T *x, int64_t n, double p)
{
    T sum = 0;
    if (std::isinf(p)) {
        for (int64_t i = 0; i < n; ++i)
            sum = std::abs(x[i]) > sum || std::isnan(x[i]) ? std::abs(x[i]) : sum;
        return sum;
    }
    for (int64_t i = 0; i < n; ++i) {
        if (p == 0)
            sum += x[i] != 0 ? T(1) : T(0);
        else if (p == 1)
            sum += std::abs(x[i]);
        else if (p == 2)
            sum += x[i] * x[i];
        else
            sum += std::pow(std::abs(x[i]), static_cast<T>(p));
    }
    return p == 0 || p == 1 ? sum : p == 2 ? std::sqrt(sum) : std::pow(sum, static_cast<T>(1 / p));
}

Tensor lastNorm(const Tensor &x, double p);

/// The gradient of x from that of its norm: at a kink 0, among equal largest ones shared.
Tensor normGradient(const Tensor &g, const Tensor &x, double p)
{
    if (p == 0)
        return mul(expand(g, x.shape()), 0.0);
    if (p == 1)
        return mul(g, signOf(x));
    const Tensor norm = lastNorm(x, p);
    if (std::isinf(p)) {
        const Tensor largest = constantOf(sub(abs(x.detach()), norm.detach()),
                                          [](auto v) { return static_cast<decltype(v)>(v == 0); });
        const Tensor signs = mul(signOf(x), largest);
        return mul(g, div(signs, sum(largest, {-1}, true)));
    }
    if (p == 2)
        return mul(x, quotientOrZero(g, norm));
    // sign(x) |x|^(p - 1), which for p < 1 is infinite at 0.
    const Tensor isZero = constantOf(x, [](auto v) { return static_cast<decltype(v)>(v == 0); });
    const Tensor powers = mul(signOf(x), pow(add(abs(x), isZero), p - 1));
    return mul(powers, quotientOrZero(g, pow(norm, p - 1)));
}

/// The p-norm over the last dimension, which stays as 1.
Tensor lastNorm(const Tensor &input, double p)
{
    const Tensor x = input.compact();
    Shape shape = x.shape();
    const int64_t n = shape.back();
    shape.back() = 1;
    Tensor out = Tensor::empty(shape, x.dtype());
    dispatchFloating(x.dtype(), "norm", [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([from = x.data<T>(), to = out.data<T>(), rows = out.numel(), n, p] {
            parallelFor(rows, std::max<int64_t>(1, elementGrain / std::max<int64_t>(n, 1)),
                        [=](int64_t begin, int64_t end) {
                            for (int64_t row = begin; row < end; ++row)
                                to[row] = normOf(from + row * n, n, p);
                        });
        });
    });
    if (shouldRecord({&input})) {
        record("norm", {input}, {out}, [p, saved = SavedTensor(input)](const Gradients &g) {
            return Gradients{normGradient(g[0], saved.unpack(), p)};
        });
    }
    return out;
}

/// max(x, least), the maximum hidden from the gradient.
Tensor clampedUnseen(const Tensor &x, double least)
{
    Tensor out = constantOf(
            x, [least](auto v) { return std::max(v, static_cast<decltype(v)>(least)); });
    if (shouldRecord({&x}))
        record("clamp", {x}, {out}, [](const Gradients &g) { return Gradients{g[0]}; });
    return out;
}

Tensor floating(const Tensor &x, const char *where)
{
    if (!x.isFloatingPoint()) {
        throw Error(ErrorCategory::DType, "dtype_not_supported", where, dtypeName(x.dtype()),
                    "float32 or float64");
    }
    return x;
}

} // namespace

Result<Shape> pairwiseDistanceShape(const Shape &x1, const Shape &x2, bool keepdim)
{
    Result<Shape> shape = broadcastShapes(x1, x2);
    if (!shape)
        return shape;
    if (shape->empty()) {
        return Error(ErrorCategory::Shape, "dimension_count_mismatch", "",
                     "x1 and x2 without dimensions", "at least one dimension");
    }
    if (keepdim)
        shape->back() = 1;
    else
        shape->pop_back();
    return shape;
}

Tensor pairwiseDistance(const Tensor &x1, const Tensor &x2, double p, double eps, bool keepdim)
{
    const Result<Shape> shape = pairwiseDistanceShape(x1.shape(), x2.shape(), keepdim);
    if (!shape)
        throw shape.error().within("pairwise_distance");
    const Tensor difference = sub(x1, x2);
    const bool exact = eps == 0 && difference.isFloatingPoint();
    return reshape(
            lastNorm(floating(exact ? difference : add(difference, eps), "pairwise_distance"), p),
            *shape);
}

Result<Shape> cosineSimilarityShape(const Shape &x1, const Shape &x2, int64_t dim)
{
    Result<Shape> shape = broadcastShapes(x1, x2);
    if (!shape)
        return shape;
    try {
        const int64_t d = wrapDim(dim, *shape, "dim");
        if (!shape->empty())
            shape->erase(shape->begin() + d);
    } catch (const Error &error) {
        return error;
    }
    return shape;
}

Tensor cosineSimilarity(const Tensor &x1, const Tensor &x2, int64_t dim, double eps)
{
    if (const Result<Shape> shape = cosineSimilarityShape(x1.shape(), x2.shape(), dim); !shape)
        throw shape.error().within("cosine_similarity");
    const Shape common = broadcastShapes(x1.shape(), x2.shape()).value();
    const DType dtype = resultType({&x1, &x2});
    if (!isFloating(dtype)) {
        throw Error(ErrorCategory::DType, "dtype_not_supported", "cosine_similarity",
                    dtypeName(dtype), "float32 or float64");
    }
    const auto normalized = [&](const Tensor &x) {
        const Tensor wide = expand(to(x, dtype), common);
        return div(wide, sqrt(clampedUnseen(sum(mul(wide, wide), {dim}, true), eps * eps)));
    };
    return sum(mul(normalized(x1), normalized(x2)), {dim});
}

} // namespace mrg
