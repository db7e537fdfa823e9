// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/conformance/cases.h"

#include "engine/autograd/backward.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace mrg {

using Json = nlohmann::ordered_json;

namespace {

template <typename Spec>
const Spec &findSpec(const std::vector<Spec> &specs, const std::string &target)
{
    const std::string name = target.substr(target.rfind('.') + 1);
    const auto found = std::find_if(specs.begin(), specs.end(),
                                    [&](const Spec &spec) { return spec.name == name; });
    if (found == specs.end())
        throw Undeclared{target};
    return *found;
}

/// Modules run one after the other, as nn.Sequential does; state names are "<number>.<name>".
struct Chain {
    std::vector<std::shared_ptr<Module>> modules;

    Tensor operator()(Tensor x) const
    {
        for (const std::shared_ptr<Module> &module : modules)
            x = (*module)(x);
        return x;
    }
    NamedTensors stateDict() const
    {
        NamedTensors out;
        for (size_t i = 0; i < modules.size(); ++i) {
            for (const auto &[name, tensor] : modules[i]->stateDict())
                out.emplace_back(std::to_string(i) + "." + name, tensor);
        }
        return out;
    }
};

void compareStates(const NamedTensors &got, const NamedTensors &wanted, Tolerance tolerance)
{
    for (const auto &[name, reference] : wanted) {
        const auto found = std::find_if(got.begin(), got.end(),
                                        [&](const auto &entry) { return entry.first == name; });
        compareTensors(name, found == got.end() ? Tensor() : found->second.detach(), reference, tolerance);
    }
}

} // namespace

void runOptimizerCase(const ConformanceSubject &subject, const Json &json)
{
    const OptimizerSpec &spec = findSpec(subject.optimizers, json.at("target"));
    if (json.value("error", false)) {
        expectError(json, [&] {
            Tensor parameter = Tensor::zeros({2});
            spec.make({{{parameter.setRequiresGrad()}, {}}}, argumentsOf(json.at("args")));
        });
        return;
    }
    std::vector<Tensor> parameters;
    for (const Json &initial : json.at("initial")) {
        Tensor parameter = goldenTensor(initial);
        parameters.push_back(parameter.setRequiresGrad());
    }
    std::vector<ParameterGroup> groups;
    for (Json group : json.value("groups", Json::array())) {
        ParameterGroup out;
        for (size_t number : group.at("params").get<std::vector<size_t>>())
            out.parameters.push_back(parameters.at(number));
        group.erase("params");
        out.options = argumentsOf(group);
        groups.push_back(std::move(out));
    }
    if (groups.empty())
        groups.push_back({parameters, {}});
    const std::unique_ptr<Optimizer> optimizer = spec.make(groups, argumentsOf(json.at("args")));
    const Json &gradients = json.at("gradients");
    for (size_t step = 0; step < gradients.size(); ++step) {
        for (size_t i = 0; i < parameters.size(); ++i)
            parameters[i].setGrad(gradients[step][i].is_null() ? Tensor() : goldenTensor(gradients[step][i]));
        optimizer->step();
        for (size_t i = 0; i < parameters.size(); ++i) {
            compareTensors("parameter " + std::to_string(i) + " after step " + std::to_string(step),
                           parameters[i].detach(), goldenTensor(json.at("params_after")[step][i]),
                           toleranceOf(json));
        }
    }
}

void runSchedulerCase(const ConformanceSubject &subject, const Json &json)
{
    const SchedulerSpec &spec = findSpec(subject.schedulers, json.at("target"));
    const OptimizerSpec &sgd = findSpec(subject.optimizers, "optim.SGD");
    Tensor parameter = Tensor::zeros({1});
    const std::unique_ptr<Optimizer> optimizer
            = sgd.make({{{parameter.setRequiresGrad()}, {}}}, {{"lr", json.at("lr").get<double>()}});
    const std::unique_ptr<Scheduler> scheduler = spec.make(*optimizer, argumentsOf(json.at("args")));
    const Json &rates = json.at("lrs");
    const Json metrics = json.value("metrics", Json::array());
    for (size_t k = 0; k < rates.size(); ++k) {
        // With metrics rate k is that after step(metrics[k]); without, that after k steps.
        if (spec.needsMetric || k > 0)
            scheduler->step(spec.needsMetric ? metrics.at(k).get<double>() : 0);
        compareNumbers("rate " + std::to_string(k), optimizer->lr(), rates[k], toleranceOf(json));
    }
}

void runTrainingCase(const ConformanceSubject &subject, const Json &json)
{
    const Json &network = json.at("network");
    if (network.value("module", "") != "nn.Sequential")
        throw Undeclared{"a network that is no nn.Sequential"};
    Chain chain;
    for (const Json &member : network.at("modules"))
        chain.modules.push_back(makeModule(subject, member));
    const DType dtype = dtypeFromName(json.at("dtype").get<std::string>());
    std::vector<Tensor> parameters;
    for (const std::shared_ptr<Module> &module : chain.modules) {
        module->to(dtype);
        for (const Tensor &parameter : module->parameters())
            parameters.push_back(parameter);
    }
    const NamedTensors initial = stateOf(json.at("initial_state"));
    for (const auto &[name, tensor] : chain.stateDict()) {
        const auto found = std::find_if(initial.begin(), initial.end(),
                                        [&](const auto &entry) { return entry.first == name; });
        if (found == initial.end())
            throw CaseFailed{"no initial value for " + name};
        tensor.detach().copyFrom(found->second);
    }
    const std::shared_ptr<Module> loss = makeModule(subject, json.at("loss"));
    loss->to(dtype);
    const Json &method = json.at("optimizer");
    const std::unique_ptr<Optimizer> optimizer
            = findSpec(subject.optimizers, "optim." + method.at("name").get<std::string>())
                      .make({{parameters, {}}}, argumentsOf(method.at("args")));
    std::unique_ptr<Scheduler> scheduler;
    if (json.contains("scheduler") && !json["scheduler"].is_null()) {
        scheduler = findSpec(subject.schedulers, json["scheduler"].at("name"))
                            .make(*optimizer, argumentsOf(json["scheduler"].at("args")));
    }
    const Json &batches = json.at("batches");
    const Json &losses = json.at("losses");
    for (size_t step = 0; step < losses.size(); ++step) {
        const Json &batch = batches[step % batches.size()];
        const Json &input = batch.is_array() ? batch[0] : batch.contains("input") ? batch["input"] : batch["x"];
        const Json &target = batch.is_array() ? batch[1] : batch.contains("target") ? batch["target"] : batch["y"];
        optimizer->zeroGrad();
        const Tensor value = (*loss)(chain(goldenTensor(input)), goldenTensor(target));
        compareNumbers("loss " + std::to_string(step), value.item(), losses[step], toleranceOf(json));
        backward(value);
        optimizer->step();
        if (scheduler)
            scheduler->step();
    }
    compareStates(chain.stateDict(), stateOf(json.at("final_state")), toleranceOf(json));
}

} // namespace mrg
