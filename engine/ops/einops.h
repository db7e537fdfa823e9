// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/Tensor.h"

#include <map>
#include <span>
#include <string>

namespace mrg {

/// Sizes of named axes that shapes alone do not tell.
using AxisSizes = std::map<std::string, int64_t>;

/// What an einops pattern ("b (h p) -> b h") does to one shape: split, reduce, reorder, repeat,
/// join.
struct EinopsPlan {
    Shape split; ///< every axis of the left side as a dimension
    std::vector<int64_t> reduced; ///< dimensions of `split` that go
    std::vector<int64_t> order; ///< of the dimensions that stay
    /// Size of each axis of the right side, and whether it is new (repeated).
    Shape apart;
    std::vector<bool> repeated;
    Shape shape; ///< the result's
};
enum class EinopsKind { Rearrange, Reduce, Repeat };
/// **Errors**: value `einops_error_invalid_pattern`, `einops_error_undefined_axis`,
/// `einops_error_ambiguous_decomposition`, `einops_error_anonymous_in_output`,
/// `einops_error_reduce_undefined_output`, `einops_error_repeat_missing_size`; shape
/// `einops_error_dimension_mismatch`.
EinopsPlan planEinops(EinopsKind kind, const std::string &pattern, const AxisSizes &axes,
                      const Shape &shape);

/// **Source**: einops (Rogozhnikov 2022), https://einops.rocks. Recorded.
Tensor rearrange(const Tensor &x, const std::string &pattern, const AxisSizes &axes = {});
enum class EinopsReduction { Mean, Max, Min, Sum, Prod, Any, All };
Tensor reduce(const Tensor &x, const std::string &pattern, EinopsReduction reduction,
              const AxisSizes &axes = {});
Tensor repeat(const Tensor &x, const std::string &pattern, const AxisSizes &axes = {});

/// Tensors joined along the dimension that stands for `*` in a pattern ("b *"), and the shapes of
/// what stood there.
struct Packed {
    Tensor tensor;
    Shapes shapes;
};
Packed pack(std::span<const Tensor> tensors, const std::string &pattern);
std::vector<Tensor> unpack(const Tensor &x, const Shapes &shapes, const std::string &pattern);
/// The shapes that they give.
Shape packShape(const Shapes &shapes, const std::string &pattern);
Shapes unpackShapes(const Shape &shape, const Shapes &shapes, const std::string &pattern);

} // namespace mrg
