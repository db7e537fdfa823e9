// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/linear.h"

#include "engine/autograd/Node.h"
#include "engine/core/Launch.h"
#include "engine/kernels/gemm.h"
#include "engine/nn/families.h"
#include "engine/nn/init.h"
#include "engine/nn/spatial.h"
#include "engine/ops/linear_algebra.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/reductions.h"
#include "engine/ops/views.h"

#include <algorithm>
#include <cmath>

namespace mrg {

Linear::Linear(Options options_) : options(options_)
{
    registerParameter("weight", weight, {options.out_features, options.in_features});
    if (options.bias)
        registerParameter("bias", bias, {options.out_features});
    initialize(RandomStream());
}

void Linear::resetParameters(RandomStream &random)
{
    init::kaimingUniform(weight, random, std::sqrt(5.0));
    if (options.bias)
        init::biasFor(bias, weight, random);
}

Linear::Linear(Options options_, Lazy) : options(options_)
{
    registerUninitializedParameter("weight", weight);
    if (options.bias)
        registerUninitializedParameter("bias", bias);
    initialize(RandomStream());
}

void Linear::initializeParameters(const std::vector<Shape> &inputs)
{
    if (inputs.empty() || inputs[0].empty()) {
        throw Error(ErrorCategory::Shape, "dimension_count_mismatch", "LazyLinear",
                    "an input without dimensions", "1 dimension or more");
    }
    options.in_features = inputs[0].back();
    materialize("weight", {options.out_features, options.in_features});
    materialize("bias", {options.out_features});
}

namespace {

/// Product of all sizes but the last.
int64_t rowsOf(const Shape &shape) { return numel(Shape(shape.begin(), shape.end() - 1)); }

/// Which gradients of y = x W^T + b are wanted.
struct Wanted {
    bool x;
    bool weight;
    bool bias;
};

Gradients linearBackward(const Tensor &x, const Tensor &weight, Wanted wanted,
                         const Tensor &gradient)
{
    const int64_t out = weight.shape()[0];
    const int64_t in = weight.shape()[1];
    const int64_t rows = rowsOf(x.shape());
    const Tensor g = gradient.compact();
    Gradients result(3);
    if (wanted.x)
        result[0] = Tensor::empty(x.shape(), x.dtype());
    if (wanted.weight)
        result[1] = Tensor::empty(weight.shape(), x.dtype());
    if (wanted.bias)
        result[2] = Tensor::empty({out}, x.dtype());
    dispatchFloating(x.dtype(), "Linear", [&](auto tag) {
        using T = typename decltype(tag)::type;
        const auto pointer = [](const Tensor &tensor) {
            return tensor.defined() ? tensor.data<T>() : nullptr;
        };
        launch([out, in, rows, dy = g.data<T>(), from = x.data<T>(), w = weight.data<T>(),
                dx = pointer(result[0]), dw = pointer(result[1]), db = pointer(result[2])] {
            if (dx)
                kernels::gemm<T>(kernels::Layout::Plain, kernels::Layout::Plain, rows, in, out, dy,
                                 w, dx);
            if (dw)
                kernels::gemm<T>(kernels::Layout::Transposed, kernels::Layout::Plain, out, in, rows,
                                 dy, from, dw);
            if (db)
                kernels::sumRows<T>(rows, out, dy, db);
        });
    });
    return result;
}

/// The same from recorded operations, which can be differentiated.
Gradients recordedBackward(const Tensor &x, const Tensor &weight, Wanted wanted,
                           const Tensor &gradient)
{
    const Tensor rows = reshape(gradient, {rowsOf(gradient.shape()), weight.size(0)});
    Gradients result(3);
    if (wanted.x)
        result[0] = matmul(gradient, weight);
    if (wanted.weight)
        result[1] = matmul(matrixTranspose(rows), reshape(x, {rowsOf(x.shape()), weight.size(1)}));
    if (wanted.bias)
        result[2] = sum(rows, {0});
    return result;
}

} // namespace

Tensor linear(const Tensor &input, const Tensor &weight, const Tensor &bias)
{
    const int64_t out = weight.shape()[0];
    const int64_t in = weight.shape()[1];
    if (input.dim() == 0 || input.shape().back() != in) {
        throw Error(ErrorCategory::Shape, "matmul_error_inner_dimensions_do_not_match", "Linear",
                    "input " + toString(input.shape()), "a last dimension of " + std::to_string(in),
                    "set in_features to the input's last size");
    }
    if (input.dtype() != weight.dtype()) {
        throw Error(ErrorCategory::DType, "dtype_mismatch", "Linear", dtypeName(input.dtype()),
                    dtypeName(weight.dtype()), "convert the input or the module");
    }
    const Tensor x = contiguous(input);
    const int64_t rows = rowsOf(x.shape());
    Shape shape = x.shape();
    shape.back() = out;
    Tensor y = Tensor::empty(shape, x.dtype());
    dispatchFloating(x.dtype(), "Linear", [&](auto tag) {
        using T = typename decltype(tag)::type;
        launch([out, in, rows, from = x.data<T>(), w = weight.data<T>(),
                offsets = bias.defined() ? bias.data<T>() : nullptr, to = y.data<T>()] {
            for (int64_t row = 0; offsets && row < rows; ++row)
                std::copy_n(offsets, out, to + row * out);
            kernels::gemm<T>(kernels::Layout::Plain, kernels::Layout::Transposed, rows, out, in,
                             from, w, to, offsets != nullptr);
        });
    });
    if (shouldRecord({&x, &weight, &bias})) {
        const Wanted wanted{x.requiresGrad(), weight.requiresGrad(),
                            bias.defined() && bias.requiresGrad()};
        record("linear", {x, weight, bias}, {y},
               [sx = SavedTensor(x), sw = SavedTensor(weight), wanted](const Gradients &g) {
                   return gradEnabled() ? recordedBackward(sx.unpack(), sw.unpack(), wanted, g[0])
                                        : linearBackward(sx.unpack(), sw.unpack(), wanted, g[0]);
               });
    }
    return y;
}

std::vector<Tensor> Linear::forward(std::span<const Tensor> inputs)
{
    return {linear(inputs[0], weight, bias)};
}

Bilinear::Bilinear(Options options_) : options(options_)
{
    registerParameter("weight", weight,
                      {options.out_features, options.in1_features, options.in2_features});
    if (options.bias)
        registerParameter("bias", bias, {options.out_features});
    initialize(RandomStream());
}

void Bilinear::resetParameters(RandomStream &random)
{
    const double bound = 1 / std::sqrt(static_cast<double>(options.in1_features));
    init::uniform(weight, random, -bound, bound);
    if (options.bias)
        init::uniform(bias, random, -bound, bound);
}

namespace {
Result<Shapes> inferBilinear(const Bilinear::Options &o, const Shapes &in)
{
    const auto refuse = [](const std::string &got, const std::string &wanted) {
        return Error(ErrorCategory::Shape, "size_mismatch", "", got, wanted);
    };
    const Shape &first = in.at(0);
    const Shape &second = in.at(1);
    if (first.empty() || first.back() != o.in1_features)
        return refuse("input1 " + toString(first),
                      "a last dimension of " + std::to_string(o.in1_features));
    if (second.empty() || second.back() != o.in2_features)
        return refuse("input2 " + toString(second),
                      "a last dimension of " + std::to_string(o.in2_features));
    if (first.size() != second.size()
        || !std::equal(first.begin(), first.end() - 1, second.begin()))
        return refuse("input2 " + toString(second),
                      "the leading dimensions of input1 " + toString(first));
    Shape out = first;
    out.back() = o.out_features;
    return Shapes{out};
}
} // namespace

std::vector<Tensor> Bilinear::forward(std::span<const Tensor> inputs)
{
    const Shape shape
            = inferred("Bilinear", inferBilinear(options, {inputs[0].shape(), inputs[1].shape()}))
                      .front();
    const int64_t rows = rowsOf(shape);
    const Options &o = options;
    // For every row the matrix x1^T W (out x in2), then times x2.
    const Tensor flat = reshape(permute(weight, {1, 0, 2}),
                                {o.in1_features, o.out_features * o.in2_features});
    const Tensor half = reshape(matmul(reshape(inputs[0], {rows, o.in1_features}), flat),
                                {rows, o.out_features, o.in2_features});
    const Tensor y = reshape(bmm(half, reshape(inputs[1], {rows, o.in2_features, 1})), shape);
    return {bias.defined() ? add(y, bias) : y};
}

std::vector<ModuleSpec> linearModules()
{
    using O = Linear::Options;
    return {declare<Linear>(
                    {.name = "Linear",
                     .group = Group::Linear,
                     .summary = "A weighted sum of the inputs for every output, plus an offset.",
                     .formula = "y = x W^T + b",
                     .source = "torch.nn.Linear",
                     .args = {requiredArg("in_features", &O::in_features, "Size of each input.",
                                          atLeast(0)),
                              requiredArg("out_features", &O::out_features, "Size of each output.",
                                          atLeast(0)),
                              arg("bias", &O::bias, "Whether to add a learnt offset per output.")},
                     .inputs = {{.name = "input", .pattern = "* in_features"}},
                     .outputs = {{.name = "output", .pattern = "* out_features"}},
                     .samples
                     = {{.args = {{"in_features", 4}, {"out_features", 3}}, .inputs = {{5, 4}}},
                        {.args = {{"in_features", 4}, {"out_features", 3}, {"bias", false}},
                         .inputs = {{2, 3, 4}}},
                        {.args = {{"in_features", 4}, {"out_features", 3}}, .inputs = {{4}}}},
                     .badSamples = {{.args = {{"in_features", 4}, {"out_features", 3}},
                                     .inputs = {{5, 7}},
                                     .kind = "size_mismatch"}}}),
            declare<LazyLinear>(
                    {.name = "LazyLinear",
                     .group = Group::Linear,
                     .summary
                     = "A Linear that takes the number of its inputs from the first one it sees.",
                     .formula = "y = x W^T + b",
                     .source = "torch.nn.LazyLinear",
                     .args = {requiredArg("out_features", &LazyLinear::Options::out_features,
                                          "Size of each output.", atLeast(0)),
                              arg("bias", &LazyLinear::Options::bias,
                                  "Whether to add a learnt offset per output.")},
                     .inputs = {{.name = "input", .pattern = "* H"}},
                     .outputs = {{.name = "output", .pattern = "* out_features"}},
                     .samples = {{.args = {{"out_features", 3}}, .inputs = {{5, 4}}},
                                 {.args = {{"out_features", 2}, {"bias", false}}, .inputs = {{4}}}},
                     .badSamples = {{.args = {{"out_features", 3}},
                                     .inputs = {{}},
                                     .kind = "dimension_count_mismatch"}}}),
            declare<Bilinear>(
                    {.name = "Bilinear",
                     .group = Group::Linear,
                     .summary = "Weighted sums of the products of two inputs' elements.",
                     .formula = "y_k = x_1^T W_k x_2 + b_k",
                     .source = "torch.nn.Bilinear",
                     .args = {requiredArg("in1_features", &Bilinear::Options::in1_features,
                                          "Size of each first input.", atLeast(1)),
                              requiredArg("in2_features", &Bilinear::Options::in2_features,
                                          "Size of each second input.", atLeast(0)),
                              requiredArg("out_features", &Bilinear::Options::out_features,
                                          "Size of each output.", atLeast(0)),
                              arg("bias", &Bilinear::Options::bias,
                                  "Whether to add a learnt offset per output.")},
                     .inputs = {{.name = "input1", .pattern = "* in1_features"},
                                {.name = "input2", .pattern = "* in2_features"}},
                     .outputs = {{.name = "output", .pattern = "* out_features"}},
                     .infer = inferBilinear,
                     .samples
                     = {{.args = {{"in1_features", 2}, {"in2_features", 3}, {"out_features", 4}},
                         .inputs = {{5, 2}, {5, 3}}},
                        {.args = {{"in1_features", 2},
                                  {"in2_features", 3},
                                  {"out_features", 1},
                                  {"bias", false}},
                         .inputs = {{2}, {3}}}},
                     .badSamples
                     = {{.args = {{"in1_features", 2}, {"in2_features", 3}, {"out_features", 4}},
                         .inputs = {{5, 2}, {4, 3}},
                         .kind = "size_mismatch"}}})};
}

} // namespace mrg
