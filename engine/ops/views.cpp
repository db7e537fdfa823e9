// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/views.h"

#include "engine/autograd/Node.h"
#include "engine/ops/families.h"
#include "engine/ops/reductions.h"

#include <algorithm>

namespace mrg {

namespace {

/// Records the backward of a view: `back` turns the gradient of the view into that of x.
template <typename Back> Tensor recordView(const char *name, const Tensor &x, Tensor view, Back back)
{
    if (shouldRecord({&x}))
        record(name, {x}, {view}, [back](const Gradients &g) { return Gradients{back(g[0])}; });
    return view;
}

} // namespace

Tensor reshape(const Tensor &x, const Shape &wanted)
{
    Shape shape = wanted;
    const auto unknown = std::find(shape.begin(), shape.end(), -1);
    if (unknown != shape.end()) {
        *unknown = 1;
        const int64_t rest = numel(shape);
        *unknown = rest == 0 ? 0 : x.numel() / rest;
    }
    if (numel(shape) != x.numel()) {
        throw Error(ErrorCategory::Shape, "reshape_error_size_mismatch", "reshape",
                    toString(x.shape()) + " with " + std::to_string(x.numel()) + " elements",
                    toString(wanted));
    }
    const Tensor base = x.isContiguous() ? x : x.copy();
    return recordView("reshape", x, base.asStrided(shape, contiguousStrides(shape), base.offset()),
                      [from = x.shape()](const Tensor &g) { return reshape(g, from); });
}

Tensor expand(const Tensor &x, const Shape &shape)
{
    const Result<Shape> common = broadcastShapes(x.shape(), shape);
    if (!common || *common != shape) {
        throw Error(ErrorCategory::Shape, "broadcast_error_incompatible_dimensions", "expand",
                    toString(x.shape()), "a shape that broadcasts to " + toString(shape));
    }
    std::vector<int64_t> strides(shape.size(), 0);
    const size_t lead = shape.size() - x.shape().size();
    for (size_t i = 0; i < x.shape().size(); ++i)
        strides[lead + i] = x.shape()[i] == 1 ? 0 : x.strides()[i];
    return recordView("expand", x, x.asStrided(shape, strides, x.offset()),
                      [from = x.shape()](const Tensor &g) { return sumToSize(g, from); });
}

Tensor transpose(const Tensor &x, int64_t dim0, int64_t dim1)
{
    const auto first = static_cast<size_t>(wrapDim(dim0, x.dim(), "transpose"));
    const auto second = static_cast<size_t>(wrapDim(dim1, x.dim(), "transpose"));
    Shape shape = x.shape();
    std::vector<int64_t> strides = x.strides();
    if (!shape.empty()) {
        std::swap(shape[first], shape[second]);
        std::swap(strides[first], strides[second]);
    }
    return recordView("transpose", x, x.asStrided(shape, strides, x.offset()),
                      [dim0, dim1](const Tensor &g) { return transpose(g, dim0, dim1); });
}

Tensor narrow(const Tensor &x, int64_t dim, int64_t start, int64_t length)
{
    const auto d = static_cast<size_t>(wrapDim(dim, x.dim(), "narrow"));
    if (x.dim() == 0 || start < 0 || length < 0 || start + length > x.shape()[d]) {
        throw Error(ErrorCategory::Index, "index_out_of_range", "narrow",
                    "entries " + std::to_string(start) + " to " + std::to_string(start + length),
                    "within " + toString(x.shape()) + " at dimension " + std::to_string(dim));
    }
    Shape shape = x.shape();
    shape[d] = length;
    return recordView("narrow", x,
                      x.asStrided(shape, x.strides(), x.offset() + start * x.strides()[d]),
                      [from = x.shape(), d, start, length](const Tensor &g) {
                          std::vector<Tensor> parts;
                          Shape before = from;
                          before[d] = start;
                          Shape after = from;
                          after[d] = from[d] - start - length;
                          parts.push_back(Tensor::zeros(before, g.dtype()));
                          parts.push_back(g);
                          parts.push_back(Tensor::zeros(after, g.dtype()));
                          return cat(parts, static_cast<int64_t>(d));
                      });
}

namespace {

bool isSkipped(const Shape &shape) { return shape.size() == 1 && shape[0] == 0; }

Result<Shape> catShape(const Shapes &shapes, int64_t dim)
{
    Shape out;
    size_t d = 0;
    bool first = true;
    for (const Shape &shape : shapes) {
        if (isSkipped(shape))
            continue;
        if (first) {
            if (shape.empty()) {
                return Error(ErrorCategory::Shape, "dimension_count_mismatch", "",
                             "a tensor without dimensions", "at least one dimension");
            }
            d = static_cast<size_t>(wrapDim(dim, static_cast<int64_t>(shape.size()), "cat"));
            out = shape;
            first = false;
            continue;
        }
        if (shape.size() != out.size()) {
            return Error(ErrorCategory::Shape, "dimension_count_mismatch", "", toString(shape),
                         "as many dimensions as " + toString(out));
        }
        for (size_t i = 0; i < shape.size(); ++i) {
            if (i != d && shape[i] != out[i]) {
                return Error(ErrorCategory::Shape, "size_mismatch", "", toString(shape),
                             "size " + std::to_string(out[i]) + " in dimension " + std::to_string(i),
                             "only dimension " + std::to_string(d) + " may differ");
            }
        }
        out[d] += shape[d];
    }
    return first ? Shape{0} : out;
}

} // namespace

Tensor cat(std::span<const Tensor> tensors, int64_t dim)
{
    if (tensors.empty())
        throw Error(ErrorCategory::Value, "cat_of_nothing", "cat", "no tensors", "one or more");
    Shapes shapes;
    DType dtype = DType::Bool;
    for (const Tensor &tensor : tensors) {
        shapes.push_back(tensor.shape());
        dtype = promoteTypes(dtype, tensor.dtype());
    }
    const Shape shape = catShape(shapes, dim).value();
    const int64_t d = wrapDim(dim, static_cast<int64_t>(shape.size()), "cat");
    Tensor out = Tensor::empty(shape, dtype);
    int64_t start = 0;
    std::vector<std::pair<int64_t, int64_t>> ranges;
    for (const Tensor &tensor : tensors) {
        const int64_t length = isSkipped(tensor.shape()) ? 0 : tensor.size(d);
        ranges.emplace_back(start, length);
        if (!isSkipped(tensor.shape())) {
            Shape part = shape;
            part[static_cast<size_t>(d)] = length;
            out.asStrided(part, out.strides(), start * out.strides()[static_cast<size_t>(d)])
                    .copyFrom(tensor.detach());
        }
        start += length;
    }
    if (shouldRecord(tensors)) {
        record("cat", tensors, {out}, [ranges, d, shapes](const Gradients &g) {
            Gradients back;
            for (size_t i = 0; i < ranges.size(); ++i) {
                back.push_back(isSkipped(shapes[i])
                                       ? Tensor::zeros(shapes[i], g[0].dtype())
                                       : narrow(g[0], d, ranges[i].first, ranges[i].second));
            }
            return back;
        });
    }
    return out;
}

namespace {
struct CatOptions {
    int64_t dim = 0;
};
} // namespace

std::vector<FunctionSpec> joiningFunctions()
{
    using O = CatOptions;
    return {declareFunction<O>(
            {.name = "cat",
             .group = Group::IndexingAndJoining,
             .summary = "Joins tensors along one dimension.",
             .formula = R"(out = [x_1, x_2, \dots])",
             .source = "torch.cat",
             .args = {arg("dim", &O::dim, "The dimension along which the sizes add up.")},
             .inputs = {{.name = "tensors", .pattern = "", .dtype = "any", .variadic = true}},
             .outputs = {{.name = "output", .pattern = "", .dtype = "any"}},
             .infer = [](const O &options, const Shapes &in) -> Result<Shapes> {
                 Result<Shape> shape = catShape(in, options.dim);
                 if (!shape)
                     return shape.error();
                 return Shapes{*shape};
             },
             .validate = {},
             .samples = {{.args = {{"dim", 1}}, .inputs = {{3, 4}, {3, 2}}}},
             .badSamples = {{.args = {}, .inputs = {{3, 4}, {3, 2}}, .kind = "size_mismatch"}}},
            [](const O &options, std::span<const Tensor> inputs) {
                return std::vector<Tensor>{cat(inputs, options.dim)};
            })};
}

} // namespace mrg
