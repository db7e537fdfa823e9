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
    /// One whose in_features its first input tells.
    struct Lazy { };
    Linear(Options options, Lazy);
    void resetParameters(RandomStream &random) override;
    void initializeParameters(const std::vector<Shape> &inputs) override;
};

/// torch.nn.LazyLinear: a Linear that takes in_features from its first input.
class LazyLinear : public Linear {
public:
    struct Options {
        int64_t out_features = 16;
        bool bias = true;
    };
    explicit LazyLinear(Options lazy)
        : Linear({.in_features = 0, .out_features = lazy.out_features, .bias = lazy.bias}, Lazy())
    {
    }
};

/// torch.nn.Bilinear: y_k = x1^T W_k x2 + b_k over the last dimensions.
///
/// **Shapes**: input1 (*, in1_features), input2 (*, in2_features), output (*, out_features).
/// **Errors**: shape `size_mismatch`.
class Bilinear : public Module {
public:
    struct Options {
        int64_t in1_features = 16;
        int64_t in2_features = 16;
        int64_t out_features = 16;
        bool bias = true;
    };
    explicit Bilinear(Options options);
    std::vector<Tensor> forward(std::span<const Tensor> inputs) override;

    Options options;
    Tensor weight;
    Tensor bias;

protected:
    void resetParameters(RandomStream &random) override;
};

} // namespace mrg
