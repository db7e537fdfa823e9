// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/sorting.h"

#include "engine/autograd/Node.h"
#include "engine/ops/gathering.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/views.h"

#include <algorithm>
#include <numeric>

namespace mrg {

namespace {

using kernels::isNan;

/// NaN is the largest.
template <typename T> bool below(const T &a, const T &b)
{
    return a < b || (isNan(b) && !isNan(a));
}
template <typename T> bool above(const T &a, const T &b)
{
    return a > b || (isNan(a) && !isNan(b));
}

/// An element and where it stood in its row.
template <typename T> struct Placed {
    T value;
    int64_t place;
};

/// Gives every row along a dimension to kernel(row), a vector of Placed which it puts into the
/// order it likes; the first `count` of them are the result.
template <typename Kernel>
ValuesAndIndices chooseFromRows(const char *name, const Tensor &x, int64_t d, int64_t count,
                                Kernel kernel)
{
    Shape shape = x.shape();
    if (!shape.empty())
        shape[static_cast<size_t>(d)] = count;
    ValuesAndIndices out{Tensor::empty(shape, x.dtype()), Tensor::empty(shape, DType::Int64)};
    const Tensor source = x.compact();
    dispatchReal(x.dtype(), name, [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([rows = kernels::rowsAlong(x.shape(), d), count, kernel,
                from = source.template data<T>(), values = out.values.template data<T>(),
                places = out.indices.template data<int64_t>()] {
            const int64_t grain = std::max<int64_t>(1, 4096 / std::max<int64_t>(rows.length, 1));
            parallelFor(rows.outer * rows.inner, grain, [&](int64_t begin, int64_t end) {
                std::vector<Placed<T>> row(static_cast<size_t>(rows.length));
                for (int64_t i = begin; i < end; ++i) {
                    const int64_t outer = i / rows.inner;
                    const int64_t inner = i % rows.inner;
                    for (int64_t k = 0; k < rows.length; ++k)
                        row[static_cast<size_t>(k)]
                                = {from[(outer * rows.length + k) * rows.inner + inner], k};
                    kernel(row);
                    for (int64_t k = 0; k < count; ++k) {
                        const int64_t at = (outer * count + k) * rows.inner + inner;
                        values[at] = row[static_cast<size_t>(k)].value;
                        places[at] = row[static_cast<size_t>(k)].place;
                    }
                }
            });
        });
    });
    return out;
}

/// One element of every row; see chooseFromRows().
template <typename Kernel>
ValuesAndIndices chooseOne(const char *name, const Tensor &x, int64_t dim, bool keepdim,
                           Kernel kernel)
{
    const Reduced reduced = reduceShape(x.shape(), {dim}, keepdim, name);
    requireElements(x.shape(), reduced, name);
    const ValuesAndIndices kept = chooseFromRows(name, x, wrapDim(dim, x.shape(), name), 1, kernel);
    const ValuesAndIndices out{
            kept.values.asStrided(reduced.shape(), contiguousStrides(reduced.shape()), 0),
            kept.indices.asStrided(reduced.shape(), contiguousStrides(reduced.shape()), 0)};
    recordChosen(name, x, dim, keepdim, out.values, out.indices);
    return out;
}

template <typename Row> void toFront(Row &row, size_t chosen) { std::swap(row[0], row[chosen]); }

struct SortRows {
    bool descending;
    template <typename Row> void operator()(Row &row) const
    {
        using P = typename Row::value_type;
        if (descending)
            std::stable_sort(row.begin(), row.end(),
                             [](const P &a, const P &b) { return above(a.value, b.value); });
        else
            std::stable_sort(row.begin(), row.end(),
                             [](const P &a, const P &b) { return below(a.value, b.value); });
    }
};

/// **Source**: PyTorch, aten/src/ATen/native/TopKImpl.h (which of equal elements are chosen).
struct LargestRows {
    int64_t k;
    bool largest;
    bool sorted;
    template <typename Row> void operator()(Row &row) const
    {
        using P = typename Row::value_type;
        const auto before = [this](const P &a, const P &b) {
            return largest ? above(a.value, b.value) : below(a.value, b.value);
        };
        if (k == 0)
            return;
        if (k * 64 <= static_cast<int64_t>(row.size())) {
            std::partial_sort(row.begin(), row.begin() + k, row.end(), before);
            return;
        }
        std::nth_element(row.begin(), row.begin() + k - 1, row.end(), before);
        if (sorted)
            std::sort(row.begin(), row.begin() + k - 1, before);
    }
};

/// **Source**: PyTorch, aten/src/ATen/native/Sorting.cpp, quick_select_template (Numerical
/// Recipes').
struct KthOfRows {
    int64_t k; ///< from 0
    template <typename Row> void operator()(Row &row) const
    {
        const auto greater = [&](int64_t a, int64_t b) {
            return above(row[static_cast<size_t>(a)].value, row[static_cast<size_t>(b)].value);
        };
        const auto exchange = [&](int64_t a, int64_t b) {
            std::swap(row[static_cast<size_t>(a)], row[static_cast<size_t>(b)]);
        };
        int64_t left = 0;
        int64_t right = static_cast<int64_t>(row.size()) - 1;
        while (right > left) {
            if (right == left + 1) {
                if (greater(left, right))
                    exchange(left, right);
                break;
            }
            exchange((left + right) / 2, left + 1);
            if (greater(left + 1, right))
                exchange(left + 1, right);
            if (greater(left, right))
                exchange(left, right);
            if (greater(left + 1, left))
                exchange(left + 1, left);
            int64_t i = left + 1;
            int64_t j = right;
            for (;;) {
                do
                    ++i;
                while (greater(left, i));
                do
                    --j;
                while (greater(j, left));
                if (j < i)
                    break;
                exchange(i, j);
            }
            exchange(left, j);
            if (j <= k)
                left = i;
            if (j >= k)
                right = j - 1;
        }
        toFront(row, static_cast<size_t>(k));
    }
};

/// **Source**: PyTorch, aten/src/ATen/native/Sorting.cpp, median_with_indices_impl.
struct MedianOfRows {
    bool ignoreNan;
    template <typename Row> void operator()(Row &row) const
    {
        using P = typename Row::value_type;
        const auto isNanPlace = [](const P &element) { return isNan(element.value); };
        const auto nan = std::find_if(row.begin(), row.end(), isNanPlace);
        if (!ignoreNan && nan != row.end()) {
            std::swap(row[0], *nan);
            return;
        }
        const auto numbers = static_cast<int64_t>(row.size())
                - (ignoreNan ? std::count_if(row.begin(), row.end(), isNanPlace) : 0);
        const int64_t middle = numbers > 0 ? (numbers - 1) / 2 : 0;
        std::nth_element(row.begin(), row.begin() + middle, row.end(), [](const P &a, const P &b) {
            return below(a.value, b.value) || (!below(b.value, a.value) && a.place < b.place);
        });
        toFront(row, static_cast<size_t>(middle));
    }
};

/// **Source**: PyTorch, aten/src/ATen/native/cpu/SortingKernel.cpp, mode_kernel_impl.
struct ModeOfRows {
    template <typename Row> void operator()(Row &row) const
    {
        using P = typename Row::value_type;
        std::sort(row.begin(), row.end(),
                  [](const P &a, const P &b) { return below(a.value, b.value); });
        size_t best = 0;
        size_t most = 0;
        size_t count = 0;
        for (size_t k = 0; k < row.size(); ++k) {
            ++count;
            if (k + 1 < row.size() && row[k].value == row[k + 1].value)
                continue;
            if (count > most) {
                most = count;
                best = k;
            }
            count = 0;
        }
        toFront(row, best);
    }
};

/// The median of all elements: those that are it share its gradient.
Tensor medianOfAll(const char *name, const Tensor &x, bool ignoreNan)
{
    if (x.numel() == 0) {
        Tensor nothing = Tensor::full({}, std::numeric_limits<double>::quiet_NaN(), x.dtype());
        if (shouldRecord({&x})) {
            record(name, {x}, {nothing}, [shape = x.shape()](const Gradients &g) {
                return Gradients{Tensor::zeros(shape, g[0].dtype())};
            });
        }
        return nothing;
    }
    const Tensor row
            = x.detach().compact().asStrided({x.numel()}, {1}, x.isContiguous() ? x.offset() : 0);
    const Tensor found = chooseFromRows(name, row, 0, 1, MedianOfRows{ignoreNan}).values;
    Tensor out = found.asStrided({}, {}, 0);
    if (shouldRecord({&x})) {
        record(name, {x}, {out},
               [saved = SavedTensor(x),
                result = SavedTensor(out, SavedTensor::Output)](const Gradients &g) {
                   const Tensor mask = equalMask(saved.unpack().detach(), result.unpack());
                   return Gradients{mul(div(mask, sum(mask)), g[0])};
               });
    }
    return out;
}

[[noreturn]] void wrongCount(const char *where, int64_t k, int64_t low, int64_t high)
{
    throw Error(ErrorCategory::Index, "k_out_of_range", where, "k = " + std::to_string(k),
                std::to_string(low) + " to " + std::to_string(high));
}

} // namespace

Shape topkShape(const Shape &shape, int64_t k, int64_t dim)
{
    const auto d = static_cast<size_t>(wrapDim(dim, shape, "topk"));
    const int64_t size = shape.empty() ? 1 : shape[d];
    if (k < 0 || k > size)
        wrongCount("topk", k, 0, size);
    Shape out = shape;
    if (!out.empty())
        out[d] = k;
    return out;
}

Shape kthvalueShape(const Shape &shape, int64_t k, int64_t dim, bool keepdim)
{
    const auto d = static_cast<size_t>(wrapDim(dim, shape, "kthvalue"));
    const int64_t size = shape.empty() ? 1 : shape[d];
    if (k < 1 || k > size)
        wrongCount("kthvalue", k, 1, size);
    return reduceShape(shape, {dim}, keepdim, "kthvalue").shape();
}

ValuesAndIndices sort(const Tensor &x, int64_t dim, bool descending)
{
    const int64_t d = wrapDim(dim, x.shape(), "sort");
    const ValuesAndIndices out
            = chooseFromRows("sort", x, d, x.dim() == 0 ? 1 : x.size(d), SortRows{descending});
    recordChosen("sort", x, d, true, out.values, out.indices);
    return out;
}

ValuesAndIndices topk(const Tensor &x, int64_t k, int64_t dim, bool largest, bool sorted)
{
    topkShape(x.shape(), k, dim);
    const int64_t d = wrapDim(dim, x.shape(), "topk");
    // A 0-d tensor is its only choice, even of none, as in PyTorch.
    const int64_t count = x.dim() == 0 ? 1 : k;
    const ValuesAndIndices out
            = chooseFromRows("topk", x, d, count, LargestRows{count, largest, sorted});
    recordChosen("topk", x, d, true, out.values, out.indices);
    return out;
}

ValuesAndIndices kthvalue(const Tensor &x, int64_t k, int64_t dim, bool keepdim)
{
    kthvalueShape(x.shape(), k, dim, keepdim);
    return chooseOne("kthvalue", x, dim, keepdim, KthOfRows{k - 1});
}

ValuesAndIndices median(const Tensor &x, int64_t dim, bool keepdim)
{
    return chooseOne("median", x, dim, keepdim, MedianOfRows{false});
}
ValuesAndIndices nanmedian(const Tensor &x, int64_t dim, bool keepdim)
{
    return chooseOne("nanmedian", x, dim, keepdim, MedianOfRows{true});
}
ValuesAndIndices mode(const Tensor &x, int64_t dim, bool keepdim)
{
    return chooseOne("mode", x, dim, keepdim, ModeOfRows{});
}

Tensor median(const Tensor &x) { return medianOfAll("median", x, false); }
Tensor nanmedian(const Tensor &x) { return medianOfAll("nanmedian", x, true); }

} // namespace mrg
