// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace mrg::kernels {

/// Where the matrices of a (batch, heads, length, size) stack lie; the last dimension is compact.
/// So heads need not be split apart in memory: they are steps along a row.
struct HeadStrides {
    int64_t batch = 0;
    int64_t head = 0;
    int64_t row = 0;
};
template <typename T> struct HeadView {
    T *data; ///< null: there is none
    HeadStrides strides;

    T *matrix(int64_t batch, int64_t head) const
    {
        return data + batch * strides.batch + head * strides.head;
    }
};

struct AttentionShape {
    int64_t batch = 1;
    int64_t heads = 1;
    int64_t queries = 1;
    int64_t keys = 1;
    int64_t size = 1; ///< of a query and of a key
    int64_t valueSize = 1;
    double scale = 1;
    /// Query i sees only the keys 0 to i.
    bool causal = false;

    int64_t matrices() const { return batch * heads; }
    /// Elements of the scores of all heads.
    int64_t scores() const { return matrices() * queries * keys; }
};

/// What is added to the scores; a stride of 0 repeats.
template <typename T> struct ScoreMask {
    const T *data; ///< null: nothing
    HeadStrides strides;
    int64_t columnStride;
};

/// out = softmax(scale q k^T + mask) v, head by head. `probabilities`, compact (batch, heads,
/// queries, keys), keeps the softmax for the way back; null: not kept. `factors` of the same shape
/// are those of dropout, null without. A query that may see nothing gives NaN, as in PyTorch.
template <typename T>
void attentionForward(const AttentionShape &shape, HeadView<const T> q, HeadView<const T> k,
                      HeadView<const T> v, ScoreMask<T> mask, T *probabilities, const T *factors,
                      HeadView<T> out);

template <typename T> struct AttentionGradients {
    HeadView<T> q; ///< views without data are not wanted
    HeadView<T> k;
    HeadView<T> v;
    T *scores; ///< of what was added to the scores, compact; null: not wanted
};

/// The way back from the gradient of out and, unless null, that of the probabilities after dropout.
template <typename T>
void attentionBackward(const AttentionShape &shape, HeadView<const T> q, HeadView<const T> k,
                       HeadView<const T> v, const T *probabilities, const T *factors,
                       HeadView<const T> outGradient, const T *weightGradient,
                       AttentionGradients<T> gradients);

} // namespace mrg::kernels
