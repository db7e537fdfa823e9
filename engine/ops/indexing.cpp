// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/indexing.h"

#include "engine/autograd/Node.h"
#include "engine/core/Launch.h"
#include "engine/ops/conversion.h"
#include "engine/ops/gathering.h"
#include "engine/ops/inplace.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/rearranging.h"
#include "engine/ops/views.h"
#include "engine/tensor/strided.h"

#include <algorithm>
#include <numeric>

namespace mrg {

namespace {

/// x[...] taken apart: a view by the plain indices, and for each of its dimensions the tensor that
/// chooses entries of it (undefined: none does).
struct Parts {
    Tensor view;
    std::vector<Tensor> chosen;
};

bool isMask(const Index &index)
{
    const Tensor *tensor = std::get_if<Tensor>(&index);
    return tensor && (tensor->dtype() == DType::Bool || tensor->dtype() == DType::UInt8);
}

/// Dimensions of x that an index uses up.
int64_t consumed(const Index &index)
{
    if (std::holds_alternative<NewAxis>(index) || std::holds_alternative<Ellipsis>(index)
        || std::holds_alternative<bool>(index))
        return 0;
    return isMask(index) ? std::get<Tensor>(index).dim() : 1;
}

void checkMask(const Tensor &view, int64_t at, const Tensor &mask)
{
    for (int64_t d = 0; d < mask.dim(); ++d) {
        if (mask.size(d) != view.size(at + d)) {
            throw Error(ErrorCategory::Index, "mask_shape_mismatch", "index",
                        "a mask of shape " + toString(mask.shape()),
                        "the sizes of dimensions " + std::to_string(at) + " on of "
                                + toString(view.shape()));
        }
    }
}

Tensor entriesOf(const Tensor &index)
{
    if (index.dtype() != DType::Int64 && index.dtype() != DType::Int32) {
        throw Error(ErrorCategory::DType, "index_dtype", "index", dtypeName(index.dtype()),
                    "int64, int32 or bool", "convert the index");
    }
    return index.detach().toType(DType::Int64);
}

/// That an entry by its number is there; `used` dimensions of x are used up by the indices before.
void checkEntry(const Tensor &x, int64_t used, int64_t entry, size_t position)
{
    const int64_t size = x.size(used);
    if (entry >= -size && entry < size)
        return;
    const std::string allowed = std::to_string(-size) + " to " + std::to_string(size - 1);
    throw Error(ErrorCategory::Index, "at_error_index_out_of_bounds", "index",
                "entry " + std::to_string(entry) + " as index " + std::to_string(position)
                        + " into " + toString(x.shape()),
                size == 0 ? "nothing: dimension " + std::to_string(used) + " is empty"
                          : allowed + " for dimension " + std::to_string(used),
                size == 0 ? "take the whole of the dimension" : "choose an entry that there is");
}

Parts takeApart(const Tensor &x, std::span<const Index> indices)
{
    int64_t used = 0;
    int64_t ellipses = 0;
    for (const Index &index : indices) {
        used += consumed(index);
        ellipses += std::holds_alternative<Ellipsis>(index);
    }
    if (ellipses > 1)
        throw Error(ErrorCategory::Value, "two_ellipses", "index", "several ellipses",
                    "at most one");
    if (used > x.dim()) {
        throw Error(ErrorCategory::Index, "too_many_indices", "index",
                    std::to_string(used) + " indices",
                    "at most " + std::to_string(x.dim()) + " for " + toString(x.shape()));
    }
    Parts out{x, {}};
    const int64_t left = x.dim() - used;
    int64_t at = 0;
    int64_t passed = 0; // dimensions of x
    size_t position = 0;
    const auto keep = [&](int64_t count) {
        out.chosen.resize(out.chosen.size() + static_cast<size_t>(count));
        at += count;
    };
    for (const Index &index : indices) {
        if (const int64_t *entry = std::get_if<int64_t>(&index)) {
            checkEntry(x, passed, *entry, position);
            out.view = select(out.view, at, *entry);
        } else if (const Slice *part = std::get_if<Slice>(&index)) {
            out.view = slice(out.view, at, part->start, part->end, part->step);
            keep(1);
        } else if (std::holds_alternative<NewAxis>(index)) {
            out.view = unsqueeze(out.view, at);
            keep(1);
        } else if (std::holds_alternative<Ellipsis>(index)) {
            keep(left);
        } else if (const bool *all = std::get_if<bool>(&index)) {
            out.view = unsqueeze(out.view, at);
            out.chosen.push_back(*all ? Tensor::zeros({1}, DType::Int64)
                                      : Tensor::zeros({0}, DType::Int64));
            ++at;
        } else if (isMask(index)) {
            const Tensor &mask = std::get<Tensor>(index);
            checkMask(out.view, at, mask);
            if (mask.dim() == 0)
                out.view = unsqueeze(out.view, at);
            const Tensor whole = mask.dim() == 0 ? reshape(mask.detach(), {1}) : mask.detach();
            for (const Tensor &places : nonzeroTuple(whole)) {
                out.chosen.push_back(places);
                ++at;
            }
        } else {
            out.chosen.push_back(entriesOf(std::get<Tensor>(index)));
            ++at;
        }
        passed += std::holds_alternative<Ellipsis>(index) ? left : consumed(index);
        ++position;
    }
    out.chosen.resize(static_cast<size_t>(out.view.dim()));
    return out;
}

/// The chosen dimensions of a view brought to the front and made one, and what undoes that.
struct Chosen {
    std::vector<int64_t> order; ///< of the view's dimensions: the chosen ones first
    Shape entries; ///< sizes of the chosen dimensions
    Shape rest; ///< and of the others
    Tensor rows; ///< int64, 1-d: which entry of the one dimension
    Shape shape; ///< the common shape of the index tensors
    int64_t place = 0; ///< where their dimensions go in the result
};

/// Adds entry * stride of one dimension to the rows, with entries counted from the end when
/// negative.
void addEntries(const Tensor &rows, const Tensor &entries, const Shape &shape, int64_t size,
                int64_t stride)
{
    launch([shape, size, stride, to = rows.data<int64_t>(), from = entries.data<int64_t>(),
            steps = broadcastStrides(entries.shape(), entries.strides(), shape)] {
        int64_t *target = to;
        const int64_t step = innerStride(steps);
        forEachRow<1>(shape, {steps}, [&](const std::array<int64_t, 1> &offsets, int64_t count) {
            for (int64_t i = 0; i < count; ++i) {
                const int64_t entry = from[offsets[0] + i * step];
                if (entry < -size || entry >= size) {
                    throw Error(ErrorCategory::Index, "index_out_of_range", "index",
                                "index " + std::to_string(entry),
                                std::to_string(-size) + " to " + std::to_string(size - 1));
                }
                *target++ += (entry < 0 ? entry + size : entry) * stride;
            }
        });
    });
}

Chosen choose(const Parts &parts)
{
    Chosen out;
    std::vector<int64_t> others;
    bool apart = false;
    for (size_t d = 0; d < parts.chosen.size(); ++d) {
        const auto at = static_cast<int64_t>(d);
        if (!parts.chosen[d].defined()) {
            others.push_back(at);
            out.rest.push_back(parts.view.shape()[d]);
            continue;
        }
        if (out.order.empty())
            out.place = at;
        else if (out.order.back() != at - 1)
            apart = true;
        out.order.push_back(at);
        out.entries.push_back(parts.view.shape()[d]);
        out.shape = broadcastShapes(out.shape, parts.chosen[d].shape()).value();
    }
    if (apart)
        out.place = 0;
    const std::vector<int64_t> strides = contiguousStrides(out.entries);
    out.rows = Tensor::zeros({numel(out.shape)}, DType::Int64);
    for (size_t i = 0; i < out.order.size(); ++i) {
        addEntries(out.rows, parts.chosen[static_cast<size_t>(out.order[i])], out.shape,
                   out.entries[i], strides[i]);
    }
    out.order.insert(out.order.end(), others.begin(), others.end());
    return out;
}

bool choosesNothing(const Parts &parts)
{
    return std::none_of(parts.chosen.begin(), parts.chosen.end(),
                        [](const Tensor &tensor) { return tensor.defined(); });
}

Shape joined(Shape first, const Shape &second)
{
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

Tensor asRows(const Tensor &view, const Chosen &chosen)
{
    return reshape(permute(view, chosen.order), joined({numel(chosen.entries)}, chosen.rest));
}

/// The dimensions first, first + 1, ... of a result moved to where they belong.
std::vector<int64_t> placed(int64_t count, int64_t place)
{
    std::vector<int64_t> out(static_cast<size_t>(count));
    std::iota(out.begin(), out.end(), place);
    return out;
}

/// What `view` becomes when values are put where the tensors choose.
Tensor withChosen(const Tensor &view, const Parts &parts, const Tensor &values, bool accumulate)
{
    const Chosen chosen = choose(parts);
    const auto count = static_cast<int64_t>(chosen.shape.size());
    // The values' shape broadcasts to the result's; there the chosen dimensions come to the front.
    Shape shape(chosen.rest.begin(), chosen.rest.begin() + chosen.place);
    shape = joined(joined(shape, chosen.shape),
                   {chosen.rest.begin() + chosen.place, chosen.rest.end()});
    const Tensor whole = movedim(expand(to(values, view.dtype()), shape),
                                 placed(count, chosen.place), placed(count, 0));
    const Tensor source = reshape(whole, joined({numel(chosen.shape)}, chosen.rest));
    const Tensor rows = asRows(view, chosen);
    const Tensor changed = accumulate
            ? indexAdd(rows, 0, chosen.rows, source)
            : scatter(rows, 0, indexAlong(chosen.rows, 0, source.shape()), source);
    std::vector<int64_t> back(chosen.order.size());
    for (size_t i = 0; i < back.size(); ++i)
        back[static_cast<size_t>(chosen.order[i])] = static_cast<int64_t>(i);
    return permute(reshape(changed, joined(chosen.entries, chosen.rest)), back);
}

/// Where a view of a compact tensor of that shape lies.
Layout placeOf(const Shape &shape, std::span<const Index> indices)
{
    // A tensor of no memory to speak of shows what the indices do to a layout.
    const GradMode off(false);
    const Tensor shown
            = Tensor::empty({1}, DType::Bool).asStrided(shape, contiguousStrides(shape), 0);
    const Tensor view = takeApart(shown, indices).view;
    return {view.shape(), view.strides(), view.offset()};
}

} // namespace

Tensor index(const Tensor &x, std::span<const Index> indices)
{
    const Parts parts = takeApart(x, indices);
    if (choosesNothing(parts))
        return parts.view;
    const Chosen chosen = choose(parts);
    const Tensor rows = reshape(indexSelect(asRows(parts.view, chosen), 0, chosen.rows),
                                joined(chosen.shape, chosen.rest));
    const auto count = static_cast<int64_t>(chosen.shape.size());
    return movedim(rows, placed(count, 0), placed(count, chosen.place));
}

Tensor withIndexed(const Tensor &x, std::span<const Index> indices, const Tensor &values,
                   bool accumulate)
{
    const Tensor base = contiguous(x);
    const Parts parts = takeApart(base, indices);
    const Layout place = placeOf(x.shape(), indices);
    Tensor part;
    if (!choosesNothing(parts)) {
        part = withChosen(parts.view, parts, values, accumulate);
    } else {
        part = expand(to(values, x.dtype()), place.shape);
        if (accumulate)
            part = add(parts.view, part);
    }
    return replacePart("index_put", base, place, part);
}

void assignIndexed(Tensor &x, std::span<const Index> indices, const Tensor &values)
{
    assign(x, withIndexed(x, indices, values));
}

Tensor take(const Tensor &x, const Tensor &index_)
{
    const Index indices[] = {index_};
    return index(reshape(x, {x.numel()}), indices);
}

Tensor maskedSelect(const Tensor &x, const Tensor &mask)
{
    if (mask.dtype() != DType::Bool && mask.dtype() != DType::UInt8) {
        throw Error(ErrorCategory::DType, "mask_dtype", "masked_select", dtypeName(mask.dtype()),
                    "bool", "compare with something to get a mask");
    }
    Shape shape = broadcastShapes(x.shape(), mask.shape()).value();
    if (shape.empty())
        shape = {1};
    const Index indices[] = {expand(mask.detach(), shape)};
    return index(expand(x, shape), indices);
}

Tensor nonzero(const Tensor &x)
{
    readsElements("nonzero");
    std::vector<int64_t> found;
    const int64_t rank = x.dim();
    dispatchAll(x.dtype(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        const Tensor source = x.compact();
        const T *from = source.template data<T>();
        std::vector<int64_t> at(static_cast<size_t>(rank), 0);
        for (int64_t i = 0; i < x.numel(); ++i) {
            if (from[i] != T(0))
                found.insert(found.end(), at.begin(), at.end());
            for (auto d = static_cast<size_t>(rank); d-- > 0;) {
                if (++at[d] < x.shape()[d])
                    break;
                at[d] = 0;
            }
        }
        if (rank == 0)
            found.assign(from[0] != T(0) ? 1 : 0, 0);
    });
    const auto rows = static_cast<int64_t>(found.size()) / std::max<int64_t>(rank, 1);
    return rank == 0 ? Tensor::empty({rows, 0}, DType::Int64)
                     : Tensor::fromVector(found, {rows, rank});
}

std::vector<Tensor> nonzeroTuple(const Tensor &x)
{
    const Tensor rows = nonzero(x.dim() == 0 ? reshape(x.detach(), {1}) : x);
    std::vector<Tensor> out;
    for (int64_t d = 0; d < rows.size(1); ++d)
        out.push_back(select(rows, 1, d).copy());
    return out;
}

} // namespace mrg
