// SPDX-License-Identifier: GPL-3.0-or-later
// What the golden cases of the losses leave out: second derivatives, second backwards, plans,
// threads.
#include "engine/autograd/Node.h"
#include "engine/autograd/backward.h"
#include "engine/autograd/gradcheck.h"
#include "engine/core/Parallel.h"
#include "engine/kernels/MarginStatistics.h"
#include "engine/nn/Module.h"
#include "engine/nn/families.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/reductions.h"
#include "engine/plan/Plan.h"

#include <QObject>
#include <QtTest/qtest.h>

#include <algorithm>
#include <cmath>

using namespace mrg;

namespace {

Tensor drawn(const Shape &shape, uint64_t seed, DType dtype = DType::Float64)
{
    RandomStream random(seed);
    std::vector<double> values(static_cast<size_t>(numel(shape)));
    for (double &value : values)
        value = random.uniform(0.1, 0.9); // also a probability and a variance
    return Tensor::fromVector(values, shape).toType(dtype);
}

} // namespace

class TestLosses : public QObject {
    Q_OBJECT

    Registry registry = standardRegistry();

private slots:
    void pointwiseLossesHaveSecondDerivatives_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("reduction");
        for (const char *name :
             {"MSELoss", "L1Loss", "HuberLoss", "SmoothL1Loss", "PoissonNLLLoss", "GaussianNLLLoss",
              "BCELoss", "BCEWithLogitsLoss", "KLDivLoss", "SoftMarginLoss", "HingeEmbeddingLoss",
              "MarginRankingLoss", "MultiLabelSoftMarginLoss"}) {
            for (const char *reduction : {"none", "mean", "sum"})
                QTest::addRow("%s %s", name, reduction) << QString(name) << QString(reduction);
        }
    }
    void pointwiseLossesHaveSecondDerivatives()
    {
        QFETCH(QString, name);
        QFETCH(QString, reduction);
        const ModuleSpec &spec = *registry.module(name.toStdString());
        const auto loss = spec.make({{"reduction", reduction.toStdString()}});
        std::vector<Tensor> inputs;
        for (size_t i = 0; i < spec.inputs.size(); ++i) {
            inputs.push_back(drawn({2, 3}, i + 1));
            if (spec.inputs[i].form != TargetForm::Sign)
                inputs.back().setRequiresGrad();
            else
                inputs.back().fill(-1);
        }
        // The gradient of the first input, weighted, as a function of all inputs.
        const Tensor weights = drawn({2, 3}, 9);
        const Result<void> right = gradcheck(
                [&](std::span<const Tensor> all) {
                    const GradMode on(true);
                    const Tensor value = sum(square(loss->forward(all)[0]));
                    const Tensor first = grad(std::vector{value}, std::vector{all[0]}, {},
                                              {.createGraph = true})[0];
                    return std::vector{sum(mul(first, weights))};
                },
                inputs);
        QVERIFY2(right.ok(), right.ok() ? "" : right.error().what());
    }

    void aLossOverNoClassesIsNothing()
    {
        const auto loss = registry.module("CrossEntropyLoss")
                                  ->make({{"reduction", "none"}, {"label_smoothing", 0.5}});
        const std::vector<Tensor> none{Tensor::zeros({0}), Tensor::zeros({0})};
        QCOMPARE(loss->forward(none)[0].item(), 0.0);
    }

    void theBatchMeanIsOverTheRowsOfTheInput()
    {
        const auto total = registry.module("KLDivLoss")->make({{"reduction", "sum"}});
        const auto mean = registry.module("KLDivLoss")->make({{"reduction", "batchmean"}});
        // One row meets two of the target.
        const std::vector<Tensor> in{drawn({1, 3}, 1), drawn({2, 3}, 2)};
        QCOMPARE(mean->forward(in)[0].item(), total->forward(in)[0].item());
    }

    void theSlopeByTheTargetOfBCELossHasNoBound()
    {
        const auto loss = registry.module("BCELoss")->make({{"reduction", "sum"}});
        Tensor target = Tensor::zeros({1}, DType::Float64);
        target.setRequiresGrad();
        backward(loss->forward(std::vector{Tensor::ones({1}, DType::Float64), target})[0]);
        QCOMPARE(target.grad().item(), -INFINITY);
    }

    void aSecondBackwardOverTheSameGraphGivesTheSameAgain_data()
    {
        QTest::addColumn<QString>("name");
        for (const ModuleSpec &spec : registry.modules()) {
            if (spec.isLoss() && spec.name != "CTCLoss"
                && spec.name != "AdaptiveLogSoftmaxWithLoss")
                QTest::newRow(spec.name.c_str()) << QString::fromStdString(spec.name);
        }
    }
    void aSecondBackwardOverTheSameGraphGivesTheSameAgain()
    {
        QFETCH(QString, name);
        const ModuleSpec &spec = *registry.module(name.toStdString());
        const auto loss = spec.make({});
        std::vector<Tensor> inputs;
        for (size_t i = 0; i < spec.inputs.size(); ++i) {
            const Shape &shape = spec.samples[0].inputs[i];
            inputs.push_back(spec.inputs[i].dtype == "int64"
                                             || spec.inputs[i].form == TargetForm::ClassIndex
                                     ? Tensor::zeros(shape, DType::Int64)
                                     : drawn(shape, i + 1));
        }
        for (size_t i = 0; i < inputs.size(); ++i) {
            if (spec.inputs[i].form == TargetForm::Sign)
                inputs[i].fill(1);
        }
        inputs[0].setRequiresGrad();
        const Tensor value = loss->forward(inputs)[0];
        // The upstream gradient scales what is handed on in place: the next one must not see it.
        backward(value, Tensor::full({}, 3, DType::Float64), {.retainGraph = true});
        const std::vector<double> first = inputs[0].grad().toVector<double>();
        inputs[0].setGrad({});
        backward(value, Tensor::full({}, 3, DType::Float64));
        QCOMPARE(inputs[0].grad().toVector<double>(), first);
        QVERIFY(std::any_of(first.begin(), first.end(), [](double g) { return g != 0; }));
    }

    void replayedLossesSeeTheNewScoresLabelsAndWatchers()
    {
        const auto loss = registry.module("MultiLabelMarginLoss")->make({});
        Tensor x = drawn({6, 5}, 1, DType::Float32);
        x.setRequiresGrad();
        Tensor labels = Tensor::full({6, 5}, -1, DType::Int64);
        for (int64_t n = 0; n < 6; ++n)
            labels.data<int64_t>()[n * 5] = n % 5;
        Tensor value;
        const Result<Plan> plan = Plan::capture([&] {
            x.setGrad({});
            value = loss->forward(std::vector{x, labels})[0];
            backward(value);
            value = value.detach();
        });
        QVERIFY(plan.ok());
        const Tensor gradient = x.grad();
        x.detach().copyFrom(drawn({6, 5}, 2, DType::Float32));
        for (int64_t n = 0; n < 6; ++n)
            labels.data<int64_t>()[n * 5 + 1] = (n + 2) % 5;
        MarginStatistics seen;
        loss->watchMargins(&seen);
        plan->run();
        loss->watchMargins(nullptr);
        QCOMPARE(seen.samples, 6);
        const std::vector<float> replayed = gradient.toVector<float>();
        const double replayedValue = value.item();
        x.setGrad({});
        const Tensor eager = loss->forward(std::vector{x, labels})[0];
        backward(eager);
        QCOMPARE(replayedValue, eager.item());
        QCOMPARE(replayed, x.grad().toVector<float>());
    }

    void oneAndTwoThreadsGiveTheSameBits_data()
    {
        QTest::addColumn<QString>("name");
        for (const char *name :
             {"MSELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "NLLLoss", "MultiMarginLoss"})
            QTest::newRow(name) << QString(name);
    }
    void oneAndTwoThreadsGiveTheSameBits()
    {
        QFETCH(QString, name);
        const ModuleSpec &spec = *registry.module(name.toStdString());
        const auto loss = spec.make({});
        const bool classes = spec.inputs[1].form == TargetForm::ClassIndex;
        const Shape shape{300, 260};
        const Tensor target
                = classes ? Tensor::full({300}, 7, DType::Int64) : drawn(shape, 2, DType::Float32);
        const auto run = [&] {
            Tensor x = drawn(shape, 1, DType::Float32);
            x.setRequiresGrad();
            const Tensor value = loss->forward(std::vector{x, target})[0];
            backward(value);
            std::vector<float> out = x.grad().toVector<float>();
            out.push_back(static_cast<float>(value.item()));
            return out;
        };
        const std::vector<float> one = run();
        setNumThreads(2);
        const std::vector<float> two = run();
        setNumThreads(1);
        QCOMPARE(two, one);
    }

    void marginLossesRefuseSecondDerivativesInsteadOfGivingZeros()
    {
        const auto loss = registry.module("MultiMarginLoss")->make({{"p", 2}});
        Tensor x = drawn({2, 3}, 1);
        x.setRequiresGrad();
        const Tensor value = loss->forward(std::vector{x, Tensor::zeros({2}, DType::Int64)})[0];
        const Tensor first = grad(std::vector{value}, std::vector{x}, {}, {.createGraph = true})[0];
        QVERIFY_EXCEPTION_THROWN(backward(sum(first)), Error);
    }
};

QTEST_APPLESS_MAIN(TestLosses)
#include "tst_losses.moc"
