// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Random.h"
#include "engine/kernels/attention.h"
#include "engine/tensor/Tensor.h"

#include <optional>
#include <span>

namespace mrg {

/// softmax(q k^T scale + mask) v (torch.nn.functional.scaled_dot_product_attention).
///
/// **Shapes**: query (..., L, E), key (..., S, E), value (..., S, Ev), mask broadcastable to
/// (..., L, S); result (..., L, Ev).
/// `mask`: bool, true where a query may see a key, or floating, added to the scores. `causal`:
/// query i sees keys 0 to i; not together with a mask. `scale` is 1 / sqrt(E) unless given.
/// `random` is needed where dropout is not 0.
/// **Errors**: shape `size_mismatch`, `broadcast_error_incompatible_dimensions`; dtype
/// `dtype_mismatch`; value `mask_and_causal`.
struct AttentionOptions {
    double dropout = 0;
    bool causal = false;
    std::optional<double> scale = {};
    RandomStream *random = nullptr;
};
Tensor scaledDotProductAttention(const Tensor &query, const Tensor &key, const Tensor &value,
                                 const Tensor &mask = {}, const AttentionOptions &options = {});

/// A mask as it is added to scores of type `dtype`: -inf where a bool one forbids.
enum class MaskMeaning { TrueAllows, TrueForbids };
Tensor additiveMask(const Tensor &mask, MaskMeaning meaning, DType dtype);

/// Where in which of the sources queries, keys or values lie.
struct HeadPlacement {
    size_t source = 0;
    int64_t offset = 0;
    kernels::HeadStrides strides;
};
/// Attention of several heads side by side, whose queries, keys and values lie in the rows of one
/// to three compact tensors (as a joint projection leaves them), so that nothing is copied.
struct HeadsProblem {
    kernels::AttentionShape shape;
    HeadPlacement query, key, value;
    Shape outputShape;
    kernels::HeadStrides output;
    double dropout = 0;
    RandomStream *random = nullptr;
    bool needWeights = false;
};
struct HeadsResult {
    Tensor output;
    Tensor weights; ///< (batch, heads, queries, keys) after dropout; undefined unless asked for
};
/// The sources must be covered wholly by their placements, as their gradients are. `mask` is
/// floating and broadcastable to (batch, heads, queries, keys), or undefined.
HeadsResult attendHeads(const HeadsProblem &problem, std::span<const Tensor> sources,
                        const Tensor &mask);

} // namespace mrg
