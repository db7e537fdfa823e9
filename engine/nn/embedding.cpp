// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/embedding.h"

#include "engine/autograd/Node.h"
#include "engine/nn/families.h"
#include "engine/nn/init.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace mrg {

namespace {

Result<void> validateEmbedding(const Embedding::Options &o)
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

Embedding::Embedding(Options options_) : options(options_)
{
    if (options.padding_idx && *options.padding_idx < 0)
        *options.padding_idx += options.num_embeddings;
    registerParameter("weight", weight, {options.num_embeddings, options.embedding_dim});
    initialize(RandomStream());
}

void Embedding::resetParameters(RandomStream &random)
{
    init::normal(weight, random);
    if (options.padding_idx) {
        weight.asStrided({options.embedding_dim}, {1}, *options.padding_idx * options.embedding_dim)
                .fill(0);
    }
}

void Embedding::renormalize(const std::vector<int64_t> &rows)
{
    const std::set<int64_t> distinct(rows.begin(), rows.end());
    dispatchFloating(weight.dtype(), "Embedding", [&](auto tag) {
        using T = typename decltype(tag)::type;
        for (int64_t row : distinct) {
            T *values = weight.data<T>() + row * options.embedding_dim;
            double sum = 0;
            double largest = 0;
            for (int64_t i = 0; i < options.embedding_dim; ++i) {
                const double size = std::abs(static_cast<double>(values[i]));
                sum += std::pow(size, options.norm_type);
                largest = std::max(largest, size);
            }
            const double norm = std::isinf(options.norm_type) ? largest
                                                              : std::pow(sum, 1 / options.norm_type);
            if (norm <= *options.max_norm)
                continue;
            // torch's own guard against division by zero.
            const T scale = static_cast<T>(*options.max_norm / (norm + 1e-7));
            for (int64_t i = 0; i < options.embedding_dim; ++i)
                values[i] *= scale;
        }
    });
    weight.bumpVersion();
}

std::vector<Tensor> Embedding::forward(std::span<const Tensor> inputs)
{
    const Tensor &input = inputs[0];
    if (input.dtype() != DType::Int64 && input.dtype() != DType::Int32) {
        throw Error(ErrorCategory::DType, "dtype_not_supported", "Embedding", dtypeName(input.dtype()),
                    "int64 or int32", "indices must be whole numbers");
    }
    const std::vector<int64_t> rows = input.toVector<int64_t>();
    for (size_t i = 0; i < rows.size(); ++i) {
        if (rows[i] < 0 || rows[i] >= options.num_embeddings) {
            throw Error(ErrorCategory::Index, "index_out_of_range", "Embedding",
                        "index " + std::to_string(rows[i]) + " at position " + std::to_string(i),
                        "0 to " + std::to_string(options.num_embeddings - 1),
                        "raise num_embeddings or mend the data");
        }
    }
    if (options.max_norm)
        renormalize(rows);
    const int64_t width = options.embedding_dim;
    Shape shape = input.shape();
    shape.push_back(width);
    Tensor y = Tensor::empty(shape, weight.dtype());
    dispatchFloating(weight.dtype(), "Embedding", [&](auto tag) {
        using T = typename decltype(tag)::type;
        const T *table = weight.data<T>();
        T *out = y.data<T>();
        for (int64_t row : rows)
            out = std::copy_n(table + row * width, width, out);
    });
    if (shouldRecord({&weight})) {
        record("embedding", {weight}, {y}, [rows, o = options, shapeOfTable = weight.shape()](const Gradients &g) {
            const Tensor gradient = g[0].compact();
            Tensor back = Tensor::zeros(shapeOfTable, gradient.dtype());
            std::vector<int64_t> counts(static_cast<size_t>(o.num_embeddings), 0);
            for (int64_t row : rows)
                ++counts[static_cast<size_t>(row)];
            dispatchFloating(gradient.dtype(), "Embedding", [&](auto tag) {
                using T = typename decltype(tag)::type;
                const T *from = gradient.data<T>();
                for (int64_t row : rows) {
                    T *target = back.data<T>() + row * o.embedding_dim;
                    const T scale = o.scale_grad_by_freq
                            ? T(1) / static_cast<T>(counts[static_cast<size_t>(row)])
                            : T(1);
                    for (int64_t i = 0; i < o.embedding_dim; ++i, ++from) {
                        if (row != o.padding_idx)
                            target[i] += *from * scale;
                    }
                }
            });
            return Gradients{back};
        });
    }
    return {y};
}

std::vector<ModuleSpec> embeddingModules()
{
    using O = Embedding::Options;
    return {declare<Embedding>(
            {.name = "Embedding",
             .group = Group::Embedding,
             .summary = "A table looked up by index.",
             .formula = "y = W[x]",
             .source = "torch.nn.Embedding",
             .args = {requiredArg("num_embeddings", &O::num_embeddings, "Rows of the table.", atLeast(0)),
                      requiredArg("embedding_dim", &O::embedding_dim, "Size of each row.", atLeast(0)),
                      arg("padding_idx", &O::padding_idx, "A row that starts at 0 and is not trained."),
                      arg("max_norm", &O::max_norm, "Rows longer than this are shortened when looked up."),
                      arg("norm_type", &O::norm_type, "Exponent of the norm for max_norm."),
                      arg("scale_grad_by_freq", &O::scale_grad_by_freq,
                          "Divide a row's gradient by how often it occurs in the batch."),
                      arg("sparse", &O::sparse, "Kept for torch's sake: gradients are dense here.")},
             .inputs = {{.name = "input", .pattern = "*", .dtype = "int64", .below = "num_embeddings"}},
             .outputs = {{.name = "output", .pattern = "* embedding_dim"}},
             .validate = validateEmbedding,
             .samples = {{.args = {{"num_embeddings", 5}, {"embedding_dim", 3}}, .inputs = {{4, 2}}},
                         {.args = {{"num_embeddings", 5}, {"embedding_dim", 3}, {"padding_idx", 1}},
                          .inputs = {{6}},
                          .differentiable = false}},
             .badSamples = {{.args = {{"num_embeddings", 4}, {"embedding_dim", 2}, {"padding_idx", 4}},
                             .inputs = {{3}},
                             .kind = "padding_idx_out_of_range"}}})};
}

} // namespace mrg
