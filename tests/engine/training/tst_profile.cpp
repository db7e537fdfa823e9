// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/RunStore.h"
#include "engine/training/profile.h"
#include "tests/engine/training/runs.h"

#include <QElapsedTimer>
#include <QObject>
#include <QTemporaryDir>
#include <QtTest/qtest.h>

using namespace mrg;
using namespace mrg::test;

namespace {

using Kind = Command::Kind;

/// Everything that a step could leave behind: momenta, running statistics, and random numbers of
/// a module and of a function.
Experiment rememberingExperiment()
{
    Experiment out = smallExperiment();
    out.network = Drawing()
                          .node("data.moons")
                          .node("nn.Linear", {{"in_features", 2}, {"out_features", 8}})
                          .node("nn.BatchNorm1d", {{"num_features", 8}})
                          .node("nn.Dropout", {{"p", 0.25}})
                          .node("torch.rand_like")
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
    out.training.optimizerArgs = {{"lr", 0.05}, {"momentum", 0.9}};
    return out;
}

/// A small layer before a large one.
Experiment unevenExperiment(int64_t width)
{
    Experiment out = smallExperiment();
    out.network.find(2)->args = {{"in_features", 2}, {"out_features", width}};
    out.network.find(4)->args = {{"in_features", width}, {"out_features", width}};
    out.training.batchSize = 60;
    return out;
}
DataSplit wideData(int64_t classes)
{
    return split(corners(120, 2, classes), corners(30, 2, classes, 2));
}

/// What a run leaves: points of all curves and the last checkpoint, which has parameters, running
/// statistics and the optimizer's state.
struct Traces {
    std::map<std::string, std::vector<double>> points;
    std::vector<std::byte> checkpoint;
    int64_t profiles = 0;
    friend bool operator==(const Traces &a, const Traces &b)
    {
        return a.points == b.points && a.checkpoint == b.checkpoint;
    }
};

} // namespace

class TestProfile : public QObject {
    Q_OBJECT

    const Vocabulary vocabulary = standardVocabulary();

    std::unique_ptr<Session> make(const Experiment &experiment, const DataSplit &data = smallData(),
                                  SessionOptions options = {}) const
    {
        Result<std::unique_ptr<Session>> session
                = Session::create(experiment, data, vocabulary, std::move(options));
        return std::move(session).value();
    }
    static Snapshot did(Session &session, Kind kind, const Value &value = {})
    {
        session.post({kind, {}, value});
        return session.join();
    }
    static NetworkProfile profileOf(Session &session, const Value &steps = 3)
    {
        const Snapshot now = did(session, Kind::Profile, steps);
        if (now.profiles.failure)
            throw *now.profiles.failure;
        return *now.profiles.newest;
    }
    static const NodeProfile &ofNode(const NetworkProfile &profile, NodeId id)
    {
        for (const NodeProfile &node : profile.nodes) {
            if (node.node == id)
                return node;
        }
        throw Error(ErrorCategory::Value, "no_such_node", "profile", std::to_string(id), "one");
    }
    /// Runs to the end, in parts; with `profiles` measured before, between, during and after.
    Traces tracesOf(const Experiment &experiment, bool profiles) const
    {
        const QTemporaryDir folder;
        const std::unique_ptr<RunStore> store
                = RunStore::open(folder.filePath("runs").toStdString()).value();
        const auto session = make(experiment, smallData(), {.store = store.get()});
        const auto profile = [&] {
            if (profiles)
                session->post({Kind::Profile, {}, 4});
        };
        profile();
        did(*session, Kind::Step);
        profile();
        did(*session, Kind::StepEpoch);
        profile();
        session->post({Kind::Run, {}, {}});
        for (int i = 0; i < 5; ++i)
            profile();
        session->join();
        profile();
        const Snapshot end = session->join();
        Traces out;
        out.profiles = end.profiles.answered - (end.profiles.failure ? 1 : 0);
        for (const auto &[series, points] : takePoints(*session)) {
            for (const MetricPoint &point : points)
                out.points[series].push_back(point.value);
        }
        out.checkpoint = store->latestCheckpoint(end.runId).value();
        return out;
    }

private slots:
    void aProfileLeavesTheRunAsItIs_data()
    {
        QTest::addColumn<QString>("optimizer");
        QTest::newRow("momenta") << "SGD";
        QTest::newRow("two moments and a count") << "Adam";
        QTest::newRow("several evaluations a step") << "LBFGS";
    }
    void aProfileLeavesTheRunAsItIs()
    {
        QFETCH(QString, optimizer);
        Experiment experiment = rememberingExperiment();
        experiment.training.optimizer = optimizer.toStdString();
        if (optimizer != "SGD")
            experiment.training.optimizerArgs = {{"lr", 0.01}};
        const Traces alone = tracesOf(experiment, false);
        const Traces measured = tracesOf(experiment, true);
        QCOMPARE(alone.profiles, 0);
        QVERIFY(measured.profiles >= 9);
        QCOMPARE(alone.points.at("train/loss").size(), size_t{30});
        QCOMPARE(measured.points, alone.points);
        QVERIFY(measured == alone);
    }

    void everyNodeOfTheCanvasIsMeasured()
    {
        const auto session = make(rememberingExperiment());
        const NetworkProfile profile = profileOf(*session, 5);
        QCOMPARE(profile.steps, 5);
        QCOMPARE(profile.batchSize, 10);
        QCOMPARE(profile.nodes.size(), size_t{8});
        QCOMPARE(profile.nodes.front().node, 1);
        QCOMPARE(profile.nodes.back().node, 8);
        double shares = 0;
        for (const NodeProfile &node : profile.nodes) {
            QCOMPARE(node.calls, 1);
            QVERIFY(node.forwardMs > 0);
            // Data and random numbers have no gradient.
            QCOMPARE(node.backwardMs > 0, node.node != 1 && node.node != 5);
            shares += node.share;
        }
        QVERIFY(std::abs(shares - 1) < 1e-9);
        QCOMPARE(ofNode(profile, 2).parameters, 2 * 8 + 8);
        QCOMPARE(ofNode(profile, 3).parameters, 16);
        QCOMPARE(ofNode(profile, 4).parameters, 0);
        // Ten rows of two numbers and their labels.
        QCOMPARE(ofNode(profile, 1).allocatedBytes, 10 * 2 * 4 + 10 * 8);
        QVERIFY(ofNode(profile, 2).allocatedBytes >= 10 * 8 * 4);
        QVERIFY(profile.peakBytes >= ofNode(profile, 2).peakBytes);
        // At the end of forward all is held at once.
        int64_t held = 0;
        for (NodeId node = 2; node <= 7; ++node)
            held += ofNode(profile, node).allocatedBytes;
        QVERIFY2(profile.peakBytes >= held,
                 qPrintable(QString("%1 of %2").arg(profile.peakBytes).arg(held)));
        for (double part :
             {profile.dataMs, profile.forwardMs, profile.backwardMs, profile.optimizerMs})
            QVERIFY(part > 0);
    }

    void nodesOfOneTypeAreToldApart()
    {
        constexpr int64_t width = 512;
        const auto session = make(unevenExperiment(width), wideData(width));
        const NetworkProfile profile = profileOf(*session);
        const NodeProfile &small = ofNode(profile, 2);
        const NodeProfile &large = ofNode(profile, 4);
        QCOMPARE(small.parameters, 3 * width);
        QCOMPARE(large.parameters, (width + 1) * width);
        QVERIFY2(large.share > 2 * small.share,
                 qPrintable(QString("%1 %2").arg(large.share).arg(small.share)));
        QVERIFY(large.peakBytes >= 60 * width * 4);
    }

    void evaluationsOfOneStepAreCounted()
    {
        Experiment experiment = smallExperiment();
        experiment.training.optimizer = "LBFGS";
        experiment.training.optimizerArgs = {{"lr", 0.01}, {"max_iter", 4}};
        const auto session = make(experiment);
        const NetworkProfile profile = profileOf(*session);
        QVERIFY2(ofNode(profile, 2).calls > 1, qPrintable(QString::number(profile.nodes[1].calls)));
        QVERIFY(profile.optimizerMs > 0);
    }

    void liveOptionsAreMeasured()
    {
        // Dividing by none of the classes is what reduction none is: its mean is taken.
        const auto session = make(smallExperiment());
        session->post({Kind::SetLossOption, "reduction", "none"});
        session->post({Kind::SetOptimizerOption, "momentum", 0.5});
        QCOMPARE(profileOf(*session).nodes.size(), size_t{5});
        QCOMPARE(session->journal().back().refused, std::string());
    }

    void withoutANumberOfStepsTwoSecondsAreUsedAtMost()
    {
        const auto session = make(smallExperiment());
        QElapsedTimer timer;
        timer.start();
        const NetworkProfile profile = profileOf(*session, {});
        QCOMPARE(profile.steps, 30);
        QVERIFY(timer.elapsed() < 2000 * slowness);
    }

    void aNumberOfStepsThatIsNoneIsRefused_data()
    {
        QTest::addColumn<Value>("steps");
        QTest::newRow("none") << Value(0);
        QTest::newRow("negative") << Value(-3);
        QTest::newRow("text") << Value("many");
    }
    void aNumberOfStepsThatIsNoneIsRefused()
    {
        QFETCH(Value, steps);
        const auto session = make(smallExperiment());
        const Snapshot now = did(*session, Kind::Profile, steps);
        QCOMPARE(now.profiles.answered, 1);
        QVERIFY(!now.profiles.newest);
        QCOMPARE(now.profiles.failure->kind, std::string("wrong_argument"));
        QCOMPARE(now.state, RunState::Ready);
        QVERIFY(!session->journal().back().refused.empty());
        QCOMPARE(profileOf(*session).steps, 3);
    }

    void stopAnswersDuringAProfile()
    {
        constexpr int64_t width = 512;
        Experiment experiment = unevenExperiment(width);
        experiment.training.epochs = 100000;
        const auto session = make(experiment, wideData(width));
        session->post({Kind::Run, {}, {}});
        QVERIFY(waitFor(*session, [](const Snapshot &now) { return now.step > 3; }));
        session->post({Kind::Profile, {}, 1000000});
        // It has begun once steps stay away.
        int64_t step = -1;
        for (int still = 0; still < 5;) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10 * slowness));
            session->snapshots().fetch();
            const int64_t now = session->snapshots().current().step;
            still = now == step ? still + 1 : 0;
            step = now;
        }
        QElapsedTimer timer;
        timer.start();
        session->post({Kind::Stop, {}, {}});
        QVERIFY(waitForState(*session, RunState::Stopped));
        QVERIFY2(timer.elapsed() < 100 * slowness, qPrintable(QString::number(timer.elapsed())));
        const Snapshot end = session->join();
        QCOMPARE(end.profiles.answered, 1);
        QCOMPARE(end.profiles.failure->kind, std::string("profile_broken_off"));
        QCOMPARE(profileOf(*session).steps, 3);
    }

    void aSessionIsTakenDownDuringAProfile()
    {
        constexpr int64_t width = 512;
        auto session = make(unevenExperiment(width), wideData(width));
        session->post({Kind::Profile, {}, 1000000});
        std::this_thread::sleep_for(std::chrono::milliseconds(60));
        QElapsedTimer timer;
        timer.start();
        session.reset();
        QVERIFY2(timer.elapsed() < 200 * slowness, qPrintable(QString::number(timer.elapsed())));
    }
};

QTEST_APPLESS_MAIN(TestProfile)
#include "tst_profile.moc"
