// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/spec/Spec.h"
#include "engine/tensor/Tensor.h"

namespace mrg {

// torch's pointwise functions. Two tensors are broadcast to a common shape and promoted to a common
// type; throws Error (shape, `broadcast_error_incompatible_dimensions`). Recorded on the tape with
// derivatives that are themselves recorded, so gradients of gradients work.

Tensor add(const Tensor &a, const Tensor &b, double alpha = 1); ///< a + alpha b
Tensor sub(const Tensor &a, const Tensor &b);
Tensor mul(const Tensor &a, const Tensor &b);
Tensor div(const Tensor &a, const Tensor &b); ///< true division; int64 gives float32

Tensor neg(const Tensor &x);
Tensor conj(const Tensor &x); ///< itself, if it is real
Tensor exp(const Tensor &x);
Tensor log(const Tensor &x);
Tensor sqrt(const Tensor &x);
Tensor abs(const Tensor &x);
Tensor tanh(const Tensor &x);
Tensor sigmoid(const Tensor &x);
Tensor relu(const Tensor &x);
Tensor square(const Tensor &x);
Tensor sin(const Tensor &x);
Tensor cos(const Tensor &x);
/// x^exponent for a number.
Tensor pow(const Tensor &x, double exponent);
Tensor mul(const Tensor &x, double factor);
Tensor add(const Tensor &x, double summand);

inline Tensor operator+(const Tensor &a, const Tensor &b) { return add(a, b); }
inline Tensor operator-(const Tensor &a, const Tensor &b) { return sub(a, b); }
inline Tensor operator*(const Tensor &a, const Tensor &b) { return mul(a, b); }
inline Tensor operator/(const Tensor &a, const Tensor &b) { return div(a, b); }
inline Tensor operator-(const Tensor &x) { return neg(x); }


} // namespace mrg
