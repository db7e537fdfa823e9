// SPDX-License-Identifier: GPL-3.0-or-later
// Layers one after the other: torch.nn.TransformerEncoder, TransformerDecoder and Transformer.
#include "engine/core/Launch.h"
#include "engine/nn/containers.h"
#include "engine/nn/families.h"
#include "engine/nn/init.h"
#include "engine/nn/transformer.h"

#include <algorithm>
#include <limits>

namespace mrg {

namespace {

template <bool Decoder> struct StackOptions {
    ModuleDescription layer{Decoder ? "TransformerDecoderLayer" : "TransformerEncoderLayer",
                            {{"d_model", 16}, {"nhead", 4}, {"dim_feedforward", 32}}};
    int64_t num_layers = 2;
    std::optional<ModuleDescription> norm;
    bool enable_nested_tensor = true;
    bool mask_check = true;
};

struct EncoderForward {
    std::optional<bool> is_causal;
};
struct DecoderForward {
    std::optional<bool> tgt_is_causal;
    bool memory_is_causal = false;
};
struct TransformerForward {
    std::optional<bool> src_is_causal;
    std::optional<bool> tgt_is_causal;
    bool memory_is_causal = false;
};

/// Copies of a layer: each passes its output and everything else it was given on to the next.
template <bool Decoder> class TransformerStack : public Module {
public:
    using Options = StackOptions<Decoder>;

    TransformerStack(const Options &o, const Registry &registry)
    {
        for (int64_t i = 0; i < o.num_layers; ++i)
            m_layers.push_back(registry.make(o.layer));
        registerModule("layers", std::make_shared<ModuleList>(m_layers));
        if (o.norm) {
            m_norm = registry.make(*o.norm);
            registerModule("norm", m_norm);
        }
        initialize(RandomStream());
    }
    static std::vector<Arg> forwardArgs()
    {
        if constexpr (Decoder) {
            using F = DecoderForward;
            return {arg("tgt_is_causal", &F::tgt_is_causal,
                        "Says that tgt_mask is the causal one."),
                    arg("memory_is_causal", &F::memory_is_causal,
                        "Says that memory_mask is the causal one.")};
        } else {
            return {arg("is_causal", &EncoderForward::is_causal,
                        "Says that mask is the causal one.")};
        }
    }
    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        return forward(inputs, {});
    }
    std::vector<Tensor> forward(std::span<const Tensor> inputs, const Arguments &keywords) override
    {
        std::vector<Tensor> passed(inputs.begin(), inputs.end());
        Arguments how;
        for (const auto &[name, value] : keywords) {
            if (!value.isNull())
                how.emplace(name, value);
        }
        for (const std::shared_ptr<Module> &layer : m_layers)
            passed[0] = layer->call(passed, how).front();
        return {m_norm ? (*m_norm)(passed[0]) : passed[0]};
    }

    static Result<Shapes> infer(const Options &o, const Shapes &in, const Registry &registry)
    {
        Shapes passed = in;
        for (const ModuleDescription *description : {&o.layer, o.norm ? &*o.norm : nullptr}) {
            if (!description || (description == &o.layer && o.num_layers == 0))
                continue;
            const ModuleSpec *spec = registry.module(description->name);
            if (!spec) {
                return Error(ErrorCategory::Value, "unknown_module", "", description->name,
                             "a module of the registry");
            }
            const bool isNorm = description != &o.layer;
            const Result<Shapes> out
                    = spec->infer(description->args, isNorm ? Shapes{passed[0]} : passed);
            if (!out)
                return out;
            passed[0] = out->front();
        }
        return Shapes{passed[0]};
    }

protected:
    /// The layers begin as copies of the first.
    void resetDescendants(RandomStream &) override
    {
        for (size_t i = 1; i < m_layers.size(); ++i)
            m_layers[i]->loadStateDict(m_layers[0]->stateDict());
    }

private:
    std::vector<std::shared_ptr<Module>> m_layers;
    std::shared_ptr<Module> m_norm;
};

Arguments layerArguments(const TransformerOptions &o)
{
    return {{"d_model", o.d_model},
            {"nhead", o.nhead},
            {"dim_feedforward", o.dim_feedforward},
            {"dropout", o.dropout},
            {"activation", ValueTraits<decltype(o.activation)>::to(o.activation)},
            {"layer_norm_eps", o.layer_norm_eps},
            {"batch_first", o.batch_first},
            {"norm_first", o.norm_first},
            {"bias", o.bias}};
}

/// torch.nn.Transformer: inputs src, tgt, src_mask, tgt_mask, memory_mask, src_key_padding_mask,
/// tgt_key_padding_mask, memory_key_padding_mask.
class Transformer : public Module {
public:
    using Options = TransformerOptions;

    Transformer(const Options &o, const Registry &registry) : options(o)
    {
        const ModuleDescription norm{
                "LayerNorm",
                {{"normalized_shape", o.d_model}, {"eps", o.layer_norm_eps}, {"bias", o.bias}}};
        m_encoder
                = registry.make({"TransformerEncoder",
                                 {{"encoder_layer",
                                   ModuleDescription{"TransformerEncoderLayer", layerArguments(o)}},
                                  {"num_layers", o.num_encoder_layers},
                                  {"norm", norm}}});
        m_decoder
                = registry.make({"TransformerDecoder",
                                 {{"decoder_layer",
                                   ModuleDescription{"TransformerDecoderLayer", layerArguments(o)}},
                                  {"num_layers", o.num_decoder_layers},
                                  {"norm", norm}}});
        registerModule("encoder", m_encoder);
        registerModule("decoder", m_decoder);
        initialize(RandomStream());
    }
    static std::vector<Arg> forwardArgs()
    {
        using F = TransformerForward;
        return {arg("src_is_causal", &F::src_is_causal, "Says that src_mask is the causal one."),
                arg("tgt_is_causal", &F::tgt_is_causal, "Says that tgt_mask is the causal one."),
                arg("memory_is_causal", &F::memory_is_causal,
                    "Says that memory_mask is the causal one.")};
    }
    static Result<Shapes> infer(const Options &o, const Shapes &in, const Registry &registry)
    {
        if (const Result<void> fit = checkPair(o, in[0], in[1]); !fit)
            return fit.error();
        const auto at = [&in](size_t i) { return i < in.size() ? in[i] : leftOut; };
        const Arguments layer = layerArguments(o);
        const Result<Shapes> memory
                = registry.module("TransformerEncoderLayer")->infer(layer, {in[0], at(2), at(5)});
        if (!memory)
            return memory;
        return registry.module("TransformerDecoderLayer")
                ->infer(layer, {in[1], in[0], at(3), at(4), at(6), at(7)});
    }
    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        return forward(inputs, {});
    }
    std::vector<Tensor> forward(std::span<const Tensor> inputs, const Arguments &keywords) override
    {
        const auto how
                = makeOptions<TransformerForward>(forwardArgs(), keywords, "Transformer").value();
        if (const Result<void> fit = checkPair(options, inputs[0].shape(), inputs[1].shape()); !fit)
            throw fit.error().within("Transformer");
        const Tensor source[] = {inputs[0], inputAt(inputs, 2), inputAt(inputs, 5)};
        const Tensor target[] = {inputs[1],          encode(source, how), inputAt(inputs, 3),
                                 inputAt(inputs, 4), inputAt(inputs, 6),  inputAt(inputs, 7)};
        return {decode(target, how)};
    }
    /// The encoder's memory for src, src_mask and src_key_padding_mask.
    Tensor encode(std::span<const Tensor> source, const TransformerForward &how = {})
    {
        return m_encoder->call(source, {{"is_causal", causal(how.src_is_causal)}}).front();
    }
    /// The output for tgt, the memory and their masks and key padding masks.
    Tensor decode(std::span<const Tensor> target, const TransformerForward &how = {})
    {
        return m_decoder
                ->call(target,
                       {{"tgt_is_causal", causal(how.tgt_is_causal)},
                        {"memory_is_causal", how.memory_is_causal}})
                .front();
    }

    const Options options;

protected:
    void resetDescendants(RandomStream &random) override
    {
        for (const Tensor &parameter : parameters()) {
            if (parameter.dim() > 1)
                init::xavierUniform(parameter, random);
        }
    }

private:
    static Value causal(const std::optional<bool> &given)
    {
        return given ? Value(*given) : Value();
    }
    static Result<void> checkPair(const Options &o, const Shape &src, const Shape &tgt)
    {
        const std::string got = "src " + toString(src) + ", tgt " + toString(tgt);
        if (src.size() != tgt.size() || src.size() < 2 || src.size() > 3) {
            return Error(ErrorCategory::Shape, "dimension_count_mismatch", "", got,
                         "three dimensions each, or two for single sequences");
        }
        if (src.back() != o.d_model || tgt.back() != o.d_model) {
            return Error(ErrorCategory::Shape, "size_mismatch", "", got,
                         "a last dimension of d_model " + std::to_string(o.d_model));
        }
        if (src.size() == 3 && src[o.batch_first ? 0 : 1] != tgt[o.batch_first ? 0 : 1]) {
            return Error(ErrorCategory::Shape, "size_mismatch", "", got, "the same batch");
        }
        return {};
    }

    std::shared_ptr<Module> m_encoder;
    std::shared_ptr<Module> m_decoder;
};

struct MaskOptions {
    int64_t sz = 1;
    DType dtype = DType::Float32;
};

/// 0 for the positions that may be seen, -inf for those that come later.
ValueList squareSubsequentMask(const MaskOptions &o, std::span<const Tensor>)
{
    Tensor mask = Tensor::zeros({o.sz, o.sz}, o.dtype);
    dispatchFloating(o.dtype, "generate_square_subsequent_mask", [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([to = mask.data<T>(), size = o.sz] {
            for (int64_t i = 0; i < size; ++i)
                std::fill(to + i * size + i + 1, to + (i + 1) * size,
                          -std::numeric_limits<T>::infinity());
        });
    });
    return {mask};
}

MethodSpec squareSubsequentMaskSpec()
{
    using O = MaskOptions;
    return declareClassMethod<O>(
            {.name = "generate_square_subsequent_mask",
             .group = Group::Transformer,
             .summary = "A mask with which a position sees itself and what came before.",
             .source = "torch.nn.Transformer.generate_square_subsequent_mask",
             .args = {requiredArg("sz", &O::sz, "Length of the sequence.", atLeast(0)),
                      arg("dtype", &O::dtype, "Type of the mask.")},
             .outputs = {{.name = "mask", .pattern = "sz sz"}}},
            squareSubsequentMask);
}

/// The two halves of a Transformer, which torch.js has as methods.
std::vector<MethodSpec> transformerHalves()
{
    struct None { };
    return {declareMethod<Transformer, None>(
                    {.name = "encode",
                     .group = Group::Transformer,
                     .summary = "The encoder half: the memory of a source.",
                     .source = "torch.js, Transformer.encode",
                     .inputs = {{.name = "src", .pattern = "*"},
                                maskPort("src_mask"),
                                maskPort("src_key_padding_mask")},
                     .outputs = {{.name = "memory", .pattern = "*"}}},
                    [](Transformer &module, const None &, std::span<const Tensor> inputs) {
                        return ValueList{module.encode(inputs)};
                    }),
            declareMethod<Transformer, None>(
                    {.name = "decode",
                     .group = Group::Transformer,
                     .summary = "The decoder half: the output for a target and a memory.",
                     .source = "torch.js, Transformer.decode",
                     .inputs = {{.name = "tgt", .pattern = "*"},
                                {.name = "memory", .pattern = "*"},
                                maskPort("tgt_mask"),
                                maskPort("memory_mask"),
                                maskPort("tgt_key_padding_mask"),
                                maskPort("memory_key_padding_mask")},
                     .outputs = {{.name = "output", .pattern = "*"}}},
                    [](Transformer &module, const None &, std::span<const Tensor> inputs) {
                        return ValueList{module.decode(inputs)};
                    })};
}

const char *attentionPaper = "; Vaswani et al., \"Attention is all you need\", 2017";

ModuleDescription tinyLayer(const char *name, Arguments more = {})
{
    more.emplace("d_model", 4);
    more.emplace("nhead", 2);
    more.emplace("dim_feedforward", 3);
    return {name, more};
}

/// The arguments that both stacks have besides the layer and its number.
template <typename O> std::vector<Arg> stackArgs(const char *layer, std::vector<Arg> more)
{
    std::vector<Arg> args{requiredArg(layer, &O::layer, "The layer that is repeated."),
                          requiredArg("num_layers", &O::num_layers, "How often.", atLeast(0)),
                          arg("norm", &O::norm, "A module for the last output, or none.")};
    args.insert(args.end(), more.begin(), more.end());
    return args;
}

ModuleSpec encoderSpec()
{
    using M = TransformerStack<false>;
    using O = M::Options;
    const Arguments plain{{"encoder_layer", tinyLayer("TransformerEncoderLayer")},
                          {"num_layers", 2}};
    Arguments normed{
            {"encoder_layer", tinyLayer("TransformerEncoderLayer", {{"batch_first", true}})},
            {"num_layers", 1},
            {"norm", ModuleDescription{"LayerNorm", {{"normalized_shape", 4}}}}};
    return declare<M>(
            {.name = "TransformerEncoder",
             .group = Group::Transformer,
             .summary
             = "Copies of an encoder layer one after the other, with an optional last norm.",
             .formula = R"(LN(f_n(\dots f_1(x))))",
             .source = std::string("torch.nn.TransformerEncoder") + attentionPaper,
             .args = stackArgs<O>("encoder_layer",
                                  {arg("enable_nested_tensor", &O::enable_nested_tensor,
                                       "Kept for torch's sake: padding is always computed."),
                                   arg("mask_check", &O::mask_check,
                                       "Kept for torch's sake: masks are always checked.")}),
             .inputs = {{.name = "src", .pattern = "*"},
                        maskPort("mask"),
                        maskPort("src_key_padding_mask")},
             .outputs = {{.name = "output", .pattern = "*"}},
             .inferWithin = M::infer,
             .samples = {{.args = plain, .inputs = {{3, 2, 4}}},
                         {.args = normed, .inputs = {{2, 3, 4}, {3, 3}, {2, 3}}}},
             .badSamples = {{.args = plain, .inputs = {{3, 2, 5}}, .kind = "size_mismatch"},
                            {.args = {{"encoder_layer", ModuleDescription{"NoSuchLayer", {}}},
                                      {"num_layers", 1}},
                             .inputs = {{3, 2, 4}},
                             .kind = "unknown_module"}},
             .forwardArgs = M::forwardArgs()});
}

ModuleSpec decoderSpec()
{
    using M = TransformerStack<true>;
    const Arguments plain{{"decoder_layer", tinyLayer("TransformerDecoderLayer")},
                          {"num_layers", 1}};
    Arguments normed{
            {"decoder_layer", tinyLayer("TransformerDecoderLayer", {{"norm_first", true}})},
            {"num_layers", 2},
            {"norm", ModuleDescription{"LayerNorm", {{"normalized_shape", 4}}}}};
    return declare<M>(
            {.name = "TransformerDecoder",
             .group = Group::Transformer,
             .summary
             = "Copies of a decoder layer one after the other, with an optional last norm.",
             .formula = R"(LN(f_n(\dots f_1(x, mem), mem)))",
             .source = std::string("torch.nn.TransformerDecoder") + attentionPaper,
             .args = stackArgs<M::Options>("decoder_layer", {}),
             .inputs = {{.name = "tgt", .pattern = "*"},
                        {.name = "memory", .pattern = "*"},
                        maskPort("tgt_mask"),
                        maskPort("memory_mask"),
                        maskPort("tgt_key_padding_mask"),
                        maskPort("memory_key_padding_mask")},
             .outputs = {{.name = "output", .pattern = "*"}},
             .inferWithin = M::infer,
             .samples = {{.args = plain, .inputs = {{3, 2, 4}, {2, 2, 4}}},
                         {.args = normed, .inputs = {{3, 4}, {2, 4}, {3, 3}, {3, 2}, {3}, {2}}}},
             .badSamples
             = {{.args = plain, .inputs = {{3, 2, 4}, {2, 1, 4}}, .kind = "size_mismatch"}},
             .forwardArgs = M::forwardArgs()});
}

ModuleSpec transformerSpec()
{
    std::vector<MethodSpec> methods = transformerHalves();
    methods.push_back(squareSubsequentMaskSpec());
    using O = TransformerOptions;
    std::vector<Arg> args = transformerArgs(false);
    args.insert(args.begin() + 2,
                {arg("num_encoder_layers", &O::num_encoder_layers, "Layers of the encoder.",
                     atLeast(0)),
                 arg("num_decoder_layers", &O::num_decoder_layers, "Layers of the decoder.",
                     atLeast(0))});
    const Arguments tiny{{"d_model", 4},
                         {"nhead", 2},
                         {"num_encoder_layers", 1},
                         {"num_decoder_layers", 1},
                         {"dim_feedforward", 3}};
    Arguments other = tiny;
    other["batch_first"] = true;
    other["norm_first"] = true;
    other["activation"] = "gelu";
    return declare<Transformer>(
            {.name = "Transformer",
             .group = Group::Transformer,
             .summary = "An encoder and a decoder stack, each closed by a layer norm.",
             .formula = R"(y = Dec(tgt, Enc(src)))",
             .source = std::string("torch.nn.Transformer") + attentionPaper,
             .args = std::move(args),
             .inputs = {{.name = "src", .pattern = "*"},
                        {.name = "tgt", .pattern = "*"},
                        maskPort("src_mask"),
                        maskPort("tgt_mask"),
                        maskPort("memory_mask"),
                        maskPort("src_key_padding_mask"),
                        maskPort("tgt_key_padding_mask"),
                        maskPort("memory_key_padding_mask")},
             .outputs = {{.name = "output", .pattern = "*"}},
             .inferWithin = Transformer::infer,
             .validate = validateTransformer,
             .samples
             = {{.args = tiny, .inputs = {{3, 2, 4}, {2, 2, 4}}},
                {.args = other,
                 .inputs = {{2, 3, 4}, {2, 2, 4}, {3, 3}, {2, 2}, {2, 3}, {2, 3}, {2, 2}, {2, 3}}}},
             .badSamples
             = {{.args = tiny, .inputs = {{3, 2, 4}, {2, 1, 4}}, .kind = "size_mismatch"},
                {.args = tiny, .inputs = {{3, 2, 5}, {2, 2, 4}}, .kind = "size_mismatch"},
                {.args = tiny, .inputs = {{3, 2, 4}, {2, 4}}, .kind = "dimension_count_mismatch"}},
             .forwardArgs = Transformer::forwardArgs(),
             .methods = std::move(methods)});
}

} // namespace

std::vector<ModuleSpec> transformerStacks()
{
    return {encoderSpec(), decoderSpec(), transformerSpec()};
}

} // namespace mrg
