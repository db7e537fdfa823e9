// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/kernels/normalization.h"
#include "engine/tensor/Tensor.h"

#include <functional>

namespace mrg {

using kernels::NormalizationLayout;

/// What normalizing() is given besides the input.
struct Normalization {
    NormalizationLayout layout;
    double eps = 1e-5;
    bool centred = true; ///< false: by the root of the mean square alone (RMSNorm)
    /// Given: one mean and variance a period index instead of the sets' own.
    Tensor mean;
    Tensor variance;
    /// Called in a launched kernel with the sets' own mean and biased variance (running
    /// statistics).
    std::function<void(const void *mean, const void *variance)> observe;
};

/// y = (x - mean) / sqrt(variance + eps) * weight + bias, where weight and bias (each may be
/// undefined) hold layout.weights() elements: batch, instance, group, layer and RMS normalisation
/// alike. Recorded; its derivative can be differentiated again.
/// **Errors**: dtype `dtype_mismatch`.
Tensor normalizing(const char *name, const Tensor &x, const Tensor &weight, const Tensor &bias,
                   const Normalization &how);

/// x / (k + alpha / size * sum of x^2 over `size` channels around)^beta, channels in dimension 1.
/// **Source**: Krizhevsky, Sutskever and Hinton, NeurIPS 2012;
/// torch.nn.functional.local_response_norm.
Tensor localResponseNorm(const Tensor &x, int64_t size, double alpha, double beta, double k);

} // namespace mrg
