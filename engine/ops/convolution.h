// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/Tensor.h"

namespace mrg {

/// How filters slide over 1 to 3 spatial dimensions; one number a dimension.
struct Sliding {
    std::vector<int64_t> stride;
    std::vector<int64_t> before; ///< zeros put before each dimension
    std::vector<int64_t> after; ///< and behind it
    std::vector<int64_t> dilation;
    int64_t groups = 1;
};

/// Cross-correlation of input (N, C, ...) with weight (O, C / groups, kernel...), plus bias (O) if
/// it is defined: torch.nn.functional.conv1d, conv2d and conv3d. Gradients of every order are
/// recorded. The caller answers for the sizes.
Tensor convolution(const Tensor &input, const Tensor &weight, const Tensor &bias,
                   const Sliding &sliding);

/// Its transpose by the input, which makes input (N, O, ...) into (N, C, size...):
/// torch.nn.functional.conv_transpose1d, 2d and 3d. `size` must be one from which convolution()
/// with this weight comes back to input's size; bias is (C).
Tensor transposedConvolution(const Tensor &input, const Tensor &weight, const Tensor &bias,
                             const Sliding &sliding, const std::vector<int64_t> &size);

} // namespace mrg
