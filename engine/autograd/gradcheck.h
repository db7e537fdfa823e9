// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/Tensor.h"

#include <functional>
#include <span>

namespace mrg {

/// Tensors made of tensors.
using TensorFunction = std::function<std::vector<Tensor>(std::span<const Tensor> inputs)>;

struct GradcheckOptions {
    double eps = 1e-6; ///< half the distance of the two points of a difference
    double atol = 1e-5; ///< allowed difference, absolute
    double rtol = 1e-3; ///< and relative to the numeric value
};

/// Compares the gradients that backward gives with central finite differences, for every element of
/// every floating output and of every input that asks for a gradient (torch.autograd.gradcheck).
///
/// The inputs are shifted in place and put back, so a function may also use them behind its
/// arguments' back. That is how the parameters of a module are checked:
///
///     std::vector<Tensor> inputs{x};
///     for (const Tensor &parameter : module->parameters())
///         inputs.push_back(parameter);
///     const Result<void> right = gradcheck(
///             [&](std::span<const Tensor> in) { return module->forward(in.first(1)); }, inputs);
///
/// Where a function has a kink within eps of a value the difference means nothing: choose other
/// inputs.
///
/// **Errors**: value `gradient_mismatch` naming output, input, element and both values; value
/// `gradient_missing` if no gradient flows to an input that the outputs depend on; shape
/// `gradient_shape_mismatch`; dtype `gradient_dtype_mismatch`; value `function_not_repeatable` if
/// two calls differ; dtype `gradcheck_needs_float64` and value `overlapping_memory` for inputs that
/// can't be checked; value `nothing_to_check` if no input asks for a gradient.
/// **Source**: PyTorch, torch/autograd/gradcheck.py.
Result<void> gradcheck(const TensorFunction &function, const std::vector<Tensor> &inputs,
                       GradcheckOptions options = {});

/// The same for the gradients, made with create_graph: that the derivatives of derivatives are
/// right (torch.autograd.gradgradcheck). Cotangents of the outputs are drawn and checked as inputs
/// too.
/// **Errors**: those of gradcheck(); state `double_backward_not_supported`.
Result<void> gradgradcheck(const TensorFunction &function, const std::vector<Tensor> &inputs,
                           GradcheckOptions options = {});

} // namespace mrg
