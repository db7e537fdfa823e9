// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/dropout.h"

#include "engine/core/Launch.h"
#include "engine/ops/pointwise.h"

#include <cmath>

namespace mrg {

Tensor dropoutFactors(const Shape &shape, DType dtype, double p, RandomStream &random)
{
    Tensor factors = Tensor::empty(shape, dtype);
    dispatchFloating(dtype, "dropout", [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([stream = &random, limit = static_cast<uint64_t>(p * 0x1p32),
                scale = p < 1 ? static_cast<T>(1 / (1 - p)) : T(0), to = factors.data<T>(),
                count = factors.numel()] {
            for (int64_t i = 0; i < count; ++i)
                to[i] = stream->nextUint32() >= limit ? scale : T(0);
        });
    });
    return factors;
}

Tensor dropout(const Tensor &input, double p, bool training, RandomStream &random)
{
    if (!training || p == 0)
        return input;
    return mul(input, dropoutFactors(input.shape(), input.dtype(), p, random));
}

Tensor featureDropout(const Tensor &input, const Shape &mask, double p, RandomStream &random)
{
    return mul(input, dropoutFactors(mask, input.dtype(), p, random));
}

Tensor alphaDropout(const Tensor &input, const Shape &mask, double p, RandomStream &random)
{
    const Tensor factors = dropoutFactors(mask, input.dtype(), p, random);
    if (p == 1)
        return mul(input, factors);
    // scale times alpha of SELU.
    constexpr double lowest = -1.7580993408473766;
    const double scale = 1 / std::sqrt((lowest * lowest * p + 1) * (1 - p));
    const Tensor kept = mul(factors, scale * (1 - p));
    // kept elements: scale x + shift; dropped ones: scale lowest + shift.
    const double shift = -scale * lowest * p;
    return add(mul(input, kept), add(mul(kept, -lowest), scale * lowest + shift));
}

} // namespace mrg
