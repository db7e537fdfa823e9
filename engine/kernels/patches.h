// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/kernels/windows.h"

namespace mrg::kernels {

/// How the input of a convolution lies so that its unfolded form (im2col) need never be made:
/// padded, and the points that windows see at a stride gathered in planes of their own. What point
/// k of all windows sees is then a part of the laid out input that begins at offset(k), one row of
/// windows rowStep() elements after the other; where rows are longer than the output, some elements
/// between them belong to no window.
///
/// For windows of one output plane (windows.output[0] == 1).
class Patches {
public:
    explicit Patches(const Windows &windows);

    /// Elements of a laid out channel.
    int64_t channelSize() const;
    int64_t rowStep() const { return m_width; }
    /// Where in a channel lies what this point of the first window sees.
    int64_t offset(const Extents &point) const;
    /// Offsets of all points of all channels, in the order of a weight's elements.
    void offsets(int64_t channels, int64_t *to) const;
    /// Lays out the input's channels.
    template <typename T> void layOut(int64_t channels, const T *x, T *to) const;

private:
    Windows m_windows;
    Extents m_period{1, 1, 1}; ///< points after which the same plane is seen again
    Extents m_planes{1, 1, 1};
    int64_t m_height, m_width; ///< of a plane
};

} // namespace mrg::kernels
