// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/FunctionRef.h"
#include "engine/core/Result.h"
#include "engine/tensor/Tensor.h"

#include <optional>
#include <span>
#include <vector>

namespace mrg {

/// What is known of a tensor without its elements.
struct TensorOutline {
    Shape shape;
    DType dtype = DType::Float32;
};
/// Nothing for a tensor that is left out.
using TensorOutlines = std::vector<std::optional<TensorOutline>>;

/// What comes out of a call for inputs of these shapes and types, found by making the call with
/// its kernels left out: it costs no more than the bookkeeping, whatever the sizes, draws no random
/// number and records nothing.
///
/// **Errors**: what the call complains about, as far as it does not look at elements;
/// state `elements_needed` where its course depends on them or the memory can't be had.
Result<TensorOutlines>
outlineOfCall(FunctionRef<std::vector<Tensor>(std::span<const Tensor> inputs)> call,
              const TensorOutlines &inputs);

/// Whether a call could not be outlined, which says nothing about whether it is right.
inline bool isUnknown(const Error &error) { return error.kind == "elements_needed"; }

} // namespace mrg
