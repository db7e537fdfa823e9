// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/views.h"

#include "engine/autograd/view_history.h"
#include "engine/core/Launch.h"
#include "engine/ops/reductions.h"
#include "engine/tensor/Storage.h"
#include "engine/tensor/strided.h"

#include <algorithm>

namespace mrg {

namespace {

Layout layoutOf(const Tensor &x) { return {x.shape(), x.strides(), x.offset()}; }

Tensor withLayout(const Tensor &x, const Layout &layout)
{
    return x.asStrided(layout.shape, layout.strides, layout.offset);
}

/// Turns the gradient of a view into that of its input.
using Back = std::function<Tensor(const Tensor &)>;

Tensor recordView(const char *name, const Tensor &x, Tensor view, Back back)
{
    if (gradEnabled() && view.sharesStorageWith(x))
        registerView(view, x);
    if (shouldRecord({&x})) {
        record(name, {x}, {view},
               [back = std::move(back)](const Gradients &g) { return Gradients{back(g[0])}; });
    }
    return view;
}

/// A view of a part of x, or of all of it, by what `rule` makes of a layout.
template <typename Rule> Tensor partView(const char *name, const Tensor &x, Rule rule)
{
    Tensor view = withLayout(x, rule(layoutOf(x)));
    return recordView(name, x, view,
                      [from = x.shape(), place = rule(compactLayout(x.shape()))](const Tensor &g) {
                          return embed(g, from, place);
                      });
}

/// The same elements in another shape, whose strides are known.
Tensor reshaped(const char *name, const Tensor &x, Tensor view)
{
    return recordView(name, x, std::move(view),
                      [from = x.shape()](const Tensor &g) { return reshape(g, from); });
}

Tensor permutedTensor(const char *name, const Tensor &x, const std::vector<int64_t> &dims)
{
    std::vector<int64_t> inverse(dims.size());
    Tensor view = withLayout(x, permuted(layoutOf(x), dims));
    for (size_t i = 0; i < dims.size(); ++i)
        inverse[static_cast<size_t>(wrapDim(dims[i], x.shape(), name))] = static_cast<int64_t>(i);
    return recordView(name, x, view, [inverse](const Tensor &g) { return permute(g, inverse); });
}

} // namespace

Tensor embed(const Tensor &x, const Shape &from, const Layout &place)
{
    Tensor out = Tensor::zeros(from, x.dtype());
    dispatchAll(x.dtype(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([target = out.data<T>() + place.offset, source = x.data<T>(), shape = place.shape,
                to = place.strides, own = x.strides()] {
            forEachRow<2>(shape, {to, own},
                          [&](const std::array<int64_t, 2> &offsets, int64_t count) {
                              const int64_t stepTo = innerStride(to);
                              const int64_t step = innerStride(own);
                              // Where the place overlaps itself the elements add up.
                              for (int64_t i = 0; i < count; ++i) {
                                  T &element = target[offsets[0] + i * stepTo];
                                  element = static_cast<T>(element + source[offsets[1] + i * step]);
                              }
                          });
        });
    });
    if (shouldRecord({&x})) {
        record("embed", {x}, {out}, [place](const Gradients &g) {
            return Gradients{partView("as_strided", contiguous(g[0]), [place](Layout own) {
                return Layout{place.shape, place.strides, own.offset + place.offset};
            })};
        });
    }
    return out;
}

Tensor contiguous(const Tensor &x)
{
    if (x.isContiguous())
        return x;
    Tensor out = x.copy();
    if (shouldRecord({&x}))
        record("contiguous", {x}, {out}, [](const Gradients &g) { return Gradients{g[0]}; });
    return out;
}

Tensor clone(const Tensor &x)
{
    Tensor out = x.copy();
    if (shouldRecord({&x}))
        record("clone", {x}, {out}, [](const Gradients &g) { return Gradients{g[0]}; });
    return out;
}

Tensor t(const Tensor &x)
{
    return recordView("t", x, withLayout(x, matrixTransposed(layoutOf(x))),
                      [](const Tensor &g) { return t(g); });
}

Tensor reshape(const Tensor &x, const Shape &wanted)
{
    const Shape shape = resolvedShape(x.numel(), wanted);
    if (const auto strides = viewStrides(layoutOf(x), shape))
        return reshaped("reshape", x, x.asStrided(shape, *strides, x.offset()));
    const Tensor base = x.copy();
    return reshaped("reshape", x, base.asStrided(shape, contiguousStrides(shape), base.offset()));
}

Tensor view(const Tensor &x, const Shape &wanted)
{
    const Shape shape = resolvedShape(x.numel(), wanted, "view");
    const auto strides = viewStrides(layoutOf(x), shape);
    if (!strides) {
        throw Error(ErrorCategory::Shape, "view_error_not_contiguous", "view",
                    toString(x.shape()) + " with strides " + toString(x.strides()),
                    "elements that lie so that " + toString(shape) + " needs no copy",
                    "use reshape, which copies");
    }
    return reshaped("view", x, x.asStrided(shape, *strides, x.offset()));
}

Tensor expand(const Tensor &x, const Shape &shape)
{
    return recordView("expand", x, withLayout(x, expanded(layoutOf(x), shape)),
                      [from = x.shape()](const Tensor &g) { return sumToSize(g, from); });
}

Tensor permute(const Tensor &x, const std::vector<int64_t> &dims)
{
    return permutedTensor("permute", x, dims);
}

Tensor movedim(const Tensor &x, const std::vector<int64_t> &source,
               const std::vector<int64_t> &destination)
{
    return permutedTensor("movedim", x, movedOrder(x.shape(), source, destination));
}

Tensor transpose(const Tensor &x, int64_t dim0, int64_t dim1)
{
    return recordView("transpose", x, withLayout(x, transposed(layoutOf(x), dim0, dim1)),
                      [dim0, dim1](const Tensor &g) { return transpose(g, dim0, dim1); });
}

Tensor squeeze(const Tensor &x, const std::optional<std::vector<int64_t>> &dims)
{
    return reshaped("squeeze", x, withLayout(x, squeezed(layoutOf(x), dims)));
}

Tensor unsqueeze(const Tensor &x, int64_t dim)
{
    return reshaped("unsqueeze", x, withLayout(x, unsqueezed(layoutOf(x), dim)));
}

Shape flattenedShape(const Shape &shape, int64_t start_dim, int64_t end_dim)
{
    const auto rank = static_cast<int64_t>(shape.size());
    const int64_t first = wrapDim(start_dim, shape, "flatten");
    const int64_t last = wrapDim(end_dim, shape, "flatten");
    if (first > last) {
        throw Error(ErrorCategory::Value, "flatten_error_start_after_end", "flatten",
                    "start_dim " + std::to_string(start_dim) + ", end_dim "
                            + std::to_string(end_dim),
                    "a start_dim that is not after end_dim");
    }
    Shape out;
    int64_t size = 1;
    for (int64_t d = 0; d < std::max<int64_t>(rank, 1); ++d) {
        size *= d < rank ? shape[static_cast<size_t>(d)] : 1;
        if (d >= first && d < last)
            continue;
        out.push_back(size);
        size = 1;
    }
    return out;
}

Tensor flatten(const Tensor &x, int64_t start_dim, int64_t end_dim)
{
    return reshape(x, flattenedShape(x.shape(), start_dim, end_dim));
}

Shape unflattenedShape(const Shape &shape, int64_t dim, const Shape &sizes)
{
    const auto d = static_cast<size_t>(wrapDim(dim, shape, "unflatten"));
    if (shape.empty() || sizes.empty()) {
        throw Error(ErrorCategory::Shape, "dimension_count_mismatch", "unflatten",
                    toString(shape) + " into " + toString(sizes), "a dimension and its sizes");
    }
    Shape parts;
    try {
        parts = resolvedShape(shape[d], sizes, "unflatten");
    } catch (const Error &error) {
        throw Error(error.category, "unflatten_error_size_mismatch", "unflatten",
                    "sizes " + toString(sizes) + " for dimension " + std::to_string(d) + " of "
                            + toString(shape),
                    "sizes whose product is " + std::to_string(shape[d]));
    }
    Shape out(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(d));
    out.insert(out.end(), parts.begin(), parts.end());
    out.insert(out.end(), shape.begin() + static_cast<std::ptrdiff_t>(d) + 1, shape.end());
    return out;
}

Tensor unflatten(const Tensor &x, int64_t dim, const Shape &sizes)
{
    return reshape(x, unflattenedShape(x.shape(), dim, sizes));
}

Tensor select(const Tensor &x, int64_t dim, int64_t index)
{
    return partView("select", x,
                    [dim, index](Layout own) { return selected(std::move(own), dim, index); });
}

Tensor slice(const Tensor &x, int64_t dim, std::optional<int64_t> start, std::optional<int64_t> end,
             int64_t step)
{
    return partView("slice", x,
                    [=](Layout own) { return sliced(std::move(own), dim, start, end, step); });
}

Tensor narrow(const Tensor &x, int64_t dim, int64_t start, int64_t length)
{
    return partView("narrow", x,
                    [=](Layout own) { return narrowed(std::move(own), dim, start, length); });
}

Tensor diagonal(const Tensor &x, int64_t offset, int64_t dim1, int64_t dim2)
{
    return partView("diagonal", x,
                    [=](Layout own) { return diagonalOf(std::move(own), offset, dim1, dim2); });
}

Tensor asStrided(const Tensor &x, const Shape &size, const std::vector<int64_t> &stride,
                 std::optional<int64_t> offset)
{
    const int64_t start = offset.value_or(x.offset());
    const auto capacity = static_cast<int64_t>(x.impl()->storage->bytes()) / dtypeSize(x.dtype());
    const Layout place = stridedLayout({size, stride, start}, capacity);
    int64_t last = start;
    for (size_t d = 0; d < size.size(); ++d)
        last += (size[d] - 1) * stride[d];
    if (x.isContiguous() && start >= x.offset()
        && (numel(size) == 0 || last < x.offset() + x.numel())) {
        return partView("as_strided", x, [&, from = start - x.offset()](const Layout &own) {
            return Layout{size, stride, own.offset + from};
        });
    }
    // Elements of the storage beyond x, or in another order than x has them, have no gradient rule.
    if (shouldRecord({&x})) {
        throw Error(ErrorCategory::Value, "as_strided_error_not_differentiable", "as_strided",
                    "a view of more than the tensor's own elements",
                    "a contiguous tensor and elements of its own",
                    "call contiguous() or detach() first");
    }
    return withLayout(x, place);
}

} // namespace mrg
