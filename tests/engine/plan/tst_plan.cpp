// SPDX-License-Identifier: GPL-3.0-or-later
// What is captured gives the same bits as what is run, for everything that can be placed.
#include "engine/autograd/backward.h"
#include "engine/core/Launch.h"
#include "engine/core/Parallel.h"
#include "engine/core/Random.h"
#include "engine/nn/Module.h"
#include "engine/nn/families.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/reductions.h"
#include "engine/plan/Plan.h"
#include "tests/engine/spec/sample_inputs.h"

#include <QObject>
#include <QtTest/qtest.h>

#include <cmath>
#include <optional>

using namespace mrg;

namespace {

/// A module or function with inputs of its own, and what a backward through all outputs gives.
class Subject {
public:
    Subject(const Registry &registry, const std::string &type, const Sample &sample)
    {
        const std::string name = type.substr(type.find('.') + 1);
        const Spec *spec = nullptr;
        if (type.starts_with("nn.")) {
            m_module = registry.module(name)->make(sample.args);
            m_module->to(DType::Float64);
            m_module->materializeUninitialized(sample.inputs);
            spec = registry.module(name);
        } else {
            m_function = registry.function(name);
            spec = m_function;
            m_args = sample.args;
        }
        for (const Tensor &input : test::drawInputs(*spec, sample)) {
            Tensor own = input.defined() ? input.copy() : Tensor();
            if (!own.defined()) {
                inputs.push_back(own);
                continue;
            }
            // A trailing _ says that the input is changed in place, which no leaf allows.
            if (isDifferentiable(own.dtype()) && spec->differentiable && !name.ends_with('_'))
                own.setRequiresGrad();
            inputs.push_back(own);
        }
        if (m_module)
            parameters = m_module->parameters();
    }

    /// Forward and backward.
    void compute()
    {
        for (std::vector<Tensor> *leaves : {&inputs, &parameters}) {
            for (const Tensor &leaf : *leaves) {
                if (leaf.defined())
                    leaf.setGrad({});
            }
        }
        outputs = m_module ? m_module->call(inputs) : m_function->call(m_args, inputs);
        std::vector<Tensor> differentiable;
        std::vector<Tensor> cotangents;
        for (const Tensor &output : outputs) {
            if (!output.defined() || !output.requiresGrad())
                continue;
            differentiable.push_back(output);
            cotangents.push_back(Tensor::full(output.shape(), 0.5, output.dtype()));
        }
        if (!differentiable.empty())
            backward(differentiable, cotangents);
    }

    void seek(uint64_t step)
    {
        if (m_module)
            m_module->seekRandom(step);
    }

    /// Other floating inputs for step `step`, the same in every subject.
    void draw(uint64_t step)
    {
        RandomStream random(7, step);
        for (Tensor &input : inputs) {
            if (!input.defined() || !input.isFloatingPoint())
                continue;
            // Near what was drawn by the port's rule, so that it stays in its domain.
            Tensor factor = Tensor::empty(input.shape(), input.dtype());
            std::vector<double> factors;
            for (int64_t i = 0; i < input.numel(); ++i)
                factors.push_back(random.uniform(0.9, 1.0));
            factor.copyFrom(Tensor::fromVector(factors, input.shape()));
            input.detach().copyFrom(mul(input.detach(), factor));
        }
    }

    /// Outputs, gradients and buffers as they stand.
    std::vector<std::vector<std::complex<double>>> results() const
    {
        std::vector<std::vector<std::complex<double>>> out;
        const auto take = [&out](const Tensor &tensor) {
            out.push_back(tensor.defined() ? tensor.toVector<std::complex<double>>()
                                           : std::vector<std::complex<double>>());
        };
        for (const Tensor &output : outputs)
            take(output);
        for (const std::vector<Tensor> *leaves : {&inputs, &parameters}) {
            for (const Tensor &leaf : *leaves)
                take(leaf.defined() ? leaf.grad() : leaf);
        }
        if (m_module) {
            for (const auto &[name, buffer] : m_module->namedBuffers())
                take(buffer);
        }
        return out;
    }

    std::vector<Tensor> inputs;
    std::vector<Tensor> parameters;
    std::vector<Tensor> outputs;

private:
    std::shared_ptr<Module> m_module;
    const FunctionSpec *m_function = nullptr;
    Arguments m_args;
};

bool sameBits(std::complex<double> a, std::complex<double> b)
{
    const auto same = [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); };
    return same(a.real(), b.real()) && same(a.imag(), b.imag());
}

} // namespace

class TestPlan : public QObject {
    Q_OBJECT

    const Registry registry = standardRegistry();

private slots:
    void cleanup() { setNumThreads(1); }

    void replayFollowsItsInputs()
    {
        Tensor x = Tensor::fromVector(std::vector<float>{1, 2, 3});
        Tensor y;
        const Result<Plan> plan = Plan::capture([&] { y = add(exp(x), mul(x, x)); });
        QVERIFY(plan.ok());
        x.copyFrom(Tensor::fromVector(std::vector<float>{0, 1, -1}));
        plan->run();
        QCOMPARE(y.toVector<float>(), add(exp(x), mul(x, x)).toVector<float>());
    }

    void elementwiseChainsAreOneKernel()
    {
        const Tensor x = Tensor::ones({1000});
        Tensor y;
        const Result<Plan> plan = Plan::capture([&] { y = tanh(neg(exp(x))); });
        QVERIFY(plan.ok());
        QCOMPARE(plan->launchCount(), 3);
        QCOMPARE(plan->kernelCount(), 1);
    }

    void buffersThatAreNotNeededAtOnceShareMemory()
    {
        const Tensor x = Tensor::ones({4096});
        Tensor y;
        const Result<Plan> plan = Plan::capture([&] {
            y = x;
            for (int i = 0; i < 20; ++i)
                y = mul(sum(y, std::vector<int64_t>{0}, true), x);
        });
        QVERIFY(plan.ok());
        QVERIFY2(plan->bytes() < 6 * 4096 * 4, std::to_string(plan->bytes()).c_str());
    }

    void aStepThatLooksAtElementsIsRefusedByName()
    {
        const Tensor x = Tensor::ones({3});
        const Result<Plan> plan = Plan::capture([&] {
            if (sum(x).item() > 0)
                (void)exp(x);
        });
        QVERIFY(!plan.ok());
        QCOMPARE(plan.error().kind, std::string("step_not_capturable"));
        QCOMPARE(plan.error().where, std::string("item"));
    }

    void resultsOutliveTheirPlan()
    {
        Tensor y;
        {
            const Result<Plan> plan = Plan::capture([&] { y = Tensor::full({8}, 3); });
            QVERIFY(plan.ok());
        }
        QCOMPARE(y.toVector<float>(), std::vector<float>(8, 3.0F));
    }

    void aThrowingStepLeavesNoRecorderBehind()
    {
        QVERIFY_THROWS_EXCEPTION(
                Error, (void)Plan::capture([] { add(Tensor::ones({2}), Tensor::ones({3})); }));
        QVERIFY(!LaunchRecorder::current());
    }

    void capturedAndEagerGiveTheSameBits_data()
    {
        QTest::addColumn<QString>("type");
        QTest::addColumn<int>("sample");
        const auto addRows = [](const std::string &type, const Spec &spec) {
            for (size_t i = 0; i < spec.samples.size(); ++i) {
                QTest::newRow((type + " " + std::to_string(i)).c_str())
                        << QString::fromStdString(type) << static_cast<int>(i);
            }
        };
        for (const ModuleSpec &spec : registry.modules()) {
            if (!spec.outputs.empty()) // a list of modules has no forward
                addRows("nn." + spec.name, spec);
        }
        for (const FunctionSpec &spec : registry.functions()) {
            if (spec.call && !spec.shapeFromElements)
                addRows("torch." + spec.name, spec);
        }
    }
    void capturedAndEagerGiveTheSameBits()
    {
        QFETCH(QString, type);
        QFETCH(int, sample);
        const std::string name = type.toStdString();
        const Spec &spec = name.starts_with("nn.")
                ? static_cast<const Spec &>(*registry.module(name.substr(3)))
                : *registry.function(name.substr(6));
        const Sample &use = spec.samples.at(static_cast<size_t>(sample));
        Subject eager(registry, name, use);
        Subject captured(registry, name, use);
        // Each draws from the same streams, those of the program included.
        const auto inStep = [](uint64_t step, Subject &subject, const auto &action) {
            subject.seek(step);
            manualSeed(step);
            action();
        };
        for (Subject *subject : {&eager, &captured})
            inStep(0, *subject, [&] { subject->compute(); });
        std::optional<Plan> plan;
        for (uint64_t step = 1; step < 4; ++step) {
            eager.draw(step);
            captured.draw(step);
            inStep(step, eager, [&] { eager.compute(); });
            inStep(step, captured, [&] {
                if (plan)
                    return plan->run();
                if (Result<Plan> made = Plan::capture([&] { captured.compute(); }))
                    plan = std::move(*made);
            });
            if (!plan)
                QSKIP("its course depends on elements, and it says so");
            const auto wanted = eager.results();
            const auto got = captured.results();
            QCOMPARE(got.size(), wanted.size());
            for (size_t i = 0; i < got.size(); ++i) {
                QVERIFY2(std::equal(got[i].begin(), got[i].end(), wanted[i].begin(),
                                    wanted[i].end(), sameBits),
                         ("result " + std::to_string(i) + " of step " + std::to_string(step))
                                 .c_str());
            }
        }
    }
};

QTEST_APPLESS_MAIN(TestPlan)
#include "tst_plan.moc"
