// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace mrg::kernels {

/// A compact tensor seen as (outer, repeats, period, parts, step): what has the same `repeats` and
/// `period` index is normalised together, over outer, parts and step; what has the same `period`
/// and `parts` index shares a weight.
///
///     batch norm:    (N, 1, C, 1, inner)           layer norm: (1, rows, 1, length, 1)
///     instance norm: (1, N, C, 1, inner)           group norm: (1, N, groups, C / groups, inner)
struct NormalizationLayout {
    int64_t outer = 1;
    int64_t repeats = 1;
    int64_t period = 1;
    int64_t parts = 1;
    int64_t step = 1;

    int64_t sets() const { return repeats * period; }
    int64_t inner() const { return parts * step; }
    /// Elements that are normalised together.
    int64_t setSize() const { return outer * inner(); }
    int64_t weights() const { return period * parts; }
};

/// Mean (0 unless centred) and mean squared distance from it, one a set.
template <typename T>
void normalizationMoments(const NormalizationLayout &layout, bool centred, const T *x, T *mean,
                          T *variance);

/// y = (x - mean) * inverse (* weight + bias; both may be null); mean and inverse one a set.
template <typename T>
void normalize(const NormalizationLayout &layout, const T *x, const T *mean, const T *inverse,
               const T *weight, const T *bias, T *y);

/// dx; `ofSet` tells whether mean and inverse are those of the set and so depend on x.
template <typename T>
void normalizeBackward(const NormalizationLayout &layout, bool ofSet, bool centred, const T *x,
                       const T *mean, const T *inverse, const T *weight, const T *gradient, T *dx);

/// dweight and dbias; either may be null.
template <typename T>
void normalizeWeightsBackward(const NormalizationLayout &layout, const T *x, const T *mean,
                              const T *inverse, const T *gradient, T *dweight, T *dbias);

} // namespace mrg::kernels
