// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/embedding.h"

#include "engine/nn/families.h"
#include "engine/nn/init.h"

#include <algorithm>
#include <map>

namespace mrg {

namespace {

/// padding_idx counted from the front.
EmbeddingTable::Options wrapped(EmbeddingTable::Options options)
{
    if (options.padding_idx && *options.padding_idx < 0)
        *options.padding_idx += options.num_embeddings;
    return options;
}

Result<void> checkPadding(const EmbeddingTable::Options &o)
{
    if (o.padding_idx
        && (*o.padding_idx >= o.num_embeddings || *o.padding_idx < -o.num_embeddings)) {
        return Error(ErrorCategory::Value, "padding_idx_out_of_range", "",
                     "padding_idx " + std::to_string(*o.padding_idx),
                     "within num_embeddings " + std::to_string(o.num_embeddings));
    }
    return {};
}

} // namespace

EmbeddingTable::EmbeddingTable(Options options, const Tensor &table, bool freeze)
    : m_options(wrapped(options))
{
    registerParameter("weight", weight, {m_options.num_embeddings, m_options.embedding_dim});
    if (table.defined())
        weight = Parameter(table, !freeze).tensor;
    else
        initialize(RandomStream());
}

void EmbeddingTable::resetParameters(RandomStream &random)
{
    init::normal(weight, random);
    if (m_options.padding_idx) {
        weight.asStrided({m_options.embedding_dim}, {1},
                         *m_options.padding_idx * m_options.embedding_dim)
                .fill(0);
    }
}

void EmbeddingTable::renormalize(const Tensor &indices)
{
    if (m_options.max_norm)
        renormalizeRows(weight, indices, *m_options.max_norm, m_options.norm_type);
}

std::vector<Tensor> Embedding::forward(std::span<const Tensor> inputs)
{
    renormalize(inputs[0]);
    return {embedding(weight, inputs[0], gradient())};
}

EmbeddingBag::EmbeddingBag(Options options_, const Tensor &table, bool freeze)
    : EmbeddingTable(options_, table, freeze),
      options(options_)
{
}

std::vector<Tensor> EmbeddingBag::forward(std::span<const Tensor> inputs)
{
    renormalize(inputs[0]);
    return {embeddingBag(weight,
                         {.indices = inputs[0],
                          .offsets = inputAt(inputs, 1),
                          .weights = inputAt(inputs, 2),
                          .mode = options.mode,
                          .include_last_offset = options.include_last_offset,
                          .gradient = gradient()})};
}

namespace {

Result<Shapes> inferBag(const EmbeddingBag::Options &o, const Shapes &in)
{
    const Shape &input = in.at(0);
    const bool offsets = in.size() > 1 && in[1] != leftOut;
    const auto refuse
            = [](ErrorCategory category, const char *kind, const std::string &got,
                 const std::string &wanted) { return Error(category, kind, "", got, wanted); };
    if (Result<void> valid = checkBagInput(input, offsets); !valid)
        return valid.error();
    if (offsets && in[1].size() != 1) {
        return refuse(ErrorCategory::Shape, "dimension_count_mismatch",
                      "offsets " + toString(in[1]), "1 dimension");
    }
    if (in.size() > 2 && in[2] != leftOut) {
        if (o.mode != BagMode::Sum)
            return refuse(ErrorCategory::Value, "weights_not_allowed", "per_sample_weights",
                          "mode 'sum' beside them");
        if (in[2] != input) {
            return refuse(ErrorCategory::Shape, "size_mismatch",
                          "per_sample_weights " + toString(in[2]),
                          "the shape of input " + toString(input));
        }
    }
    const int64_t bags
            = offsets ? std::max<int64_t>(0, in[1][0] - (o.include_last_offset ? 1 : 0)) : input[0];
    return Shapes{{bags, o.embedding_dim}};
}

/// Members of O, whose defaults are O's own.
template <typename O> std::map<std::string, Arg> tableArgs()
{
    int64_t O::*rows = &O::num_embeddings;
    int64_t O::*width = &O::embedding_dim;
    std::optional<int64_t> O::*padding = &O::padding_idx;
    std::optional<double> O::*most = &O::max_norm;
    double O::*norm = &O::norm_type;
    bool O::*scale = &O::scale_grad_by_freq;
    bool O::*sparse = &O::sparse;
    std::map<std::string, Arg> out;
    for (Arg &arg : std::vector<Arg>{
                 requiredArg("num_embeddings", rows, "Rows of the table.", atLeast(0)),
                 requiredArg("embedding_dim", width, "Size of each row.", atLeast(0)),
                 arg("padding_idx", padding, "A row that starts at 0 and is not trained."),
                 arg("max_norm", most, "Rows longer than this are shortened when looked up."),
                 arg("norm_type", norm, "Exponent of the norm for max_norm."),
                 arg("scale_grad_by_freq", scale,
                     "Divide a row's gradient by how often it occurs in the batch."),
                 arg("sparse", sparse, "Kept for torch's sake: gradients are dense here.")})
        out[arg.name] = arg;
    return out;
}

template <typename O> std::vector<Arg> picked(std::initializer_list<const char *> names)
{
    std::map<std::string, Arg> all = tableArgs<O>();
    std::vector<Arg> out;
    for (const char *name : names)
        out.push_back(all.at(name));
    return out;
}

/// The arguments of from_pretrained() of the module with the options O.
template <typename O> struct Pretrained : O {
    Tensor embeddings;
    bool freeze = true;
};

template <typename M, typename O>
MethodSpec fromPretrained(const char *where, std::vector<Arg> more)
{
    using P = Pretrained<O>;
    std::vector<Arg> args{requiredArg("embeddings", &P::embeddings, "The table: (rows, width)."),
                          arg("freeze", &P::freeze, "Whether the table stays as it is.")};
    for (Arg &arg :
         picked<P>({"max_norm", "norm_type", "scale_grad_by_freq", "sparse", "padding_idx"}))
        args.push_back(arg);
    args.insert(args.end(), more.begin(), more.end());
    Declaration<P> d{.name = "from_pretrained",
                     .group = Group::Embedding,
                     .summary = "An embedding over a given table, frozen unless asked otherwise.",
                     .source = where,
                     .args = std::move(args)};
    return declareConstructor<P>(std::move(d), [](const P &given) -> std::shared_ptr<Module> {
        if (given.embeddings.dim() != 2) {
            throw Error(ErrorCategory::Shape, "dimension_count_mismatch", "from_pretrained",
                        "embeddings " + toString(given.embeddings.shape()), "2 dimensions");
        }
        O options = given;
        options.num_embeddings = given.embeddings.size(0);
        options.embedding_dim = given.embeddings.size(1);
        if (Result<void> valid = checkPadding(options); !valid)
            throw valid.error().within("from_pretrained");
        return std::make_shared<M>(options, given.embeddings, given.freeze);
    });
}

ModuleSpec embeddingSpec()
{
    using O = Embedding::Options;
    return declare<Embedding>(
            {.name = "Embedding",
             .group = Group::Embedding,
             .summary = "A table looked up by index.",
             .formula = "y = W[x]",
             .source = "torch.nn.Embedding",
             .args = picked<O>({"num_embeddings", "embedding_dim", "padding_idx", "max_norm",
                                "norm_type", "scale_grad_by_freq", "sparse"}),
             .inputs
             = {{.name = "input", .pattern = "*", .dtype = "int64", .below = "num_embeddings"}},
             .outputs = {{.name = "output", .pattern = "* embedding_dim"}},
             .validate = checkPadding,
             .samples
             = {{.args = {{"num_embeddings", 5}, {"embedding_dim", 3}}, .inputs = {{4, 2}}},
                {.args = {{"num_embeddings", 5}, {"embedding_dim", 3}, {"padding_idx", 1}},
                 .inputs = {{6}},
                 .differentiable = false}},
             .badSamples
             = {{.args = {{"num_embeddings", 4}, {"embedding_dim", 2}, {"padding_idx", 4}},
                 .inputs = {{3}},
                 .kind = "padding_idx_out_of_range"}},
             .methods = {fromPretrained<Embedding, O>("torch.nn.Embedding.from_pretrained", {})}});
}

ModuleSpec embeddingBagSpec()
{
    using O = EmbeddingBag::Options;
    using P = Pretrained<O>;
    const char *modeText = "What is made of a bag's rows: their sum, mean or largest elements.";
    const char *lastText = "Whether the last offset is where the last bag ends.";
    std::vector<Arg> args = picked<O>(
            {"num_embeddings", "embedding_dim", "max_norm", "norm_type", "scale_grad_by_freq"});
    args.push_back(arg("mode", &O::mode, modeText));
    for (Arg &arg : picked<O>({"sparse"}))
        args.push_back(arg);
    args.push_back(arg("include_last_offset", &O::include_last_offset, lastText));
    for (Arg &arg : picked<O>({"padding_idx"}))
        args.push_back(arg);
    BagMode P::*mode = &P::mode;
    bool P::*last = &P::include_last_offset;
    const Arguments sum{{"num_embeddings", 5}, {"embedding_dim", 3}, {"mode", "sum"}};
    return declare<EmbeddingBag>(
            {.name = "EmbeddingBag",
             .group = Group::Embedding,
             .summary = "Sums, means or largest elements of the rows of bags of indices.",
             .formula = R"(y_b = \sum_{i \in bag_b} w_i W[i])",
             .source = "torch.nn.EmbeddingBag",
             .args = std::move(args),
             .inputs
             = {{.name = "input", .pattern = "*", .dtype = "int64", .below = "num_embeddings"},
                {.name = "offsets", .pattern = "B", .dtype = "int64", .optional = true},
                {.name = "per_sample_weights", .pattern = "*", .optional = true}},
             .outputs = {{.name = "output", .pattern = "B embedding_dim"}},
             .infer = inferBag,
             .validate = [](const O &o) { return checkPadding(o); },
             .samples
             = {{.args = {{"num_embeddings", 5}, {"embedding_dim", 3}}, .inputs = {{4, 2}}},
                {.args = sum, .inputs = {{4, 2}, leftOut, {4, 2}}},
                {.args = {{"num_embeddings", 5}, {"embedding_dim", 3}, {"mode", "max"}},
                 .inputs = {{2, 3}}},
                {.args = sum, .inputs = {{5}, {1}}}},
             .badSamples
             = {{.args = sum, .inputs = {{5}}, .kind = "embedding_bag_error_requires_2d_input"},
                {.args = sum,
                 .inputs = {{2, 2, 2}},
                 .kind = "embedding_bag_error_requires_2d_input"},
                {.args = sum, .inputs = {{2, 2}, {1}}, .kind = "offsets_not_allowed"},
                {.args = {{"num_embeddings", 5}, {"embedding_dim", 3}},
                 .inputs = {{2, 2}, leftOut, {2, 2}},
                 .kind = "weights_not_allowed"}},
             .methods = {fromPretrained<EmbeddingBag, O>(
                     "torch.nn.EmbeddingBag.from_pretrained",
                     {arg("mode", mode, modeText), arg("include_last_offset", last, lastText)})}});
}

} // namespace

std::vector<ModuleSpec> embeddingModules() { return {embeddingSpec(), embeddingBagSpec()}; }

} // namespace mrg
