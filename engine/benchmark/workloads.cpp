// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/autograd/backward.h"
#include "engine/benchmark/Workload.h"
#include "engine/benchmark/networks.h"
#include "engine/core/Random.h"
#include "engine/kernels/gemm.h"
#include "engine/ops/pointwise.h"
#include "engine/plan/Plan.h"

#include <optional>

namespace mrg {

namespace {

using Subject = const BenchmarkSubject &;

Tensor normal(const Shape &shape, uint64_t stream)
{
    Tensor out = Tensor::empty(shape);
    RandomStream random(0, stream);
    for (int64_t i = 0; i < out.numel(); ++i)
        out.data<float>()[i] = static_cast<float>(random.normal());
    return out;
}

Tensor classes(const Shape &shape, int64_t count)
{
    Tensor out = Tensor::empty(shape, DType::Int64);
    RandomStream random(0, 99);
    for (int64_t i = 0; i < out.numel(); ++i)
        out.data<int64_t>()[i] = random.below(count);
    return out;
}

/// `targets` different labels a sample, then -1.
Tensor labels(int64_t samples, int64_t count, int64_t targets)
{
    Tensor out = Tensor::full({samples, count}, -1, DType::Int64);
    RandomStream random(0, 98);
    for (int64_t n = 0; n < samples; ++n) {
        const std::vector<int64_t> order = random.permutation(count);
        std::copy_n(order.begin(), targets, out.data<int64_t>() + n * count);
    }
    return out;
}

Layer linear(int64_t from, int64_t to)
{
    return {"Linear", {{"in_features", from}, {"out_features", to}}};
}

Layer convolution(int64_t from, int64_t to)
{
    return {"Conv2d",
            {{"in_channels", from}, {"out_channels", to}, {"kernel_size", 3}, {"padding", 1}}};
}

/// Forward and backward of a module, replayed where it can be captured.
BenchmarkStep forwardBackward(Subject subject, const Layer &layer, std::vector<Tensor> inputs,
                              const Tensor &gradient)
{
    struct State {
        BenchmarkNetwork network;
        std::vector<Tensor> inputs;
        Tensor gradient;
        std::optional<Plan> plan;
        void run()
        {
            inputs[0].setGrad({});
            for (const Tensor &parameter : network.modules[0]->parameters())
                parameter.setGrad({});
            backward(network.modules[0]->forward(inputs).front(), gradient);
        }
    };
    auto state = std::make_shared<State>(
            State{chain(subject, {layer}), std::move(inputs), gradient, {}});
    state->inputs[0].setRequiresGrad();
    state->run();
    if (Result<Plan> plan = Plan::capture([&] { state->run(); }))
        state->plan = std::move(*plan);
    return {[state] {
        if (state->plan)
            state->plan->run();
        else
            state->run();
    }};
}

BenchmarkStep withBytes(BenchmarkStep step, double bytes)
{
    step.bytes = bytes;
    return step;
}

BenchmarkStep withFlops(BenchmarkStep step, double flops)
{
    step.flops = flops;
    return step;
}

const Layer crossEntropy{"CrossEntropyLoss"};
const Layer multiLabelMargin{"MultiLabelMarginLoss"};
const Layer sgdMomentum{"SGD", {{"lr", 0.05}, {"momentum", 0.9}}};
const Layer adam{"Adam", {{"lr", 0.001}}};

BenchmarkStep playground(Subject subject)
{
    return trainingStep(
            subject, chain(subject, {linear(2, 4), {"Tanh"}, linear(4, 2), {"Tanh"}, linear(2, 1)}),
            {"MSELoss"}, {"SGD", {{"lr", 0.03}}}, normal({10, 2}, 1), normal({10, 1}, 2));
}

BenchmarkStep multilabel(Subject subject)
{
    return trainingStep(subject, chain(subject, {linear(1000, 256), {"ReLU"}, linear(256, 24)}),
                        multiLabelMargin, sgdMomentum, normal({64, 1000}, 1), labels(64, 24, 3));
}

BenchmarkStep mlp(Subject subject)
{
    return trainingStep(
            subject,
            chain(subject,
                  {linear(784, 256), {"ReLU"}, linear(256, 128), {"ReLU"}, linear(128, 10)}),
            crossEntropy, adam, normal({64, 784}, 1), classes({64}, 10));
}

BenchmarkStep cnn(Subject subject)
{
    const Layer pool{"MaxPool2d", {{"kernel_size", 2}}};
    return trainingStep(subject,
                        chain(subject,
                              {convolution(1, 16),
                               {"ReLU"},
                               pool,
                               convolution(16, 32),
                               {"ReLU"},
                               pool,
                               {"Flatten"},
                               linear(1568, 128),
                               {"ReLU"},
                               linear(128, 10)}),
                        crossEntropy, adam, normal({64, 1, 28, 28}, 1), classes({64}, 10));
}

BenchmarkStep resnet(Subject subject)
{
    return trainingStep(subject, residualNetwork(subject), crossEntropy,
                        {"SGD", {{"lr", 0.1}, {"momentum", 0.9}}}, normal({32, 1, 28, 28}, 1),
                        classes({32}, 10));
}

BenchmarkStep lstm(Subject subject)
{
    return trainingStep(subject, characterModel(subject), crossEntropy, {"Adam", {{"lr", 0.002}}},
                        classes({32, 64}, 96), classes({32 * 64}, 96));
}

BenchmarkStep transformer(Subject subject)
{
    return trainingStep(subject, encoder(subject), crossEntropy, {"AdamW", {{"lr", 0.001}}},
                        normal({32, 32, 64}, 1), classes({32}, 10));
}

/// Bytes of n floats.
double floats(double n) { return n * sizeof(float); }

BenchmarkStep marginKernel(Subject subject, int64_t samples, int64_t count, int64_t targets)
{
    return forwardBackward(subject, multiLabelMargin,
                           {normal({samples, count}, 1), labels(samples, count, targets)}, {});
}

BenchmarkStep softmaxCrossEntropy(Subject subject)
{
    // Scores are read, their gradient is written.
    return withBytes(forwardBackward(subject, crossEntropy,
                                     {normal({4096, 1000}, 1), classes({4096}, 1000)}, {}),
                     floats(2.0 * 4096 * 1000));
}

BenchmarkStep matrixProduct(Subject)
{
    constexpr int64_t n = 1024;
    const Tensor a = normal({n, n}, 1);
    const Tensor b = normal({n, n}, 2);
    const Tensor c = Tensor::empty({n, n});
    return withFlops({[=] {
                         kernels::gemm<float>(kernels::Layout::Plain, kernels::Layout::Plain, n, n,
                                              n, a.data<float>(), b.data<float>(), c.data<float>());
                     }},
                     2.0 * n * n * n);
}

BenchmarkStep convolutionKernel(Subject subject)
{
    // Forward, and the gradients of input and weight: three products of the same size.
    return withFlops(forwardBackward(subject, convolution(32, 32), {normal({32, 32, 28, 28}, 1)},
                                     normal({32, 32, 28, 28}, 2)),
                     3 * 2.0 * 32 * 28 * 28 * 32 * 32 * 9);
}

BenchmarkStep layerNorm(Subject subject)
{
    // Forward reads x and writes y; backward reads x and the gradient and writes dx.
    return withBytes(forwardBackward(subject, {"LayerNorm", {{"normalized_shape", 1024}}},
                                     {normal({4096, 1024}, 1)}, normal({4096, 1024}, 2)),
                     floats(5.0 * 4096 * 1024));
}

BenchmarkStep adamUpdate(Subject subject)
{
    constexpr int64_t n = 10'000'000;
    Tensor parameter = normal({n}, 1);
    parameter.setRequiresGrad();
    parameter.setGrad(normal({n}, 2));
    for (const OptimizerSpec &spec : subject.optimizers) {
        if (spec.name != adam.name)
            continue;
        const std::shared_ptr<Optimizer> optimizer = spec.make({{{parameter}, {}}}, adam.args);
        // Gradient read, parameter and both moments read and written.
        return withBytes({[optimizer] { optimizer->step(); }}, floats(7.0 * n));
    }
    throw Error(ErrorCategory::Value, "unknown_optimizer", "bench", adam.name,
                "one of the registry");
}

BenchmarkStep smallOperation(Subject)
{
    Tensor a = normal({8}, 1);
    Tensor b = normal({8}, 2);
    a.setRequiresGrad();
    b.setRequiresGrad();
    return {[a, b] { (void)add(a, b); }};
}

} // namespace

std::vector<Workload> workloads()
{
    return {{"playground", "the teaching-size network", playground},
            {"multilabel", "sparse text features to 24 labels, margin loss", multilabel},
            {"mlp", "dense classifier on images as vectors", mlp},
            {"cnn", "small convolutional classifier", cnn},
            {"resnet", "three residual stages", resnet},
            {"lstm", "character-level sequence model", lstm},
            {"transformer", "two-layer encoder", transformer},
            {"mlml-wide", "MultiLabelMarginLoss, scores [4096, 256], 4 targets",
             [](Subject subject) { return marginKernel(subject, 4096, 256, 4); }},
            {"mlml-dense", "MultiLabelMarginLoss, scores [512, 1000], 50 targets",
             [](Subject subject) { return marginKernel(subject, 512, 1000, 50); }},
            {"softmax-ce", "CrossEntropyLoss, scores [4096, 1000]", softmaxCrossEntropy},
            {"matmul-1024", "C = A B, 1024 x 1024 x 1024", matrixProduct},
            {"conv-3x3", "Conv2d(32, 32, 3, padding=1) on [32, 32, 28, 28]", convolutionKernel},
            {"layernorm", "LayerNorm(1024) on [4096, 1024]", layerNorm},
            {"adam-10m", "one Adam update of 10 million parameters", adamUpdate},
            {"small-op", "one recorded add of two [8] tensors", smallOperation}};
}

std::vector<Growth> growths()
{
    const auto perceptron = [](Subject subject, int64_t batch, int64_t depth) {
        std::vector<Layer> layers{linear(256, 128), {"ReLU"}};
        for (int64_t i = 1; i < depth; ++i) {
            layers.push_back(linear(128, 128));
            layers.push_back({"ReLU"});
        }
        layers.push_back(linear(128, 10));
        return trainingStep(subject, chain(subject, layers), crossEntropy, adam,
                            normal({batch, 256}, 1), classes({batch}, 10));
    };
    return {{"batch",
             "samples a step, 256-128-10 perceptron",
             {1, 4, 16, 64, 256, 1024, 4096},
             [perceptron](Subject subject, int64_t size) { return perceptron(subject, size, 1); }},
            {"depth",
             "hidden layers of 128, batch 64",
             {1, 2, 4, 8, 16, 32, 64},
             [perceptron](Subject subject, int64_t size) { return perceptron(subject, 64, size); }},
            {"classes",
             "classes, MultiLabelMarginLoss, 256 samples, 4 targets",
             {8, 32, 128, 512, 2048, 8192},
             [](Subject subject, int64_t size) { return marginKernel(subject, 256, size, 4); }},
            {"targets",
             "targets, MultiLabelMarginLoss, 256 samples, 1024 classes",
             {1, 4, 16, 64, 256, 512, 1000},
             [](Subject subject, int64_t size) { return marginKernel(subject, 256, 1024, size); }}};
}

} // namespace mrg
