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

/// y = (x - mean) * inverse (* weight + bias; both may be null); mean and inverse one a set.
template <typename T> struct NormalizationForward {
    NormalizationLayout layout;
    const T *x;
    const T *weight;
    const T *bias;
    T *mean;
    T *inverse; ///< 1 / sqrt(variance + eps)
    T *y;
};

/// By the sets' own mean (0 unless centred) and mean squared distance from it, which are written to
/// `mean`, `inverse` and, unless null, `variance`.
template <typename T>
void normalizeSets(const NormalizationForward<T> &call, bool centred, double eps, T *variance);

/// By mean and inverse as they stand.
template <typename T> void normalizeByGiven(const NormalizationForward<T> &call);

template <typename T> struct NormalizationBackward {
    NormalizationLayout layout;
    bool ofSet; ///< whether mean and inverse are those of the set and so depend on x
    bool centred;
    const T *x;
    const T *mean;
    const T *inverse;
    const T *weight; ///< may be null
    const T *gradient; ///< of y
    T *dx;
    T *dweight; ///< may be null
    T *dbias; ///< may be null
    T *workspace; ///< normalizationWorkspace() elements
};

/// Elements of memory that normalizeBackward() works with.
int64_t normalizationWorkspace(const NormalizationLayout &layout);

/// Gradients of x, weight and bias, in as few passes over memory as there can be.
template <typename T> void normalizeBackward(const NormalizationBackward<T> &call);

} // namespace mrg::kernels
