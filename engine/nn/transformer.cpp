// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/transformer.h"

#include "engine/nn/families.h"
#include "engine/ops/pointwise.h"

namespace mrg {

namespace {

using Options = TransformerOptions;

MultiheadAttention::Options attentionOptions(const Options &o)
{
    return {.embed_dim = o.d_model,
            .num_heads = o.nhead,
            .dropout = o.dropout,
            .bias = o.bias,
            .batch_first = o.batch_first};
}

std::shared_ptr<MultiheadAttention> makeAttention(const Options &o)
{
    const auto attention = std::make_shared<MultiheadAttention>(attentionOptions(o));
    attention->setTypeName("MultiheadAttention");
    return attention;
}

Tensor only(std::vector<Tensor> outputs) { return std::move(outputs.front()); }

} // namespace

TransformerLayer::TransformerLayer(const Options &options_, const Registry &registry, bool decoder)
    : options(options_)
{
    const auto add = [&](const std::string &name, const ModuleDescription &description) {
        std::shared_ptr<Module> child = registry.make(description);
        registerModule(name, child);
        return child;
    };
    const auto addLinear = [&](const std::string &name, int64_t in, int64_t out) {
        return add(
                name,
                {"Linear", {{"in_features", in}, {"out_features", out}, {"bias", options.bias}}});
    };
    const ModuleDescription dropoutModule{"Dropout", {{"p", options.dropout}}};
    const ModuleDescription norm{"LayerNorm",
                                 {{"normalized_shape", options.d_model},
                                  {"eps", options.layer_norm_eps},
                                  {"bias", options.bias}}};
    m_selfAttention = makeAttention(options);
    registerModule("self_attn", m_selfAttention);
    if (decoder) {
        m_memoryAttention = makeAttention(options);
        registerModule("multihead_attn", m_memoryAttention);
    }
    m_first = addLinear("linear1", options.d_model, options.dim_feedforward);
    m_inner = add("dropout", dropoutModule);
    m_second = addLinear("linear2", options.dim_feedforward, options.d_model);
    const size_t parts = decoder ? 3 : 2;
    for (size_t i = 1; i <= parts; ++i)
        m_norms.push_back(add("norm" + std::to_string(i), norm));
    for (size_t i = 1; i <= parts; ++i)
        m_dropouts.push_back(add("dropout" + std::to_string(i), dropoutModule));
    if (const auto *named = std::get_if<TransformerActivation>(&options.activation)) {
        const char *name = *named == TransformerActivation::Relu ? "ReLU" : "GELU";
        m_activation
                = [module = registry.make({name, {}})](const Tensor &x) { return (*module)(x); };
    } else {
        m_activation = [own = std::get<FunctionValue>(options.activation)](const Tensor &x) {
            return own.call({&x, 1});
        };
    }
    initialize(RandomStream());
}

Tensor TransformerLayer::residual(size_t number, const Tensor &x, const Block &block)
{
    Module &norm = *m_norms[number];
    Module &dropout = *m_dropouts[number];
    if (options.norm_first)
        return add(x, dropout(block(norm(x))));
    return norm(add(x, dropout(block(x))));
}

Tensor TransformerLayer::attend(MultiheadAttention &attention, const Tensor &x,
                                const Tensor &memory, const SequenceMasks &masks, bool causal)
{
    return only(attention.attend(x, memory, memory, masks,
                                 {.need_weights = false, .is_causal = causal}));
}

Tensor TransformerLayer::feedForward(const Tensor &x)
{
    return (*m_second)((*m_inner)(m_activation((*m_first)(x))));
}

Tensor TransformerLayer::run(Tensor x, const SequenceMasks &masks, bool causal,
                             const Tensor &memory, const SequenceMasks &memoryMasks,
                             bool memoryCausal)
{
    size_t number = 0;
    x = residual(number++, x,
                 [&](const Tensor &y) { return attend(*m_selfAttention, y, y, masks, causal); });
    if (m_memoryAttention) {
        x = residual(number++, x, [&](const Tensor &y) {
            return attend(*m_memoryAttention, y, memory, memoryMasks, memoryCausal);
        });
    }
    return residual(number, x, [&](const Tensor &y) { return feedForward(y); });
}

namespace {

struct EncoderLayerForward {
    bool is_causal = false;
};

/// torch.nn.TransformerEncoderLayer: inputs src, src_mask, src_key_padding_mask.
class TransformerEncoderLayer : public TransformerLayer {
public:
    TransformerEncoderLayer(const Options &o, const Registry &registry)
        : TransformerLayer(o, registry, false)
    {
    }
    static std::vector<Arg> forwardArgs()
    {
        return {arg("is_causal", &EncoderLayerForward::is_causal,
                    "Says that src_mask is the causal one.")};
    }
    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        return forward(inputs, {});
    }
    std::vector<Tensor> forward(std::span<const Tensor> inputs, const Arguments &keywords) override
    {
        const auto how = makeOptions<EncoderLayerForward>(forwardArgs(), keywords,
                                                          "TransformerEncoderLayer")
                                 .value();
        return {run(inputs[0], {inputAt(inputs, 2), inputAt(inputs, 1)}, how.is_causal)};
    }
};

struct DecoderLayerForward {
    bool tgt_is_causal = false;
    bool memory_is_causal = false;
};

/// torch.nn.TransformerDecoderLayer: inputs tgt, memory, tgt_mask, memory_mask,
/// tgt_key_padding_mask, memory_key_padding_mask.
class TransformerDecoderLayer : public TransformerLayer {
public:
    TransformerDecoderLayer(const Options &o, const Registry &registry)
        : TransformerLayer(o, registry, true)
    {
    }
    static std::vector<Arg> forwardArgs()
    {
        using F = DecoderLayerForward;
        return {arg("tgt_is_causal", &F::tgt_is_causal, "Says that tgt_mask is the causal one."),
                arg("memory_is_causal", &F::memory_is_causal,
                    "Says that memory_mask is the causal one.")};
    }
    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        return forward(inputs, {});
    }
    std::vector<Tensor> forward(std::span<const Tensor> inputs, const Arguments &keywords) override
    {
        const auto how = makeOptions<DecoderLayerForward>(forwardArgs(), keywords,
                                                          "TransformerDecoderLayer")
                                 .value();
        return {run(inputs[0], {inputAt(inputs, 4), inputAt(inputs, 2)}, how.tgt_is_causal,
                    inputs[1], {inputAt(inputs, 5), inputAt(inputs, 3)}, how.memory_is_causal)};
    }
};

Shape shapeAt(const Shapes &in, size_t i) { return i < in.size() ? in[i] : leftOut; }

Result<Shapes> inferLayer(const Options &o, const Shapes &in, bool decoder)
{
    const MultiheadAttention::Options attention = attentionOptions(o);
    const Shape &x = in[0];
    const Shape mask = shapeAt(in, decoder ? 2 : 1);
    const Shape padding = shapeAt(in, decoder ? 4 : 2);
    Result<Shapes> out = inferAttention(attention, {x, x, x, padding, mask});
    if (out && decoder)
        out = inferAttention(attention, {x, in[1], in[1], shapeAt(in, 5), shapeAt(in, 3)});
    return out ? Shapes{x} : out;
}

} // namespace

Result<void> validateTransformer(const TransformerOptions &o)
{
    if (o.d_model % o.nhead == 0)
        return {};
    return Error(ErrorCategory::Value, "embed_dim_not_divisible", "",
                 "d_model " + std::to_string(o.d_model),
                 "a multiple of nhead " + std::to_string(o.nhead));
}

std::vector<Arg> transformerArgs(bool required)
{
    using O = Options;
    const auto size = [required](const char *name, int64_t O::*member, const char *summary) {
        return required ? requiredArg(name, member, summary, atLeast(1))
                        : arg(name, member, summary, atLeast(1));
    };
    return {size("d_model", &O::d_model, "Size of every element of the sequence."),
            size("nhead", &O::nhead, "Attention heads."),
            arg("dim_feedforward", &O::dim_feedforward, "Size inside the feed-forward part.",
                atLeast(0)),
            arg("dropout", &O::dropout, "Dropout of every part.", between(0, 1)),
            arg("activation", &O::activation, "Of the feed-forward part: relu, gelu or a function.",
                oneOf("relu", "gelu")),
            arg("layer_norm_eps", &O::layer_norm_eps, "Added to the variance in layer norms."),
            arg("batch_first", &O::batch_first, "Whether tensors are (N, L, size)."),
            arg("norm_first", &O::norm_first, "Whether the layer norms come before the parts."),
            arg("bias", &O::bias, "Whether linear layers and norms have offsets.")};
}

Port maskPort(const char *name)
{
    return {.name = name, .pattern = "*", .dtype = "any", .optional = true};
}

namespace {

Arguments tiny(Arguments more = {})
{
    more.emplace("d_model", 4);
    more.emplace("nhead", 2);
    more.emplace("dim_feedforward", 3);
    return more;
}

const char *attentionSource = "; Vaswani et al., \"Attention is all you need\", 2017";

ModuleSpec encoderLayerSpec()
{
    return declare<TransformerEncoderLayer>(
            {.name = "TransformerEncoderLayer",
             .group = Group::Transformer,
             .summary
             = "Self-attention and a feed-forward part, each with a residual and a layer norm.",
             .formula = R"(x = LN(x + SA(x));\ x = LN(x + FF(x)))",
             .source = std::string("torch.nn.TransformerEncoderLayer") + attentionSource,
             .args = transformerArgs(true),
             .inputs = {{.name = "src", .pattern = "*"},
                        maskPort("src_mask"),
                        maskPort("src_key_padding_mask")},
             .outputs = {{.name = "output", .pattern = "*"}},
             .infer = [](const Options &o, const Shapes &in) { return inferLayer(o, in, false); },
             .validate = validateTransformer,
             .samples = {{.args = tiny(), .inputs = {{3, 2, 4}}},
                         {.args = tiny({{"norm_first", true},
                                        {"activation", "gelu"},
                                        {"dropout", 0.0},
                                        {"batch_first", true},
                                        {"bias", false}}),
                          .inputs = {{2, 3, 4}, {3, 3}, {2, 3}}},
                         {.args = tiny(), .inputs = {{3, 4}, leftOut, {3}}}},
             .badSamples
             = {{.args = tiny(), .inputs = {{3, 2, 5}}, .kind = "size_mismatch"},
                {.args = tiny(), .inputs = {{3, 2, 4}, {2, 2}}, .kind = "size_mismatch"},
                {.args = tiny({{"activation", "tanh"}}),
                 .inputs = {{3, 2, 4}},
                 .kind = "wrong_argument"},
                {.args = tiny({{"nhead", 3}}),
                 .inputs = {{3, 2, 4}},
                 .kind = "embed_dim_not_divisible"}},
             .forwardArgs = TransformerEncoderLayer::forwardArgs()});
}

ModuleSpec decoderLayerSpec()
{
    return declare<TransformerDecoderLayer>(
            {.name = "TransformerDecoderLayer",
             .group = Group::Transformer,
             .summary = "An encoder layer with an attention over the encoder's memory in between.",
             .formula = R"(x = LN(x + SA(x));\ x = LN(x + MHA(x, mem));\ x = LN(x + FF(x)))",
             .source = std::string("torch.nn.TransformerDecoderLayer") + attentionSource,
             .args = transformerArgs(true),
             .inputs = {{.name = "tgt", .pattern = "*"},
                        {.name = "memory", .pattern = "*"},
                        maskPort("tgt_mask"),
                        maskPort("memory_mask"),
                        maskPort("tgt_key_padding_mask"),
                        maskPort("memory_key_padding_mask")},
             .outputs = {{.name = "output", .pattern = "*"}},
             .infer = [](const Options &o, const Shapes &in) { return inferLayer(o, in, true); },
             .validate = validateTransformer,
             .samples
             = {{.args = tiny(), .inputs = {{3, 2, 4}, {2, 2, 4}}},
                {.args
                 = tiny({{"norm_first", true}, {"activation", "gelu"}, {"batch_first", true}}),
                 .inputs = {{2, 3, 4}, {2, 2, 4}, {3, 3}, {3, 2}, {2, 3}, {2, 2}}}},
             .badSamples
             = {{.args = tiny(), .inputs = {{3, 2, 4}, {2, 1, 4}}, .kind = "size_mismatch"},
                {.args = tiny(),
                 .inputs = {{3, 2, 4}, {2, 4}},
                 .kind = "dimension_count_mismatch"}},
             .forwardArgs = TransformerDecoderLayer::forwardArgs()});
}

} // namespace

std::vector<ModuleSpec> transformerLayers() { return {encoderLayerSpec(), decoderLayerSpec()}; }

} // namespace mrg
