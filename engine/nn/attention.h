// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/nn/linear.h"
#include "engine/spec/Spec.h"

#include <optional>

namespace mrg {

/// torch.nn.MultiheadAttention: queries, keys and values are projected, each head attends to its
/// share of them, and a last layer joins the heads.
///
/// **Shapes**: query (L, N, embed_dim), key (S, N, kdim), value (S, N, vdim), with N first if
/// batch_first, or without N; key_padding_mask (N, S) or (S); attn_mask (L, S) or (N * num_heads,
/// L, S). Output as the query; weights (N, L, S), (N, num_heads, L, S) if not averaged, or none. A
/// true in a bool mask forbids; a floating mask is added to the scores.
/// **Errors**: shape `dimension_count_mismatch`, `size_mismatch`; dtype; value
/// `causal_without_mask`.
class MultiheadAttention : public Module {
public:
    struct Options {
        int64_t embed_dim = 16;
        int64_t num_heads = 4;
        double dropout = 0;
        bool bias = true;
        bool add_bias_kv = false;
        bool add_zero_attn = false;
        std::optional<int64_t> kdim;
        std::optional<int64_t> vdim;
        bool batch_first = false;
    };
    /// What forward takes besides tensors.
    struct ForwardOptions {
        bool need_weights = true;
        bool average_attn_weights = true;
        bool is_causal = false;
    };
    struct Masks {
        Tensor key_padding_mask;
        Tensor attn_mask;
    };
    explicit MultiheadAttention(Options options);

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override;
    std::vector<Tensor> forward(std::span<const Tensor> inputs, const Arguments &keywords) override;
    /// Output and weights; the weights are undefined unless asked for.
    std::vector<Tensor> attend(const Tensor &query, const Tensor &key, const Tensor &value,
                               const Masks &masks, const ForwardOptions &how);

    const Options options;

protected:
    void resetParameters(RandomStream &random) override;
    /// The output projection starts without an offset.
    void resetDescendants(RandomStream &random) override;

private:
    bool joint() const;
    Tensor projectionWeight(int64_t part) const;
    Tensor projectionBias(int64_t part, int64_t parts) const;
    Tensor appended(const Tensor &projected, const Tensor &bias, int64_t dim) const;
    Tensor scoreMask(const Masks &masks, int64_t batch, int64_t queries, int64_t keys,
                     DType dtype) const;

    Tensor m_inWeight; ///< (3 embed_dim, embed_dim), where all three have that size
    Tensor m_queryWeight;
    Tensor m_keyWeight;
    Tensor m_valueWeight;
    Tensor m_inBias;
    Tensor m_keyBias;
    Tensor m_valueBias;
    std::shared_ptr<Linear> m_out;
};

/// Shapes of output and weights for those of query, key, value and, leftOut where there are none,
/// key_padding_mask and attn_mask.
Result<Shapes> inferAttention(const MultiheadAttention::Options &options, const Shapes &inputs);

} // namespace mrg
