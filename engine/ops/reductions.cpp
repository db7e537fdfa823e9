// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/reductions.h"

#include "engine/autograd/Node.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/views.h"

#include <algorithm>

namespace mrg {

Tensor sum(const Tensor &x)
{
    std::vector<int64_t> all;
    for (int64_t d = 0; d < x.dim(); ++d)
        all.push_back(d);
    return sum(x, all);
}

Tensor sum(const Tensor &x, const std::vector<int64_t> &dims, bool keepdim)
{
    std::vector<bool> reduced(x.shape().size(), false);
    for (int64_t dim : dims) {
        if (x.dim() > 0)
            reduced[static_cast<size_t>(wrapDim(dim, x.dim(), "sum"))] = true;
    }
    Shape kept = x.shape();
    Shape squeezed;
    for (size_t d = 0; d < kept.size(); ++d) {
        if (reduced[d])
            kept[d] = 1;
        else
            squeezed.push_back(kept[d]);
    }
    const DType dtype = isFloating(x.dtype()) ? x.dtype() : DType::Int64;
    Tensor out = Tensor::zeros(kept, dtype);
    const Tensor source = x.compact();
    dispatchReal(x.dtype(), "sum", [&](auto sourceTag) {
        using S = typename decltype(sourceTag)::type;
        dispatchReal(dtype, "sum", [&](auto targetTag) {
            using T = typename decltype(targetTag)::type;
            using Sum = std::conditional_t<std::is_floating_point_v<T>, double, int64_t>;
            std::vector<Sum> sums(static_cast<size_t>(out.numel()), Sum(0));
            const std::vector<int64_t> strides = contiguousStrides(kept);
            std::vector<int64_t> index(kept.size(), 0);
            const S *in = source.data<S>();
            int64_t at = 0;
            for (int64_t n = 0; n < source.numel(); ++n) {
                sums[static_cast<size_t>(at)] += static_cast<Sum>(in[n]);
                for (size_t d = kept.size(); d-- > 0;) {
                    at += reduced[d] ? 0 : strides[d];
                    if (++index[d] < source.shape()[d])
                        break;
                    at -= reduced[d] ? 0 : strides[d] * source.shape()[d];
                    index[d] = 0;
                }
            }
            T *target = out.data<T>();
            for (size_t i = 0; i < sums.size(); ++i)
                target[i] = static_cast<T>(sums[i]);
        });
    });
    if (!keepdim)
        out = out.asStrided(squeezed, contiguousStrides(squeezed), 0);
    if (shouldRecord({&x})) {
        record("sum", {x}, {out}, [kept, shape = x.shape()](const Gradients &g) {
            return Gradients{expand(reshape(g[0], kept), shape)};
        });
    }
    return out;
}

Tensor mean(const Tensor &x)
{
    return mul(sum(x), 1.0 / static_cast<double>(x.numel()));
}

Tensor sumToSize(const Tensor &x, const Shape &shape)
{
    if (x.shape() == shape)
        return x;
    std::vector<int64_t> dims;
    const size_t lead = x.shape().size() - shape.size();
    for (size_t d = 0; d < x.shape().size(); ++d) {
        if (d < lead || (shape[d - lead] == 1 && x.shape()[d] != 1))
            dims.push_back(static_cast<int64_t>(d));
    }
    return reshape(sum(x, dims, true), shape);
}

} // namespace mrg
