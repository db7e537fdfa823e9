// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/nn/Module.h"
#include "engine/nn/spatial.h"

namespace mrg {

// What convolutions and transposed convolutions share.

/// That the arguments which both have fit together: numbers of sizes, channels and groups.
template <typename O> Result<void> checkFilters(const O &o, size_t dimensions)
{
    if (Result<void> counts = checkCounts(dimensions, o.kernel_size, o.stride, o.dilation); !counts)
        return counts;
    for (const auto &[name, channels] :
         {std::pair{"in_channels", o.in_channels}, std::pair{"out_channels", o.out_channels}}) {
        if (channels % o.groups != 0) {
            return Error(ErrorCategory::Value, "channels_not_divisible_by_groups", "",
                         std::string(name) + " " + std::to_string(channels),
                         "a multiple of groups " + std::to_string(o.groups));
        }
    }
    return {};
}

/// That the input has `channels` channels; none (0) are any.
Result<void> checkChannels(const Shape &input, int64_t channels, size_t dimensions);

/// The weight's shape: outer channels, inner channels / groups, kernel.
Shape filterShape(int64_t outer, int64_t inner, int64_t groups, const IntOrList &kernel,
                  size_t dimensions);

/// Draws weight and bias as PyTorch does: uniform within 1 / sqrt(fan in).
void drawFilters(const Tensor &weight, const Tensor &bias, RandomStream &random);

} // namespace mrg
