// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/strided.h"

namespace mrg {

std::vector<int64_t> broadcastStrides(const Shape &own, const std::vector<int64_t> &strides,
                                      const Shape &shape)
{
    std::vector<int64_t> out(shape.size(), 0);
    const size_t lead = shape.size() - own.size();
    for (size_t i = 0; i < own.size(); ++i)
        out[lead + i] = own[i] == 1 ? 0 : strides[i];
    return out;
}

} // namespace mrg
