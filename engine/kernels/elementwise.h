// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Launch.h"
#include "engine/tensor/Tensor.h"
#include "engine/tensor/strided.h"

namespace mrg::kernels {

/// out[i] = f(x[i]); out is contiguous and has x's shape.
template <typename T, typename R, typename F>
void unary(const Tensor &x, Tensor &out, F f)
{
    const Tensor source = x.compact();
    launchPointwise(out.numel(),
                    [in = source.data<T>(), target = out.data<R>(), f](int64_t begin, int64_t end) {
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
        launchPointwise(out.numel(), [left, right, target, f](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i)
                target[i] = f(left[i], right[i]);
        });
        return;
    }
    launch([left, right, target, f, shape, strideA = broadcastStrides(a.shape(), a.strides(), shape),
            strideB = broadcastStrides(b.shape(), b.strides(), shape)] {
        const int64_t stepA = innerStride(strideA);
        const int64_t stepB = innerStride(strideB);
        R *to = target;
        forEachRow<2>(shape, {strideA, strideB},
                      [&](const std::array<int64_t, 2> &offsets, int64_t count) {
                          for (int64_t i = 0; i < count; ++i)
                              to[i] = f(left[offsets[0] + i * stepA], right[offsets[1] + i * stepB]);
                          to += count;
                      });
    });
}

} // namespace mrg::kernels
