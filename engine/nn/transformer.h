// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/nn/attention.h"
#include "engine/spec/Registry.h"

#include <variant>

namespace mrg {

/// The activations that torch knows by name in its transformer layers.
enum class TransformerActivation { Relu, Gelu };
template <> struct EnumTexts<TransformerActivation> {
    static constexpr std::array texts{std::pair{TransformerActivation::Relu, "relu"},
                                      std::pair{TransformerActivation::Gelu, "gelu"}};
};

/// The options that layers and whole transformers share.
struct TransformerOptions {
    int64_t d_model = 512;
    int64_t nhead = 8;
    int64_t num_encoder_layers = 6;
    int64_t num_decoder_layers = 6;
    int64_t dim_feedforward = 2048;
    double dropout = 0.1;
    std::variant<TransformerActivation, FunctionValue> activation = TransformerActivation::Relu;
    double layer_norm_eps = 1e-5;
    bool batch_first = false;
    bool norm_first = false;
    bool bias = true;
};

/// Masks of a sequence; see MultiheadAttention.
using SequenceMasks = MultiheadAttention::Masks;

/// What TransformerEncoderLayer and TransformerDecoderLayer share: an attention of the sequence to
/// itself, in a decoder one to the encoder's memory, and a feed-forward part, each with a residual
/// and a layer norm after it or, with norm_first, before it.
class TransformerLayer : public Module {
public:
    using Options = TransformerOptions;

    const Options options;

protected:
    TransformerLayer(const Options &options, const Registry &registry, bool decoder);
    Tensor run(Tensor x, const SequenceMasks &masks, bool causal, const Tensor &memory = {},
               const SequenceMasks &memoryMasks = {}, bool memoryCausal = false);

private:
    using Block = std::function<Tensor(const Tensor &)>;
    Tensor residual(size_t number, const Tensor &x, const Block &block);
    Tensor attend(MultiheadAttention &attention, const Tensor &x, const Tensor &memory,
                  const SequenceMasks &masks, bool causal);
    Tensor feedForward(const Tensor &x);

    std::shared_ptr<MultiheadAttention> m_selfAttention;
    std::shared_ptr<MultiheadAttention> m_memoryAttention; ///< null in an encoder
    std::shared_ptr<Module> m_first;
    std::shared_ptr<Module> m_inner; ///< dropout inside the feed-forward part
    std::shared_ptr<Module> m_second;
    std::vector<std::shared_ptr<Module>> m_norms;
    std::vector<std::shared_ptr<Module>> m_dropouts;
    Block m_activation;
};

/// Arguments of a layer; `required`: without defaults for d_model and nhead, as the layers have
/// them.
std::vector<Arg> transformerArgs(bool required);
Result<void> validateTransformer(const TransformerOptions &options);
/// An optional port for a mask.
Port maskPort(const char *name);

} // namespace mrg
