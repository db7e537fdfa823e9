// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/products.h"

#include "engine/autograd/Node.h"
#include "engine/ops/conversion.h"
#include "engine/ops/cumulative.h"
#include "engine/ops/joining.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/rearranging.h"
#include "engine/ops/views.h"

#include <numeric>

namespace mrg {

namespace {

/// For every element of a row (the last dimension) the product of the others, recorded: of those
/// before it times of those behind it. No division, so zeros do no harm.
Tensor productsOfOthers(const Tensor &x)
{
    const int64_t length = x.size(-1);
    Shape one = x.shape();
    one.back() = 1;
    const Tensor start = Tensor::ones(one, x.dtype());
    const auto before = [&](const Tensor &row) {
        return cat(std::vector{start, cumprod(narrow(row, -1, 0, length - 1), -1)}, -1);
    };
    return mul(before(x), flip(before(flip(x, {-1})), {-1}));
}

} // namespace

Tensor prod(const Tensor &x_, const Dims &dims, bool keepdim, std::optional<DType> dtype)
{
    const Reduced reduced = reduceShape(x_.shape(), dims, keepdim, "prod");
    const Tensor x = to(x_, dtype.value_or(isIntegral(x_.dtype()) ? DType::Int64 : x_.dtype()));
    Tensor out = Tensor::empty(reduced.shape(), x.dtype());
    dispatchAll(x.dtype(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        if constexpr (std::is_same_v<T, bool>)
            reduceInto<kernels::ExtremeReducer<bool, true>, bool, bool>(x, reduced, out);
        else
            reduceInto<kernels::ProductReducer<T>, T, T>(x, reduced, out);
    });
    if (shouldRecord({&x})) {
        record("prod", {x}, {out}, [reduced, saved = SavedTensor(x)](const Gradients &g) {
            const Tensor in = saved.unpack();
            if (in.dim() == 0 || in.numel() == 0)
                return Gradients{expand(withKeptDims(g[0], reduced), in.shape())};
            // The reduced dimensions as one, the last.
            const Dims along = reduced.along();
            std::vector<int64_t> last(along.size());
            std::iota(last.begin(), last.end(), in.dim() - static_cast<int64_t>(along.size()));
            const Tensor moved = movedim(in, along, last);
            const Shape shape = moved.shape();
            Shape rows = reduced.squeezed;
            rows.push_back(reduced.count);
            const Tensor others = reshape(productsOfOthers(reshape(moved, rows)), shape);
            return Gradients{mul(withKeptDims(g[0], reduced), conj(movedim(others, last, along)))};
        });
    }
    return out;
}

} // namespace mrg
