// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/kernels/windows.h"

#include <algorithm>
#include <numeric>

namespace mrg::kernels {

/// The input points that some points of the kernel reach, at a stride from each other. Their
/// gradient is a correlation, at stride 1, of the output's gradient with these points of the
/// kernel, turned round.
struct Residue {
    /// Number `number` of volume(stride) ones.
    Residue(const Windows &w, int64_t number)
    {
        const Extents residues{number / (w.stride[1] * w.stride[2]),
                               number / w.stride[2] % w.stride[1], number % w.stride[2]};
        windows.input = w.output;
        for (size_t i = 0; i < 3; ++i) {
            // Padded input point stride * y + residue is seen through kernel point k by the window
            // y - shift, where k * dilation = stride * shift + residue.
            const int64_t common = std::gcd(w.stride[i], w.dilation[i]);
            pointStep[i] = w.stride[i] / common;
            while (firstPoint[i] < pointStep[i]
                   && firstPoint[i] * w.dilation[i] % w.stride[i] != residues[i])
                ++firstPoint[i];
            windows.kernel[i] = firstPoint[i] < std::min(pointStep[i], w.kernel[i])
                    ? (w.kernel[i] - 1 - firstPoint[i]) / pointStep[i] + 1
                    : 0;
            windows.dilation[i] = w.dilation[i] / common;
            const int64_t first = firstMultiple(w.padding[i] - residues[i], w.stride[i]);
            const int64_t end = firstMultiple(w.padding[i] + w.input[i] - residues[i], w.stride[i]);
            windows.output[i] = std::max<int64_t>(end - first, 0);
            start[i] = first * w.stride[i] + residues[i] - w.padding[i];
            const int64_t shift = (firstPoint[i] * w.dilation[i] - residues[i]) / w.stride[i]
                    + (windows.kernel[i] - 1) * windows.dilation[i];
            windows.padding[i] = shift - first;
        }
    }
    int64_t points() const { return volume(windows.kernel); }
    /// Most points that one of the residues has.
    static int64_t mostPoints(const Windows &w)
    {
        int64_t out = 1;
        for (size_t i = 0; i < 3; ++i) {
            const int64_t step = w.stride[i] / std::gcd(w.stride[i], w.dilation[i]);
            out *= (w.kernel[i] + step - 1) / step;
        }
        return out;
    }
    /// The kernel's point that point j of the turned one is.
    int64_t kernelPoint(const Extents &kernel, int64_t j) const
    {
        const Extents &own = windows.kernel;
        const Extents turned{j / (own[1] * own[2]), j / own[2] % own[1], j % own[2]};
        int64_t out = 0;
        for (size_t i = 0; i < 3; ++i)
            out = out * kernel[i] + firstPoint[i] + (own[i] - 1 - turned[i]) * pointStep[i];
        return out;
    }

    Windows windows;
    Extents firstPoint{0, 0, 0};
    Extents pointStep;
    Extents start; ///< the first of the input points

private:
    /// The least y with y * step >= x.
    static int64_t firstMultiple(int64_t x, int64_t step)
    {
        return x >= 0 ? (x + step - 1) / step : -(-x / step);
    }
};

} // namespace mrg::kernels
