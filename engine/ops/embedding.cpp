// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/embedding.h"

#include "engine/autograd/Node.h"
#include "engine/autograd/once_differentiable.h"
#include "engine/core/Launch.h"

#include <algorithm>
#include <cmath>

namespace mrg {

namespace {

/// Indices as compact int64.
Tensor wholeNumbers(const char *where, const Tensor &indices)
{
    if (indices.dtype() != DType::Int64 && indices.dtype() != DType::Int32) {
        throw Error(ErrorCategory::DType, "dtype_not_supported", where, dtypeName(indices.dtype()),
                    "int64 or int32", "indices must be whole numbers");
    }
    return indices.toType(DType::Int64).compact();
}

/// Called in kernels.
void checkIndex(const char *where, int64_t index, int64_t rows, int64_t position)
{
    if (index >= 0 && index < rows)
        return;
    throw Error(ErrorCategory::Index, "index_out_of_range", where,
                "index " + std::to_string(index) + " at position " + std::to_string(position),
                "0 to " + std::to_string(rows - 1), "raise num_embeddings or mend the data");
}

/// What the gradient of each lookup is multiplied by: 0 for padding, else 1 over the index's count
/// or 1. Called in kernels.
std::vector<double> factorsOf(const int64_t *indices, int64_t count, int64_t rows,
                              const EmbeddingGradient &how)
{
    std::vector<double> factors(static_cast<size_t>(count), 1);
    if (how.scale_grad_by_freq) {
        std::vector<int64_t> counts(static_cast<size_t>(rows), 0);
        for (int64_t i = 0; i < count; ++i)
            ++counts[static_cast<size_t>(indices[i])];
        for (int64_t i = 0; i < count; ++i)
            factors[static_cast<size_t>(i)]
                    = 1 / static_cast<double>(counts[static_cast<size_t>(indices[i])]);
    }
    for (int64_t i = 0; how.padding_idx && i < count; ++i) {
        if (indices[i] == *how.padding_idx)
            factors[static_cast<size_t>(i)] = 0;
    }
    return factors;
}

Tensor scatterRows(const Tensor &gradient, const Tensor &indices, int64_t rows,
                   const EmbeddingGradient &how);

/// Rows of the table, each times its factor where `weighted`.
Tensor gatherRows(const Tensor &table, const Tensor &indices, const EmbeddingGradient &how,
                  bool weighted)
{
    const int64_t width = table.size(1);
    const int64_t rows = table.size(0);
    Shape shape = indices.shape();
    shape.push_back(width);
    const Tensor source = table.compact();
    Tensor out = Tensor::empty(shape, table.dtype());
    dispatchFloating(table.dtype(), "Embedding", [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([=, at = indices.data<int64_t>(), count = indices.numel(), from = source.data<T>(),
                to = out.data<T>()] {
            for (int64_t i = 0; i < count; ++i)
                checkIndex("Embedding", at[i], rows, i);
            const std::vector<double> factors
                    = weighted ? factorsOf(at, count, rows, how) : std::vector<double>();
            for (int64_t i = 0; i < count; ++i) {
                std::copy_n(from + at[i] * width, width, to + i * width);
                for (int64_t k = 0; weighted && k < width; ++k)
                    to[i * width + k] *= static_cast<T>(factors[static_cast<size_t>(i)]);
            }
        });
    });
    if (shouldRecord({&table})) {
        record("embedding", {table}, {out}, [indices, rows, how](const Gradients &g) {
            return Gradients{scatterRows(g[0], indices, rows, how)};
        });
    }
    return out;
}

/// Gradients added up in the rows of a table: the transpose of gatherRows().
Tensor scatterRows(const Tensor &gradient, const Tensor &indices, int64_t rows,
                   const EmbeddingGradient &how)
{
    const int64_t width = gradient.shape().back();
    const Tensor source = gradient.compact();
    Tensor out = Tensor::zeros({rows, width}, gradient.dtype());
    dispatchFloating(gradient.dtype(), "Embedding", [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([=, at = indices.data<int64_t>(), count = indices.numel(), from = source.data<T>(),
                to = out.data<T>()] {
            const std::vector<double> factors = factorsOf(at, count, rows, how);
            for (int64_t i = 0; i < count; ++i) {
                const T factor = static_cast<T>(factors[static_cast<size_t>(i)]);
                for (int64_t k = 0; factor != 0 && k < width; ++k)
                    to[at[i] * width + k] += from[i * width + k] * factor;
            }
        });
    });
    if (shouldRecord({&gradient})) {
        record("embedding_backward", {gradient}, {out}, [indices, how](const Gradients &g) {
            return Gradients{gatherRows(g[0], indices, how, true)};
        });
    }
    return out;
}

/// The compact form of bags that kernels work on.
struct BagList {
    const int64_t *indices;
    int64_t count;
    const int64_t *offsets; ///< null: bags of `bagSize`
    int64_t bags;
    int64_t bagSize;
    bool lastOffset; ///< there is an offset more than there are bags
    int64_t rows;

    int64_t begin(int64_t bag) const { return offsets ? offsets[bag] : bag * bagSize; }
    int64_t end(int64_t bag) const
    {
        if (!offsets)
            return (bag + 1) * bagSize;
        return bag + 1 < bags || lastOffset ? offsets[bag + 1] : count;
    }
    /// That offsets and indices are allowed; called in kernels.
    void check() const
    {
        for (int64_t i = 0; i < count; ++i)
            checkIndex("EmbeddingBag", indices[i], rows, i);
        const auto refuse = [this](const std::string &got, const std::string &wanted) {
            throw Error(ErrorCategory::Value, "wrong_offsets", "EmbeddingBag", got, wanted);
        };
        const int64_t given = offsets ? bags + lastOffset : 0;
        if (given > 0 && offsets[0] != 0)
            refuse("a first offset of " + std::to_string(offsets[0]),
                   "0, where the first bag begins");
        for (int64_t i = 0; i < given; ++i) {
            if (offsets[i] > count)
                refuse("offset " + std::to_string(offsets[i]),
                       "at most the input's length " + std::to_string(count));
            if (i > 0 && offsets[i] < offsets[i - 1])
                refuse("offset " + std::to_string(offsets[i]) + " after "
                               + std::to_string(offsets[i - 1]),
                       "growing offsets");
        }
    }
};

/// What the gradient of each lookup in bags is multiplied by. The counts are PyTorch's to the
/// letter (EmbeddingBag.cpp, _embedding_bag_dense_backward_cpu): the i-th index in ascending order
/// is divided by the count of the i-th entry of the sorted list, which need not be the same index.
std::vector<double> bagFactorsOf(const int64_t *indices, int64_t count, int64_t rows,
                                 const EmbeddingGradient &how)
{
    std::vector<double> factors(static_cast<size_t>(count), 1);
    if (!how.scale_grad_by_freq)
        return factors;
    std::vector<int64_t> sorted(indices, indices + count);
    std::sort(sorted.begin(), sorted.end());
    std::vector<int64_t> counts(static_cast<size_t>(rows), 0);
    for (int64_t index : sorted)
        ++counts[static_cast<size_t>(index)];
    std::vector<double> ofIndex(static_cast<size_t>(rows), 1);
    size_t number = 0;
    for (size_t i = 0; i < sorted.size(); ++i) {
        if (i == 0 || sorted[i] != sorted[i - 1]) {
            ofIndex[static_cast<size_t>(sorted[i])]
                    = 1 / static_cast<double>(counts[static_cast<size_t>(sorted[number++])]);
        }
    }
    for (int64_t i = 0; i < count; ++i)
        factors[static_cast<size_t>(i)] = ofIndex[static_cast<size_t>(indices[i])];
    return factors;
}

/// Calls visit(bag, position, count of the bag without padding) for what counts in the bags.
template <typename Visit>
void forBags(const BagList &list, std::optional<int64_t> padding, const Visit &visit)
{
    for (int64_t bag = 0; bag < list.bags; ++bag) {
        const int64_t begin = list.begin(bag);
        const int64_t end = list.end(bag);
        int64_t counted = end - begin;
        for (int64_t i = begin; padding && i < end; ++i)
            counted -= list.indices[i] == *padding;
        for (int64_t i = begin; i < end; ++i) {
            if (!padding || list.indices[i] != *padding)
                visit(bag, i, counted);
        }
    }
}

} // namespace

Result<void> checkBagInput(const Shape &input, bool offsets)
{
    const bool row = input.size() == 1;
    if (input.size() == 2 && offsets) {
        return Error(ErrorCategory::Value, "offsets_not_allowed", "",
                     "offsets beside input " + toString(input), "no offsets: every row is a bag",
                     "leave them out, or flatten the input");
    }
    if (input.size() == 2 || (row && offsets))
        return {};
    return Error(row ? ErrorCategory::Value : ErrorCategory::Shape,
                 "embedding_bag_error_requires_2d_input", "",
                 "input " + toString(input) + (offsets ? "" : " without offsets"),
                 "2 dimensions (bags, indices), or 1 dimension and offsets",
                 row ? "give the offsets at which bags begin, or reshape it so that rows are bags"
                     : "reshape it so that rows are bags");
}

namespace {

Error bagError(ErrorCategory category, const char *kind, const std::string &got,
               const std::string &wanted)
{
    return Error(category, kind, "EmbeddingBag", got, wanted);
}

void checkBags(const Tensor &table, const Bags &bags)
{
    const Tensor &indices = bags.indices;
    if (Result<void> valid = checkBagInput(indices.shape(), bags.offsets.defined()); !valid)
        throw valid.error().within("EmbeddingBag");
    if (bags.offsets.defined() && bags.offsets.dim() != 1) {
        throw bagError(ErrorCategory::Shape, "dimension_count_mismatch",
                       "offsets " + toString(bags.offsets.shape()), "1 dimension");
    }
    if (bags.offsets.defined() && bags.include_last_offset && bags.offsets.numel() == 0)
        throw bagError(ErrorCategory::Value, "wrong_offsets", "no offset",
                       "at least the last bag's end");
    if (bags.weights.defined() && bags.mode != BagMode::Sum) {
        throw bagError(ErrorCategory::Value, "weights_not_allowed",
                       "per_sample_weights in another mode than sum", "mode sum");
    }
    if (bags.weights.defined() && bags.weights.shape() != indices.shape()) {
        throw bagError(ErrorCategory::Shape, "size_mismatch",
                       "per_sample_weights " + toString(bags.weights.shape()),
                       "the input's shape " + toString(indices.shape()));
    }
    if (bags.weights.defined() && bags.weights.dtype() != table.dtype()) {
        throw bagError(ErrorCategory::DType, "dtype_mismatch",
                       std::string("per_sample_weights of ") + dtypeName(bags.weights.dtype()),
                       dtypeName(table.dtype()));
    }
    if (bags.mode == BagMode::Max && bags.gradient.scale_grad_by_freq) {
        throw bagError(ErrorCategory::Value, "not_supported_with_max",
                       "scale_grad_by_freq in mode max", "another mode, or no scaling");
    }
}

/// The gradients of table and weights; `places` tells which index gave each largest element.
/// `table` is needed where there are weights.
Gradients bagsBackward(const Tensor &table, const Tensor &weights, const BagList &list,
                       const Bags &bags, const Tensor &places, const Tensor &g)
{
    const Tensor gradient = g.compact();
    const int64_t width = gradient.size(1);
    Gradients out(2);
    out[0] = Tensor::zeros({list.rows, width}, gradient.dtype());
    if (weights.defined())
        out[1] = Tensor::zeros(weights.shape(), gradient.dtype());
    dispatchFloating(gradient.dtype(), "EmbeddingBag", [&](auto tag) {
        using T = typename decltype(tag)::type;
        const auto pointer = [](const Tensor &tensor) {
            return tensor.defined() ? tensor.data<T>() : nullptr;
        };
        launch([list, width, how = bags.gradient, mode = bags.mode, from = pointer(table),
                w = pointer(weights), dy = gradient.data<T>(), dx = out[0].data<T>(),
                dw = pointer(out[1]), place = places.defined() ? places.data<int64_t>() : nullptr] {
            if (mode == BagMode::Max) {
                for (int64_t i = 0; i < list.bags * width; ++i) {
                    if (place[i] >= 0)
                        dx[place[i] * width + i % width] += dy[i];
                }
                return;
            }
            const std::vector<double> factors
                    = bagFactorsOf(list.indices, list.count, list.rows, how);
            forBags(list, how.padding_idx, [&](int64_t bag, int64_t i, int64_t counted) {
                const int64_t row = list.indices[i];
                double factor = factors[static_cast<size_t>(i)];
                if (mode == BagMode::Mean)
                    factor /= static_cast<double>(counted);
                if (w)
                    factor *= w[i];
                for (int64_t k = 0; k < width; ++k)
                    dx[row * width + k] += dy[bag * width + k] * static_cast<T>(factor);
                for (int64_t k = 0; dw && k < width; ++k)
                    dw[i] += dy[bag * width + k] * from[row * width + k];
            });
        });
    });
    return out;
}

} // namespace

Tensor embedding(const Tensor &table, const Tensor &indices, const EmbeddingGradient &gradient)
{
    return gatherRows(table, wholeNumbers("Embedding", indices), gradient, false);
}

void renormalizeRows(const Tensor &table, const Tensor &indices, double max_norm, double norm_type)
{
    const Tensor whole = wholeNumbers("Embedding", indices);
    const int64_t width = table.size(1);
    dispatchFloating(table.dtype(), "Embedding", [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([=, rows = table.size(0), at = whole.data<int64_t>(), count = whole.numel(),
                memory = table.data<T>()] {
            for (int64_t i = 0; i < count; ++i) {
                checkIndex("Embedding", at[i], rows, i);
                T *values = memory + at[i] * width;
                double sum = 0;
                double largest = 0;
                for (int64_t k = 0; k < width; ++k) {
                    const double size = std::abs(static_cast<double>(values[k]));
                    sum += std::pow(size, norm_type);
                    largest = std::max(largest, size);
                }
                const double norm = std::isinf(norm_type) ? largest : std::pow(sum, 1 / norm_type);
                if (norm <= max_norm)
                    continue;
                // torch's own guard against division by zero. A row that comes again is short
                // already.
                const T scale = static_cast<T>(max_norm / (norm + 1e-7));
                for (int64_t k = 0; k < width; ++k)
                    values[k] *= scale;
            }
        });
    });
    table.bumpVersion();
}

Tensor embeddingBag(const Tensor &table, const Bags &bags)
{
    checkBags(table, bags);
    const Tensor indices = wholeNumbers("EmbeddingBag", bags.indices);
    const Tensor offsets
            = bags.offsets.defined() ? wholeNumbers("EmbeddingBag", bags.offsets) : Tensor();
    const Tensor weights = bags.weights.defined() ? bags.weights.compact() : Tensor();
    const int64_t width = table.size(1);
    BagList list{indices.data<int64_t>(), indices.numel(), nullptr, 0, 0, false, table.size(0)};
    if (offsets.defined()) {
        list.offsets = offsets.data<int64_t>();
        list.lastOffset = bags.include_last_offset;
        list.bags = offsets.numel() - (list.lastOffset ? 1 : 0);
    } else {
        list.bags = indices.size(0);
        list.bagSize = indices.size(1);
    }
    Tensor out = Tensor::zeros({list.bags, width}, table.dtype());
    Tensor places = bags.mode == BagMode::Max ? Tensor::full({list.bags, width}, -1, DType::Int64)
                                              : Tensor();
    dispatchFloating(table.dtype(), "EmbeddingBag", [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([list, width, padding = bags.gradient.padding_idx, mode = bags.mode,
                from = table.data<T>(), w = weights.defined() ? weights.data<T>() : nullptr,
                to = out.data<T>(), place = places.defined() ? places.data<int64_t>() : nullptr] {
            list.check();
            forBags(list, padding, [&](int64_t bag, int64_t i, int64_t) {
                const T *row = from + list.indices[i] * width;
                T *target = to + bag * width;
                for (int64_t k = 0; k < width; ++k) {
                    if (mode == BagMode::Max) {
                        int64_t &best = place[bag * width + k];
                        if (best < 0 || row[k] > target[k]) {
                            target[k] = row[k];
                            best = list.indices[i];
                        }
                        continue;
                    }
                    target[k] += w ? row[k] * w[i] : row[k];
                }
            });
            for (int64_t bag = 0; mode == BagMode::Mean && bag < list.bags; ++bag) {
                int64_t counted = list.end(bag) - list.begin(bag);
                for (int64_t i = list.begin(bag); padding && i < list.end(bag); ++i)
                    counted -= list.indices[i] == *padding;
                for (int64_t k = 0; counted > 0 && k < width; ++k)
                    to[bag * width + k] /= static_cast<T>(counted);
            }
        });
    });
    if (shouldRecord({&table, &bags.weights})) {
        record("embedding_bag", {table, bags.weights}, {out},
               [list, bags, indices, offsets, places,
                st = SavedTensor(weights.defined() ? table : Tensor()),
                sw = SavedTensor(weights)](const Gradients &g) {
                   const Tensor madeOf[] = {g[0], st.unpack(), sw.unpack()};
                   return onceDifferentiable(
                           "embedding_bag",
                           bagsBackward(madeOf[1], madeOf[2], list, bags, places, g[0]), madeOf);
               });
    }
    return out;
}

} // namespace mrg
