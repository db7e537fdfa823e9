// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/conformance/cases.h"

#include "engine/autograd/backward.h"
#include "engine/ops/views.h"

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

/// The closure of 0.5 x'Ax - b'x: sets x's gradient and gives the value.
class Quadratic {
public:
    Quadratic(const Json &json, const Tensor &x)
        : m_a(goldenTensor(json.at("A")).toVector<double>()),
          m_b(goldenTensor(json.at("b")).toVector<double>()),
          m_x(x)
    {
        if (json.at("formula") != "0.5 x'Ax - b'x")
            throw CaseFailed{"an objective that is not known: " + json.at("formula").dump()};
    }

    double operator()() const
    {
        const std::vector<double> x = m_x.toVector<double>();
        std::vector<double> gradient(x.size());
        double value = 0;
        for (size_t i = 0; i < x.size(); ++i) {
            double product = 0;
            for (size_t j = 0; j < x.size(); ++j)
                product += m_a[i * x.size() + j] * x[j];
            gradient[i] = product - m_b[i];
            value += x[i] * (0.5 * product - m_b[i]);
        }
        m_x.setGrad(Tensor::fromVector(gradient, m_x.shape()).toType(m_x.dtype()));
        return value;
    }

private:
    std::vector<double> m_a;
    std::vector<double> m_b;
    Tensor m_x;
};

/// Modules by name and how the input goes through them: one after the other as in nn.Sequential
/// (state names are "<number>.<name>"), or by an expression such as
/// "..; forward(x) = fc(lstm(x).output[:, last])".
class CaseNetwork {
public:
    CaseNetwork(const ConformanceSubject &subject, const Json &json)
    {
        if (json.value("module", "") == "nn.Sequential") {
            m_expression = "x";
            for (const Json &member : json.at("modules")) {
                const std::string name = std::to_string(m_modules.size());
                m_modules.emplace_back(name, makeModule(subject, member));
                m_expression = name + "(" + m_expression + ")";
            }
            return;
        }
        if (!json.contains("custom"))
            throw Undeclared{"a network that is neither nn.Sequential nor custom"};
        for (const auto &[name, member] : json.at("modules").items())
            m_modules.emplace_back(name, makeModule(subject, member));
        const std::string text = json["custom"];
        const std::string head = "forward(x) = ";
        const size_t at = text.find(head);
        if (at == std::string::npos)
            throw CaseFailed{"no forward in: " + text};
        m_expression = text.substr(at + head.size());
    }

    const std::vector<std::pair<std::string, std::shared_ptr<Module>>> &modules() const
    {
        return m_modules;
    }

    Tensor operator()(const Tensor &x) const
    {
        size_t at = 0;
        const Tensor out = evaluate(x, at);
        if (at != m_expression.size())
            throw CaseFailed{"can't read the rest of: " + m_expression.substr(at)};
        return out;
    }

    NamedTensors stateDict() const
    {
        NamedTensors out;
        for (const auto &[name, module] : m_modules) {
            for (const auto &[own, tensor] : module->stateDict())
                out.emplace_back(name + "." + own, tensor);
        }
        return out;
    }

private:
    bool take(const std::string &token, size_t &at) const
    {
        if (m_expression.compare(at, token.size(), token) != 0)
            return false;
        at += token.size();
        return true;
    }

    /// x, or the first output of name(expression), from which [:, last] takes the last step.
    Tensor evaluate(const Tensor &x, size_t &at) const
    {
        for (const auto &[name, module] : m_modules) {
            if (!take(name + "(", at))
                continue;
            const Tensor inner = evaluate(x, at);
            if (!take(")", at))
                throw CaseFailed{"an unclosed call in: " + m_expression};
            Tensor out = module->forward(std::vector{inner}).front();
            take(".output", at);
            if (take("[:, last]", at))
                out = reshape(narrow(out, 1, out.size(1) - 1, 1), {out.size(0), out.size(2)});
            return out;
        }
        if (!take("x", at))
            throw CaseFailed{"can't read: " + m_expression.substr(at)};
        return x;
    }

    std::vector<std::pair<std::string, std::shared_ptr<Module>>> m_modules;
    std::string m_expression;
};

void compareStates(const NamedTensors &got, const NamedTensors &wanted, Tolerance tolerance)
{
    for (const auto &[name, reference] : wanted) {
        const auto found = std::find_if(got.begin(), got.end(),
                                        [&](const auto &entry) { return entry.first == name; });
        compareTensors(name, found == got.end() ? Tensor() : found->second.detach(), reference,
                       tolerance);
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
    const auto compareParameters = [&](size_t step) {
        for (size_t i = 0; i < parameters.size(); ++i) {
            compareTensors("parameter " + std::to_string(i) + " after step " + std::to_string(step),
                           parameters[i].detach(), goldenTensor(json.at("params_after")[step][i]),
                           toleranceOf(json));
        }
    };
    if (json.contains("objective")) {
        const Quadratic objective(json["objective"], parameters.at(0));
        for (size_t step = 0; step < json.at("loss_at_step").size(); ++step) {
            compareNumbers("loss at step " + std::to_string(step), optimizer->step(objective),
                           json["loss_at_step"][step], toleranceOf(json));
            compareParameters(step);
        }
        return;
    }
    const Json &gradients = json.at("gradients");
    for (size_t step = 0; step < gradients.size(); ++step) {
        for (size_t i = 0; i < parameters.size(); ++i)
            parameters[i].setGrad(gradients[step][i].is_null() ? Tensor()
                                                               : goldenTensor(gradients[step][i]));
        optimizer->step();
        compareParameters(step);
    }
}

/// A number, or "nan" or "inf" as text.
static double metricOf(const Json &json)
{
    return json.is_string() ? std::stod(json.get<std::string>()) : json.get<double>();
}

void runSchedulerCase(const ConformanceSubject &subject, const Json &json)
{
    const SchedulerSpec &spec = findSpec(subject.schedulers, json.at("target"));
    const OptimizerSpec &sgd = findSpec(subject.optimizers, "optim.SGD");
    Tensor parameter = Tensor::zeros({1});
    const std::unique_ptr<Optimizer> optimizer
            = sgd.make({{{parameter.setRequiresGrad()}, {}}}, {{"lr", json.value("lr", 0.1)}});
    if (json.value("error", false)) {
        expectError(json, [&] { spec.make(*optimizer, argumentsOf(json.at("args"))); });
        return;
    }
    const std::unique_ptr<Scheduler> scheduler
            = spec.make(*optimizer, argumentsOf(json.at("args")));
    const Json &rates = json.at("lrs");
    const Json metrics = json.value("metrics", Json::array());
    for (size_t k = 0; k < rates.size(); ++k) {
        // With metrics rate k is that after step(metrics[k]); without, that after k steps.
        if (spec.needsMetric || k > 0)
            scheduler->step(spec.needsMetric ? metricOf(metrics.at(k)) : 0);
        compareNumbers("rate " + std::to_string(k), optimizer->lr(), rates[k], toleranceOf(json));
    }
}

void runTrainingCase(const ConformanceSubject &subject, const Json &json)
{
    const CaseNetwork network(subject, json.at("network"));
    const DType dtype = dtypeFromName(json.at("dtype").get<std::string>());
    std::vector<Tensor> parameters;
    for (const auto &[name, module] : network.modules()) {
        module->to(dtype);
        for (const Tensor &parameter : module->parameters())
            parameters.push_back(parameter);
    }
    const NamedTensors initial = stateOf(json.at("initial_state"));
    for (const auto &[name, tensor] : network.stateDict()) {
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
        const Json &input = batch.is_array() ? batch[0]
                : batch.contains("input")    ? batch["input"]
                                             : batch["x"];
        const Json &target = batch.is_array() ? batch[1]
                : batch.contains("target")    ? batch["target"]
                                              : batch["y"];
        optimizer->zeroGrad();
        const Tensor value = (*loss)(network(goldenTensor(input)), goldenTensor(target));
        compareNumbers("loss " + std::to_string(step), value.item(), losses[step],
                       toleranceOf(json));
        backward(value);
        optimizer->step();
        if (scheduler)
            scheduler->step();
    }
    compareStates(network.stateDict(), stateOf(json.at("final_state")), toleranceOf(json));
}

} // namespace mrg
