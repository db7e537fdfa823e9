// SPDX-License-Identifier: GPL-3.0-or-later
// Runs that go on from a checkpoint are those that were not interrupted, bit for bit.
#include "engine/interop/safetensors.h"
#include "engine/store/RunStore.h"
#include "tests/engine/training/runs.h"

#include <QObject>
#include <QTemporaryDir>
#include <QtTest/qtest.h>

using namespace mrg;
using namespace mrg::test;

namespace {

using Kind = Command::Kind;

/// Momenta, running statistics, random numbers of a module and of a function.
Experiment rememberingExperiment()
{
    Experiment out = smallExperiment();
    out.network = Drawing()
                          .node("data.moons")
                          .node("nn.Linear", {{"in_features", 2}, {"out_features", 8}})
                          .node("nn.BatchNorm1d", {{"num_features", 8}})
                          .node("nn.Dropout", {{"p", 0.25}})
                          .node("torch.randn_like")
                          .node("torch.add")
                          .node("nn.Linear", {{"in_features", 8}, {"out_features", 3}})
                          .node("nn.MultiMarginLoss")
                          .wire("1.input", "2.input")
                          .wire("2.output", "3.input")
                          .wire("3.output", "4.input")
                          .wire("4.output", "5.input")
                          .wire("4.output", "6.input")
                          .wire("5.output", "6.other")
                          .wire("6.output", "7.input")
                          .wire("7.output", "8.input")
                          .wire("1.target", "8.target")
                          .network;
    out.training.epochs = 8;
    return out;
}

/// All that a store has of a run, in figures.
struct Traces {
    std::map<std::string, std::vector<std::pair<int64_t, double>>> points;
    std::map<std::string, std::vector<double>> state;
    std::string end;
    friend bool operator==(const Traces &, const Traces &) = default;
};

Traces tracesOf(const RunStore &store, int64_t run)
{
    Traces out;
    for (const std::string &series : store.series(run).value()) {
        for (const StoredPoint &point : store.points(run, series).value())
            out.points[series].emplace_back(point.step, point.value);
    }
    const TensorFile file = readSafetensors(store.latestCheckpoint(run).value()).value();
    for (const auto &[name, tensor] : file.tensors)
        out.state[name] = tensor.toVector<double>();
    out.end = file.metadata.at("run");
    return out;
}

} // namespace

class TestResume : public QObject {
    Q_OBJECT

    const Vocabulary vocabulary = standardVocabulary();
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<RunStore> m_store;

    std::unique_ptr<Session> make(const Experiment &experiment, int64_t resume = 0) const
    {
        return Session::create(experiment, smallData(), vocabulary,
                               {.store = m_store.get(), .resume = resume})
                .value();
    }
    static Snapshot did(Session &session, Kind kind, const std::string &name = {},
                        const Value &value = {})
    {
        session.post({kind, name, value});
        return session.join();
    }
    /// Eight steps with a change by hand: into the second epoch of six steps.
    static void begin(Session &session)
    {
        for (int step = 0; step < 8; ++step) {
            did(session, Kind::Step);
            if (step == 3) {
                did(session, Kind::SetOptimizerOption, "lr", 0.03);
                did(session, Kind::SetLossOption, "margin", 0.75);
                did(session, Kind::SetStepOption, "clip_grad_norm", 0.7);
            }
        }
    }

private slots:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_store = RunStore::open(m_folder->filePath("runs").toStdString()).value();
    }
    void cleanup() { m_store.reset(); }

    void aRunGoesOnAsIfItHadNotBeenInterrupted_data()
    {
        QTest::addColumn<QString>("optimizer");
        QTest::addColumn<QString>("scheduler");
        QTest::addColumn<bool>("averaged");
        const auto row = [](const char *optimizer, const char *scheduler, bool averaged = false) {
            QTest::addRow("%s, %s%s", optimizer, scheduler, averaged ? ", averaged" : "")
                    << QString(optimizer) << QString(scheduler) << averaged;
        };
        row("SGD", "");
        row("LBFGS", "StepLR");
        row("Adam", "", true);
        for (const SchedulerSpec &spec : vocabulary.schedulers)
            row("SGD", spec.name.c_str(), spec.name == "ExponentialLR");
    }
    void aRunGoesOnAsIfItHadNotBeenInterrupted()
    {
        QFETCH(QString, optimizer);
        QFETCH(QString, scheduler);
        QFETCH(bool, averaged);
        Experiment experiment = rememberingExperiment();
        TrainingSettings &training = experiment.training;
        training.optimizer = optimizer.toStdString();
        training.optimizerArgs = {{"lr", 0.02}};
        if (optimizer == "SGD") {
            training.optimizerArgs["momentum"] = 0.9;
            training.optimizerArgs["nesterov"] = true;
        }
        training.scheduler = scheduler.toStdString();
        if (scheduler == "StepLR")
            training.schedulerArgs = {{"step_size", 2}, {"gamma", 0.5}};
        if (scheduler == "MultiStepLR")
            training.schedulerArgs = {{"milestones", ValueList{Value(3), Value(5)}}};
        if (scheduler == "OneCycleLR")
            training.schedulerArgs = {{"max_lr", 0.05}, {"total_steps", 9}};
        if (scheduler == "CyclicLR")
            training.schedulerArgs = {{"base_lr", 0.01}, {"max_lr", 0.05}, {"step_size_up", 3}};
        if (scheduler == "ReduceLROnPlateau")
            training.schedulerArgs = {{"patience", 0}, {"threshold", 0.05}};
        if (averaged)
            training.options = {{"ema_decay", 0.9}};

        const auto straight = make(experiment);
        begin(*straight);
        const Snapshot end = did(*straight, Kind::Run);
        QCOMPARE(end.state, RunState::Finished);

        auto interrupted = make(experiment);
        begin(*interrupted);
        const int64_t run = did(*interrupted, Kind::Stop).runId;
        interrupted.reset();
        const auto resumed = make(experiment, run);
        const Snapshot now = resumed->join();
        QCOMPARE(now.state, RunState::Stopped);
        QCOMPARE(now.step, 8);
        QCOMPARE(now.epoch, 1);
        QCOMPARE(now.learningRate == straight->join().learningRate, scheduler.isEmpty());
        const Snapshot last = did(*resumed, Kind::Run);
        QCOMPARE(last.runId, run);
        QCOMPARE(last.step, end.step);
        QCOMPARE(last.validation->loss, end.validation->loss);
        const Traces wanted = tracesOf(*m_store, end.runId);
        const Traces found = tracesOf(*m_store, run);
        QCOMPARE(wanted.points.at("train/loss").size(), size_t{48});
        QVERIFY(wanted.points.contains("train/miss_rate/0"));
        for (const auto &[series, points] : wanted.points)
            QVERIFY2(found.points.at(series) == points, series.c_str());
        for (const auto &[name, values] : wanted.state)
            QVERIFY2(found.state.at(name) == values, name.c_str());
        QCOMPARE(found.end, wanted.end);
        QVERIFY(found == wanted);
    }

    void whatCameAfterTheCheckpointIsDoneAgain()
    {
        Experiment experiment = rememberingExperiment();
        experiment.training.scheduler = "StepLR";
        experiment.training.schedulerArgs = {{"step_size", 3}};
        auto session = make(experiment);
        did(*session, Kind::StepEpoch);
        const int64_t run = did(*session, Kind::Stop).runId;
        const std::vector<std::byte> early = m_store->latestCheckpoint(run).value();
        did(*session, Kind::Run);
        session.reset();
        const Traces whole = tracesOf(*m_store, run);
        // A kill loses what was trained since the last checkpoint, but not its points.
        QVERIFY(m_store->putCheckpoint(run, 6, early));
        const auto resumed = make(experiment, run);
        QCOMPARE(resumed->join().step, 6);
        did(*resumed, Kind::Run);
        QVERIFY(tracesOf(*m_store, run) == whole);
        QCOMPARE(m_store->run(run)->state, std::string("finished"));
    }

    void aFinishedRunTakesMoreEpochs()
    {
        Experiment experiment = smallExperiment();
        auto session = make(experiment);
        const int64_t run = did(*session, Kind::Run).runId;
        session.reset();
        QCOMPARE(make(experiment, run)->join().state, RunState::Finished);
        experiment.training.epochs = 7;
        const auto resumed = make(experiment, run);
        QCOMPARE(resumed->join().state, RunState::Stopped);
        QCOMPARE(did(*resumed, Kind::Run).step, 42);
    }

    void aCheckpointThatDoesNotFitIsRefused()
    {
        Experiment experiment = smallExperiment();
        auto session = make(experiment);
        const int64_t run = did(*session, Kind::Run).runId;
        session.reset();
        const auto kindOf = [&](const Experiment &other, int64_t resumed) {
            const auto made = Session::create(other, smallData(), vocabulary,
                                              {.store = m_store.get(), .resume = resumed});
            return made ? std::string() : made.error().kind;
        };
        QCOMPARE(kindOf(experiment, run), std::string());
        QCOMPARE(kindOf(experiment, run + 1), std::string("not_in_the_store"));
        Experiment wider = experiment;
        wider.network.find(2)->args["out_features"] = 9;
        wider.network.find(4)->args["in_features"] = 9;
        QVERIFY(!kindOf(wider, run).empty());
        Experiment scheduled = experiment;
        scheduled.training.scheduler = "StepLR";
        QCOMPARE(kindOf(scheduled, run), std::string("state_dict_keys_differ"));
        // As a build wrote it that did not say where the run was.
        TensorFile file = readSafetensors(m_store->latestCheckpoint(run).value()).value();
        file.metadata.erase("run");
        QVERIFY(m_store->putCheckpoint(run, 30, writeSafetensors(file)));
        QCOMPARE(kindOf(experiment, run), std::string("checkpoint_incomplete"));
        file.metadata["run"] = "{}";
        QVERIFY(m_store->putCheckpoint(run, 30, writeSafetensors(file)));
        QCOMPARE(kindOf(experiment, run), std::string("malformed_checkpoint"));
    }
};

QTEST_APPLESS_MAIN(TestResume)
#include "tst_resume.moc"
