// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/autograd/gradcheck.h"

#include <optional>

namespace mrg {

/// Which dimension of an input is mapped over; nothing: the input goes to every call as it is.
using MappedDim = std::optional<int64_t>;

/// A function applied to the entries of a dimension of its inputs, one by one, its results joined
/// along a new dimension (torch.vmap). Gradients flow through it as through the function.
///
///     vmap([](Inputs in) { return Outputs{dot(in[0], in[1])}; })({a, b})  // (N, C), (N, C) -> (N)
///
/// `inDims` has one entry for all inputs, or one each; `outDims` one for all outputs, or one each.
/// A function that draws random numbers draws others for every entry.
/// **Errors**: value `nothing_to_map` where no input is mapped or the dimension is empty,
/// `wrong_argument` for a wrong number of dims; shape `size_mismatch` where mapped sizes differ.
TensorFunction vmap(TensorFunction function, std::vector<MappedDim> inDims = {0},
                    std::vector<int64_t> outDims = {0});

} // namespace mrg
