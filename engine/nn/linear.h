// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/nn/Module.h"

namespace mrg {

/// y = x W^T + b over the last dimension (torch.nn.functional.linear), one matrix product each way.
///
/// **Shapes**: input (*, in), weight (out, in), bias (out) or undefined; result (*, out).
/// **Errors**: shape `matmul_error_inner_dimensions_do_not_match`, dtype `dtype_mismatch`.
Tensor linear(const Tensor &input, const Tensor &weight, const Tensor &bias);

/// torch.nn.Linear.
class Linear : public Module {
public:
    struct Options {
        int64_t in_features = 16;
        int64_t out_features = 16;
        bool bias = true;
    };
    explicit Linear(Options options);
    std::vector<Tensor> forward(std::span<const Tensor> inputs) override;

    Options options;
    Tensor weight;
    Tensor bias;

protected:
    void resetParameters(RandomStream &random) override;
};

/// torch.nn.Identity.
class Identity : public Module {
public:
    struct Options {};
    explicit Identity(Options) {}
    std::vector<Tensor> forward(std::span<const Tensor> inputs) override { return {inputs[0]}; }
};

} // namespace mrg
