// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Launch.h"
#include "engine/tensor/Tensor.h"
#include "engine/tensor/strided.h"

namespace mrg {

/// Where a dimension's entry `index` is; throws Error (index, `index_out_of_range`).
inline int64_t checkedIndex(int64_t index, int64_t size, const char *where)
{
    if (index < 0 || index >= size) {
        throw Error(ErrorCategory::Index, "index_out_of_range", where,
                    "index " + std::to_string(index), "0 to " + std::to_string(size - 1));
    }
    return index;
}

/// A tensor as gather and scatter see it: at least 1-d.
inline Tensor atLeast1d(const Tensor &x)
{
    return x.dim() > 0 ? x : x.asStrided({1}, {1}, x.offset());
}

/// Calls visit(element of x, element of other) for every element of the index: x's one is where the
/// index points along `dim`, the other stands where the index does. `x` and `other` are T's,
/// strided, of the same number of dimensions as the index.
template <typename T, typename Visit>
void forIndexed(const char *where, const Tensor &x, int64_t dim, const Tensor &index,
                const Tensor &other, Visit visit)
{
    const Tensor place = atLeast1d(index);
    const Tensor target = atLeast1d(x);
    const Tensor beside = atLeast1d(other);
    std::vector<int64_t> across = target.strides();
    const int64_t along = across[static_cast<size_t>(dim)];
    across[static_cast<size_t>(dim)] = 0;
    launch([where, visit, along, shape = place.shape(),
            size = target.shape()[static_cast<size_t>(dim)], at = place.data<int64_t>(),
            to = target.data<T>(), from = beside.data<T>(),
            strides = std::array{place.strides(), across, beside.strides()}] {
        const int64_t stepPlace = strides[0].back();
        const int64_t stepTo = strides[1].back();
        const int64_t stepFrom = strides[2].back();
        forEachRow<3>(shape, strides, [&](const std::array<int64_t, 3> &offsets, int64_t count) {
            for (int64_t i = 0; i < count; ++i) {
                const int64_t entry = checkedIndex(at[offsets[0] + i * stepPlace], size, where);
                visit(to[offsets[1] + i * stepTo + entry * along], from[offsets[2] + i * stepFrom]);
            }
        });
    });
}

} // namespace mrg
