// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/rearranging.h"

#include "engine/autograd/Node.h"
#include "engine/core/Launch.h"
#include "engine/ops/joining.h"
#include "engine/ops/views.h"

#include <algorithm>

namespace mrg {

void checkFlip(const Shape &shape, const std::vector<int64_t> &dims)
{
    std::vector<bool> seen(std::max<size_t>(shape.size(), 1), false);
    for (int64_t dim : dims) {
        const auto d
                = static_cast<size_t>(wrapDim(dim, shape, "flip", "flip_error_dim_out_of_range"));
        if (seen[d]) {
            throw Error(ErrorCategory::Value, "dimension_given_twice", "flip", toString(dims),
                        "every dimension once", "remove the second " + std::to_string(dim));
        }
        seen[d] = true;
    }
}

Tensor flip(const Tensor &x, const std::vector<int64_t> &dims)
{
    checkFlip(x.shape(), dims);
    std::vector<int64_t> strides = x.strides();
    int64_t offset = x.offset();
    for (int64_t dim : dims) {
        const auto d = static_cast<size_t>(wrapDim(dim, x.shape(), "flip"));
        if (d >= strides.size() || x.shape()[d] == 0)
            continue;
        offset += (x.shape()[d] - 1) * strides[d];
        strides[d] = -strides[d];
    }
    Tensor out = x.asStrided(x.shape(), strides, offset).copy();
    if (shouldRecord({&x}))
        record("flip", {x}, {out},
               [dims](const Gradients &g) { return Gradients{flip(g[0], dims)}; });
    return out;
}

void checkRoll(const Shape &shape, const std::vector<int64_t> &shifts,
               const std::vector<int64_t> &dims)
{
    const size_t wanted = dims.empty() ? 1 : dims.size();
    if (shifts.size() != wanted) {
        throw Error(ErrorCategory::Value, "roll_error_shifts_and_dims", "roll",
                    toString(shifts) + " along " + toString(dims), "as many shifts as dims");
    }
    if (shape.empty() && !dims.empty()) {
        throw Error(ErrorCategory::Index, "dimension_error_out_of_range", "roll",
                    "dimension " + std::to_string(dims[0]) + " of a 0-d tensor", "no dimensions",
                    "leave dims out");
    }
    for (int64_t dim : dims)
        wrapDim(dim, shape, "roll");
}

Tensor roll(const Tensor &x, const std::vector<int64_t> &shifts, const std::vector<int64_t> &dims)
{
    checkRoll(x.shape(), shifts, dims);
    if (dims.empty())
        return reshape(roll(reshape(x, {x.numel()}), shifts, {0}), x.shape());
    Tensor out = x;
    for (size_t i = 0; i < dims.size() && x.dim() > 0; ++i) {
        const int64_t d = wrapDim(dims[i], x.shape(), "roll");
        const int64_t size = x.size(d);
        const int64_t shift = size == 0 ? 0 : (shifts[i] % size + size) % size;
        out = cat(std::vector{narrow(out, d, size - shift, shift), narrow(out, d, 0, size - shift)},
                  d);
    }
    return x.dim() == 0 ? clone(x) : out;
}

Shape rot90Shape(const Shape &shape, int64_t k, const std::vector<int64_t> &dims)
{
    const auto rank = static_cast<int64_t>(shape.size());
    if (dims.size() != 2 || rank < 2) {
        throw Error(ErrorCategory::Shape, "dimension_count_mismatch", "rot90",
                    toString(shape) + " along " + toString(dims),
                    "two dimensions of a tensor with at least 2");
    }
    const auto first = static_cast<size_t>(wrapDim(dims[0], shape, "rot90"));
    const auto second = static_cast<size_t>(wrapDim(dims[1], shape, "rot90"));
    if (first == second) {
        throw Error(ErrorCategory::Value, "dimension_given_twice", "rot90", toString(dims),
                    "two different dimensions");
    }
    Shape out = shape;
    if (k % 2 != 0)
        std::swap(out[first], out[second]);
    return out;
}

Tensor rot90(const Tensor &x, int64_t k, const std::vector<int64_t> &dims)
{
    rot90Shape(x.shape(), k, dims);
    switch ((k % 4 + 4) % 4) {
    case 1: return transpose(flip(x, {dims[1]}), dims[0], dims[1]);
    case 2: return flip(x, dims);
    case 3: return transpose(flip(x, {dims[0]}), dims[0], dims[1]);
    default: return clone(x);
    }
}

namespace {
std::vector<int64_t> fullRepeats(const Shape &shape, const std::vector<int64_t> &dims)
{
    std::vector<int64_t> out(std::max(shape.size(), dims.size()), 1);
    std::copy(dims.begin(), dims.end(), out.end() - static_cast<std::ptrdiff_t>(dims.size()));
    return out;
}
} // namespace

Shape tileShape(const Shape &shape, const std::vector<int64_t> &dims)
{
    Shape out = fullRepeats(shape, dims);
    for (int64_t times : out) {
        if (times < 0) {
            throw Error(ErrorCategory::Value, "negative_size", "tile", toString(dims),
                        "numbers of 0 or more");
        }
    }
    const size_t lead = out.size() - shape.size();
    for (size_t d = 0; d < shape.size(); ++d)
        out[lead + d] *= shape[d];
    return out;
}

Tensor tile(const Tensor &x, const std::vector<int64_t> &dims)
{
    const Shape shape = tileShape(x.shape(), dims);
    const std::vector<int64_t> repeats = fullRepeats(x.shape(), dims);
    // Every dimension gets one for the repetitions before it.
    Shape apart;
    Shape repeated;
    const size_t lead = repeats.size() - x.shape().size();
    for (size_t d = 0; d < repeats.size(); ++d) {
        const int64_t size = d < lead ? 1 : x.shape()[d - lead];
        apart.insert(apart.end(), {1, size});
        repeated.insert(repeated.end(), {repeats[d], size});
    }
    return reshape(expand(reshape(x, apart), repeated), shape);
}

namespace {

template <typename Inside>
Tensor triangle(const char *name, const Tensor &x, int64_t diagonal, Inside inside)
{
    // What has no elements needs no rows either.
    if (x.dim() < 2 && (x.dim() == 0 || x.numel() > 0)) {
        throw Error(ErrorCategory::Shape, "linalg_error_requires_at_least_2d", name,
                    "input " + toString(x.shape()),
                    "a matrix or a batch of them: 2 dimensions or more",
                    "unsqueeze it to a row or a column");
    }
    if (x.numel() == 0)
        return clone(x);
    Tensor out = Tensor::empty(x.shape(), x.dtype());
    const Tensor source = x.compact();
    dispatchAll(x.dtype(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([from = source.data<T>(), to = out.data<T>(), rows = x.size(-2),
                columns = x.size(-1), count = x.numel(), diagonal, inside] {
            for (int64_t i = 0; i < count; ++i) {
                const int64_t offset = i % columns - i / columns % rows;
                to[i] = inside(offset, diagonal) ? from[i] : T(0);
            }
        });
    });
    if (shouldRecord({&x})) {
        record(name, {x}, {out}, [name, diagonal, inside](const Gradients &g) {
            return Gradients{triangle(name, g[0], diagonal, inside)};
        });
    }
    return out;
}

} // namespace

Tensor tril(const Tensor &x, int64_t diagonal)
{
    return triangle("tril", x, diagonal,
                    [](int64_t offset, int64_t last) { return offset <= last; });
}
Tensor triu(const Tensor &x, int64_t diagonal)
{
    return triangle("triu", x, diagonal,
                    [](int64_t offset, int64_t first) { return offset >= first; });
}

Shape diagEmbedShape(const Shape &shape, int64_t offset, int64_t dim1, int64_t dim2)
{
    if (shape.empty()) {
        throw Error(ErrorCategory::Shape, "dimension_count_mismatch", "diag_embed", "a 0-d tensor",
                    "at least one dimension");
    }
    const int64_t first = wrapNewDim(dim1, shape, "diag_embed");
    const int64_t second = wrapNewDim(dim2, shape, "diag_embed");
    if (first == second) {
        throw Error(ErrorCategory::Value, "dimension_given_twice", "diag_embed",
                    std::to_string(dim1) + " and " + std::to_string(dim2),
                    "two different dimensions");
    }
    const int64_t size = shape.back() + std::abs(offset);
    Shape out(shape.begin(), shape.end() - 1);
    out.insert(out.begin() + std::min(first, second), size);
    out.insert(out.begin() + std::max(first, second), size);
    return out;
}

Tensor diagEmbed(const Tensor &x, int64_t offset, int64_t dim1, int64_t dim2)
{
    const Shape shape = diagEmbedShape(x.shape(), offset, dim1, dim2);
    return embed(x, shape, diagonalOf(compactLayout(shape), offset, dim1, dim2));
}

Tensor replacePart(const char *name, const Tensor &x, const Layout &place, const Tensor &part)
{
    if (part.shape() != place.shape) {
        throw Error(ErrorCategory::Shape, "size_mismatch", name, "src " + toString(part.shape()),
                    toString(place.shape) + ", the part that is replaced");
    }
    Tensor out = x.copy();
    out.asStrided(place.shape, place.strides, place.offset).copyFrom(part.detach());
    if (shouldRecord({&x, &part})) {
        record(name, {x, part}, {out}, [name, place](const Gradients &g) {
            const Tensor base = contiguous(g[0]);
            return Gradients{
                    replacePart(name, g[0], place, Tensor::zeros(place.shape, g[0].dtype())),
                    asStrided(base, place.shape, place.strides, base.offset() + place.offset)};
        });
    }
    return out;
}

} // namespace mrg
