// SPDX-License-Identifier: GPL-3.0-or-later
// Hooks of tensors, functions with derivatives of their own, modes, changes in place, double
// backward.
#include "engine/autograd/backward.h"
#include "engine/autograd/custom_function.h"
#include "engine/autograd/gradcheck.h"
#include "engine/autograd/tensor_hooks.h"
#include "engine/nn/Module.h"
#include "engine/nn/families.h"
#include "engine/ops/inplace.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/reductions.h"
#include "engine/ops/views.h"
#include "tests/engine/error_kind.h"
#include "tests/engine/spec/sample_inputs.h"

#include <QObject>
#include <QtTest/qtest.h>

using namespace mrg;

namespace {

Tensor leaf(std::vector<double> values)
{
    Tensor out = Tensor::fromVector(values);
    return out.setRequiresGrad();
}

const CustomFunction cube{"cube",
                          [](FunctionContext &context, std::span<const Tensor> in) {
                              context.saveForBackward({in[0]});
                              return std::vector<Tensor>{in[0] * in[0] * in[0]};
                          },
                          [](FunctionContext &context, const Gradients &g) {
                              const Tensor x = context.savedTensors()[0];
                              return Gradients{mul(g[0] * x * x, 3)};
                          }};

using Numbers = std::vector<double>;

} // namespace

class TestAutogradFeatures : public QObject {
    Q_OBJECT

    const Registry registry = standardRegistry();

private slots:
    void tensorHooksRunInOrderBeforeTheGradientFlowsOn()
    {
        const Tensor x = leaf({1, 2});
        const Tensor y = mul(x, 3);
        registerHook(y, [](const Tensor &g) { return mul(g, 2); });
        RemovableHandle second = registerHook(y, [](const Tensor &g) { return add(g, 1); });
        backward(sum(y), {}, {.retainGraph = true});
        QCOMPARE(x.grad().toVector<double>(), (Numbers{9, 9}));
        second.remove();
        x.setGrad({});
        registerHook(x, [](const Tensor &g) { return mul(g, 10); });
        backward(sum(y));
        QCOMPARE(x.grad().toVector<double>(), (Numbers{60, 60}));
    }

    void aHookOfALeafActsOnGradToo()
    {
        const Tensor x = leaf({1});
        registerHook(x, [](const Tensor &g) { return mul(g, 5); });
        const Tensor y = mul(x, 2);
        const Tensor outputs[] = {y};
        const Tensor inputs[] = {x};
        QCOMPARE(grad(outputs, inputs, {})[0].item(), 10.0);
        QVERIFY(!x.grad().defined());
    }

    void aHookAfterAccumulationSeesTheGrad()
    {
        const Tensor x = leaf({1});
        double seen = 0;
        registerPostAccumulateGradHook(x,
                                       [&](const Tensor &tensor) { seen = tensor.grad().item(); });
        backward(mul(x, 4));
        QCOMPARE(seen, 4.0);
    }

    void hooksOfTensorsWithoutGradientAreRefused()
    {
        const auto hook = [](const Tensor &g) { return g; };
        QCOMPARE(test::errorKind([&] { registerHook(Tensor::ones({1}), hook); }),
                 std::string("tensor_without_gradient"));
        const Tensor x = leaf({1});
        registerHook(x, [](const Tensor &) { return Tensor::ones({7}, DType::Float64); });
        QCOMPARE(test::errorKind([&] { backward(mul(x, 2)); }),
                 std::string("gradient_shape_mismatch"));
    }

    void retainedGradientsAddUpOnTensorsThatAreNoLeaves()
    {
        const Tensor x = leaf({3});
        const Tensor y = mul(x, 2);
        QVERIFY(!retainsGrad(y));
        retainGrad(y);
        QVERIFY(retainsGrad(y));
        const Tensor z = square(y);
        backward(z, {}, {.retainGraph = true});
        QCOMPARE(y.grad().item(), 12.0);
        backward(z);
        QCOMPARE(y.grad().item(), 24.0);
    }

    void aGradientThatSomebodyKeepsIsNotAddedTo()
    {
        const Tensor x = leaf({1, 2});
        const Tensor y = mul(x, 2);
        const Tensor first = mul(y, 3);
        const Tensor second = mul(y, 5);
        const Tensor third = mul(y, 7);
        Tensor kept; // the first to arrive at y
        registerNodeHook(third, [&](const Gradients &inputs, const Gradients &) {
            kept = inputs[0];
            return std::optional<Gradients>();
        });
        backward(sum(add(add(first, second), third)));
        QCOMPARE(kept.toVector<double>(), (Numbers{7, 7}));
        QCOMPARE(x.grad().toVector<double>(), (Numbers{30, 30}));
    }

    void aFunctionOfOnesOwnIsDifferentiatedByItsOwnRule()
    {
        const Tensor x = leaf({2});
        const Tensor y = cube({x})[0];
        QCOMPARE(y.item(), 8.0);
        backward(y);
        QCOMPARE(x.grad().item(), 12.0);
        const auto function = [](std::span<const Tensor> in) { return cube({in[0]}); };
        QVERIFY(gradcheck(function, {leaf({0.5, -1.5})}).ok());
        QVERIFY(gradgradcheck(function, {leaf({0.5, -1.5})}).ok());
    }

    void aFunctionOfOnesOwnIsHeldToItsInputs()
    {
        const CustomFunction tooMany{"too_many",
                                     [](FunctionContext &, std::span<const Tensor> in) {
                                         return std::vector<Tensor>{mul(in[0], 1)};
                                     },
                                     [](FunctionContext &, const Gradients &g) {
                                         return Gradients{g[0], g[0]};
                                     }};
        QCOMPARE(test::errorKind([&] { backward(tooMany({leaf({1})})[0]); }),
                 std::string("wrong_gradient_count"));
        const Tensor x = mul(leaf({2}), 1);
        const Tensor y = cube({x})[0];
        x.detach().copyFrom(Tensor::ones({1}, DType::Float64));
        QCOMPARE(test::errorKind([&] { backward(y); }),
                 std::string("saved_tensor_changed_in_place"));
    }

    void anInputGivenBackKeepsItsOwnHistory()
    {
        const CustomFunction same{"same",
                                  [](FunctionContext &context, std::span<const Tensor> in) {
                                      context.markNonDifferentiable(in[1]);
                                      return std::vector<Tensor>{in[0], in[1]};
                                  },
                                  [](FunctionContext &, const Gradients &g) {
                                      return Gradients{mul(g[0], 7), Tensor()};
                                  }};
        const Tensor x = leaf({1});
        const std::vector<Tensor> out = same({x, Tensor::ones({1}, DType::Float64)});
        QVERIFY(x.isLeaf());
        QVERIFY(!out[1].requiresGrad());
        backward(out[0]);
        QCOMPARE(x.grad().item(), 7.0);
    }

    void modesNestAndEnd()
    {
        const Tensor x = leaf({1});
        {
            const GradMode off(false);
            QVERIFY(!mul(x, 2).requiresGrad());
            const GradMode on(true);
            QVERIFY(mul(x, 2).requiresGrad());
        }
        QVERIFY(mul(x, 2).requiresGrad());
    }

    void whatIsMadeInInferenceModeCanNotBeKeptForBackward()
    {
        Tensor made;
        {
            const InferenceMode on;
            made = mul(leaf({2}), 3);
        }
        QVERIFY(made.isInference());
        QVERIFY(!made.requiresGrad());
        QVERIFY(!mul(leaf({2}), 3).isInference());
        QCOMPARE(test::errorKind([&] { mul(leaf({1}), made); }),
                 std::string("inference_tensor_saved"));
        QVERIFY(mul(leaf({1}), mul(made, 1)).requiresGrad());
        QCOMPARE(test::errorKind([&] { made.fill(1); }), std::string("inference_tensor_changed"));
    }

    void aChangeThroughAViewIsNoticed()
    {
        const Tensor x = leaf({1, 2, 3});
        const Tensor y = mul(x, 1);
        const Tensor z = square(y);
        // A view shares the memory and its version.
        narrow(y, 0, 0, 1).detach().fill(5);
        QCOMPARE(test::errorKind([&] { backward(sum(z)); }),
                 std::string("saved_tensor_changed_in_place"));
    }

    void aChangeInPlaceIsPartOfTheHistory()
    {
        const Tensor x = leaf({1, 2});
        const Tensor y = mul(x, 3);
        const Tensor same = inPlace(y, [](const Tensor &v) { return square(v); });
        QVERIFY(same.impl() == y.impl());
        QCOMPARE(y.toVector<double>(), (Numbers{9, 36}));
        backward(sum(y));
        QCOMPARE(x.grad().toVector<double>(), (Numbers{18, 36}));
        QCOMPARE(test::errorKind([&] { inPlace(x, [](const Tensor &v) { return mul(v, 2); }); }),
                 std::string("leaf_changed_in_place"));
        const GradMode off(false);
        inPlace(x, [](const Tensor &v) { return mul(v, 2); });
        QCOMPARE(x.toVector<double>(), (Numbers{2, 4}));
    }

    void aChangeOfAViewIsOneOfItsBaseAndOfOtherViews()
    {
        const Tensor x = leaf({1, 2, 3, 4, 5, 6});
        const Tensor base = mul(x, 1);
        const Tensor rows = view(base, {2, 3});
        const Tensor corner = transpose(slice(rows, 1, 1, {}), 0, 1);
        const Tensor other = view(base, {6});
        inPlace(corner, [](const Tensor &v) { return mul(v, v); });
        QCOMPARE(base.toVector<double>(), (Numbers{1, 4, 9, 4, 25, 36}));
        for (const Tensor &seen : {base, other, rows}) {
            const Tensor total = sum(seen);
            const Tensor gradient
                    = grad(std::vector{total}, std::vector{x}, {}, {.retainGraph = true})[0];
            QCOMPARE(gradient.toVector<double>(), (Numbers{1, 4, 6, 1, 10, 12}));
        }
        const Tensor total = sum(corner);
        QCOMPARE(grad(std::vector{total}, std::vector{x}, {})[0].toVector<double>(),
                 (Numbers{0, 4, 6, 0, 10, 12}));
    }

    void aChangeOfTheBaseIsSeenThroughItsViews()
    {
        const Tensor x = leaf({1, 2, 3});
        const Tensor base = mul(x, 1);
        const Tensor part = narrow(base, 0, 1, 2);
        inPlace(base, [](const Tensor &v) { return mul(v, 5); });
        backward(sum(part));
        QCOMPARE(x.grad().toVector<double>(), (Numbers{0, 5, 5}));
    }

    void aBufferFilledThroughViewsHasTheHistoryOfWhatFillsIt()
    {
        const Tensor x = leaf({2, 3});
        const Tensor buffer = Tensor::zeros({2, 2}, DType::Float64);
        assign(select(buffer, 0, 1), square(x));
        QVERIFY(buffer.requiresGrad());
        backward(sum(mul(buffer, Tensor::fromVector(Numbers{1, 1, 10, 100}, {2, 2}))));
        QCOMPARE(x.grad().toVector<double>(), (Numbers{40, 600}));
    }

    void changesThroughViewsHaveSecondDerivatives()
    {
        const Result<void> right = gradgradcheck(
                [](std::span<const Tensor> in) {
                    const Tensor base = mul(in[0], in[0]);
                    inPlace(transpose(view(base, {2, 2}), 0, 1),
                            [&](const Tensor &v) { return mul(v, square(v)); });
                    return std::vector{base};
                },
                {leaf({1, 2, 3, 4})});
        QVERIFY2(right.ok(), right.ok() ? "" : right.error().what());
    }

    void viewsOfLeavesAreNotChanged()
    {
        const Tensor x = leaf({1, 2});
        const auto twice = [](const Tensor &v) { return mul(v, 2); };
        QCOMPARE(test::errorKind([&] { inPlace(narrow(x, 0, 0, 1), twice); }),
                 std::string("leaf_view_changed_in_place"));
        QCOMPARE(x.toVector<double>(), (Numbers{1, 2}));
        const GradMode off(false);
        inPlace(narrow(x, 0, 0, 1), twice);
        QCOMPARE(x.toVector<double>(), (Numbers{2, 2}));
    }

    void modulesThatWorkInPlaceGiveWhatTheyGiveOtherwise_data()
    {
        QTest::addColumn<QString>("name");
        for (const ModuleSpec &spec : registry.modules()) {
            if (spec.findArg("inplace"))
                QTest::newRow(spec.name.c_str()) << QString::fromStdString(spec.name);
        }
    }
    void modulesThatWorkInPlaceGiveWhatTheyGiveOtherwise()
    {
        QFETCH(QString, name);
        const ModuleSpec &spec = *registry.module(name.toStdString());
        const Sample &sample = spec.samples.at(0);
        Arguments args = sample.args;
        Numbers outputs[2];
        Numbers gradients[2];
        for (int inplace : {0, 1}) {
            args["inplace"] = inplace == 1;
            const std::shared_ptr<Module> module = spec.make(args);
            module->seekRandom(0);
            Tensor x = test::drawInputs(spec, sample)[0];
            x.setRequiresGrad();
            const Tensor copy = mul(x, 1);
            const Tensor y = (*module)(copy);
            QCOMPARE(y.impl() == copy.impl(), inplace == 1 || spec.group == Group::Dropout);
            outputs[inplace] = y.toVector<double>();
            backward(sum(square(y)));
            gradients[inplace] = x.grad().toVector<double>();
        }
        QCOMPARE(outputs[1], outputs[0]);
        QCOMPARE(gradients[1], gradients[0]);
    }

    void derivativesOfDerivativesOfModulesAreRight_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<int>("index");
        for (const ModuleSpec &spec : registry.modules()) {
            const bool twice = spec.group == Group::Linear || spec.group == Group::Normalization
                    || spec.group == Group::Activation || spec.name == "Embedding";
            for (size_t i = 0; twice && i < spec.samples.size(); ++i) {
                if (spec.samples[i].differentiable)
                    QTest::addRow("%s %zu", spec.name.c_str(), i)
                            << QString::fromStdString(spec.name) << static_cast<int>(i);
            }
        }
    }
    void derivativesOfDerivativesOfModulesAreRight()
    {
        QFETCH(QString, name);
        QFETCH(int, index);
        const ModuleSpec &spec = *registry.module(name.toStdString());
        const Sample &sample = spec.samples.at(static_cast<size_t>(index));
        const std::shared_ptr<Module> module = spec.make(sample.args);
        module->materializeUninitialized(sample.inputs);
        module->to(DType::Float64);
        std::vector<Tensor> inputs = test::drawInputs(spec, sample);
        for (Tensor &input : inputs) {
            if (input.defined() && input.isFloatingPoint())
                input.setRequiresGrad();
        }
        const size_t own = inputs.size();
        for (const Tensor &parameter : module->parameters())
            inputs.push_back(parameter);
        const Result<void> right = gradgradcheck(
                [&](std::span<const Tensor> all) {
                    module->seekRandom(0);
                    return module->call(all.first(own));
                },
                inputs, {.eps = 1e-5, .atol = 1e-4});
        QVERIFY2(right.ok(), right.ok() ? "" : right.error().what());
    }

    void gradgradcheckFindsAWrongSecondDerivative()
    {
        // The gradient is right, but cut off from what it depends on.
        const CustomFunction cut{"cut",
                                 [](FunctionContext &context, std::span<const Tensor> in) {
                                     context.saveForBackward({in[0]});
                                     return std::vector<Tensor>{square(in[0])};
                                 },
                                 [](FunctionContext &context, const Gradients &g) {
                                     return Gradients{
                                             mul(g[0], mul(context.savedTensors()[0].detach(), 2))};
                                 }};
        const auto function = [&](std::span<const Tensor> in) { return cut({in[0]}); };
        QVERIFY(gradcheck(function, {leaf({0.5})}).ok());
        QVERIFY(!gradgradcheck(function, {leaf({0.5})}).ok());
    }
};

QTEST_APPLESS_MAIN(TestAutogradFeatures)
#include "tst_autograd_features.moc"
