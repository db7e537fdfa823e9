// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/joining.h"

#include "engine/autograd/Node.h"
#include "engine/ops/conversion.h"
#include "engine/ops/views.h"
#include "engine/tensor/result_type.h"

#include <algorithm>
#include <numeric>

namespace mrg {

namespace {

bool isSkipped(const Shape &shape) { return shape.size() == 1 && shape[0] == 0; }

[[noreturn]] void nothing(const char *where)
{
    throw Error(ErrorCategory::Value, "cat_of_nothing", where, "no tensors", "one or more");
}

} // namespace

Shape catShape(const Shapes &shapes, int64_t dim)
{
    if (shapes.empty())
        nothing("cat");
    std::optional<Shape> out;
    size_t d = 0;
    for (size_t i = 0; i < shapes.size(); ++i) {
        const Shape &shape = shapes[i];
        if (isSkipped(shape))
            continue;
        const std::string which = "tensor " + std::to_string(i) + " " + toString(shape);
        if (shape.empty() || (out && shape.size() != out->size())) {
            throw Error(ErrorCategory::Shape, "dimension_count_mismatch", "cat", which,
                        out ? "as many dimensions as " + toString(*out) : "at least one dimension",
                        shape.empty() ? "use stack for 0-d tensors" : "");
        }
        if (!out) {
            d = static_cast<size_t>(wrapDim(dim, shape, "cat"));
            out = shape;
            continue;
        }
        for (size_t k = 0; k < shape.size(); ++k) {
            if (k != d && shape[k] != (*out)[k]) {
                throw Error(ErrorCategory::Shape, "size_mismatch", "cat", which,
                            "size " + std::to_string((*out)[k]) + " in dimension "
                                    + std::to_string(k),
                            "only dimension " + std::to_string(d) + " may differ");
            }
        }
        (*out)[d] += shape[d];
    }
    if (!out)
        wrapDim(dim, 1, "cat");
    return out.value_or(Shape{0});
}

Tensor cat(std::span<const Tensor> tensors, int64_t dim)
{
    Shapes shapes;
    for (const Tensor &tensor : tensors)
        shapes.push_back(tensor.shape());
    const Shape shape = catShape(shapes, dim);
    const int64_t d = wrapDim(dim, shape, "cat");
    Tensor out = Tensor::empty(shape, resultType(tensors));
    int64_t start = 0;
    std::vector<std::pair<int64_t, int64_t>> ranges;
    std::vector<DType> types;
    for (const Tensor &tensor : tensors) {
        const int64_t length = isSkipped(tensor.shape()) ? 0 : tensor.size(d);
        ranges.emplace_back(start, length);
        types.push_back(tensor.dtype());
        if (!isSkipped(tensor.shape())) {
            const Layout part = narrowed(compactLayout(shape), d, start, length);
            out.asStrided(part.shape, part.strides, part.offset).copyFrom(tensor.detach());
        }
        start += length;
    }
    if (shouldRecord(tensors)) {
        record("cat", tensors, {out}, [ranges, types, d, shapes](const Gradients &g) {
            Gradients back;
            for (size_t i = 0; i < ranges.size(); ++i) {
                back.push_back(
                        isSkipped(shapes[i])
                                ? Tensor::zeros(shapes[i], types[i])
                                : to(narrow(g[0], d, ranges[i].first, ranges[i].second), types[i]));
            }
            return back;
        });
    }
    return out;
}

Shape stackShape(const Shapes &shapes, int64_t dim)
{
    if (shapes.empty())
        nothing("stack");
    for (size_t i = 1; i < shapes.size(); ++i) {
        if (shapes[i] != shapes[0]) {
            throw Error(ErrorCategory::Shape, "size_mismatch", "stack",
                        "tensor " + std::to_string(i) + " " + toString(shapes[i]),
                        toString(shapes[0]) + ", as the first",
                        "use cat for tensors of several sizes");
        }
    }
    Shape out = shapes[0];
    const int64_t d = wrapNewDim(dim, out, "stack");
    out.insert(out.begin() + d, static_cast<int64_t>(shapes.size()));
    return out;
}

Tensor stack(std::span<const Tensor> tensors, int64_t dim)
{
    Shapes shapes;
    for (const Tensor &tensor : tensors)
        shapes.push_back(tensor.shape());
    const Shape shape = stackShape(shapes, dim);
    const int64_t d = wrapDim(dim, shape, "stack");
    std::vector<Tensor> parts;
    for (const Tensor &tensor : tensors)
        parts.push_back(unsqueeze(tensor, d));
    return cat(parts, d);
}

Shape broadcastAll(const Shapes &shapes)
{
    Shape out;
    for (const Shape &shape : shapes)
        out = broadcastShapes(out, shape).value();
    return out;
}

Shape blockDiagonalShape(const Shapes &shapes)
{
    Shape out{0, 0};
    for (size_t i = 0; i < shapes.size(); ++i) {
        if (shapes[i].size() > 2) {
            throw Error(ErrorCategory::Shape, "dimension_count_mismatch", "block_diag",
                        "tensor " + std::to_string(i) + " " + toString(shapes[i]),
                        "at most 2 dimensions");
        }
        const Shape block = shapeAtLeast(shapes[i], 2);
        out[0] += block[0];
        out[1] += block[1];
    }
    return shapes.empty() ? Shape{1, 0} : out;
}

Tensor blockDiagonal(std::span<const Tensor> tensors)
{
    Shapes shapes;
    for (const Tensor &tensor : tensors)
        shapes.push_back(tensor.shape());
    const Shape shape = blockDiagonalShape(shapes);
    const DType dtype = resultType(tensors);
    std::vector<Tensor> rows;
    int64_t column = 0;
    for (const Tensor &tensor : tensors) {
        const Tensor block = to(reshape(tensor, shapeAtLeast(tensor.shape(), 2)), dtype);
        const Shape row{block.size(0), shape[1]};
        rows.push_back(embed(block, row, {block.shape(), contiguousStrides(row), column}));
        column += block.size(1);
    }
    return rows.empty() ? Tensor::zeros(shape) : cat(rows, 0);
}

std::vector<int64_t> splitSizes(int64_t size, int64_t piece)
{
    if (piece < 0 || (piece == 0 && size > 0)) {
        throw Error(ErrorCategory::Value, "split_error_size", "split",
                    "pieces of " + std::to_string(piece), "1 or more");
    }
    std::vector<int64_t> out;
    for (int64_t done = 0; done < size; done += piece)
        out.push_back(std::min(piece, size - done));
    if (out.empty())
        out.push_back(0);
    return out;
}

std::vector<int64_t> checkedSplitSizes(const Shape &shape, int64_t d,
                                       const std::vector<int64_t> &sizes)
{
    const int64_t size = shape[static_cast<size_t>(d)];
    const bool negative = std::any_of(sizes.begin(), sizes.end(), [](int64_t s) { return s < 0; });
    if (negative || std::accumulate(sizes.begin(), sizes.end(), int64_t(0)) != size) {
        throw Error(ErrorCategory::Shape, "split_error_sizes", "split", "sizes " + toString(sizes),
                    "sizes that add up to " + std::to_string(size) + ", dimension "
                            + std::to_string(d) + " of " + toString(shape));
    }
    return sizes;
}

std::vector<int64_t> chunkSizes(int64_t size, int64_t chunks)
{
    if (chunks < 1) {
        throw Error(ErrorCategory::Value, "chunk_error_count", "chunk",
                    std::to_string(chunks) + " chunks", "1 or more");
    }
    // A dimension of size 0 gives that many empty chunks.
    if (size == 0)
        return std::vector<int64_t>(static_cast<size_t>(chunks), 0);
    return splitSizes(size, (size + chunks - 1) / chunks);
}

std::vector<Tensor> split(const Tensor &x, int64_t size, int64_t dim)
{
    const int64_t d = wrapDim(dim, x.shape(), "split", "split_error_dim_out_of_range");
    return split(x, splitSizes(x.size(d), size), d);
}

std::vector<Tensor> split(const Tensor &x, const std::vector<int64_t> &sizes, int64_t dim)
{
    const int64_t d = wrapDim(dim, x.shape(), "split", "split_error_dim_out_of_range");
    checkedSplitSizes(x.shape(), d, sizes);
    std::vector<Tensor> out;
    int64_t start = 0;
    for (int64_t length : sizes) {
        out.push_back(narrow(x, d, start, length));
        start += length;
    }
    return out;
}

std::vector<Tensor> chunk(const Tensor &x, int64_t chunks, int64_t dim)
{
    const int64_t d = wrapDim(dim, x.shape(), "chunk", "chunk_error_dim_out_of_range");
    return split(x, chunkSizes(x.size(d), chunks), d);
}

std::vector<Tensor> unbind(const Tensor &x, int64_t dim)
{
    const int64_t d = wrapDim(dim, x.shape(), "unbind", "unbind_error_dim_out_of_range");
    std::vector<Tensor> out;
    for (int64_t i = 0; i < x.size(d); ++i)
        out.push_back(select(x, d, i));
    return out;
}

} // namespace mrg
