// SPDX-License-Identifier: GPL-3.0-or-later
// Clipping and averages as options of training.
#include "engine/autograd/backward.h"
#include "engine/data/Batcher.h"
#include "engine/network/check_training.h"
#include "engine/optim/clip.h"
#include "engine/training/StepExtras.h"
#include "engine/training/evaluation.h"
#include "tests/engine/training/runs.h"

#include <QObject>
#include <QtTest/qtest.h>

#include <cmath>

using namespace mrg;
using namespace mrg::test;

namespace {

using Kind = Command::Kind;
using Bits = std::vector<std::pair<std::string, std::vector<float>>>;

Bits bitsOf(const NamedTensors &state)
{
    Bits out;
    for (const auto &[name, tensor] : state)
        out.emplace_back(name, tensor.toVector<float>());
    return out;
}

/// Gradients large enough to be clipped.
Experiment steepExperiment(const Arguments &options)
{
    Experiment out = smallExperiment();
    out.training.options = options;
    out.training.optimizerArgs = {{"lr", 1.0}};
    return out;
}

/// What a session does with the same experiment, step by step and without any plan.
struct ByHand {
    BuiltNetwork network;
    Batcher batcher;
    std::unique_ptr<Optimizer> optimizer;

    ByHand(const Experiment &experiment, const DataSplit &data, const Vocabulary &vocabulary)
        : network(build(experiment.network,
                        check(
                                experiment.network, vocabulary,
                                [&data](const NetworkNode &) {
                                    return Result<DataDescription>(describe(*data.train));
                                },
                                experiment.training.batchSize),
                        vocabulary, experiment.training.seed)
                          .value()),
          batcher(Batcher::create(data.train, network.targetForm(),
                                  {.batchSize = experiment.training.batchSize,
                                   .seed = experiment.training.seed})
                          .value()),
          optimizer(vocabulary.optimizer(experiment.training.optimizer)
                            ->make({{network.parameters(), {}}}, experiment.training.optimizerArgs))
    {
        network.train(true);
    }
    template <typename Before, typename After>
    void epochs(int64_t count, Before before, After after)
    {
        for (int64_t epoch = 0; epoch < count; ++epoch) {
            for (int64_t i = 0; i < batcher.batchesPerEpoch(); ++i) {
                const Batch &batch = batcher.batch(epoch, i);
                optimizer->zeroGrad();
                backward(scalarLoss(network, network.scores(batch.input), batch.target));
                before();
                optimizer->step();
                after();
            }
        }
    }
};

double norm(const Bits &a, const Bits &b)
{
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) {
        for (size_t k = 0; k < a[i].second.size(); ++k)
            sum += std::pow(double(a[i].second[k]) - double(b[i].second[k]), 2);
    }
    return std::sqrt(sum);
}
double largest(const Bits &a, const Bits &b)
{
    double out = 0;
    for (size_t i = 0; i < a.size(); ++i) {
        for (size_t k = 0; k < a[i].second.size(); ++k)
            out = std::max(out, std::abs(double(a[i].second[k]) - double(b[i].second[k])));
    }
    return out;
}

} // namespace

class TestStepOptions : public QObject {
    Q_OBJECT

    const Vocabulary vocabulary = standardVocabulary();

    std::unique_ptr<Session> make(const Experiment &experiment) const
    {
        return Session::create(experiment, smallData(), vocabulary, {}).value();
    }
    static Snapshot did(Session &session, Kind kind, const std::string &name = {},
                        const Value &value = {})
    {
        session.post({kind, name, value});
        return session.join();
    }

private slots:
    void aStepIsNoLongerThanTheClippedGradient()
    {
        const auto lengthOfStep = [this](const Arguments &options, auto measure) {
            const auto session = make(steepExperiment(options));
            const Bits before = bitsOf(session->stateDict());
            did(*session, Kind::Step);
            return measure(before, bitsOf(session->stateDict()));
        };
        // Plain descent at a rate of 1: the step is the gradient.
        QVERIFY(lengthOfStep({}, norm) > 0.1);
        QVERIFY(lengthOfStep({}, largest) > 0.01);
        const double clipped = lengthOfStep({{"clip_grad_norm", 0.05}}, norm);
        QVERIFY2(std::abs(clipped - 0.05) < 1e-4, qPrintable(QString::number(clipped)));
        const double cut = lengthOfStep({{"clip_grad_value", 0.005}}, largest);
        QVERIFY2(std::abs(cut - 0.005) < 1e-6, qPrintable(QString::number(cut)));
        // Both: by norm first.
        const double both
                = lengthOfStep({{"clip_grad_norm", 0.05}, {"clip_grad_value", 0.005}}, largest);
        QVERIFY(both < 0.005 + 1e-6);
    }

    void capturedStepsClipAndAverageAsWrittenByHand_data()
    {
        QTest::addColumn<QString>("optimizer");
        for (const char *name : {"SGD", "Adam"})
            QTest::newRow(name) << name;
    }
    void capturedStepsClipAndAverageAsWrittenByHand()
    {
        QFETCH(QString, optimizer);
        Experiment experiment = steepExperiment(
                {{"clip_grad_norm", 0.5}, {"clip_grad_value", 0.1}, {"ema_decay", 0.9}});
        experiment.training.optimizer = optimizer.toStdString();
        experiment.training.optimizerArgs = {{"lr", 0.05}};
        const auto session = make(experiment);
        const Snapshot end = did(*session, Kind::Run);
        QCOMPARE(end.step, 30);

        const DataSplit data = smallData();
        ByHand hand(experiment, data, vocabulary);
        const std::vector<Tensor> parameters = hand.network.parameters();
        AveragedModel average(hand.network.stateDict(), hand.network.namedParameters(),
                              {.decay = 0.9});
        hand.epochs(
                5,
                [&] {
                    clipGradientNorm(parameters, 0.5);
                    clipGradientValue(parameters, 0.1);
                },
                [&] { average.update(hand.network.stateDict()); });
        QVERIFY(bitsOf(average.stateDict()) != bitsOf(hand.network.stateDict()));
        QCOMPARE(bitsOf(session->stateDict()), bitsOf(average.stateDict()));
        // It is the average that is evaluated.
        hand.network.loadStateDict(average.stateDict());
        const Result<ScoreTable> table = scoreDataset(hand.network, *data.validation);
        QCOMPARE(end.validation->loss, table->loss);
        QCOMPARE(session->evaluate(*data.validation)->loss, table->loss);
    }

    void evaluatingWithTheAverageLeavesTrainingAlone()
    {
        const auto lossesWith = [this](const Arguments &options) {
            const auto session = make(steepExperiment(options));
            did(*session, Kind::Run);
            const auto points = takePoints(*session);
            std::vector<double> out;
            for (const MetricPoint &point : points.at("train/loss"))
                out.push_back(point.value);
            return out;
        };
        QCOMPARE(lossesWith({{"ema_decay", 0.5}}), lossesWith({}));
    }

    void optionsAreChangedInMidRun()
    {
        Experiment experiment = steepExperiment({});
        const auto session = make(experiment);
        did(*session, Kind::StepEpoch);
        did(*session, Kind::SetStepOption, "clip_grad_value", 0.001);
        QVERIFY(session->journal().back().refused.empty());
        const Bits before = bitsOf(session->stateDict());
        did(*session, Kind::Step);
        QVERIFY(largest(before, bitsOf(session->stateDict())) <= 0.001 + 1e-6);
        // From now on the average is shown, which begins with the weights as they are.
        did(*session, Kind::SetStepOption, "ema_decay", 0.99);
        const Bits begin = bitsOf(session->stateDict());
        did(*session, Kind::SetStepOption, "clip_grad_value", Value());
        did(*session, Kind::Run);
        const Bits average = bitsOf(session->stateDict());
        did(*session, Kind::SetStepOption, "ema_decay", Value());
        QVERIFY(norm(begin, average) < norm(begin, bitsOf(session->stateDict())));
        // Reset brings back the options that the experiment has.
        did(*session, Kind::Reset);
        did(*session, Kind::Run);
        const auto straight = make(experiment);
        did(*straight, Kind::Run);
        QCOMPARE(bitsOf(session->stateDict()), bitsOf(straight->stateDict()));
    }

    void whatIsNoneOfThemIsRefused_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<Value>("value");
        QTest::newRow("unknown") << "clip_grad" << Value(1.0);
        QTest::newRow("a norm of nothing") << "clip_grad_norm" << Value(0.0);
        QTest::newRow("negative") << "clip_grad_value" << Value(-1.0);
        QTest::newRow("a decay that forgets nothing") << "ema_decay" << Value(1.0);
        QTest::newRow("text") << "ema_decay" << Value("much");
    }
    void whatIsNoneOfThemIsRefused()
    {
        QFETCH(QString, name);
        QFETCH(Value, value);
        const auto session = make(smallExperiment());
        did(*session, Kind::SetStepOption, name.toStdString(), value);
        QVERIFY(!session->journal().back().refused.empty());
        const Experiment wrong = steepExperiment({{name.toStdString(), value}});
        QVERIFY(!checkTraining(wrong.training, vocabulary));
        QVERIFY(!Session::create(wrong, smallData(), vocabulary, {}));
    }

    void settingsAreCheckedWithTheirOptimizerAndSchedule()
    {
        TrainingSettings settings;
        QVERIFY(checkTraining(settings, vocabulary));
        settings.optimizerArgs = {{"learning", 1.0}};
        QCOMPARE(checkTraining(settings, vocabulary).error().kind, std::string("unknown_argument"));
        settings = {};
        settings.optimizer = "Adamant";
        QCOMPARE(checkTraining(settings, vocabulary).error().kind,
                 std::string("unknown_optimizer"));
        settings = {};
        settings.scheduler = "OneCycleLR";
        settings.schedulerArgs = {{"max_lr", 0.1}};
        QCOMPARE(checkTraining(settings, vocabulary).error().kind, std::string("length_missing"));
        settings.scheduler = "Never";
        QCOMPARE(checkTraining(settings, vocabulary).error().kind,
                 std::string("unknown_scheduler"));
    }
};

QTEST_APPLESS_MAIN(TestStepOptions)
#include "tst_step_options.moc"
