// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/pooling.h"

#include "engine/core/Launch.h"
#include "engine/kernels/pooling.h"
#include "engine/ops/linear_map.h"
#include "engine/ops/windows.h"

namespace mrg {

using kernels::Extents;
using kernels::volume;

namespace {

/// The planes of a tensor of `space` points each, and the `points` of them that indices name.
struct Planes {
    Tensor indices;
    int64_t count;
    int64_t space;
    int64_t points;
};

/// A linear map that runs kernel(planes, space, points, indices, from, to).
template <typename Kernel> auto overPlanes(const Planes &planes, Kernel kernel)
{
    return [planes, kernel](const Tensor &x, const Tensor &y) {
        dispatchFloating(x.dtype(), "max_pool", [&](auto tag) {
            using T = typename decltype(tag)::type;
            launch([kernel, count = planes.count, space = planes.space, points = planes.points,
                    indices = planes.indices.data<int64_t>(), from = x.data<T>(),
                    to = y.data<T>()] { kernel(count, space, points, indices, from, to); });
        });
    };
}

auto gathering(const Planes &planes)
{
    return overPlanes(planes, [](auto... arguments) { kernels::gatherPlanes(arguments...); });
}

auto scattering(const Planes &planes)
{
    return overPlanes(planes, [](auto... arguments) { kernels::scatterPlanes(arguments...); });
}

/// Runs kernel(x, y, indices) and records that every value was taken from its place.
template <typename Kernel>
Pooled pooled(const Tensor &input, const Shape &shape, size_t dimensions, Kernel kernel)
{
    const Tensor x = input.compact();
    Pooled out{Tensor::empty(shape, x.dtype()), Tensor::empty(shape, DType::Int64)};
    dispatchFloating(x.dtype(), "max_pool", [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([kernel, planes = planesOf(shape, dimensions), from = x.data<T>(),
                to = out.values.data<T>(),
                places = out.indices.data<int64_t>()] { kernel(planes, from, to, places); });
    });
    if (shouldRecord({&input})) {
        const Planes planes{out.indices, planesOf(shape, dimensions),
                            volume(spatialExtents(x.shape(), dimensions)),
                            volume(spatialExtents(shape, dimensions))};
        record("max_pool", {input}, {out.values}, [planes, from = x.shape()](const Gradients &g) {
            return Gradients{linearMap("max_pool_backward", g[0], from, scattering(planes),
                                       gathering(planes))};
        });
    }
    return out;
}

} // namespace

Pooled maxPool(const Tensor &x, const kernels::Windows &windows, const Shape &shape,
               size_t dimensions)
{
    return pooled(x, shape, dimensions,
                  [windows](int64_t planes, const auto *from, auto *to, int64_t *places) {
                      kernels::maxPool(windows, planes, from, to, places);
                  });
}

Pooled adaptiveMaxPool(const Tensor &x, const Shape &shape, size_t dimensions)
{
    return pooled(x, shape, dimensions,
                  [input = spatialExtents(x.shape(), dimensions),
                   output = spatialExtents(shape, dimensions)](int64_t planes, const auto *from,
                                                               auto *to, int64_t *places) {
                      kernels::adaptiveMaxPool(input, output, planes, from, to, places);
                  });
}

Pooled fractionalMaxPool(const Tensor &x, const Extents &kernel, const Tensor &samples,
                         const Shape &shape, size_t dimensions)
{
    return pooled(x, shape, dimensions,
                  [input = spatialExtents(x.shape(), dimensions),
                   output = spatialExtents(shape, dimensions), kernel,
                   positions = samples.data<double>()](int64_t planes, const auto *from, auto *to,
                                                       int64_t *places) {
                      kernels::fractionalMaxPool(input, output, kernel, planes, positions, from, to,
                                                 places);
                  });
}

Tensor maxUnpool(const Tensor &input, const Tensor &indices, const Shape &shape, size_t dimensions)
{
    const Tensor x = input.compact();
    const Planes planes{indices.compact(), planesOf(shape, dimensions),
                        volume(spatialExtents(shape, dimensions)),
                        volume(spatialExtents(x.shape(), dimensions))};
    Tensor out = Tensor::empty(shape, x.dtype());
    dispatchFloating(x.dtype(), "max_unpool", [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([count = planes.count, space = planes.space, points = planes.points,
                places = planes.indices.data<int64_t>(), from = x.data<T>(), to = out.data<T>()] {
            kernels::placeInPlanes<T>(count, space, points, places, from, to);
        });
    });
    if (shouldRecord({&input})) {
        record("max_unpool", {input}, {out}, [planes, from = x.shape()](const Gradients &g) {
            return Gradients{linearMap("max_unpool_backward", g[0], from, gathering(planes),
                                       scattering(planes))};
        });
    }
    return out;
}

} // namespace mrg
