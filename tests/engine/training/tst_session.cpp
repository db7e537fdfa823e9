// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/RunStore.h"
#include "tests/engine/training/runs.h"

#include <sqlite3.h>

#include <QElapsedTimer>
#include <QObject>
#include <QTemporaryDir>
#include <QtTest/qtest.h>

#include <cmath>

using namespace mrg;
using namespace mrg::test;

namespace {

using Kind = Command::Kind;

/// Every bit of the parameters.
std::vector<std::pair<std::string, std::vector<float>>> bits(const Session &session)
{
    std::vector<std::pair<std::string, std::vector<float>>> out;
    for (const auto &[name, tensor] : session.stateDict())
        out.emplace_back(name, tensor.toVector<float>());
    return out;
}

/// Large enough for a validation of about a second, and steps of some milliseconds.
Experiment largeExperiment()
{
    Experiment out = smallExperiment();
    out.network.find(2)->args = {{"in_features", 256}, {"out_features", 512}};
    out.network.find(4)->args = {{"in_features", 512}, {"out_features", 10}};
    out.training.batchSize = 128;
    out.training.epochs = 1000;
    return out;
}

} // namespace

class TestSession : public QObject {
    Q_OBJECT

    const Vocabulary vocabulary = standardVocabulary();

    std::unique_ptr<Session> make(const Experiment &experiment = smallExperiment(),
                                  const DataSplit &data = smallData(),
                                  SessionOptions options = {}) const
    {
        Result<std::unique_ptr<Session>> session
                = Session::create(experiment, data, vocabulary, std::move(options));
        return std::move(session).value();
    }
    static Snapshot did(Session &session, Kind kind, const std::string &name = {},
                        const Value &value = {})
    {
        session.post({kind, name, value});
        return session.join();
    }

private slots:
    void aNewSessionRestsAtItsBeginning()
    {
        const auto session = make();
        const Snapshot now = session->join();
        QCOMPARE(now.state, RunState::Ready);
        QCOMPARE(now.step, 0);
        QCOMPARE(now.stepsPerEpoch, 6);
        QCOMPARE(now.epochs, 5);
        QCOMPARE(now.learningRate, 0.1);
        QVERIFY(session->journal().empty());
        QVERIFY(!session->stateDict().empty());
    }

    void aRunGoesToItsEnd()
    {
        const auto session = make();
        const Snapshot end = did(*session, Kind::Run);
        QCOMPARE(end.state, RunState::Finished);
        QCOMPARE(end.step, 30);
        QCOMPARE(end.epoch, 5);
        QVERIFY(end.validation.has_value());
        QCOMPARE(end.validation->step, 30);
        QCOMPARE(end.validation->samples, 30);
        QVERIFY(end.validation->metrics.at(0).second > 0.9);
        QCOMPARE(end.trainMargins.samples, 60);
        const auto points = takePoints(*session);
        QCOMPARE(points.at("train/loss").size(), size_t{30});
        QCOMPARE(points.at("train/epoch_loss").size(), size_t{5});
        QCOMPARE(points.at("validation/loss").size(), size_t{5});
        QVERIFY(points.at("train/epoch_loss").back().value
                < points.at("train/epoch_loss").front().value);
        QVERIFY(points.contains("train/miss_rate/2"));
        const Result<Evaluation> again = session->evaluate(*smallData().validation);
        QCOMPARE(again->loss, end.validation->loss);
    }

    void moreEpochsCanBeAskedForAfterTheEnd()
    {
        const auto session = make();
        did(*session, Kind::Run);
        QCOMPARE(did(*session, Kind::Run).step, 30);
        QVERIFY(!session->journal().back().refused.empty());
        did(*session, Kind::SetEpochs, {}, 7);
        const Snapshot end = did(*session, Kind::Run);
        QCOMPARE(end.state, RunState::Finished);
        QCOMPARE(end.step, 42);
        QCOMPARE(end.epochs, 7);
    }

    void stepsAndEpochsAreDoneOneByOne()
    {
        const auto session = make();
        Snapshot now = did(*session, Kind::Step);
        QCOMPARE(now.state, RunState::Paused);
        QCOMPARE(now.step, 1);
        now = did(*session, Kind::Step);
        QCOMPARE(now.step, 2);
        now = did(*session, Kind::StepEpoch);
        QCOMPARE(now.state, RunState::Paused);
        QCOMPARE(now.step, 6);
        QCOMPARE(now.epoch, 1);
        QCOMPARE(now.validation->step, 6);
        for (int i = 0; i < 6; ++i)
            now = did(*session, Kind::Step);
        QCOMPARE(now.epoch, 2);
        QCOMPARE(now.validation->step, 12);
        now = did(*session, Kind::Run);
        QCOMPARE(now.state, RunState::Finished);
        QCOMPARE(now.step, 30);
    }

    void theSameSeedGivesTheSameBitsHoweverOneGetsThere()
    {
        Experiment experiment = smallExperiment();
        // Random choices of a module must not depend on the way either.
        experiment.network.find(3)->type = "nn.Dropout";
        const auto straight = make(experiment);
        did(*straight, Kind::Run);
        const auto winding = make(experiment);
        for (Kind kind :
             {Kind::Step, Kind::Step, Kind::StepEpoch, Kind::Pause, Kind::Step, Kind::StepEpoch})
            did(*winding, kind);
        winding->post({Kind::Run, {}, {}});
        winding->post({Kind::Pause, {}, {}});
        winding->post({Kind::WatchDecision, {}, true});
        did(*winding, Kind::Stop);
        did(*winding, Kind::Run);
        QCOMPARE(winding->join().step, 30);
        QCOMPARE(bits(*winding), bits(*straight));
        did(*winding, Kind::Reset);
        did(*winding, Kind::Run);
        QCOMPARE(bits(*winding), bits(*straight));
        experiment.training.seed = 1;
        const auto other = make(experiment);
        did(*other, Kind::Run);
        QVERIFY(bits(*other) != bits(*straight));
    }

    void resetBringsBackTheBeginning()
    {
        const auto session = make();
        const auto before = bits(*session);
        did(*session, Kind::SetOptimizerOption, "lr", 0.5);
        did(*session, Kind::SetLossOption, "margin", 0.25);
        did(*session, Kind::Run);
        QVERIFY(bits(*session) != before);
        const Snapshot now = did(*session, Kind::Reset);
        QCOMPARE(now.state, RunState::Ready);
        QCOMPARE(now.step, 0);
        QCOMPARE(now.epoch, 0);
        QCOMPARE(now.learningRate, 0.1);
        QVERIFY(!now.validation);
        QCOMPARE(now.trainMargins.samples, 0);
        QCOMPARE(bits(*session), before);
        const auto fresh = make();
        QCOMPARE(did(*session, Kind::Run).validation->loss,
                 did(*fresh, Kind::Run).validation->loss);
    }

    void stopIsAnsweredAtOnce_data()
    {
        QTest::addColumn<int>("validation");
        QTest::newRow("while training") << 10;
        QTest::newRow("while validating") << 40000;
    }
    void stopIsAnsweredAtOnce()
    {
        QFETCH(int, validation);
        const QTemporaryDir dir;
        const std::unique_ptr<RunStore> store
                = RunStore::open(dir.filePath("runs").toStdString()).value();
        const DataSplit data = split(corners(validation > 10 ? 128 : 20000, 256, 10),
                                     corners(validation, 256, 10));
        const auto session = make(largeExperiment(), data, {.store = store.get(), .published = {}});
        for (int round = 0; round < 5; ++round) {
            session->post({Kind::Run, {}, {}});
            QVERIFY(waitForState(*session, RunState::Running));
            std::this_thread::sleep_for(std::chrono::milliseconds(60));
            QElapsedTimer timer;
            timer.start();
            session->post({Kind::Stop, {}, {}});
            QVERIFY(waitForState(*session, RunState::Stopped));
            QVERIFY2(timer.elapsed() < 100 * slowness,
                     qPrintable(QString::number(timer.elapsed())));
            QVERIFY(session->join().step > 0);
        }
        session->post({Kind::Run, {}, {}});
        QVERIFY(waitForState(*session, RunState::Running));
    }

    void takingASessionDownDoesNotWaitForAValidation()
    {
        auto session
                = make(largeExperiment(), split(corners(128, 256, 10), corners(100000, 256, 10)));
        session->post({Kind::Run, {}, {}});
        QVERIFY(waitForState(*session, RunState::Running));
        std::this_thread::sleep_for(std::chrono::milliseconds(60));
        QElapsedTimer timer;
        timer.start();
        session.reset();
        QVERIFY2(timer.elapsed() < 200 * slowness, qPrintable(QString::number(timer.elapsed())));
    }

    void aStepAfterAPauseDuringValidationIsAStep()
    {
        const DataSplit data = split(corners(60, 2, 3), corners(100000, 2, 3));
        for (int tries = 0; tries < 50; ++tries) {
            const auto session = make(smallExperiment(), data);
            session->post({Kind::Run, {}, {}});
            // The last step of the first epoch is done: validation is under way.
            size_t steps = 0;
            while (steps < 6)
                steps += takePoints(*session)["train/loss"].size();
            const Snapshot paused = did(*session, Kind::Pause);
            if (paused.step != 6 || paused.validation)
                continue; // came too late
            const Snapshot now = did(*session, Kind::Step);
            QCOMPARE(now.state, RunState::Paused);
            QCOMPARE(now.step, 7);
            QCOMPARE(now.validation->step, 6);
            return;
        }
        QFAIL("No pause met a validation.");
    }

    void aValidationBrokenOffIsMadeUpFor()
    {
        const DataSplit data = split(corners(60, 2, 3), corners(20000, 2, 3));
        const auto straight = make(smallExperiment(), data);
        did(*straight, Kind::Run);
        const auto wanted = takePoints(*straight).at("validation/loss");
        const auto session = make(smallExperiment(), data);
        Snapshot now = session->join();
        int pauses = 0;
        while (now.state != RunState::Finished) {
            session->post({Kind::Run, {}, {}});
            std::this_thread::sleep_for(std::chrono::microseconds(100 * ++pauses));
            now = did(*session, Kind::Pause);
            QVERIFY(pauses < 10000);
        }
        const auto got = takePoints(*session).at("validation/loss");
        QCOMPARE(got.size(), wanted.size());
        for (size_t i = 0; i < got.size(); ++i) {
            QCOMPARE(got[i].step, wanted[i].step);
            QCOMPARE(got[i].value, wanted[i].value);
        }
        QCOMPARE(bits(*session), bits(*straight));
        QCOMPARE(now.validation->step, 30);
    }

    void otherCommandsDoNotCostAValidation()
    {
        Experiment experiment = smallExperiment();
        experiment.training.scheduler = "ReduceLROnPlateau";
        experiment.training.schedulerArgs = {{"patience", 0}, {"factor", 0.5}};
        const DataSplit data = split(corners(60, 2, 3), corners(5000, 2, 3));
        const auto straight = make(experiment, data);
        did(*straight, Kind::Run);
        const auto session = make(experiment, data);
        session->post({Kind::Run, {}, {}});
        while (!waitForState(*session, RunState::Finished, 0)) {
            session->post({Kind::SetEpochs, {}, 5});
            std::this_thread::sleep_for(std::chrono::microseconds(50));
        }
        session->join();
        QCOMPARE(takePoints(*session).at("validation/loss").size(), size_t{5});
        QCOMPARE(bits(*session), bits(*straight));
    }

    void aLiveChangeIsJournalledWithItsStep()
    {
        const auto session = make();
        did(*session, Kind::StepEpoch);
        did(*session, Kind::SetOptimizerOption, "lr", 0.25);
        const Snapshot now = did(*session, Kind::Step);
        QCOMPARE(now.learningRate, 0.25);
        const std::vector<JournalEntry> journal = session->journal();
        QCOMPARE(journal.size(), size_t{3});
        QCOMPARE(journal[1].step, 6);
        QCOMPARE(journal[1].epoch, 1.0);
        QCOMPARE(journal[1].command.kind, Kind::SetOptimizerOption);
        QCOMPARE(journal[1].command.name, std::string("lr"));
        QVERIFY(journal[1].command.value == Value(0.25));
        QVERIFY(journal[1].refused.empty());
        const auto rates = takePoints(*session).at("lr");
        QCOMPARE(rates.back().value, 0.25);
        QCOMPARE(rates.back().step, 6);
        // It was used: another parameter comes out.
        const auto other = make();
        did(*other, Kind::StepEpoch);
        did(*other, Kind::Step);
        QVERIFY(bits(*other) != bits(*session));
    }

    void whatIsNotAllowedIsRefusedAndJournalled_data()
    {
        QTest::addColumn<int>("kind");
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("value");
        const auto row = [](const char *title, Kind kind, const char *name, const char *value) {
            QTest::newRow(title) << static_cast<int>(kind) << name << value;
        };
        row("unknown option", Kind::SetOptimizerOption, "learning_rate", "0.1");
        row("negative rate", Kind::SetOptimizerOption, "lr", "-1");
        row("a rate in words", Kind::SetOptimizerOption, "lr", "fast");
        row("no number", Kind::SetOptimizerOption, "lr", "nan");
        row("options that don't go together", Kind::SetOptimizerOption, "nesterov", "true");
        row("unknown loss option", Kind::SetLossOption, "width", "1");
        row("no choice", Kind::SetLossOption, "p", "3");
        row("a margin in words", Kind::SetLossOption, "margin", "wide");
        row("weights for two of three classes", Kind::SetLossOption, "weight", "[1, 2]");
        row("no epochs", Kind::SetEpochs, "", "0");
        row("epochs in words", Kind::SetEpochs, "", "many");
    }
    void whatIsNotAllowedIsRefusedAndJournalled()
    {
        QFETCH(int, kind);
        QFETCH(QString, name);
        QFETCH(QString, value);
        bool isNumber = false;
        const double number = value.toDouble(&isNumber);
        const Value given = value == "nan" ? Value(value.toStdString())
                : value == "true"          ? Value(true)
                : value.startsWith('[')    ? Value(ValueList{1, 2})
                : isNumber                 ? Value(number)
                                           : Value(value.toStdString());
        const auto plain = make();
        did(*plain, Kind::Run);
        const auto session = make();
        did(*session, Kind::Step);
        const Snapshot now = did(*session, static_cast<Kind>(kind), name.toStdString(), given);
        QCOMPARE(now.state, RunState::Paused);
        QVERIFY(!session->journal().back().refused.empty());
        QCOMPARE(now.learningRate, 0.1);
        QCOMPARE(did(*session, Kind::Run).state, RunState::Finished);
        QCOMPARE(bits(*session), bits(*plain));
    }

    void lossOptionsChangeTheLoss()
    {
        const auto session = make();
        did(*session, Kind::SetLossOption, "margin", 0.0);
        did(*session, Kind::SetLossOption, "weight", ValueList{1, 2, 3});
        for (const JournalEntry &entry : session->journal())
            QVERIFY2(entry.refused.empty(), entry.refused.c_str());
        const auto plain = make();
        QVERIFY(did(*session, Kind::Step).loss != did(*plain, Kind::Step).loss);
    }

    void badSettingsAreRefusedAtCreation_data()
    {
        QTest::addColumn<QString>("optimizer");
        QTest::addColumn<QString>("scheduler");
        QTest::addColumn<QString>("kind");
        QTest::newRow("optimizer") << "Steepest"
                                   << ""
                                   << "unknown_optimizer";
        QTest::newRow("scheduler") << "SGD"
                                   << "Sometimes"
                                   << "unknown_scheduler";
        QTest::newRow("options") << "Adam"
                                 << ""
                                 << "unknown_argument";
        QTest::newRow("scheduler's options") << "SGD"
                                             << "StepLR"
                                             << "unknown_argument";
    }
    void badSettingsAreRefusedAtCreation()
    {
        QFETCH(QString, optimizer);
        QFETCH(QString, scheduler);
        QFETCH(QString, kind);
        Experiment experiment = smallExperiment();
        experiment.training.optimizer = optimizer.toStdString();
        if (optimizer == "Adam")
            experiment.training.optimizerArgs = {{"momentum", 0.9}};
        experiment.training.scheduler = scheduler.toStdString();
        experiment.training.schedulerArgs = {{"no_such_option", 1}};
        const auto session = Session::create(experiment, smallData(), vocabulary, {});
        QVERIFY(!session);
        QCOMPARE(QString::fromStdString(session.error().kind), kind);
    }

    void anUnsoundNetworkIsRefusedAtCreation()
    {
        Experiment experiment = smallExperiment();
        experiment.network.wires.pop_back();
        QCOMPARE(Session::create(experiment, smallData(), vocabulary, {}).error().kind,
                 std::string("not_connected"));
    }

    void aLossThatIsNoNumberEndsTheRunAndSaysWhy()
    {
        Experiment experiment = smallExperiment();
        experiment.network.find(5)->type = "nn.CrossEntropyLoss";
        const auto session = make(experiment);
        did(*session, Kind::Step);
        did(*session, Kind::SetOptimizerOption, "lr", 1e30);
        Snapshot now = did(*session, Kind::Run);
        QCOMPARE(now.state, RunState::Failed);
        QVERIFY(now.failure.has_value());
        QCOMPARE(now.failure->kind, std::string("loss_not_finite"));
        QVERIFY(now.failure->text().find("learning rate") != std::string::npos);
        QVERIFY(now.step < 30);
        now = did(*session, Kind::Run);
        QCOMPARE(now.state, RunState::Failed);
        QVERIFY(!session->journal().back().refused.empty());
        did(*session, Kind::Reset);
        now = did(*session, Kind::Run);
        QCOMPARE(now.state, RunState::Finished);
        QVERIFY(!now.failure);
    }

    void anErrorInAStepEndsTheRunAndSaysWhy()
    {
        // The last batch is one sample, which has no variance.
        Experiment experiment = smallExperiment();
        experiment.network.find(3)->type = "nn.BatchNorm1d";
        experiment.network.find(3)->args = {{"num_features", 8}};
        experiment.training.batchSize = 59;
        const auto session = make(experiment);
        const Snapshot now = did(*session, Kind::Run);
        QCOMPARE(now.state, RunState::Failed);
        QCOMPARE(now.failure->kind, std::string("one_value_per_channel"));
    }

    void moreScoresThanClassesAreNoHarm()
    {
        Experiment experiment = smallExperiment();
        experiment.network.find(4)->args["out_features"] = 40;
        const auto session = make(experiment);
        const Snapshot now = did(*session, Kind::Run);
        QCOMPARE(now.state, RunState::Finished);
        QCOMPARE(now.trainMargins.samples, 0);
        QVERIFY(!takePoints(*session).contains("train/miss_rate/0"));
    }

    void theDecisionGridComesWhenItIsWatched()
    {
        const auto session = make();
        QVERIFY(!did(*session, Kind::Step).decision);
        const Snapshot now = did(*session, Kind::WatchDecision, {}, true);
        QVERIFY(now.decision.has_value());
        QCOMPARE(now.decision->classes, 3);
        QCOMPARE(now.decision->scores.size(), size_t{80 * 80 * 3});
        QVERIFY(!did(*session, Kind::WatchDecision, {}, false).decision);
    }

    void aRunUnderWayGivesNoParameters()
    {
        Experiment experiment = smallExperiment();
        experiment.training.epochs = 1000000000;
        const auto session = make(experiment);
        session->post({Kind::Run, {}, {}});
        QVERIFY_THROWS_EXCEPTION(Error, session->stateDict());
        QCOMPARE(session->evaluate(*smallData().validation).error().kind,
                 std::string("session_is_running"));
        did(*session, Kind::Stop);
        QVERIFY(!session->stateDict().empty());
    }

    void aPlateauIsCountedInValidations()
    {
        Experiment experiment = smallExperiment();
        experiment.training.scheduler = "ReduceLROnPlateau";
        experiment.training.schedulerArgs = {{"patience", 1}};
        experiment.training.validateEvery = 4;
        experiment.training.epochs = 8;
        experiment.training.optimizerArgs = {{"lr", 1e-3}};
        const auto session = make(experiment);
        // Every validation is better than the last; the epochs between tell nothing.
        QCOMPARE(did(*session, Kind::Run).learningRate, 1e-3);
    }

    void theStoreHasWhatHappened()
    {
        const QTemporaryDir dir;
        const std::unique_ptr<RunStore> store
                = RunStore::open(dir.filePath("runs").toStdString()).value();
        int64_t run = 0;
        {
            Experiment experiment = smallExperiment();
            experiment.training.epochs = 1000000000;
            const auto session
                    = make(experiment, smallData(), {.store = store.get(), .published = {}});
            did(*session, Kind::SetOptimizerOption, "lr", 0.3);
            did(*session, Kind::StepEpoch);
            did(*session, Kind::SetOptimizerOption, "lr", 0.2);
            did(*session, Kind::SetOptimizerOption, "lr", -1);
            run = session->join().runId;
            QVERIFY(run > 0);
            session->post({Kind::Run, {}, {}});
            QVERIFY(waitFor(*session, [](const Snapshot &now) { return now.step > 20; }));
        }
        // Taken down while it ran.
        const RunSummary summary = store->run(run).value();
        QCOMPARE(summary.state, std::string("stopped"));
        QVERIFY(summary.steps > 20);
        QCOMPARE(summary.loss, std::string("MultiMarginLoss"));
        QCOMPARE(static_cast<int64_t>(store->points(run, "train/loss")->size()), summary.steps);
        QVERIFY(!store->latestCheckpoint(run)->empty());
        const std::vector<StoredEvent> events = store->events(run).value();
        QCOMPARE(events.at(0).text, std::string("lr = 0.2"));
        QCOMPARE(events.at(0).step, 6);
        QVERIFY(events.at(1).text.rfind("refused: ", 0) == 0);
    }

    void aResetRunIsEmptyInTheStore()
    {
        const QTemporaryDir dir;
        const std::unique_ptr<RunStore> store
                = RunStore::open(dir.filePath("runs").toStdString()).value();
        const auto session
                = make(smallExperiment(), smallData(), {.store = store.get(), .published = {}});
        did(*session, Kind::Run);
        const int64_t run = did(*session, Kind::Reset).runId;
        QCOMPARE(store->run(run)->state, std::string("ready"));
        QVERIFY(store->series(run)->empty());
        did(*session, Kind::Run);
        QCOMPARE(store->points(run, "train/loss")->size(), size_t{30});
        QCOMPARE(store->run(run)->state, std::string("finished"));
        QCOMPARE(store->runs()->size(), size_t{1});
    }

    void aLongRunStoresFewerOfItsSteps()
    {
        QVERIFY(isStoredStep(1) && isStoredStep(16384) && !isStoredStep(16385));
        QVERIFY(isStoredStep(16386) && !isStoredStep(32770) && isStoredStep(32772));
        const QTemporaryDir dir;
        const std::unique_ptr<RunStore> store
                = RunStore::open(dir.filePath("runs").toStdString()).value();
        Experiment experiment = smallExperiment();
        experiment.training.epochs = 3000;
        const auto session = make(experiment, smallData(), {.store = store.get(), .published = {}});
        session->post({Kind::Run, {}, {}});
        const Snapshot end = session->join();
        QCOMPARE(end.step, 18000);
        QVERIFY(!end.storeFailure);
        QCOMPARE(store->points(end.runId, "train/loss")->size(),
                 size_t{16384 + (18000 - 16384) / 2});
        QCOMPARE(store->points(end.runId, "validation/loss")->size(), size_t{3000});
    }

    void aRunGoesOnWhenItsStoreFailsAndSaysSo()
    {
        const QTemporaryDir dir;
        const std::string path = dir.filePath("runs").toStdString();
        const std::unique_ptr<RunStore> store = RunStore::open(path).value();
        sqlite3 *other = nullptr;
        QCOMPARE(sqlite3_open(path.c_str(), &other), SQLITE_OK);
        QCOMPARE(sqlite3_exec(other, "DROP TABLE checkpoint", nullptr, nullptr, nullptr),
                 SQLITE_OK);
        sqlite3_close(other);
        const auto session
                = make(smallExperiment(), smallData(), {.store = store.get(), .published = {}});
        session->post({Kind::Run, {}, {}});
        const Snapshot end = session->join();
        QCOMPARE(end.state, RunState::Finished);
        QCOMPARE(end.step, 30);
        QVERIFY(end.storeFailure);
        QVERIFY(end.storeFailure->text().find("checkpoint") != std::string::npos);
        QCOMPARE(store->points(end.runId, "train/loss")->size(), size_t{30});
    }
};

QTEST_APPLESS_MAIN(TestSession)
#include "tst_session.moc"
