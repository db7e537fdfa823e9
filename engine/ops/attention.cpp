// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/attention.h"

#include "engine/autograd/repeated_gradients.h"
#include "engine/core/Launch.h"
#include "engine/ops/dropout.h"
#include "engine/ops/linear_algebra.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/rearranging.h"
#include "engine/ops/reductions.h"
#include "engine/ops/softmax.h"
#include "engine/ops/views.h"
#include "engine/tensor/strided.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mrg {

namespace {

using kernels::AttentionShape;
using kernels::HeadStrides;
using kernels::HeadView;

Shape scoresShape(const AttentionShape &s) { return {s.batch, s.heads, s.queries, s.keys}; }

template <typename T, typename Element = const T>
HeadView<Element> viewOf(const HeadPlacement &placement, std::span<const Tensor> sources)
{
    const Tensor &source = sources[placement.source];
    return {source.defined() ? source.data<T>() + placement.offset : nullptr, placement.strides};
}

/// Everything but the gradients that the way back needs.
struct Saved {
    HeadsProblem problem;
    std::vector<SavedTensor> sources;
    SavedTensor mask;
    Tensor probabilities;
    Tensor factors;
    std::vector<bool> wanted; ///< of the sources, then of the mask
    Shape maskShape;
};

/// Queries, keys or values as (batch, heads, length, size).
Tensor headsOf(const HeadPlacement &placement, std::span<const Tensor> sources, Shape shape)
{
    const Tensor source = contiguous(sources[placement.source]);
    const HeadStrides &strides = placement.strides;
    return asStrided(source, shape, {strides.batch, strides.head, strides.row, 1},
                     source.offset() + placement.offset);
}

/// Attention in recorded functions. Inputs: the sources, then the mask; outputs as the node's.
std::vector<Tensor> attendByOperations(const HeadsProblem &problem, const Tensor &factors,
                                       std::span<const Tensor> inputs)
{
    const AttentionShape &s = problem.shape;
    const Tensor q = headsOf(problem.query, inputs, {s.batch, s.heads, s.queries, s.size});
    const Tensor k = headsOf(problem.key, inputs, {s.batch, s.heads, s.keys, s.size});
    const Tensor v = headsOf(problem.value, inputs, {s.batch, s.heads, s.keys, s.valueSize});
    Tensor scores = mul(matmul(q, transpose(k, -2, -1)), Number(s.scale));
    if (inputs.back().defined())
        scores = add(scores, inputs.back());
    if (s.causal) {
        const double never = -std::numeric_limits<double>::infinity();
        scores = add(scores, triu(Tensor::full({s.queries, s.keys}, never, q.dtype()), 1));
    }
    Tensor weights = softmax(scores, -1);
    if (factors.defined())
        weights = mul(weights, factors);
    // Batch, heads and queries stand in the output in the order of their strides.
    std::vector<std::pair<int64_t, int64_t>> order{
            {-problem.output.batch, 0}, {-problem.output.head, 1}, {-problem.output.row, 2}};
    std::sort(order.begin(), order.end());
    const Tensor out
            = permute(matmul(weights, v), {order[0].second, order[1].second, order[2].second, 3});
    return {reshape(out, problem.outputShape), problem.needWeights ? weights : Tensor()};
}

Gradients headsBackward(const Saved &saved, const Gradients &incoming)
{
    const HeadsProblem &problem = saved.problem;
    const AttentionShape &shape = problem.shape;
    std::vector<Tensor> sources;
    std::vector<Tensor> gradients(saved.sources.size());
    for (size_t i = 0; i < saved.sources.size(); ++i) {
        sources.push_back(saved.sources[i].unpack().compact());
        if (saved.wanted[i])
            gradients[i] = Tensor::empty(sources[i].shape(), sources[i].dtype());
    }
    const DType dtype = sources[0].dtype();
    const Tensor out = incoming[0].defined() ? incoming[0].compact()
                                             : Tensor::zeros(problem.outputShape, dtype);
    const Tensor weights = incoming[1].defined() ? incoming[1].compact() : Tensor();
    const Tensor scores = saved.wanted.back() ? Tensor::empty(scoresShape(shape), dtype) : Tensor();
    dispatchFloating(dtype, "scaled_dot_product_attention", [&](auto tag) {
        using T = typename decltype(tag)::type;
        const auto data = [](const Tensor &tensor) {
            return tensor.defined() ? tensor.data<T>() : nullptr;
        };
        launch([shape, q = viewOf<T>(problem.query, sources), k = viewOf<T>(problem.key, sources),
                v = viewOf<T>(problem.value, sources), softmax = data(saved.probabilities),
                factors = data(saved.factors),
                dOut = HeadView<const T>{out.data<T>(), problem.output}, dWeights = data(weights),
                to = kernels::AttentionGradients<T>{viewOf<T, T>(problem.query, gradients),
                                                    viewOf<T, T>(problem.key, gradients),
                                                    viewOf<T, T>(problem.value, gradients),
                                                    data(scores)}] {
            kernels::attentionBackward<T>(shape, q, k, v, softmax, factors, dOut, dWeights, to);
        });
    });
    gradients.push_back(scores.defined() ? sumToSize(scores, saved.maskShape) : Tensor());
    return gradients;
}

/// The same for create_graph, recorded.
Gradients headsGradients(const Saved &saved, const Gradients &incoming)
{
    std::vector<Tensor> inputs;
    for (const SavedTensor &source : saved.sources)
        inputs.push_back(source.unpack());
    inputs.push_back(saved.mask.unpack());
    return repeatedGradients(
            inputs,
            [&saved](std::span<const Tensor> all) {
                return attendByOperations(saved.problem, saved.factors, all);
            },
            incoming);
}

} // namespace

HeadsResult attendHeads(const HeadsProblem &problem, std::span<const Tensor> sources,
                        const Tensor &mask)
{
    const AttentionShape &shape = problem.shape;
    const DType dtype = sources[0].dtype();
    std::vector<Tensor> inputs(sources.begin(), sources.end());
    inputs.push_back(mask);
    const bool recorded = shouldRecord(inputs);
    std::vector<Tensor> compact;
    for (const Tensor &source : sources)
        compact.push_back(source.compact());
    HeadsResult result;
    result.output = Tensor::empty(problem.outputShape, dtype);
    const Tensor probabilities
            = recorded || problem.needWeights ? Tensor::empty(scoresShape(shape), dtype) : Tensor();
    const Tensor factors = problem.dropout > 0
            ? dropoutFactors(scoresShape(shape), dtype, problem.dropout, *problem.random)
            : Tensor();
    dispatchFloating(dtype, "scaled_dot_product_attention", [&](auto tag) {
        using T = typename decltype(tag)::type;
        kernels::ScoreMask<T> added{nullptr, {}, 0};
        if (mask.defined()) {
            const std::vector<int64_t> strides
                    = broadcastStrides(mask.shape(), mask.strides(), scoresShape(shape));
            added = {mask.data<T>(), {strides[0], strides[1], strides[2]}, strides[3]};
        }
        const auto data = [](const Tensor &tensor) {
            return tensor.defined() ? tensor.data<T>() : nullptr;
        };
        launch([shape, q = viewOf<T>(problem.query, compact), k = viewOf<T>(problem.key, compact),
                v = viewOf<T>(problem.value, compact), added, softmax = data(probabilities),
                kept = data(factors), out = HeadView<T>{result.output.data<T>(), problem.output}] {
            kernels::attentionForward<T>(shape, q, k, v, added, softmax, kept, out);
        });
    });
    if (problem.needWeights)
        result.weights = factors.defined() ? mul(probabilities, factors) : probabilities.copy();
    if (recorded) {
        Saved saved{problem, {}, SavedTensor(mask), probabilities, factors, {}, {}};
        saved.maskShape = mask.defined() ? mask.shape() : Shape();
        saved.sources.assign(sources.begin(), sources.end());
        for (const Tensor &input : inputs)
            saved.wanted.push_back(input.defined() && input.requiresGrad());
        record("scaled_dot_product_attention", inputs, {result.output, result.weights},
               [saved = std::move(saved)](const Gradients &g) {
                   return gradEnabled() ? headsGradients(saved, g) : headsBackward(saved, g);
               });
    }
    return result;
}

Tensor additiveMask(const Tensor &mask, MaskMeaning meaning, DType dtype)
{
    if (!mask.defined() || mask.dtype() != DType::Bool) {
        if (mask.defined() && !mask.isFloatingPoint()) {
            throw Error(ErrorCategory::DType, "dtype_not_supported", "attention",
                        std::string("a mask of ") + dtypeName(mask.dtype()), "bool or floating");
        }
        return !mask.defined() || mask.dtype() == dtype ? mask : mask.toType(dtype);
    }
    const Tensor source = mask.compact();
    Tensor out = Tensor::empty(mask.shape(), dtype);
    dispatchFloating(dtype, "attention", [&](auto tag) {
        using T = typename decltype(tag)::type;
        launchPointwise(
                out.numel(),
                [from = source.data<bool>(), to = out.data<T>(),
                 forbids = meaning == MaskMeaning::TrueForbids](int64_t begin, int64_t end) {
                    for (int64_t i = begin; i < end; ++i)
                        to[i] = from[i] == forbids ? -std::numeric_limits<T>::infinity() : T(0);
                });
    });
    return out;
}

Tensor scaledDotProductAttention(const Tensor &query, const Tensor &key, const Tensor &value,
                                 const Tensor &mask, const AttentionOptions &options)
{
    const char *where = "scaled_dot_product_attention";
    for (const Tensor *tensor : {&query, &key, &value}) {
        if (tensor->dim() < 2) {
            throw Error(ErrorCategory::Shape, "dimension_count_mismatch", where,
                        toString(tensor->shape()), "two dimensions or more");
        }
        if (tensor->dtype() != query.dtype()) {
            throw Error(ErrorCategory::DType, "dtype_mismatch", where, dtypeName(tensor->dtype()),
                        dtypeName(query.dtype()), "convert query, key and value to one type");
        }
    }
    if (query.size(-1) != key.size(-1) || key.size(-2) != value.size(-2)) {
        throw Error(ErrorCategory::Shape, "size_mismatch", where,
                    "query " + toString(query.shape()) + ", key " + toString(key.shape())
                            + ", value " + toString(value.shape()),
                    "(..., L, E), (..., S, E) and (..., S, Ev)");
    }
    if (mask.defined() && options.causal) {
        throw Error(ErrorCategory::Value, "mask_and_causal", where, "a mask and is_causal",
                    "one of them", "leave is_causal out, or the mask");
    }
    const auto leading = [](const Tensor &tensor) {
        return Shape(tensor.shape().begin(), tensor.shape().end() - 2);
    };
    const Shape lead
            = broadcastShapes(broadcastShapes(leading(query), leading(key)).value(), leading(value))
                      .value();
    const auto whole = [&lead](const Tensor &tensor) {
        Shape shape = lead;
        shape.push_back(tensor.size(-2));
        shape.push_back(tensor.size(-1));
        return shape == tensor.shape() ? tensor : expand(tensor, shape);
    };
    const Tensor sources[] = {whole(query), whole(key), whole(value)};
    HeadsProblem problem;
    AttentionShape &shape = problem.shape;
    shape.heads = lead.empty() ? 1 : lead.back();
    shape.batch = lead.empty() ? 1 : numel(Shape(lead.begin(), lead.end() - 1));
    shape.queries = query.size(-2);
    shape.keys = key.size(-2);
    shape.size = query.size(-1);
    shape.valueSize = value.size(-1);
    shape.scale = options.scale.value_or(1 / std::sqrt(static_cast<double>(shape.size)));
    shape.causal = options.causal;
    const auto stacked = [&shape](int64_t length, int64_t size) {
        return HeadStrides{shape.heads * length * size, length * size, size};
    };
    problem.query = {0, 0, stacked(shape.queries, shape.size)};
    problem.key = {1, 0, stacked(shape.keys, shape.size)};
    problem.value = {2, 0, stacked(shape.keys, shape.valueSize)};
    problem.output = stacked(shape.queries, shape.valueSize);
    problem.outputShape = lead;
    problem.outputShape.push_back(shape.queries);
    problem.outputShape.push_back(shape.valueSize);
    problem.dropout = options.dropout;
    problem.random = options.random;
    Tensor added = additiveMask(mask, MaskMeaning::TrueAllows, query.dtype());
    if (added.defined()) {
        Shape scores = lead;
        scores.push_back(shape.queries);
        scores.push_back(shape.keys);
        added = expand(added, scores);
        if (scores != scoresShape(shape))
            added = reshape(added, scoresShape(shape));
    }
    return attendHeads(problem, sources, added).output;
}

} // namespace mrg
