// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Random.h"
#include "engine/tensor/Tensor.h"

#include <algorithm>

namespace mrg::test {

/// Sizes of 0 to `most`, rarely 0.
inline Shape randomShape(RandomStream &random, int64_t dims, int64_t most = 4)
{
    Shape out;
    for (int64_t d = 0; d < dims; ++d)
        out.push_back(random.below(12) == 0 ? 0 : 1 + random.below(most));
    return out;
}

/// N(0, 1).
inline Tensor normalTensor(RandomStream &random, const Shape &shape, DType dtype = DType::Float64)
{
    std::vector<double> values(static_cast<size_t>(numel(shape)));
    for (double &value : values)
        value = random.normal();
    return Tensor::fromVector(values, shape).toType(dtype);
}
inline Tensor normalTensor(const Shape &shape, uint64_t seed, DType dtype = DType::Float64)
{
    RandomStream random(seed);
    return normalTensor(random, shape, dtype);
}

/// N(0, 1) in float64; every other one lies in memory in the reverse order of its dimensions.
inline Tensor randomTensor(RandomStream &random, const Shape &shape)
{
    Shape reversed(shape.rbegin(), shape.rend());
    const bool turned = random.below(2) == 0;
    Tensor out = Tensor::empty(turned ? reversed : shape, DType::Float64);
    for (int64_t i = 0; i < out.numel(); ++i)
        out.data<double>()[i] = random.normal();
    if (!turned)
        return out;
    std::vector<int64_t> strides = out.strides();
    std::reverse(strides.begin(), strides.end());
    return out.asStrided(shape, strides, 0);
}

/// Calls visit(coordinates) for every element of a shape, the last dimension fastest.
template <typename Visit> void forEachPlace(const Shape &shape, Visit visit)
{
    std::vector<int64_t> at(shape.size(), 0);
    for (int64_t i = 0; i < numel(shape); ++i) {
        visit(static_cast<const std::vector<int64_t> &>(at));
        for (size_t d = shape.size(); d-- > 0;) {
            if (++at[d] < shape[d])
                break;
            at[d] = 0;
        }
    }
}

/// One element of a float64 tensor.
inline double &element(const Tensor &x, const std::vector<int64_t> &at)
{
    int64_t offset = 0;
    for (size_t d = 0; d < at.size(); ++d)
        offset += at[d] * x.strides()[d];
    return x.data<double>()[offset];
}

} // namespace mrg::test
