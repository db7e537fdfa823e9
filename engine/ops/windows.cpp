// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/windows.h"

#include "engine/core/Launch.h"
#include "engine/ops/linear_map.h"

#include <algorithm>

namespace mrg {

using kernels::Extents;
using kernels::volume;
using kernels::Windows;

Extents extents(std::span<const int64_t> numbers, int64_t rest)
{
    Extents out{rest, rest, rest};
    std::copy(numbers.begin(), numbers.end(),
              out.end() - static_cast<std::ptrdiff_t>(numbers.size()));
    return out;
}

Extents spatialExtents(const Shape &shape, size_t dimensions)
{
    return extents(std::span(shape).last(dimensions));
}

int64_t planesOf(const Shape &shape, size_t dimensions)
{
    int64_t planes = 1;
    for (size_t d = 0; d + dimensions < shape.size(); ++d)
        planes *= shape[d];
    return planes;
}

namespace {

/// The two kernels over a batch, by the space's number of channels.
auto unfolding(const Windows &windows, int64_t batch, int64_t channels)
{
    return [=](const Tensor &x, const Tensor &columns) {
        dispatchFloating(x.dtype(), "unfold", [&](auto tag) {
            using T = typename decltype(tag)::type;
            launch([=, from = x.data<T>(), to = columns.data<T>()] {
                parallelFor(batch, 1, [=](int64_t begin, int64_t end) {
                    for (int64_t n = begin; n < end; ++n)
                        kernels::unfold(windows, channels,
                                        from + n * channels * volume(windows.input),
                                        to
                                                + n * channels * volume(windows.kernel)
                                                        * volume(windows.output));
                });
            });
        });
    };
}

auto folding(const Windows &windows, int64_t batch, int64_t channels)
{
    return [=](const Tensor &columns, const Tensor &x) {
        dispatchFloating(x.dtype(), "fold", [&](auto tag) {
            using T = typename decltype(tag)::type;
            launch([=, from = columns.data<T>(), to = x.data<T>()] {
                parallelFor(batch, 1, [=](int64_t begin, int64_t end) {
                    const int64_t space = channels * volume(windows.input);
                    for (int64_t n = begin; n < end; ++n) {
                        std::fill_n(to + n * space, space, T(0));
                        kernels::fold(windows, channels,
                                      from
                                              + n * channels * volume(windows.kernel)
                                                      * volume(windows.output),
                                      to + n * space);
                    }
                });
            });
        });
    };
}

} // namespace

Tensor unfold(const Tensor &x, const Windows &windows)
{
    const int64_t batch = x.size(0);
    const int64_t channels = x.size(1);
    return linearMap("unfold", x,
                     {batch, channels * volume(windows.kernel), volume(windows.output)},
                     unfolding(windows, batch, channels), folding(windows, batch, channels));
}

Tensor fold(const Tensor &columns, const Windows &windows)
{
    const int64_t batch = columns.size(0);
    const int64_t channels = columns.size(1) / volume(windows.kernel);
    return linearMap("fold", columns, {batch, channels, windows.input[1], windows.input[2]},
                     folding(windows, batch, channels), unfolding(windows, batch, channels));
}

} // namespace mrg
