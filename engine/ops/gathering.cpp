// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/gathering.h"

#include "engine/autograd/Node.h"
#include "engine/kernels/rows.h"
#include "engine/ops/gathering_kernels.h"
#include "engine/ops/layouts.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/views.h"

#include <algorithm>

namespace mrg {

namespace {

std::string text(int64_t number) { return std::to_string(number); }

/// An index as int64, detached; gather and scatter take no other unless it is empty.
enum class IndexTypes { Int64, Int64AndInt32 };
Tensor indexOf(const Tensor &index, const char *where, IndexTypes types)
{
    if (index.numel() > 0 && index.dtype() != DType::Int64
        && !(types == IndexTypes::Int64AndInt32 && index.dtype() == DType::Int32)) {
        throw Error(ErrorCategory::DType, "index_dtype", where, dtypeName(index.dtype()), "int64",
                    "convert the index to int64");
    }
    return index.detach().toType(DType::Int64);
}

void checkSameType(const Tensor &x, const Tensor &source, const char *where)
{
    if (x.dtype() != source.dtype()) {
        throw Error(ErrorCategory::DType, "dtype_mismatch", where,
                    std::string(dtypeName(x.dtype())) + " and " + dtypeName(source.dtype()),
                    "one type for both");
    }
}

/// No size of the index may be larger than x's, but along `dim`.
void checkIndexFits(const Shape &x, int64_t dim, const Shape &index, const char *where)
{
    if (x.size() != index.size() && !(x.size() <= 1 && index.size() <= 1)) {
        throw Error(ErrorCategory::Shape, "dimension_count_mismatch", where,
                    "an index of shape " + toString(index), "as many dimensions as " + toString(x));
    }
    for (size_t d = 0; d < index.size() && d < x.size(); ++d) {
        if (static_cast<int64_t>(d) != dim && index[d] > x[d]) {
            throw Error(ErrorCategory::Shape, "size_mismatch", where,
                        "an index of shape " + toString(index),
                        "at most size " + text(x[d]) + " at dimension "
                                + text(static_cast<int64_t>(d)) + ", as " + toString(x));
        }
    }
}

} // namespace

Shape gatherShape(const Shape &x, int64_t dim, const Shape &index)
{
    const int64_t d = wrapDim(dim, x, "gather", "gather_error_dim_out_of_range");
    if (numel(index) > 0)
        checkIndexFits(x, d, index, "gather");
    return index;
}

void checkScatterShapes(const Shape &x, int64_t dim, const Shape &index, const Shape &src,
                        const char *where)
{
    const int64_t d = wrapDim(dim, x, where, "scatter_error_dim_out_of_range");
    if (numel(index) == 0)
        return;
    checkIndexFits(x, d, index, where);
    checkIndexFits(src, -1, index, where);
}

Shape indexSelectShape(const Shape &x, int64_t dim, const Shape &index)
{
    const int64_t d = wrapDim(dim, x, "index_select", "index_select_error_dim_out_of_range");
    if (index.size() > 1) {
        throw Error(ErrorCategory::Shape, "dimension_count_mismatch", "index_select",
                    "an index of shape " + toString(index), "a 1-d index");
    }
    Shape out = x;
    if (!out.empty())
        out[static_cast<size_t>(d)] = numel(index);
    return out;
}

Tensor gather(const Tensor &x, int64_t dim, const Tensor &index)
{
    const Shape shape = gatherShape(x.shape(), dim, index.shape());
    const int64_t d = wrapDim(dim, x.shape(), "gather");
    const Tensor place = indexOf(index, "gather", IndexTypes::Int64);
    Tensor out = Tensor::empty(shape, x.dtype());
    dispatchAll(x.dtype(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        forIndexed<T>("gather", x, d, place, out, [](const T &from, T &to) { to = from; });
    });
    if (shouldRecord({&x})) {
        record("gather", {x}, {out},
               [from = x.shape(), d, saved = SavedTensor(place)](const Gradients &g) {
                   return Gradients{
                           scatterAdd(Tensor::zeros(from, g[0].dtype()), d, saved.unpack(), g[0])};
               });
    }
    return out;
}

Tensor scatterAdd(const Tensor &x, int64_t dim, const Tensor &index, const Tensor &src)
{
    checkScatterShapes(x.shape(), dim, index.shape(), src.shape(), "scatter_add");
    checkSameType(x, src, "scatter_add");
    const int64_t d = wrapDim(dim, x.shape(), "scatter_add");
    const Tensor place = indexOf(index, "scatter_add", IndexTypes::Int64);
    Tensor out = x.copy();
    dispatchAll(x.dtype(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        forIndexed<T>("scatter_add", out, d, place, src,
                      [](T &to, const T &from) { to = static_cast<T>(to + from); });
    });
    if (shouldRecord({&x, &src})) {
        record("scatter_add", {x, src}, {out},
               [d, saved = SavedTensor(place), from = src.shape()](const Gradients &g) {
                   // Elements of src beyond the index were not used.
                   const Tensor used = gather(g[0], d, saved.unpack());
                   return Gradients{
                           g[0],
                           used.shape() == from
                                   ? used
                                   : embed(used, from, {used.shape(), contiguousStrides(from), 0})};
               });
    }
    return out;
}

Tensor indexSelect(const Tensor &x, int64_t dim, const Tensor &index)
{
    const Shape shape = indexSelectShape(x.shape(), dim, index.shape());
    const int64_t d = wrapDim(dim, x.shape(), "index_select");
    const Tensor place = indexOf(index, "index_select", IndexTypes::Int64AndInt32).compact();
    const Tensor source = x.compact();
    Tensor out = Tensor::empty(shape, x.dtype());
    const kernels::Rows rows = kernels::rowsAlong(x.shape(), d);
    dispatchAll(x.dtype(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([rows, count = place.numel(), at = place.data<int64_t>(), from = source.data<T>(),
                to = out.data<T>()] {
            const int64_t grain
                    = std::max<int64_t>(1, elementGrain / std::max<int64_t>(rows.inner, 1));
            parallelFor(rows.outer * count, grain, [&](int64_t begin, int64_t end) {
                for (int64_t i = begin; i < end; ++i) {
                    const int64_t entry = checkedIndex(at[i % count], rows.length, "index_select");
                    std::copy_n(from + (i / count * rows.length + entry) * rows.inner, rows.inner,
                                to + i * rows.inner);
                }
            });
        });
    });
    if (shouldRecord({&x})) {
        record("index_select", {x}, {out},
               [from = x.shape(), d, saved = SavedTensor(place)](const Gradients &g) {
                   return Gradients{
                           indexAdd(Tensor::zeros(from, g[0].dtype()), d, saved.unpack(), g[0])};
               });
    }
    return out;
}

Tensor indexAdd(const Tensor &x, int64_t dim, const Tensor &index, const Tensor &source,
                double alpha)
{
    const Shape wanted = indexSelectShape(x.shape(), dim, index.shape());
    if (source.shape() != wanted && !(x.dim() <= 1 && source.numel() == index.numel())) {
        throw Error(ErrorCategory::Shape, "size_mismatch", "index_add",
                    "source " + toString(source.shape()), toString(wanted));
    }
    checkSameType(x, source, "index_add");
    const int64_t d = wrapDim(dim, x.shape(), "index_add");
    const Tensor place = indexOf(index, "index_add", IndexTypes::Int64AndInt32).compact();
    const Tensor from = source.compact();
    Tensor out = x.copy();
    const kernels::Rows rows = kernels::rowsAlong(x.shape(), d);
    dispatchAll(x.dtype(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([rows, count = place.numel(), at = place.data<int64_t>(), source = from.data<T>(),
                target = out.data<T>(), factor = convertElement<T>(alpha)] {
            // Equal indices add up in their order.
            for (int64_t i = 0; i < rows.outer * count; ++i) {
                const int64_t entry = checkedIndex(at[i % count], rows.length, "index_add");
                T *to = target + (i / count * rows.length + entry) * rows.inner;
                for (int64_t j = 0; j < rows.inner; ++j)
                    to[j] = static_cast<T>(to[j] + factor * source[i * rows.inner + j]);
            }
        });
    });
    if (shouldRecord({&x, &source})) {
        record("index_add", {x, source}, {out},
               [d, alpha, saved = SavedTensor(place), from = source.shape()](const Gradients &g) {
                   const Tensor part = reshape(indexSelect(g[0], d, saved.unpack()), from);
                   return Gradients{g[0], alpha == 1 ? part : mul(part, Tensor::number(alpha))};
               });
    }
    return out;
}

void recordChosen(const char *name, const Tensor &x, int64_t dim, bool keepdim,
                  const Tensor &values, const Tensor &indices)
{
    if (!shouldRecord({&x}))
        return;
    record(name, {x}, {values},
           [from = x.shape(), d = wrapDim(dim, x.shape(), name), gone = !keepdim && x.dim() > 0,
            saved = SavedTensor(indices)](const Gradients &g) {
               const auto whole
                       = [&](const Tensor &part) { return gone ? unsqueeze(part, d) : part; };
               return Gradients{scatterAdd(Tensor::zeros(from, g[0].dtype()), d,
                                           whole(saved.unpack()), whole(g[0]))};
           });
}

} // namespace mrg
