// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/nn/Module.h"

#include <optional>

namespace mrg {

/// torch.nn.Embedding: a table of rows looked up by index.
///
/// **Shapes**: input (*) int64 or int32, output (*, embedding_dim).
/// **Errors**: index `index_out_of_range`, dtype `dtype_not_supported`.
class Embedding : public Module {
public:
    struct Options {
        int64_t num_embeddings = 100;
        int64_t embedding_dim = 16;
        std::optional<int64_t> padding_idx;
        std::optional<double> max_norm;
        double norm_type = 2.0;
        bool scale_grad_by_freq = false;
        bool sparse = false;
    };
    explicit Embedding(Options options);
    std::vector<Tensor> forward(std::span<const Tensor> inputs) override;

    Options options;
    Tensor weight;

protected:
    void resetParameters(RandomStream &random) override;

private:
    void renormalize(const std::vector<int64_t> &rows);
};

} // namespace mrg
