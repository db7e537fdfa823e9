// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/Shape.h"

#include <algorithm>

namespace mrg {

int64_t numel(const Shape &shape)
{
    int64_t count = 1;
    for (int64_t size : shape)
        count *= size;
    return count;
}

std::string toString(const Shape &shape)
{
    std::string text = "[";
    for (size_t i = 0; i < shape.size(); ++i)
        text += (i ? ", " : "") + std::to_string(shape[i]);
    return text + "]";
}

std::vector<int64_t> contiguousStrides(const Shape &shape)
{
    std::vector<int64_t> strides(shape.size());
    int64_t stride = 1;
    for (size_t i = shape.size(); i-- > 0;) {
        strides[i] = stride;
        stride *= std::max<int64_t>(shape[i], 1);
    }
    return strides;
}

Result<Shape> broadcastShapes(const Shape &a, const Shape &b)
{
    const size_t rank = std::max(a.size(), b.size());
    Shape out(rank);
    for (size_t i = 0; i < rank; ++i) {
        const int64_t sizeA = i < a.size() ? a[a.size() - 1 - i] : 1;
        const int64_t sizeB = i < b.size() ? b[b.size() - 1 - i] : 1;
        if (sizeA != sizeB && sizeA != 1 && sizeB != 1) {
            return Error(ErrorCategory::Shape, "broadcast_error_incompatible_dimensions",
                         "broadcast", toString(a) + " and " + toString(b),
                         "equal sizes or 1 in dimension -" + std::to_string(i + 1),
                         "reshape one of them so that " + std::to_string(sizeA) + " and "
                                 + std::to_string(sizeB) + " agree");
        }
        out[rank - 1 - i] = sizeA == 1 ? sizeB : sizeA;
    }
    return out;
}

int64_t wrapDim(int64_t dim, int64_t rank, const char *where)
{
    const int64_t dims = std::max<int64_t>(rank, 1);
    if (dim < -dims || dim >= dims) {
        throw Error(ErrorCategory::Index, "dimension_error_out_of_range", where,
                    "dim " + std::to_string(dim),
                    std::to_string(-dims) + " to " + std::to_string(dims - 1),
                    "choose one of the dimensions there are");
    }
    return dim < 0 ? dim + dims : dim;
}

} // namespace mrg
