// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/benchmark/networks.h"

#include "engine/nn/Module.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/reductions.h"
#include "engine/ops/views.h"
#include "engine/training/TrainingStep.h"

#include <algorithm>

namespace mrg {

namespace {

std::shared_ptr<Module> makeModule(const BenchmarkSubject &subject, const Layer &layer,
                                   uint64_t number)
{
    const ModuleSpec *spec = subject.registry.module(layer.name);
    if (!spec)
        throw Error(ErrorCategory::Value, "unknown_module", "bench", layer.name,
                    "one of the registry");
    std::shared_ptr<Module> module = spec->make(layer.args);
    module->initialize(RandomStream(0, number));
    return module;
}

/// Makes modules one by one and keeps them.
class Maker {
public:
    explicit Maker(const BenchmarkSubject &subject) : m_subject(subject) { }
    std::shared_ptr<Module> operator()(const Layer &layer)
    {
        modules.push_back(makeModule(m_subject, layer, modules.size()));
        return modules.back();
    }
    std::vector<std::shared_ptr<Module>> modules;

private:
    const BenchmarkSubject &m_subject;
};

Layer convolution(int64_t from, int64_t to, int64_t kernel, int64_t stride, int64_t padding)
{
    return {"Conv2d",
            {{"in_channels", from},
             {"out_channels", to},
             {"kernel_size", kernel},
             {"stride", stride},
             {"padding", padding},
             {"bias", false}}};
}

using Forward = std::function<Tensor(const Tensor &)>;

Forward residualBlock(Maker &make, int64_t from, int64_t to, int64_t stride)
{
    const auto first = make(convolution(from, to, 3, stride, 1));
    const auto firstNorm = make({"BatchNorm2d", {{"num_features", to}}});
    const auto second = make(convolution(to, to, 3, 1, 1));
    const auto secondNorm = make({"BatchNorm2d", {{"num_features", to}}});
    Forward shortcut = [](const Tensor &x) { return x; };
    if (from != to || stride != 1) {
        const auto narrow = make(convolution(from, to, 1, stride, 0));
        const auto narrowNorm = make({"BatchNorm2d", {{"num_features", to}}});
        shortcut = [=](const Tensor &x) { return (*narrowNorm)((*narrow)(x)); };
    }
    return [=](const Tensor &x) {
        const Tensor y = relu((*firstNorm)((*first)(x)));
        return relu(add((*secondNorm)((*second)(y)), shortcut(x)));
    };
}

} // namespace

BenchmarkNetwork chain(const BenchmarkSubject &subject, const std::vector<Layer> &layers)
{
    Maker make(subject);
    for (const Layer &layer : layers)
        make(layer);
    return {make.modules, [modules = make.modules](const Tensor &x) {
                Tensor y = x;
                for (const std::shared_ptr<Module> &module : modules)
                    y = (*module)(y);
                return y;
            }};
}

BenchmarkNetwork residualNetwork(const BenchmarkSubject &subject)
{
    Maker make(subject);
    const auto stem = make(convolution(1, 16, 3, 1, 1));
    const auto stemNorm = make({"BatchNorm2d", {{"num_features", 16}}});
    const std::vector<Forward> stages{residualBlock(make, 16, 16, 1),
                                      residualBlock(make, 16, 32, 2),
                                      residualBlock(make, 32, 64, 2)};
    const auto pool = make({"AdaptiveAvgPool2d", {{"output_size", 1}}});
    const auto flat = make({"Flatten"});
    const auto head = make({"Linear", {{"in_features", 64}, {"out_features", 10}}});
    return {make.modules, [=](const Tensor &x) {
                Tensor y = relu((*stemNorm)((*stem)(x)));
                for (const Forward &stage : stages)
                    y = stage(y);
                return (*head)((*flat)((*pool)(y)));
            }};
}

BenchmarkNetwork characterModel(const BenchmarkSubject &subject)
{
    Maker make(subject);
    const auto embedding = make({"Embedding", {{"num_embeddings", 96}, {"embedding_dim", 64}}});
    const auto lstm
            = make({"LSTM", {{"input_size", 64}, {"hidden_size", 128}, {"batch_first", true}}});
    const auto head = make({"Linear", {{"in_features", 128}, {"out_features", 96}}});
    return {make.modules, [=](const Tensor &x) {
                const Tensor rows[] = {(*embedding)(x)};
                const Tensor scores = (*head)(lstm->forward(rows).front());
                return reshape(scores, {-1, 96});
            }};
}

BenchmarkNetwork encoder(const BenchmarkSubject &subject)
{
    Maker make(subject);
    const Layer layer{"TransformerEncoderLayer",
                      {{"d_model", 64},
                       {"nhead", 4},
                       {"dim_feedforward", 256},
                       {"dropout", 0.0},
                       {"batch_first", true}}};
    const auto first = make(layer);
    const auto second = make(layer);
    const auto head = make({"Linear", {{"in_features", 64}, {"out_features", 10}}});
    return {make.modules, [=](const Tensor &x) {
                return (*head)(mul(sum((*second)((*first)(x)), std::vector<int64_t>{1}), 1.0 / 32));
            }};
}

BenchmarkStep trainingStep(const BenchmarkSubject &subject, BenchmarkNetwork network,
                           const Layer &loss, const Layer &optimizer, const Tensor &input,
                           const Tensor &target)
{
    std::vector<Tensor> parameters;
    for (const std::shared_ptr<Module> &module : network.modules) {
        for (const Tensor &parameter : module->parameters())
            parameters.push_back(parameter);
    }
    const auto method
            = std::find_if(subject.optimizers.begin(), subject.optimizers.end(),
                           [&](const OptimizerSpec &spec) { return spec.name == optimizer.name; });
    if (method == subject.optimizers.end())
        throw Error(ErrorCategory::Value, "unknown_optimizer", "bench", optimizer.name,
                    "one of the registry");
    /// What a step uses; it lives as long as the step.
    struct State {
        std::shared_ptr<Module> loss;
        BenchmarkNetwork network;
        std::unique_ptr<Optimizer> optimizer;
        std::optional<TrainingStep> step;
    };
    auto state = std::make_shared<State>();
    state->loss = makeModule(subject, loss, 1000);
    state->network = std::move(network);
    state->optimizer = method->make({{parameters, {}}}, optimizer.args);
    state->step.emplace(
            [raw = state.get()](const Tensor &x, const Tensor &y) {
                const Tensor scores = raw->network.forward(x);
                return TrainingStep::Outcome{(*raw->loss)(scores, y), scores};
            },
            *state->optimizer);
    return {[state, input, target] {
        state->step->forward(input, target);
        state->step->update();
    }};
}

} // namespace mrg
