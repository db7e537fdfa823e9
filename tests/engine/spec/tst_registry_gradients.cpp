// SPDX-License-Identifier: GPL-3.0-or-later
// That the gradients of every declaration are its derivatives, and theirs the second ones.
#include "engine/autograd/backward.h"
#include "engine/autograd/gradcheck.h"
#include "engine/ops/pointwise.h"
#include "tests/engine/spec/registry_samples.h"

#include <QObject>

#include <set>

using namespace mrg;
using namespace mrg::test;

namespace {

/// A choice among two is no quantity to differentiate by.
bool isDifferentiable(const Port &port, const Tensor &input)
{
    return input.defined() && input.isFloatingPoint() && port.form != TargetForm::Sign;
}

/// Leaves that ask for gradients where the inputs can have them; complex ones as their real views.
std::vector<Tensor> leavesOf(const Spec &spec, const std::vector<Tensor> &inputs)
{
    std::vector<Tensor> out;
    for (size_t i = 0; i < inputs.size(); ++i) {
        Tensor leaf
                = inputs[i].defined() && inputs[i].isComplex() ? viewAsReal(inputs[i]) : inputs[i];
        if (isDifferentiable(portOf(spec, i), leaf))
            leaf.setRequiresGrad();
        out.push_back(leaf);
    }
    return out;
}
std::vector<Tensor> complexAgain(const Spec &spec, std::span<const Tensor> leaves)
{
    std::vector<Tensor> out;
    for (size_t i = 0; i < leaves.size(); ++i)
        out.push_back(portOf(spec, i).dtype == "complex" ? viewAsComplex(leaves[i]) : leaves[i]);
    return out;
}
std::vector<Tensor> realParts(std::vector<Tensor> outputs)
{
    for (Tensor &output : outputs) {
        if (output.isComplex())
            output = viewAsReal(output);
    }
    return outputs;
}

/// Whether no gradient flows from it to the inputs, or one that is 0.
bool isConstant(const Tensor &output, const std::vector<Tensor> &inputs)
{
    if (!output.requiresGrad())
        return true;
    const Tensor cotangent = Tensor::ones(output.shape(), output.dtype());
    for (const Tensor &input : inputs) {
        if (!input.defined() || !input.requiresGrad())
            continue;
        const Tensor gradient
                = grad({&output, 1}, {&input, 1}, {&cotangent, 1}, {.retainGraph = true}).front();
        for (double value : gradient.toVector<double>()) {
            if (value != 0)
                return false;
        }
    }
    return true;
}

} // namespace

class TestRegistryGradients : public QObject, test::RegistrySamples {
    Q_OBJECT

private slots:
    void gradientsAreTheDerivatives_data() { addRows(); }
    void gradientsAreTheDerivatives()
    {
        const auto [spec, sample] = fetchSample();
        if (!sample.differentiable)
            QSKIP("its gradient is not the derivative on purpose");
        const Callable callable = makeCallable(registry, fetchType(), sample.args);
        callable.to(DType::Float64);
        std::vector<Tensor> inputs = leavesOf(*spec, drawInputs(*spec, sample));
        const bool any = std::any_of(inputs.begin(), inputs.end(), [](const Tensor &input) {
            return input.defined() && input.requiresGrad();
        });
        const size_t own = inputs.size();
        if (!spec->differentiable) {
            // Of what maps a function that is passed, the function decides.
            if (spec->findArg("func"))
                return;
            for (const Tensor &output : callable(complexAgain(*spec, inputs)))
                QVERIFY2(isConstant(output, inputs), "it has a gradient that is not 0");
            return;
        }
        if (callable.module) {
            // A lazy module has parameters only then.
            callable.module->materializeUninitialized(sample.inputs);
            for (const Tensor &parameter : callable.module->parameters())
                inputs.push_back(parameter);
        }
        if (!any && inputs.size() == own)
            return; // made of nothing
        for (bool training : {true, false}) {
            if (callable.module)
                callable.module->train(training);
            const Result<void> right = gradcheck(
                    [&](std::span<const Tensor> all) {
                        return realParts(callable(complexAgain(*spec, all.first(own))));
                    },
                    inputs);
            QVERIFY2(right.ok(), right.ok() ? "" : right.error().what());
        }
    }

    /// What PyTorch has no second derivatives of either says so.
    static bool hasNoSecondDerivatives(const std::string &type)
    {
        static const std::set<std::string> all{"nn.CTCLoss", "nn.EmbeddingBag",
                                               "nn.MultiLabelMarginLoss", "nn.MultiMarginLoss"};
        return all.contains(type);
    }
    void gradientsHaveGradients_data() { addRows(); }
    void gradientsHaveGradients()
    {
        const auto [spec, sample] = fetchSample();
        if (!spec->differentiable || !sample.differentiable)
            return;
        const Callable callable = makeCallable(registry, fetchType(), sample.args);
        callable.to(DType::Float64);
        std::vector<Tensor> inputs = leavesOf(*spec, drawInputs(*spec, sample));
        const size_t own = inputs.size();
        if (callable.module) {
            callable.module->materializeUninitialized(sample.inputs);
            // Of many parameters each has its derivative by the same rule.
            for (const Tensor &parameter : callable.module->parameters()) {
                if (parameter.numel() <= 24)
                    inputs.push_back(parameter);
            }
        }
        const bool any = std::any_of(inputs.begin(), inputs.end(), [](const Tensor &input) {
            return input.defined() && input.requiresGrad();
        });
        if (!any)
            return;
        const Result<void> right = gradgradcheck(
                [&, &declared = *spec](std::span<const Tensor> all) {
                    return realParts(callable(complexAgain(declared, all.first(own))));
                },
                inputs);
        if (hasNoSecondDerivatives(fetchType())) {
            QVERIFY(!right);
            QCOMPARE(right.error().category, ErrorCategory::State);
            return;
        }
        QVERIFY2(right.ok(), right.ok() ? "" : right.error().what());
    }
};

QTEST_APPLESS_MAIN(TestRegistryGradients)
#include "tst_registry_gradients.moc"
