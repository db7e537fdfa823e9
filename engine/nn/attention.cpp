// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/attention.h"

#include "engine/nn/families.h"
#include "engine/nn/init.h"
#include "engine/ops/attention.h"
#include "engine/ops/joining.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/reductions.h"
#include "engine/ops/views.h"

#include <cmath>

namespace mrg {

namespace {

using Options = MultiheadAttention::Options;

int64_t keySize(const Options &o) { return o.kdim.value_or(o.embed_dim); }
int64_t valueSize(const Options &o) { return o.vdim.value_or(o.embed_dim); }

Result<void> validate(const Options &o)
{
    if (o.embed_dim % o.num_heads != 0) {
        return Error(ErrorCategory::Value, "embed_dim_not_divisible", "",
                     "embed_dim " + std::to_string(o.embed_dim),
                     "a multiple of num_heads " + std::to_string(o.num_heads));
    }
    return {};
}

Error sizeMismatch(const std::string &got, const std::string &wanted)
{
    return Error(ErrorCategory::Shape, "size_mismatch", "", got, wanted);
}

/// The lengths that the input shapes tell.
struct Lengths {
    bool batched;
    int64_t batch;
    int64_t queries;
    int64_t keys;
};

Result<Lengths> lengthsOf(const Options &o, const Shapes &in)
{
    const char *names[] = {"query", "key", "value"};
    const int64_t sizes[] = {o.embed_dim, keySize(o), valueSize(o)};
    const bool batched = in[0].size() == 3;
    for (size_t i = 0; i < 3; ++i) {
        const std::string got = std::string(names[i]) + " " + toString(in[i]);
        if (in[i].size() != in[0].size() || in[i].size() < 2 || in[i].size() > 3) {
            return Error(ErrorCategory::Shape, "dimension_count_mismatch", "", got,
                         "three dimensions, or two for a single sequence");
        }
        if (in[i].back() != sizes[i])
            return sizeMismatch(got, "a last dimension of " + std::to_string(sizes[i]));
    }
    const size_t lengthAt = batched && o.batch_first ? 1 : 0;
    const size_t batchAt = 1 - lengthAt;
    const Lengths out{batched, batched ? in[0][batchAt] : 1, in[0][lengthAt], in[1][lengthAt]};
    if (in[2][lengthAt] != out.keys)
        return sizeMismatch("value " + toString(in[2]),
                            "as many as the " + std::to_string(out.keys) + " keys");
    if (batched && (in[1][batchAt] != out.batch || in[2][batchAt] != out.batch)) {
        return sizeMismatch("key " + toString(in[1]) + ", value " + toString(in[2]),
                            "the query's batch of " + std::to_string(out.batch));
    }
    return out;
}

Result<void> checkMasks(const Options &o, const Lengths &lengths, const Shapes &in)
{
    if (in.size() > 3 && in[3] != leftOut) {
        const Shape wanted
                = lengths.batched ? Shape{lengths.batch, lengths.keys} : Shape{lengths.keys};
        if (in[3] != wanted)
            return sizeMismatch("key_padding_mask " + toString(in[3]), toString(wanted));
    }
    if (in.size() > 4 && in[4] != leftOut) {
        const Shape flat{lengths.queries, lengths.keys};
        const Shape deep{lengths.batch * o.num_heads, lengths.queries, lengths.keys};
        if (in[4] != flat && in[4] != deep)
            return sizeMismatch("attn_mask " + toString(in[4]),
                                toString(flat) + " or " + toString(deep));
    }
    return {};
}

} // namespace

Result<Shapes> inferAttention(const MultiheadAttention::Options &o, const Shapes &in)
{
    const Result<Lengths> lengths = lengthsOf(o, in);
    if (!lengths)
        return lengths.error();
    if (const Result<void> fit = checkMasks(o, *lengths, in); !fit)
        return fit.error();
    const int64_t keys = lengths->keys + (o.add_bias_kv ? 1 : 0) + (o.add_zero_attn ? 1 : 0);
    Shape weights{lengths->queries, keys};
    if (lengths->batched)
        weights.insert(weights.begin(), lengths->batch);
    return Shapes{in[0], weights};
}

namespace {

/// A last layer that torch calls by a name of its own.
std::shared_ptr<Linear> makeOutput(const Options &o)
{
    const auto out = std::make_shared<Linear>(Linear::Options{
            .in_features = o.embed_dim, .out_features = o.embed_dim, .bias = o.bias});
    out->setTypeName("NonDynamicallyQuantizableLinear");
    return out;
}

std::vector<Arg> forwardArgs()
{
    using F = MultiheadAttention::ForwardOptions;
    return {arg("need_weights", &F::need_weights, "Whether to give the weights as well."),
            arg("average_attn_weights", &F::average_attn_weights,
                "Whether to average them over heads."),
            arg("is_causal", &F::is_causal, "Says that attn_mask is the causal one.")};
}

} // namespace

MultiheadAttention::MultiheadAttention(Options options_)
    : options(options_),
      m_out(makeOutput(options))
{
    const int64_t width = options.embed_dim;
    if (joint()) {
        registerParameter("in_proj_weight", m_inWeight, {3 * width, width});
    } else {
        registerParameter("q_proj_weight", m_queryWeight, {width, width});
        registerParameter("k_proj_weight", m_keyWeight, {width, keySize(options)});
        registerParameter("v_proj_weight", m_valueWeight, {width, valueSize(options)});
    }
    if (options.bias)
        registerParameter("in_proj_bias", m_inBias, {3 * width});
    if (options.add_bias_kv) {
        registerParameter("bias_k", m_keyBias, {1, 1, width});
        registerParameter("bias_v", m_valueBias, {1, 1, width});
    }
    registerModule("out_proj", m_out);
    initialize(RandomStream());
}

bool MultiheadAttention::joint() const
{
    return keySize(options) == options.embed_dim && valueSize(options) == options.embed_dim;
}

void MultiheadAttention::resetParameters(RandomStream &random)
{
    for (const Tensor *weight : {&m_inWeight, &m_queryWeight, &m_keyWeight, &m_valueWeight}) {
        if (weight->defined())
            init::xavierUniform(*weight, random);
    }
    if (m_inBias.defined())
        init::constant(m_inBias, 0);
    for (const Tensor *bias : {&m_keyBias, &m_valueBias}) {
        if (bias->defined())
            init::xavierNormal(*bias, random);
    }
}

void MultiheadAttention::resetDescendants(RandomStream &)
{
    if (m_out->bias.defined())
        init::constant(m_out->bias, 0);
}

Tensor MultiheadAttention::projectionWeight(int64_t part) const
{
    if (joint())
        return narrow(m_inWeight, 0, part * options.embed_dim, options.embed_dim);
    return part == 0 ? m_queryWeight : part == 1 ? m_keyWeight : m_valueWeight;
}

Tensor MultiheadAttention::projectionBias(int64_t part, int64_t parts) const
{
    if (!m_inBias.defined())
        return {};
    return narrow(m_inBias, 0, part * options.embed_dim, parts * options.embed_dim);
}

/// Keys or values with the learnt one and the zero one behind them.
Tensor MultiheadAttention::appended(const Tensor &projected, const Tensor &bias, int64_t dim) const
{
    Shape one = projected.shape();
    one[static_cast<size_t>(dim)] = 1;
    std::vector<Tensor> parts{projected};
    if (bias.defined())
        parts.push_back(expand(bias, one));
    if (options.add_zero_attn)
        parts.push_back(Tensor::zeros(one, projected.dtype()));
    return parts.size() == 1 ? projected : cat(parts, dim);
}

/// Both masks as one that is added to the scores (batch, heads, queries, keys); undefined without.
Tensor MultiheadAttention::scoreMask(const Masks &masks, int64_t batch, int64_t queries,
                                     int64_t keys, DType dtype) const
{
    const auto added = [&](const Tensor &mask, const Shape &shape) -> Tensor {
        const Tensor scores = reshape(additiveMask(mask, MaskMeaning::TrueForbids, dtype), shape);
        // What was appended to the keys is always seen.
        const int64_t more = (options.add_bias_kv ? 1 : 0) + (options.add_zero_attn ? 1 : 0);
        if (more == 0)
            return scores;
        Shape rest = shape;
        rest.back() = more;
        const Tensor parts[] = {scores, Tensor::zeros(rest, dtype)};
        return cat(parts, 3);
    };
    Tensor out;
    if (masks.attn_mask.defined()) {
        out = added(masks.attn_mask,
                    masks.attn_mask.dim() == 2 ? Shape{1, 1, queries, keys}
                                               : Shape{batch, options.num_heads, queries, keys});
    }
    if (masks.key_padding_mask.defined()) {
        // Beside a mask that forbids, numbers do nothing but forbid where they are not 0.
        const bool forbids = masks.attn_mask.defined() && masks.attn_mask.dtype() == DType::Bool
                && masks.key_padding_mask.isFloatingPoint();
        const Tensor padding
                = added(forbids ? ne(masks.key_padding_mask, Number(0.0)) : masks.key_padding_mask,
                        {batch, 1, 1, keys});
        out = !out.defined() ? padding
                : masks.key_padding_mask.dtype() == DType::Bool
                ? where(eq(padding, Number(0.0)), out, padding)
                : add(out, padding);
    }
    return out;
}

std::vector<Tensor> MultiheadAttention::attend(const Tensor &query, const Tensor &key,
                                               const Tensor &value, const Masks &masks,
                                               const ForwardOptions &how)
{
    const auto shapeOf = [](const Tensor &mask) { return mask.defined() ? mask.shape() : leftOut; };
    const Shapes shapes{query.shape(), key.shape(), value.shape(), shapeOf(masks.key_padding_mask),
                        shapeOf(masks.attn_mask)};
    if (const Result<Shapes> fit = inferAttention(options, shapes); !fit)
        throw fit.error().within("MultiheadAttention");
    const Lengths lengths = *lengthsOf(options, shapes);
    if (how.is_causal && !masks.attn_mask.defined()) {
        throw Error(ErrorCategory::Value, "causal_without_mask", "MultiheadAttention",
                    "is_causal without attn_mask", "the causal mask as well",
                    "pass generate_square_subsequent_mask(L) as attn_mask");
    }
    const int64_t width = options.embed_dim;
    const bool batchFirst = lengths.batched && options.batch_first;
    const auto withBatch = [&](const Tensor &x) {
        return lengths.batched ? x : reshape(x, {x.size(0), 1, x.size(1)});
    };
    // Rows of queries, keys and values: all three side by side where one product makes them.
    HeadsProblem problem;
    std::vector<Tensor> sources;
    const bool extended = options.add_bias_kv || options.add_zero_attn;
    const bool self = query.impl() == key.impl() && key.impl() == value.impl();
    if (self && joint() && !extended) {
        sources = {linear(withBatch(query), m_inWeight, m_inBias)};
        problem.key = {0, width, {}};
        problem.value = {0, 2 * width, {}};
    } else if (key.impl() == value.impl() && joint() && !extended) {
        sources = {linear(withBatch(query), projectionWeight(0), projectionBias(0, 1)),
                   linear(withBatch(key), narrow(m_inWeight, 0, width, 2 * width),
                          projectionBias(1, 2))};
        problem.key = {1, 0, {}};
        problem.value = {1, width, {}};
    } else {
        const int64_t lengthDim = batchFirst ? 1 : 0;
        sources = {linear(withBatch(query), projectionWeight(0), projectionBias(0, 1)),
                   appended(linear(withBatch(key), projectionWeight(1), projectionBias(1, 1)),
                            m_keyBias, lengthDim),
                   appended(linear(withBatch(value), projectionWeight(2), projectionBias(2, 1)),
                            m_valueBias, lengthDim)};
        problem.key = {1, 0, {}};
        problem.value = {2, 0, {}};
    }
    kernels::AttentionShape &shape = problem.shape;
    shape.batch = lengths.batch;
    shape.heads = options.num_heads;
    shape.size = shape.valueSize = width / options.num_heads;
    shape.queries = lengths.queries;
    shape.keys = sources[problem.key.source].size(batchFirst ? 1 : 0);
    shape.scale = 1 / std::sqrt(static_cast<double>(shape.size));
    const auto strides = [&](int64_t length, int64_t rowWidth) -> kernels::HeadStrides {
        return batchFirst ? kernels::HeadStrides{length * rowWidth, shape.size, rowWidth}
                          : kernels::HeadStrides{rowWidth, shape.size, shape.batch * rowWidth};
    };
    const auto place = [&](HeadPlacement &placement, int64_t length) {
        placement.strides = strides(length, sources[placement.source].size(2));
    };
    place(problem.query, shape.queries);
    place(problem.key, shape.keys);
    place(problem.value, shape.keys);
    problem.output = strides(shape.queries, width);
    problem.outputShape = batchFirst ? Shape{shape.batch, shape.queries, width}
                                     : Shape{shape.queries, shape.batch, width};
    problem.dropout = training() ? options.dropout : 0;
    problem.random = &random();
    problem.needWeights = how.need_weights;
    const HeadsResult heads = attendHeads(
            problem, sources,
            scoreMask(masks, shape.batch, shape.queries, lengths.keys, sources[0].dtype()));
    Tensor output = linear(heads.output, m_out->weight, m_out->bias);
    if (!lengths.batched)
        output = reshape(output, query.shape());
    Tensor weights = heads.weights;
    if (weights.defined()) {
        if (how.average_attn_weights)
            weights = mean(weights, std::vector<int64_t>{1});
        if (!lengths.batched)
            weights = reshape(weights, Shape(weights.shape().begin() + 1, weights.shape().end()));
    }
    return {output, weights};
}

std::vector<Tensor> MultiheadAttention::forward(std::span<const Tensor> inputs)
{
    return attend(inputs[0], inputs[1], inputs[2], {inputAt(inputs, 3), inputAt(inputs, 4)}, {});
}

std::vector<Tensor> MultiheadAttention::forward(std::span<const Tensor> inputs,
                                                const Arguments &keywords)
{
    return attend(
            inputs[0], inputs[1], inputs[2], {inputAt(inputs, 3), inputAt(inputs, 4)},
            makeOptions<ForwardOptions>(forwardArgs(), keywords, "MultiheadAttention").value());
}

std::vector<ModuleSpec> attentionModules()
{
    using O = MultiheadAttention::Options;
    const Arguments plain{{"embed_dim", 4}, {"num_heads", 2}};
    const Arguments wide{{"embed_dim", 4}, {"num_heads", 2},      {"kdim", 3},
                         {"vdim", 5},      {"add_bias_kv", true}, {"batch_first", true}};
    return {declare<MultiheadAttention>(
            {.name = "MultiheadAttention",
             .group = Group::Transformer,
             .summary = "Several attention heads side by side, joined by a linear layer.",
             .formula = R"(head_i = softmax(Q_i K_i^T/\sqrt{d}) V_i;\ y = concat(heads) W_O)",
             .source = "torch.nn.MultiheadAttention; Vaswani et al., 2017",
             .args
             = {requiredArg("embed_dim", &O::embed_dim, "Size of queries and output.", atLeast(1)),
                requiredArg("num_heads", &O::num_heads, "Heads, among which embed_dim is divided.",
                            atLeast(1)),
                arg("dropout", &O::dropout, "Dropout of the attention weights.", between(0, 1)),
                arg("bias", &O::bias, "Whether the projections have offsets."),
                arg("add_bias_kv", &O::add_bias_kv, "Whether to add a learnt key and value."),
                arg("add_zero_attn", &O::add_zero_attn, "Whether to add a key and value of zeros."),
                arg("kdim", &O::kdim, "Size of the keys; none: embed_dim.", atLeast(1)),
                arg("vdim", &O::vdim, "Size of the values; none: embed_dim.", atLeast(1)),
                arg("batch_first", &O::batch_first, "Whether tensors are (N, L, size).")},
             .inputs = {{.name = "query", .pattern = "*"},
                        {.name = "key", .pattern = "*"},
                        {.name = "value", .pattern = "*"},
                        {.name = "key_padding_mask",
                         .pattern = "*",
                         .dtype = "any",
                         .summary = "True, or -inf: nobody sees this key.",
                         .optional = true},
                        {.name = "attn_mask",
                         .pattern = "*",
                         .dtype = "any",
                         .summary = "True, or -inf: this query does not see this key.",
                         .optional = true}},
             .outputs = {{.name = "attn_output", .pattern = "*"},
                         {.name = "attn_output_weights", .pattern = "*"}},
             .infer = inferAttention,
             .validate = validate,
             .samples
             = {{.args = plain, .inputs = {{3, 2, 4}, {2, 2, 4}, {2, 2, 4}}},
                {.args = wide, .inputs = {{2, 3, 4}, {2, 2, 3}, {2, 2, 5}, leftOut, {3, 2}}},
                {.args
                 = {{"embed_dim", 4}, {"num_heads", 1}, {"add_zero_attn", true}, {"bias", false}},
                 .inputs = {{3, 4}, {2, 4}, {2, 4}, {2}, {1, 3, 2}}}},
             .badSamples = {{.args = {{"embed_dim", 4}, {"num_heads", 3}},
                             .inputs = {{3, 2, 4}, {2, 2, 4}, {2, 2, 4}},
                             .kind = "embed_dim_not_divisible"},
                            {.args = plain,
                             .inputs = {{3, 2, 3}, {2, 2, 4}, {2, 2, 4}},
                             .kind = "size_mismatch"},
                            {.args = plain,
                             .inputs = {{3, 2, 4}, {2, 2, 4}, {3, 2, 4}},
                             .kind = "size_mismatch"},
                            {.args = plain,
                             .inputs = {{3, 2, 4}, {2, 1, 4}, {2, 1, 4}},
                             .kind = "size_mismatch"},
                            {.args = plain,
                             .inputs = {{3, 2, 4}, {2, 4}, {2, 4}},
                             .kind = "dimension_count_mismatch"},
                            {.args = plain,
                             .inputs = {{3, 2, 4}, {2, 2, 4}, {2, 2, 4}, leftOut, {3, 3}},
                             .kind = "size_mismatch"}},
             .forwardArgs = forwardArgs()})};
}

} // namespace mrg
