// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/Denormals.h"
#include "engine/core/Parallel.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/reductions.h"
#include "engine/training/TrainingStep.h"

#include <QTest>

#include <atomic>
#include <limits>

using namespace mrg;

namespace {

/// Half of the smallest normal number, worked out when asked.
float halfOfSmallest()
{
    volatile float smallest = std::numeric_limits<float>::min();
    return smallest * 0.5F;
}

} // namespace

class TestDenormals : public QObject {
    Q_OBJECT
private slots:
    void areFlushedInAScopeOnly();
    void areFlushedOnEveryThreadOfALoop();
    void fadeFromMomentaInTraining();
};

void TestDenormals::areFlushedInAScopeOnly()
{
    if (!setFlushDenormals(false))
        QSKIP("this processor has no such switch");
    QVERIFY(halfOfSmallest() > 0);
    {
        const FlushDenormals flushing;
        QVERIFY(flushesDenormals());
        QCOMPARE(halfOfSmallest(), 0.0F);
        {
            const FlushDenormals notHere(false);
            QVERIFY(halfOfSmallest() > 0);
        }
        QCOMPARE(halfOfSmallest(), 0.0F);
    }
    QVERIFY(!flushesDenormals());
    QVERIFY(halfOfSmallest() > 0);
}

void TestDenormals::areFlushedOnEveryThreadOfALoop()
{
    if (!setFlushDenormals(false))
        QSKIP("this processor has no such switch");
    setNumThreads(3);
    for (const bool on : {true, false, true}) {
        const FlushDenormals flushing(on);
        std::atomic<int> flushed = 0;
        parallelFor(300, 1, [&](int64_t, int64_t) { flushed += halfOfSmallest() == 0.0F; });
        QCOMPARE(flushed.load(), on ? 300 : 0);
    }
    setNumThreads(1);
}

void TestDenormals::fadeFromMomentaInTraining()
{
    if (!setFlushDenormals(false))
        QSKIP("this processor has no such switch");
    Tensor weight = Tensor::full({1}, 1.0);
    weight.setRequiresGrad();
    std::unique_ptr<Optimizer> optimizer;
    for (const OptimizerSpec &spec : optimizerSpecs()) {
        if (spec.name == "SGD")
            optimizer = spec.make({{{weight}, {}}}, {{"lr", 0.0}, {"momentum", 0.5}});
    }
    TrainingStep step(
            [&](const Tensor &x, const Tensor &) {
                const Tensor scores = mul(x, weight);
                return TrainingStep::Outcome{sum(scores), scores};
            },
            *optimizer);
    // A gradient that is small, then none: the momentum halves from step to step.
    Tensor input = Tensor::full({1}, 4 * std::numeric_limits<float>::min());
    for (int i = 0; i < 5; ++i) {
        step.forward(input, input);
        step.update();
        input.fill(0);
    }
    QVERIFY(step.isReplaying());
    const NamedTensors state = optimizer->stateDict();
    const auto momentum = std::find_if(state.begin(), state.end(), [](const auto &entry) {
        return entry.first == "0.momentum_buffer";
    });
    QVERIFY(momentum != state.end());
    QCOMPARE(momentum->second.data<float>()[0], 0.0F);
    QVERIFY(!flushesDenormals());
}

QTEST_APPLESS_MAIN(TestDenormals)
#include "tst_denormals.moc"
