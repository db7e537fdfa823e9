// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/reduction_frame.h"

#include "engine/ops/layouts.h"
#include "engine/ops/views.h"

#include <algorithm>

namespace mrg {

Reduced reduceShape(const Shape &shape, const Dims &dims, bool keepdim, const char *where)
{
    Reduced out{std::vector<bool>(shape.size(), dims.empty()), {}, {}, keepdim, 1};
    std::vector<bool> seen(std::max<size_t>(shape.size(), 1), false);
    for (int64_t dim : dims) {
        const auto d = static_cast<size_t>(wrapDim(dim, shape, where));
        if (seen[d]) {
            throw Error(ErrorCategory::Value, "dimension_given_twice", where,
                        "dims " + toString(dims), "every dimension once",
                        "remove the second " + std::to_string(dim));
        }
        seen[d] = true;
        if (d < shape.size())
            out.reduced[d] = true;
    }
    for (size_t d = 0; d < shape.size(); ++d) {
        out.kept.push_back(out.reduced[d] ? 1 : shape[d]);
        if (out.reduced[d])
            out.count *= shape[d];
        else
            out.squeezed.push_back(shape[d]);
    }
    return out;
}

Dims Reduced::along() const
{
    Dims out;
    for (size_t d = 0; d < reduced.size(); ++d) {
        if (reduced[d])
            out.push_back(static_cast<int64_t>(d));
    }
    return out;
}

void requireElements(const Shape &shape, const Reduced &reduced, const char *where)
{
    if (reduced.count == 0) {
        throw Error(ErrorCategory::Value, "empty_reduction", where, toString(shape),
                    "at least one element to choose from");
    }
}

namespace {

/// First and last of the reduced dimensions if only dimensions of size 1 lie between them.
std::optional<std::pair<int64_t, int64_t>> block(const Shape &shape,
                                                 const std::vector<bool> &reduced)
{
    int64_t first = -1;
    int64_t last = -2;
    for (size_t d = 0; d < shape.size(); ++d) {
        if (!reduced[d] || shape[d] == 1)
            continue;
        if (first < 0)
            first = static_cast<int64_t>(d);
        last = static_cast<int64_t>(d);
    }
    for (int64_t d = first; first >= 0 && d <= last; ++d) {
        const auto at = static_cast<size_t>(d);
        if (!reduced[at] && shape[at] != 1)
            return std::nullopt;
    }
    return std::pair(first, last);
}

} // namespace

ReductionRows reductionRows(const Tensor &x, const Reduced &reduced)
{
    const Shape &shape = x.shape();
    if (const auto range = block(shape, reduced.reduced)) {
        kernels::Rows rows;
        if (range->first < 0)
            rows.outer = x.numel();
        else
            rows = kernels::rowsAlong(shape, range->first, range->second);
        return {x.compact(), rows};
    }
    std::vector<int64_t> order;
    for (bool last : {false, true}) {
        for (size_t d = 0; d < shape.size(); ++d) {
            if (reduced.reduced[d] == last)
                order.push_back(static_cast<int64_t>(d));
        }
    }
    const Layout layout = permuted({shape, x.strides(), x.offset()}, order);
    return {x.asStrided(layout.shape, layout.strides, layout.offset).compact(),
            {numel(reduced.squeezed), reduced.count, 1}};
}

Tensor withKeptDims(const Tensor &x, const Reduced &reduced)
{
    return reduced.keepdim ? x : reshape(x, reduced.kept);
}

} // namespace mrg
