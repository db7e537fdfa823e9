// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>

namespace mrg::kernels {

/// Numbers along up to three spatial dimensions, the innermost last. With fewer dimensions the
/// leading ones are 1 (sizes, kernels, strides, dilations) or 0 (paddings): one loop serves all.
using Extents = std::array<int64_t, 3>;

/// Number of points.
inline int64_t volume(const Extents &e) { return e[0] * e[1] * e[2]; }

/// Windows of `kernel` points, `dilation` apart, that slide over `input` with `padding` points
/// before it: window o covers input points o * stride - padding + k * dilation.
struct Windows {
    Extents input{1, 1, 1};
    Extents kernel{1, 1, 1};
    Extents stride{1, 1, 1};
    Extents dilation{1, 1, 1};
    Extents padding{0, 0, 0};
    Extents output{1, 1, 1};
};

/// columns (channels * kernel points, output points): what every window sees of x (channels, input
/// points); 0 where it sees padding. Also called im2col.
template <typename T> void unfold(const Windows &windows, int64_t channels, const T *x, T *columns);
/// The transpose: adds what stands in every window to x. Also called col2im.
template <typename T> void fold(const Windows &windows, int64_t channels, const T *columns, T *x);

} // namespace mrg::kernels
