// SPDX-License-Identifier: GPL-3.0-or-later
// Elements, or entries of a dimension, without repetitions.
#include "engine/core/Launch.h"
#include "engine/kernels/rows.h"
#include "engine/ops/declarations.h"
#include "engine/ops/families.h"
#include "engine/ops/gathering.h"
#include "engine/ops/views.h"

#include <algorithm>
#include <numeric>

namespace mrg {

namespace {

constexpr Group group = Group::Reduction;

struct UniqueOptions {
    bool sorted = true;
    bool return_inverse = false;
    bool return_counts = false;
    std::optional<int64_t> dim;
};

/// Numbers of the groups that equal entries make.
struct Groups {
    std::vector<int64_t> first; ///< an entry of each group
    std::vector<int64_t> inverse; ///< each entry's group
    std::vector<int64_t> counts;
};

/// Rows of `length` elements each; `order`: equal ones follow each other in it.
template <typename T>
Groups groupRows(const T *x, int64_t count, int64_t length, const std::vector<int64_t> &order)
{
    Groups out;
    out.inverse.resize(static_cast<size_t>(count));
    for (size_t i = 0; i < order.size(); ++i) {
        const T *row = x + order[i] * length;
        // NaNs are unlike anything, themselves too.
        const bool same = i > 0 && std::equal(row, row + length, x + order[i - 1] * length);
        if (!same) {
            out.first.push_back(order[i]);
            out.counts.push_back(0);
        }
        ++out.counts.back();
        out.inverse[static_cast<size_t>(order[i])] = static_cast<int64_t>(out.first.size()) - 1;
    }
    return out;
}

std::vector<Tensor> uniqueOf(const Tensor &x, const UniqueOptions &o, bool consecutive)
{
    readsElements("unique");
    const bool whole = !o.dim || x.dim() == 0;
    const int64_t d = o.dim ? wrapDim(*o.dim, x.shape(), "unique") : 0;
    // Entries of the dimension as rows.
    const Tensor detached = x.detach();
    const Tensor front = whole ? reshape(detached, {x.numel()}) : movedim(detached, {d}, {0});
    const Tensor rows = front.compact();
    const int64_t count = rows.size(0);
    const int64_t length = count == 0 ? 1 : rows.numel() / count;
    std::vector<int64_t> order(static_cast<size_t>(count));
    std::iota(order.begin(), order.end(), 0);
    const Groups groups = dispatchReal(x.dtype(), "unique", [&](auto tag) {
        using T = typename decltype(tag)::type;
        const T *from = rows.template data<T>();
        if (!consecutive) {
            std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
                const T *first = from + a * length;
                const T *second = from + b * length;
                for (int64_t k = 0; k < length; ++k) {
                    if (first[k] != second[k])
                        return first[k] < second[k]
                                || (second[k] != second[k] && first[k] == first[k]);
                }
                return false;
            });
        }
        return groupRows(from, count, length, order);
    });
    const Tensor chosen = indexSelect(front, 0, Tensor::fromVector(groups.first));
    std::vector<Tensor> out{whole ? chosen : movedim(chosen, {0}, {d}).copy()};
    if (o.return_inverse)
        out.push_back(Tensor::fromVector(groups.inverse, whole ? x.shape() : Shape{count}));
    if (o.return_counts)
        out.push_back(Tensor::fromVector(groups.counts));
    return out;
}

FunctionSpec uniqueFunction(Title title, bool consecutive)
{
    using O = UniqueOptions;
    std::vector<Arg> args{
            arg("return_inverse", &O::return_inverse,
                "Also gives the number of each element's group."),
            arg("return_counts", &O::return_counts, "Also gives how often each occurs."),
            arg("dim", &O::dim, "Compares entries of this dimension; none: single elements.")};
    if (!consecutive)
        args.insert(args.begin(),
                    arg("sorted", &O::sorted, "Has no effect: the result is always sorted."));
    FunctionSpec spec = tensorFunction<O>(
            group, title, {tensorPort("input")}, std::move(args),
            [title](const O &, const Shapes &in) -> Shape {
                throw Error(ErrorCategory::State, "shape_depends_on_elements", title.name,
                            toString(in.at(0)), "the elements, which say how large the result is");
            },
            [consecutive](const O &o, std::span<const Tensor> in) {
                return uniqueOf(in[0], o, consecutive);
            },
            {.good = {{.args = {}, .inputs = {{6}}},
                      {.args = {{"return_inverse", true}, {"return_counts", true}, {"dim", 0}},
                       .inputs = {{3, 2}}}}});
    spec.shapeFromElements = true;
    spec.differentiable = false;
    spec.outputs
            = outputPorts({{"output", "any"}, {"inverse_indices", "int64"}, {"counts", "int64"}});
    return spec;
}

} // namespace

std::vector<FunctionSpec> uniqueFunctions()
{
    return {uniqueFunction({"unique", "Elements in order, without repetitions."}, false),
            uniqueFunction(
                    {"unique_consecutive", "Elements without those that repeat their predecessor."},
                    true)};
}

} // namespace mrg
