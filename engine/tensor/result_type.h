// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/Tensor.h"

#include <span>

namespace mrg {

/// The type in which these tensors meet (torch.result_type): tensors with dimensions decide before
/// 0-d ones, and those before plain numbers, unless the latter are of a higher kind
/// (bool < integer < floating < complex). Undefined tensors are passed over.
/// **Source**: PyTorch, c10 TypeProperties.cpp, result_type().
DType resultType(std::initializer_list<const Tensor *> tensors);
DType resultType(std::span<const Tensor> tensors);

} // namespace mrg
