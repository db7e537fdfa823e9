// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/nn/Module.h"
#include "engine/ops/embedding.h"
#include "engine/spec/Value.h"

#include <optional>

namespace mrg {

template <> struct EnumTexts<BagMode> {
    static constexpr std::array texts{std::pair{BagMode::Sum, "sum"},
                                      std::pair{BagMode::Mean, "mean"},
                                      std::pair{BagMode::Max, "max"}};
};

/// What Embedding and EmbeddingBag share: a table, one row of which may stand for padding, and rows
/// that are shortened when they are looked up.
class EmbeddingTable : public Module {
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
    Tensor weight;

protected:
    /// Draws the table, or takes a given one (which shares memory), trained unless `freeze`.
    EmbeddingTable(Options options, const Tensor &table, bool freeze);
    void resetParameters(RandomStream &random) override;
    /// Shortens the rows of these indices, if they are to be.
    void renormalize(const Tensor &indices);
    EmbeddingGradient gradient() const
    {
        return {m_options.padding_idx, m_options.scale_grad_by_freq};
    }

private:
    Options m_options;
};

/// torch.nn.Embedding: a table of rows looked up by index.
///
/// **Shapes**: input (*) int64 or int32, output (*, embedding_dim).
/// **Errors**: index `index_out_of_range`, dtype `dtype_not_supported`.
class Embedding : public EmbeddingTable {
public:
    using Options = EmbeddingTable::Options;
    explicit Embedding(Options options_) : Embedding(options_, {}, false) { }
    /// from_pretrained().
    Embedding(Options options_, const Tensor &table, bool freeze)
        : EmbeddingTable(options_, table, freeze),
          options(options_)
    {
    }
    std::vector<Tensor> forward(std::span<const Tensor> inputs) override;

    const Options options;
};

/// torch.nn.EmbeddingBag: sums, means or largest elements of the rows of bags of indices.
///
/// **Shapes**: input (B, N), or (N) with offsets (B); per_sample_weights as the input; output
/// (B, embedding_dim).
/// **Errors**: see embeddingBag().
class EmbeddingBag : public EmbeddingTable {
public:
    struct Options : EmbeddingTable::Options {
        BagMode mode = BagMode::Mean;
        bool include_last_offset = false;
    };
    explicit EmbeddingBag(Options options_) : EmbeddingBag(options_, {}, false) { }
    EmbeddingBag(Options options_, const Tensor &table, bool freeze);
    std::vector<Tensor> forward(std::span<const Tensor> inputs) override;

    const Options options;
};

} // namespace mrg
