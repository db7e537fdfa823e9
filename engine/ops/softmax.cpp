// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/softmax.h"

#include "engine/autograd/Node.h"
#include "engine/core/Launch.h"
#include "engine/kernels/softmax.h"
#include "engine/ops/layouts.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/reductions.h"

namespace mrg {

namespace {

/// y = forward(x) along a dimension.
template <typename Kernel>
Tensor alongRows(const char *name, const Tensor &x, int64_t dim, Kernel kernel)
{
    const Tensor source = x.compact();
    Tensor out = Tensor::empty(x.shape(), x.dtype());
    dispatchFloating(x.dtype(), name, [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([kernel, rows = kernels::rowsAlong(x.shape(), dim), from = source.data<T>(),
                to = out.data<T>()] { kernel(rows, from, to); });
    });
    return out;
}

/// dx from y and dy along a dimension.
template <typename Kernel>
Tensor backAlongRows(const char *name, const Tensor &y, const Tensor &g, int64_t dim, Kernel kernel)
{
    const Tensor gradient = g.compact();
    Tensor out = Tensor::empty(y.shape(), y.dtype());
    dispatchFloating(y.dtype(), name, [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([kernel, rows = kernels::rowsAlong(y.shape(), dim), from = y.data<T>(),
                dy = gradient.data<T>(), to = out.data<T>()] { kernel(rows, from, dy, to); });
    });
    return out;
}

int64_t softmaxDim(const Tensor &x, int64_t dim, const char *where)
{
    return wrapDim(dim, x.shape(), where, "softmax_error_dim_out_of_range");
}

} // namespace

Tensor softmax(const Tensor &x, int64_t dim)
{
    const int64_t d = softmaxDim(x, dim, "softmax");
    Tensor out = alongRows("softmax", x, d,
                           [](auto rows, auto from, auto to) { kernels::softmax(rows, from, to); });
    if (shouldRecord({&x})) {
        record("softmax", {x}, {out},
               [d, saved = SavedTensor(x),
                result = SavedTensor(out, SavedTensor::Output)](const Gradients &g) {
                   if (gradEnabled()) {
                       const Tensor y = softmax(saved.unpack(), d);
                       const Tensor weighted = mul(g[0], y);
                       return Gradients{sub(weighted, mul(y, sum(weighted, {d}, true)))};
                   }
                   return Gradients{backAlongRows("softmax", result.unpack(), g[0], d,
                                                  [](auto rows, auto y, auto dy, auto dx) {
                                                      kernels::softmaxBackward(rows, y, dy, dx);
                                                  })};
               });
    }
    return out;
}

Tensor log_softmax(const Tensor &x, int64_t dim)
{
    const int64_t d = softmaxDim(x, dim, "log_softmax");
    Tensor out = alongRows("log_softmax", x, d, [](auto rows, auto from, auto to) {
        kernels::logSoftmax(rows, from, to);
    });
    if (shouldRecord({&x})) {
        record("log_softmax", {x}, {out},
               [d, saved = SavedTensor(x),
                result = SavedTensor(out, SavedTensor::Output)](const Gradients &g) {
                   if (gradEnabled()) {
                       const Tensor y = softmax(saved.unpack(), d);
                       return Gradients{sub(g[0], mul(y, sum(g[0], {d}, true)))};
                   }
                   return Gradients{backAlongRows("log_softmax", result.unpack(), g[0], d,
                                                  [](auto rows, auto y, auto dy, auto dx) {
                                                      kernels::logSoftmaxBackward(rows, y, dy, dx);
                                                  })};
               });
    }
    return out;
}

} // namespace mrg
