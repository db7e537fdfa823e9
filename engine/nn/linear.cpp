// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/nn/linear.h"

#include "engine/autograd/Node.h"
#include "engine/kernels/gemm.h"
#include "engine/nn/families.h"
#include "engine/nn/init.h"

#include <cmath>

namespace mrg {

using kernels::Layout;

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

namespace {

/// Product of all sizes but the last.
int64_t rowsOf(const Shape &shape) { return numel(Shape(shape.begin(), shape.end() - 1)); }

/// Gradients of y = x W^T + b.
Gradients linearBackward(const Tensor &x, const Tensor &weight, bool needX, bool needW, bool needB,
                         const Tensor &gradient)
{
    const int64_t out = weight.shape()[0];
    const int64_t in = weight.shape()[1];
    const int64_t rows = rowsOf(x.shape());
    const Tensor g = gradient.compact();
    Gradients result(3);
    dispatchFloating(x.dtype(), "Linear", [&](auto tag) {
        using T = typename decltype(tag)::type;
        if (needX) {
            result[0] = Tensor::empty(x.shape(), x.dtype());
            kernels::gemm<T>(Layout::Plain, Layout::Plain, rows, in, out, g.data<T>(),
                             weight.data<T>(), result[0].data<T>());
        }
        if (needW) {
            result[1] = Tensor::empty(weight.shape(), x.dtype());
            kernels::gemm<T>(Layout::Transposed, Layout::Plain, out, in, rows, g.data<T>(),
                             x.data<T>(), result[1].data<T>());
        }
        if (needB) {
            result[2] = Tensor::empty({out}, x.dtype());
            kernels::sumRows<T>(rows, out, g.data<T>(), result[2].data<T>());
        }
    });
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
    const Tensor x = input.compact();
    const int64_t rows = rowsOf(x.shape());
    Shape shape = x.shape();
    shape.back() = out;
    Tensor y = Tensor::empty(shape, x.dtype());
    dispatchFloating(x.dtype(), "Linear", [&](auto tag) {
        using T = typename decltype(tag)::type;
        T *target = y.data<T>();
        if (bias.defined()) {
            const T *offsets = bias.data<T>();
            for (int64_t row = 0; row < rows; ++row)
                std::copy_n(offsets, out, target + row * out);
        }
        kernels::gemm<T>(Layout::Plain, Layout::Transposed, rows, out, in, x.data<T>(),
                         weight.data<T>(), target, bias.defined());
    });
    if (shouldRecord({&input, &weight, &bias})) {
        record("linear", {input, weight, bias}, {y},
               [sx = SavedTensor(x), sw = SavedTensor(weight), needX = input.requiresGrad(),
                needW = weight.requiresGrad(),
                needB = bias.defined() && bias.requiresGrad()](const Gradients &g) {
                   return linearBackward(sx.unpack(), sw.unpack(), needX, needW, needB, g[0]);
               });
    }
    return y;
}

std::vector<Tensor> Linear::forward(std::span<const Tensor> inputs)
{
    return {linear(inputs[0], weight, bias)};
}

std::vector<ModuleSpec> linearModules()
{
    using O = Linear::Options;
    return {
            declare<Identity>({.name = "Identity",
                               .group = Group::Utility,
                               .summary = "Passes its input on unchanged.",
                               .formula = "y = x",
                               .source = "torch.nn.Identity",
                               .args = {},
                               .inputs = {{.name = "input", .pattern = "*", .dtype = "any"}},
                               .outputs = {{.name = "output", .pattern = "*", .dtype = "any"}},
                               .samples = {{.inputs = {{2, 3}}}}}),
            declare<Linear>(
                    {.name = "Linear",
                     .group = Group::Linear,
                     .summary = "A weighted sum of the inputs for every output, plus an offset.",
                     .formula = "y = x W^T + b",
                     .source = "torch.nn.Linear",
                     .args = {requiredArg("in_features", &O::in_features, "Size of each input.", atLeast(0)),
                              requiredArg("out_features", &O::out_features, "Size of each output.",
                                          atLeast(0)),
                              arg("bias", &O::bias, "Whether to add a learnt offset per output.")},
                     .inputs = {{.name = "input", .pattern = "* in_features"}},
                     .outputs = {{.name = "output", .pattern = "* out_features"}},
                     .samples = {{.args = {{"in_features", 4}, {"out_features", 3}}, .inputs = {{5, 4}}},
                                 {.args = {{"in_features", 4}, {"out_features", 3}, {"bias", false}},
                                  .inputs = {{2, 3, 4}}},
                                 {.args = {{"in_features", 4}, {"out_features", 3}}, .inputs = {{4}}}},
                     .badSamples = {{.args = {{"in_features", 4}, {"out_features", 3}},
                                     .inputs = {{5, 7}},
                                     .kind = "size_mismatch"}}})};
}

} // namespace mrg
