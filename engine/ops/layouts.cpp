// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/layouts.h"

#include <algorithm>
#include <numeric>

namespace mrg {

namespace {
std::string text(int64_t number) { return std::to_string(number); }
} // namespace

namespace {
int64_t wrapWithin(int64_t dim, int64_t rank, const Shape &shape, const char *where,
                   const char *kind)
{
    try {
        return mrg::wrapDim(dim, rank, where);
    } catch (const Error &error) {
        throw Error(error.category, kind, where, error.got + " of " + toString(shape), error.wanted,
                    error.fix);
    }
}
} // namespace

int64_t wrapDim(int64_t dim, const Shape &shape, const char *where, const char *kind)
{
    return wrapWithin(dim, static_cast<int64_t>(shape.size()), shape, where, kind);
}

int64_t wrapNewDim(int64_t dim, const Shape &shape, const char *where)
{
    return wrapWithin(dim, static_cast<int64_t>(shape.size()) + 1, shape, where,
                      "dimension_error_out_of_range");
}

Layout compactLayout(const Shape &shape) { return {shape, contiguousStrides(shape), 0}; }

Layout permuted(Layout x, const std::vector<int64_t> &dims)
{
    if (static_cast<int64_t>(dims.size()) != x.dim()) {
        throw Error(ErrorCategory::Shape, "permute_error_dimension_count_mismatch", "permute",
                    text(static_cast<int64_t>(dims.size())) + " dims " + toString(dims) + " for "
                            + toString(x.shape),
                    text(x.dim()) + " dims", "name every dimension of the tensor once");
    }
    Layout out = x;
    std::vector<bool> seen(dims.size(), false);
    for (size_t i = 0; i < dims.size(); ++i) {
        const auto d = static_cast<size_t>(wrapDim(dims[i], x.shape, "permute"));
        if (seen[d]) {
            throw Error(ErrorCategory::Value, "dimension_given_twice", "permute", toString(dims),
                        "every dimension once", "name every dimension of the tensor once");
        }
        seen[d] = true;
        out.shape[i] = x.shape[d];
        out.strides[i] = x.strides[d];
    }
    return out;
}

std::vector<int64_t> movedOrder(const Shape &shape, const std::vector<int64_t> &source,
                                const std::vector<int64_t> &destination)
{
    if (source.size() != destination.size()) {
        throw Error(ErrorCategory::Shape, "dimension_count_mismatch", "movedim",
                    toString(source) + " and " + toString(destination),
                    "as many destinations as sources");
    }
    std::vector<int64_t> order(shape.size(), -1);
    std::vector<bool> moved(shape.size(), false);
    for (size_t i = 0; i < source.size(); ++i) {
        const auto from = static_cast<size_t>(wrapDim(source[i], shape, "movedim"));
        const auto to = static_cast<size_t>(wrapDim(destination[i], shape, "movedim"));
        if (shape.empty())
            continue;
        if (moved[from] || order[to] >= 0) {
            throw Error(ErrorCategory::Value, "dimension_given_twice", "movedim",
                        toString(source) + " to " + toString(destination), "every dimension once");
        }
        moved[from] = true;
        order[to] = static_cast<int64_t>(from);
    }
    int64_t next = 0;
    for (int64_t &at : order) {
        if (at >= 0)
            continue;
        while (moved[static_cast<size_t>(next)])
            ++next;
        at = next++;
    }
    return order;
}

Layout transposed(Layout x, int64_t dim0, int64_t dim1, const char *where)
{
    const char *kind = "transpose_dims_error_out_of_range";
    const auto first = static_cast<size_t>(wrapDim(dim0, x.shape, where, kind));
    const auto second = static_cast<size_t>(wrapDim(dim1, x.shape, where, kind));
    if (x.dim() > 0) {
        std::swap(x.shape[first], x.shape[second]);
        std::swap(x.strides[first], x.strides[second]);
    }
    return x;
}

Layout squeezed(Layout x, const std::optional<std::vector<int64_t>> &dims)
{
    std::vector<bool> asked(x.shape.size(), !dims);
    for (int64_t dim : dims.value_or(std::vector<int64_t>{})) {
        const auto d = static_cast<size_t>(wrapDim(dim, x.shape, "squeeze"));
        if (d < asked.size())
            asked[d] = true;
    }
    Layout out{{}, {}, x.offset};
    for (size_t d = 0; d < x.shape.size(); ++d) {
        if (asked[d] && x.shape[d] == 1)
            continue;
        out.shape.push_back(x.shape[d]);
        out.strides.push_back(x.strides[d]);
    }
    return out;
}

Layout unsqueezed(Layout x, int64_t dim)
{
    const int64_t d = wrapNewDim(dim, x.shape, "unsqueeze");
    const int64_t stride = d < x.dim() ? x.strides[static_cast<size_t>(d)]
                    * std::max<int64_t>(x.shape[static_cast<size_t>(d)], 1)
                                       : 1;
    x.shape.insert(x.shape.begin() + d, 1);
    x.strides.insert(x.strides.begin() + d, stride);
    return x;
}

Layout selected(Layout x, int64_t dim, int64_t index)
{
    if (x.dim() == 0) {
        throw Error(ErrorCategory::Index, "select_error_index_out_of_bounds", "select",
                    "index " + text(index) + " of a 0-d tensor []", "at least one dimension",
                    "take the tensor as it is");
    }
    const auto d = static_cast<size_t>(wrapDim(dim, x.shape, "select"));
    const int64_t size = x.shape[d];
    if (index < -size || index >= size) {
        throw Error(ErrorCategory::Index, "select_error_index_out_of_bounds", "select",
                    "index " + text(index) + " of dimension " + text(static_cast<int64_t>(d))
                            + " of " + toString(x.shape),
                    text(-size) + " to " + text(size - 1), "choose an entry that there is");
    }
    x.offset += (index < 0 ? index + size : index) * x.strides[d];
    x.shape.erase(x.shape.begin() + static_cast<std::ptrdiff_t>(d));
    x.strides.erase(x.strides.begin() + static_cast<std::ptrdiff_t>(d));
    return x;
}

Layout sliced(Layout x, int64_t dim, std::optional<int64_t> start, std::optional<int64_t> end,
              int64_t step)
{
    if (x.dim() == 0) {
        throw Error(ErrorCategory::Index, "slice_error_out_of_bounds", "slice",
                    "dimension " + text(dim) + " of a 0-d tensor []", "at least one dimension",
                    "take the tensor as it is");
    }
    if (step < 1) {
        throw Error(ErrorCategory::Value, "slice_error_out_of_bounds", "slice",
                    "step " + text(step) + " along dimension " + text(dim) + " of "
                            + toString(x.shape),
                    "a step of 1 or more", "use flip to turn the order round");
    }
    const auto d = static_cast<size_t>(wrapDim(dim, x.shape, "slice"));
    const int64_t size = x.shape[d];
    const auto bounded
            = [size](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + size : at, 0, size); };
    const int64_t from = bounded(start.value_or(0));
    const int64_t to = std::max(from, bounded(end.value_or(size)));
    x.offset += from * x.strides[d];
    x.shape[d] = (to - from + step - 1) / step;
    x.strides[d] *= step;
    return x;
}

Layout narrowed(Layout x, int64_t dim, int64_t start, int64_t length)
{
    if (x.dim() == 0) {
        throw Error(ErrorCategory::Shape, "dimension_count_mismatch", "narrow", "a 0-d tensor",
                    "at least one dimension");
    }
    const auto d = static_cast<size_t>(wrapDim(dim, x.shape, "narrow"));
    const int64_t size = x.shape[d];
    const std::string place
            = " in dimension " + text(static_cast<int64_t>(d)) + " of " + toString(x.shape);
    if (start < -size || start > size) {
        throw Error(ErrorCategory::Index, "narrow_error_start_out_of_bounds", "narrow",
                    "start " + text(start) + place, text(-size) + " to " + text(size),
                    "begin where there are entries");
    }
    const int64_t from = start < 0 ? start + size : start;
    if (length < 0) {
        throw Error(ErrorCategory::Value, "negative_size", "narrow", "length " + text(length),
                    "0 or more");
    }
    if (from + length > size) {
        throw Error(ErrorCategory::Index, "narrow_error_length_exceeds_bounds", "narrow",
                    "length " + text(length) + " from " + text(from) + place,
                    "at most " + text(size - from), "set length to " + text(size - from));
    }
    x.offset += from * x.strides[d];
    x.shape[d] = length;
    return x;
}

Layout diagonalOf(Layout x, int64_t offset, int64_t dim1, int64_t dim2)
{
    const auto first = static_cast<size_t>(wrapDim(dim1, x.shape, "diagonal"));
    const auto second = static_cast<size_t>(wrapDim(dim2, x.shape, "diagonal"));
    if (first == second || x.dim() < 2) {
        throw Error(ErrorCategory::Value, "dimension_given_twice", "diagonal",
                    "dim " + text(dim1) + " and dim " + text(dim2) + " of " + toString(x.shape),
                    "two different dimensions");
    }
    const int64_t rows = x.shape[first] + std::min<int64_t>(offset, 0);
    const int64_t columns = x.shape[second] - std::max<int64_t>(offset, 0);
    const int64_t length = std::max<int64_t>(0, std::min(rows, columns));
    const int64_t stride = x.strides[first] + x.strides[second];
    if (length > 0)
        x.offset += offset >= 0 ? offset * x.strides[second] : -offset * x.strides[first];
    for (size_t d : {std::max(first, second), std::min(first, second)}) {
        x.shape.erase(x.shape.begin() + static_cast<std::ptrdiff_t>(d));
        x.strides.erase(x.strides.begin() + static_cast<std::ptrdiff_t>(d));
    }
    x.shape.push_back(length);
    x.strides.push_back(stride);
    return x;
}

Layout expanded(const Layout &x, const Shape &sizes, const char *where)
{
    if (sizes.size() < x.shape.size()) {
        throw Error(ErrorCategory::Shape, "expand_error_incompatible", where,
                    toString(x.shape) + " to " + toString(sizes),
                    "at least " + text(x.dim()) + " sizes", "put -1 for the sizes that stay");
    }
    const size_t lead = sizes.size() - x.shape.size();
    Layout out{sizes, std::vector<int64_t>(sizes.size(), 0), x.offset};
    for (size_t d = 0; d < sizes.size(); ++d) {
        const int64_t wanted = sizes[d];
        if (wanted < (d < lead ? 0 : -1)) {
            throw Error(ErrorCategory::Value, "negative_size", where,
                        "size " + text(wanted) + " at dimension " + text(static_cast<int64_t>(d)),
                        d < lead ? "a size of 0 or more in a new dimension" : "-1 or more");
        }
        if (d < lead)
            continue;
        const int64_t own = x.shape[d - lead];
        if (wanted == -1)
            out.shape[d] = own;
        else if (own != 1 && own != wanted) {
            throw Error(ErrorCategory::Shape, "expand_error_incompatible", where,
                        toString(x.shape) + " to " + toString(sizes),
                        "size " + text(own) + " or -1 at dimension "
                                + text(static_cast<int64_t>(d)),
                        "only dimensions of size 1 can be repeated");
        }
        out.strides[d] = own == 1 && out.shape[d] != 1 ? 0 : x.strides[d - lead];
    }
    return out;
}

Layout matrixTransposed(Layout x)
{
    if (x.dim() > 2) {
        throw Error(ErrorCategory::Shape, "transpose_error_requires_2d_tensor", "t",
                    toString(x.shape), "at most 2 dimensions",
                    "use transpose and name the two dimensions");
    }
    return x.dim() < 2 ? x : transposed(std::move(x), 0, 1);
}

Layout stridedLayout(Layout x, int64_t capacity)
{
    const auto refuse = [&](ErrorCategory category, const std::string &wanted) {
        return Error(category, "as_strided_error_out_of_bounds", "as_strided",
                     "size " + toString(x.shape) + ", stride " + toString(x.strides) + ", offset "
                             + text(x.offset),
                     wanted);
    };
    if (x.shape.size() != x.strides.size())
        throw refuse(ErrorCategory::Shape, "a stride for every size");
    int64_t last = x.offset;
    bool negative = x.offset < 0;
    for (size_t d = 0; d < x.shape.size(); ++d) {
        negative = negative || x.shape[d] < 0 || x.strides[d] < 0;
        last += (x.shape[d] - 1) * x.strides[d];
    }
    if (negative)
        throw refuse(ErrorCategory::Value, "numbers of 0 or more");
    if (numel(x.shape) > 0 && last >= capacity)
        throw refuse(ErrorCategory::Shape, "places within the " + text(capacity) + " elements");
    return x;
}

Shape shapeAtLeast(const Shape &shape, int64_t dims)
{
    Shape out = shape;
    if (out.empty() && dims > 0)
        out.push_back(1);
    if (out.size() == 1 && dims > 1)
        out.insert(out.begin(), 1);
    if (out.size() == 2 && dims > 2)
        out.push_back(1);
    return out;
}

Shape resolvedShape(int64_t count, const Shape &wanted, const char *where)
{
    Shape shape = wanted;
    const auto mismatch = [&](const std::string &why) {
        return Error(ErrorCategory::Shape, "reshape_error_size_mismatch", where,
                     text(count) + " elements for " + toString(wanted), why);
    };
    const auto unknown = std::find(shape.begin(), shape.end(), -1);
    if (unknown != shape.end()) {
        *unknown = 1;
        const int64_t rest = numel(shape);
        if (rest == 0 || std::find(unknown, shape.end(), -1) != shape.end()) {
            throw Error(ErrorCategory::Value, "reshape_error_ambiguous", where, toString(wanted),
                        "one -1 that follows from the other sizes",
                        "write the size in place of a -1");
        }
        *unknown = count / rest;
    }
    if (std::any_of(shape.begin(), shape.end(), [](int64_t size) { return size < 0; })) {
        throw Error(ErrorCategory::Value, "negative_size", where, toString(wanted),
                    "sizes of 0 or more, one of them may be -1");
    }
    if (numel(shape) != count)
        throw mismatch("sizes whose product is " + text(count));
    return shape;
}

std::optional<std::vector<int64_t>> viewStrides(const Layout &x, const Shape &shape)
{
    if (numel(x.shape) == 0)
        return contiguousStrides(shape);
    std::vector<int64_t> strides(shape.size());
    // Blocks of dimensions of x that lie together are matched, from the last, with sizes of the new
    // shape.
    auto next = static_cast<std::ptrdiff_t>(shape.size()) - 1;
    int64_t base = x.strides.empty() ? 1 : x.strides.back();
    int64_t have = 1;
    int64_t made = 1;
    for (auto d = static_cast<std::ptrdiff_t>(x.shape.size()) - 1; d >= 0; --d) {
        const auto at = static_cast<size_t>(d);
        have *= x.shape[at];
        const bool blockEnds = d == 0 || (x.shape[at - 1] != 1 && x.strides[at - 1] != have * base);
        if (!blockEnds)
            continue;
        while (next >= 0 && (made < have || shape[static_cast<size_t>(next)] == 1)) {
            strides[static_cast<size_t>(next)] = made * base;
            made *= shape[static_cast<size_t>(next)];
            --next;
        }
        if (made != have)
            return std::nullopt;
        if (d > 0) {
            base = x.strides[at - 1];
            have = made = 1;
        }
    }
    for (; next >= 0; --next)
        strides[static_cast<size_t>(next)] = made * base;
    return strides;
}

} // namespace mrg
