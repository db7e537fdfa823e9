// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/kernels/windows.h"
#include "engine/spec/Spec.h"

#include <utility>

namespace mrg {

// What the families over 1, 2 and 3 spatial dimensions share. `dimensions` is that number; sizes
// and lists are given for three dimensions, of which the last ones are taken.

/// "Conv2d" for "Conv" and 2.
std::string spatialName(const char *family, size_t dimensions);

/// A port over (N, channels, space) or (channels, space): "N C H W | C H W". `suffix` tells sizes
/// that are not the input's: "_out".
Port spatialPort(const char *name, const std::string &channels, size_t dimensions,
                 const std::string &suffix = "");
/// The shape leading + the last sizes: for samples.
Shape spatialShape(Shape leading, const Shape &sizes, size_t dimensions);
/// The last numbers, as the value of an argument: for samples.
Value spatialValue(const ValueList &numbers, size_t dimensions);

/// That a shape is (N, C, space) or (C, space). Error (shape, `dimension_count_mismatch`).
Result<void> checkSpatialRank(const Shape &shape, size_t dimensions);
/// That no size of such a shape is 0 but the batch's. Error (shape, `empty_input`).
Result<void> checkNotEmpty(const Shape &shape, size_t dimensions);

/// That an argument has one value or one a dimension. Error (value, `wrong_number_of_sizes`).
template <typename T> Result<void> checkCount(const OneOrList<T> &values, size_t dimensions)
{
    if (values.values.size() == 1 || values.values.size() == dimensions)
        return {};
    return Error(ErrorCategory::Value, "wrong_number_of_sizes", "",
                 ValueTraits<OneOrList<T>>::to(values).toString(),
                 dimensions == 1 ? "one number" : "one number or " + std::to_string(dimensions));
}
/// The first refusal of checkCount() for several arguments.
template <typename... T> Result<void> checkCounts(size_t dimensions, const T &...values)
{
    Result<void> out;
    ((out = out ? checkCount(values, dimensions) : out), ...);
    return out;
}

/// One number a dimension.
std::vector<int64_t> numbersOf(const IntOrList &values, size_t dimensions);
/// The same as extents; `rest` for the dimensions that are not there.
kernels::Extents extentsOf(const IntOrList &values, size_t dimensions, int64_t rest = 1);

/// The shapes that an infer function gave, for use in forward; throws its Error within `where`.
Shapes inferred(const std::string &where, Result<Shapes> shapes);

/// `x` with a batch dimension of 1 in front if it has none (recorded), and whether it had none.
std::pair<Tensor, bool> batched(const Tensor &x, size_t dimensions);
/// `y` without that dimension again.
Tensor unbatched(const Tensor &y);

/// What forward of transposed convolutions and unpooling takes besides tensors: the size wanted
/// among those that the input's size leaves open, with or without batch and channels.
struct OutputSizeKeyword {
    std::optional<std::vector<int64_t>> output_size;
};
std::vector<Arg> outputSizeArgs();
/// Its value among the keyword arguments of forward. Throws Error (value).
std::optional<std::vector<int64_t>> outputSizeOf(const Arguments &keywords,
                                                 const std::string &where);

/// Output size of a window sliding over one dimension; with ceilMode rounded up, but a last window
/// that would start in the right padding is dropped. Below 1 if the window does not fit.
int64_t pooledSize(int64_t size, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation,
                   bool ceilMode);

} // namespace mrg
