// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernels/windows.h"

#include <algorithm>

namespace mrg::kernels {

namespace {

/// Calls row(column, offset, begin, end) for every innermost row of the columns: output points
/// begin <= o < end of the row that starts at `column` see input elements offset + o * stride; the
/// others see padding.
template <typename Row> void forEachRow(const Windows &w, int64_t channels, Row row)
{
    int64_t column = 0;
    const int64_t width = w.output[2];
    for (int64_t channel = 0; channel < channels; ++channel) {
        for (int64_t kd = 0; kd < w.kernel[0]; ++kd) {
            for (int64_t kh = 0; kh < w.kernel[1]; ++kh) {
                for (int64_t kw = 0; kw < w.kernel[2]; ++kw) {
                    const int64_t shift = kw * w.dilation[2] - w.padding[2];
                    const int64_t begin = shift >= 0
                            ? 0
                            : std::min((-shift + w.stride[2] - 1) / w.stride[2], width);
                    const int64_t room = w.input[2] - 1 - shift;
                    const int64_t end
                            = room < 0 ? begin : std::clamp(room / w.stride[2] + 1, begin, width);
                    for (int64_t od = 0; od < w.output[0]; ++od) {
                        const int64_t d = od * w.stride[0] - w.padding[0] + kd * w.dilation[0];
                        for (int64_t oh = 0; oh < w.output[1]; ++oh, column += width) {
                            const int64_t h = oh * w.stride[1] - w.padding[1] + kh * w.dilation[1];
                            if (d < 0 || d >= w.input[0] || h < 0 || h >= w.input[1])
                                row(column, 0, 0, 0);
                            else
                                row(column,
                                    ((channel * w.input[0] + d) * w.input[1] + h) * w.input[2]
                                            + shift,
                                    begin, end);
                        }
                    }
                }
            }
        }
    }
}

} // namespace

template <typename T> void unfold(const Windows &w, int64_t channels, const T *x, T *columns)
{
    const int64_t width = w.output[2];
    const int64_t stride = w.stride[2];
    forEachRow(w, channels, [=](int64_t column, int64_t offset, int64_t begin, int64_t end) {
        T *to = columns + column;
        std::fill(to, to + begin, T(0));
        if (stride == 1 && begin < end) {
            std::copy(x + offset + begin, x + offset + end, to + begin);
        } else {
            for (int64_t o = begin; o < end; ++o)
                to[o] = x[offset + o * stride];
        }
        std::fill(to + end, to + width, T(0));
    });
}

template <typename T> void fold(const Windows &w, int64_t channels, const T *columns, T *x)
{
    const int64_t stride = w.stride[2];
    forEachRow(w, channels, [=](int64_t column, int64_t offset, int64_t begin, int64_t end) {
        for (int64_t o = begin; o < end; ++o)
            x[offset + o * stride] += columns[column + o];
    });
}

template void unfold(const Windows &, int64_t, const float *, float *);
template void unfold(const Windows &, int64_t, const double *, double *);
template void fold(const Windows &, int64_t, const float *, float *);
template void fold(const Windows &, int64_t, const double *, double *);

} // namespace mrg::kernels
