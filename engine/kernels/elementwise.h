// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Parallel.h"
#include "engine/tensor/Tensor.h"

namespace mrg::kernels {

/// Elements that one piece of a parallel elementwise loop works on.
inline constexpr int64_t elementGrain = 1 << 15;

/// Strides of `tensor` seen as `shape`: 0 along broadcast dimensions.
inline std::vector<int64_t> broadcastStrides(const Tensor &tensor, const Shape &shape)
{
    std::vector<int64_t> strides(shape.size(), 0);
    const size_t lead = shape.size() - tensor.shape().size();
    for (size_t i = 0; i < tensor.shape().size(); ++i)
        strides[lead + i] = tensor.shape()[i] == 1 ? 0 : tensor.strides()[i];
    return strides;
}

/// out[i] = f(x[i]); out is contiguous and has x's shape.
template <typename T, typename R, typename F>
void unary(const Tensor &x, Tensor &out, F f)
{
    const Tensor source = x.compact();
    const T *in = source.data<T>();
    R *target = out.data<R>();
    parallelFor(out.numel(), elementGrain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i)
            target[i] = f(in[i]);
    });
}

/// out[i] = f(a[i], b[i]) with a and b broadcast to out's shape; out is contiguous.
template <typename T, typename R, typename F>
void binary(const Tensor &a, const Tensor &b, Tensor &out, F f)
{
    const T *left = a.data<T>();
    const T *right = b.data<T>();
    R *target = out.data<R>();
    const Shape &shape = out.shape();
    if (a.isContiguous() && b.isContiguous() && a.shape() == shape && b.shape() == shape) {
        parallelFor(out.numel(), elementGrain, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i)
                target[i] = f(left[i], right[i]);
        });
        return;
    }
    const int64_t count = out.numel();
    if (count == 0)
        return;
    const std::vector<int64_t> strideA = broadcastStrides(a, shape);
    const std::vector<int64_t> strideB = broadcastStrides(b, shape);
    const int64_t inner = shape.empty() ? 1 : shape.back();
    const int64_t innerA = shape.empty() ? 0 : strideA.back();
    const int64_t innerB = shape.empty() ? 0 : strideB.back();
    std::vector<int64_t> index(shape.size(), 0);
    int64_t offsetA = 0;
    int64_t offsetB = 0;
    for (int64_t row = 0; row < count / inner; ++row) {
        for (int64_t i = 0; i < inner; ++i)
            *target++ = f(left[offsetA + i * innerA], right[offsetB + i * innerB]);
        for (size_t d = shape.size() - (shape.empty() ? 0 : 1); d-- > 0;) {
            offsetA += strideA[d];
            offsetB += strideB[d];
            if (++index[d] < shape[d])
                break;
            offsetA -= strideA[d] * shape[d];
            offsetB -= strideB[d] * shape[d];
            index[d] = 0;
        }
    }
}

} // namespace mrg::kernels
