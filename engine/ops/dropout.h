// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Random.h"
#include "engine/tensor/Tensor.h"

namespace mrg {

/// What dropout multiplies by: 0 with probability p, else 1 / (1 - p). One draw an element;
/// `random` must outlive a captured step.
Tensor dropoutFactors(const Shape &shape, DType dtype, double p, RandomStream &random);

/// While training, keeps an element with probability 1 - p and scales it by 1 / (1 - p); else
/// passes everything (torch.nn.functional.dropout).
/// **Source**: Srivastava et al., JMLR 15, 2014.
Tensor dropout(const Tensor &input, double p, bool training, RandomStream &random);

/// The same with one draw for all elements that share one of the mask, a shape that broadcasts to
/// the input's.
Tensor featureDropout(const Tensor &input, const Shape &mask, double p, RandomStream &random);

/// Sets dropped elements to the lowest value of SELU, then scales and shifts all so that mean 0 and
/// variance 1 stay.
/// **Source**: Klambauer et al., "Self-normalizing neural networks", NeurIPS 2017.
Tensor alphaDropout(const Tensor &input, const Shape &mask, double p, RandomStream &random);

} // namespace mrg
