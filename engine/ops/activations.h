// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Random.h"
#include "engine/tensor/Tensor.h"

namespace mrg {

// Functions of torch.nn.functional that torch itself does not have; see pointwise.h for the others.
// All are recorded with derivatives that are recorded themselves. **Errors**: dtype.

Tensor celu(const Tensor &x, double alpha = 1);
/// x between the bounds, else the bound; the gradient is 0 from the bounds on.
Tensor hardtanh(const Tensor &x, double low = -1, double high = 1);
/// 0 within lambd of 0, else x.
Tensor hardshrink(const Tensor &x, double lambd = 0.5);
/// 0 within lambd of 0, else x moved by lambd towards 0; NaN gives 0, as in PyTorch 1.
Tensor softshrink(const Tensor &x, double lambd = 0.5);
Tensor tanhshrink(const Tensor &x);
Tensor logSigmoid(const Tensor &x);
Tensor mish(const Tensor &x);
/// x above the threshold, else the value.
Tensor threshold(const Tensor &x, double threshold, double value);

/// x, below 0 times a weight: one for all or one a channel (dimension 1).
/// **Errors**: shape `size_mismatch`.
Tensor prelu(const Tensor &x, const Tensor &weight);
/// x, up to 0 times a slope: while training drawn from [lower, upper) for every element, else their
/// middle. `random` must outlive a captured step.
Tensor rrelu(const Tensor &x, double lower, double upper, bool training, RandomStream &random);

} // namespace mrg
