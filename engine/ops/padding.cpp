// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/padding.h"

#include "engine/ops/resampling.h"

#include <algorithm>

namespace mrg {

namespace {

/// Which input index stands at position i of a padded dimension (counted from the input's first);
/// -1: the constant.
int64_t sourceIndex(PaddingRule rule, int64_t i, int64_t size, int64_t before, int64_t after)
{
    switch (rule) {
    case PaddingRule::Constant: return i >= 0 && i < size ? i : -1;
    case PaddingRule::Replicate: return std::clamp<int64_t>(i, 0, size - 1);
    case PaddingRule::Reflect: return i < 0 ? -i : i >= size ? 2 * (size - 1) - i : i;
    case PaddingRule::Circular: break;
    }
    // What is cropped does not come back on the other side.
    const int64_t first = std::max<int64_t>(-before, 0);
    const int64_t kept = size - first - std::max<int64_t>(-after, 0);
    return first + ((i - first) % kept + kept) % kept;
}

kernels::SparseRows paddedRows(PaddingRule rule, int64_t size, int64_t before, int64_t after)
{
    kernels::SparseRows out(size);
    for (int64_t i = -before; i < size + after; ++i) {
        if (const int64_t source = sourceIndex(rule, i, size, before, after); source >= 0)
            out.add(source);
        out.endRow();
    }
    return out;
}

/// `grows`: whether there is padding anywhere that adds something; only where all of it crops may
/// nothing be left.
Result<int64_t> paddedSize(const Shape &shape, size_t dim, int64_t before, int64_t after,
                           PaddingRule rule, bool grows)
{
    const int64_t size = shape[dim];
    const int64_t most = std::max(before, after);
    const std::string where = " in dimension " + std::to_string(dim);
    if ((rule == PaddingRule::Reflect && most >= size)
        || (rule == PaddingRule::Circular && most > size)) {
        return Error(ErrorCategory::Shape, "padding_larger_than_input", "",
                     "input " + toString(shape) + " with padding " + std::to_string(most) + where,
                     rule == PaddingRule::Reflect
                             ? "padding smaller than the size, " + std::to_string(size)
                             : "padding of at most the size, " + std::to_string(size),
                     "pad less or use padding by a constant or by replication");
    }
    const int64_t out = size + before + after;
    if (out < 0 || (rule == PaddingRule::Constant ? grows && out == 0 : size == 0)) {
        return Error(ErrorCategory::Shape, "padding_removes_everything", "",
                     "input " + toString(shape) + " with padding " + std::to_string(before)
                             + " and " + std::to_string(after) + where,
                     rule == PaddingRule::Constant ? "a size that is not negative"
                                                   : "at least one element to repeat",
                     "crop less");
    }
    return out;
}

} // namespace

Result<Shape> paddedShape(const Shape &shape, const std::vector<int64_t> &padding, PaddingRule rule)
{
    if (padding.size() % 2 != 0) {
        return Error(ErrorCategory::Value, "odd_padding", "",
                     std::to_string(padding.size()) + " numbers",
                     "one before and one after each dimension");
    }
    const size_t dimensions = padding.size() / 2;
    // Constants go around anything; the other rules around the space of (N, C, ...) or (C, ...).
    const bool fits = rule == PaddingRule::Constant
            ? shape.size() >= dimensions
            : shape.size() == dimensions + 1 || shape.size() == dimensions + 2;
    if (!fits) {
        return Error(ErrorCategory::Shape, "dimension_count_mismatch", "",
                     "input " + toString(shape) + " with " + std::to_string(shape.size())
                             + " dimensions",
                     rule == PaddingRule::Constant
                             ? "at least " + std::to_string(dimensions) + " dimensions"
                             : std::to_string(dimensions + 1) + " or "
                                     + std::to_string(dimensions + 2) + " dimensions");
    }
    const bool repeats = rule == PaddingRule::Reflect || rule == PaddingRule::Replicate;
    for (size_t dim = shape.size() == dimensions + 2 ? 1 : 0; repeats && dim < shape.size();
         ++dim) {
        if (shape[dim] == 0) {
            return Error(ErrorCategory::Shape, "empty_input", "", "input " + toString(shape),
                         "at least one element in dimension " + std::to_string(dim));
        }
    }
    const bool grows = std::any_of(padding.begin(), padding.end(), [](int64_t p) { return p > 0; });
    Shape out = shape;
    for (size_t i = 0; i < dimensions; ++i) {
        const size_t dim = shape.size() - 1 - i;
        const Result<int64_t> size
                = paddedSize(shape, dim, padding[2 * i], padding[2 * i + 1], rule, grows);
        if (!size)
            return size.error();
        out[dim] = *size;
    }
    return out;
}

Tensor pad(const Tensor &x, const std::vector<int64_t> &padding, PaddingRule rule, double value)
{
    if (const Result<Shape> shape = paddedShape(x.shape(), padding, rule); !shape)
        throw shape.error().within("pad");
    if ((rule == PaddingRule::Reflect || rule == PaddingRule::Replicate)
        && !isDifferentiable(x.dtype())) {
        throw Error(ErrorCategory::DType, "dtype_not_supported", "pad", dtypeName(x.dtype()),
                    "a floating or complex type", "convert the input to float32");
    }
    Tensor out = x;
    for (size_t i = 0; i < padding.size() / 2; ++i) {
        const int64_t before = padding[2 * i];
        const int64_t after = padding[2 * i + 1];
        const size_t dim = x.shape().size() - 1 - i;
        if (before != 0 || after != 0) {
            out = resample("pad", out, dim,
                           std::make_shared<const Resampling>(
                                   paddedRows(rule, x.shape()[dim], before, after)),
                           value);
        }
    }
    return out;
}

} // namespace mrg
