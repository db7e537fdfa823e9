// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/engine/ops/slow_reference.h"

namespace mrg::test {

/// Entries of a dimension of that size.
inline Tensor randomIndex(RandomStream &random, const Shape &shape, int64_t size)
{
    Tensor out = Tensor::empty(shape, DType::Int64);
    for (int64_t i = 0; i < out.numel(); ++i)
        out.data<int64_t>()[i] = random.below(size);
    return laidOut(random, out);
}

inline int64_t entryAt(const Numbers &index, const Place &place)
{
    return static_cast<int64_t>(index.at(place).real());
}

/// A random tensor, a dimension of it that is not empty, and how that is written.
struct Target {
    Tensor x;
    size_t dim;
    int64_t written;
    int64_t size;
};
inline Target randomTarget(RandomStream &random, DType dtype)
{
    Shape shape = randomShape(random, random.below(4));
    const size_t dim = randomDim(random, shape);
    if (!shape.empty())
        shape[dim] = std::max<int64_t>(shape[dim], 1);
    return {randomView(random, shape, dtype), dim, written(random, dim, shape),
            shape.empty() ? 1 : shape[dim]};
}

} // namespace mrg::test
