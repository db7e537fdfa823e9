// SPDX-License-Identifier: GPL-3.0-or-later
// The smallest network at full speed while commands rain in; meant for the thread sanitizer.
// MARGINALIA_STRESS_SECONDS sets how long (3).
#include "engine/store/RunStore.h"
#include "tests/engine/training/runs.h"

#include <QObject>
#include <QTemporaryDir>
#include <QtTest/qtest.h>

#include <cmath>

using namespace mrg;
using namespace mrg::test;

namespace {

using Kind = Command::Kind;
using Clock = std::chrono::steady_clock;

std::chrono::milliseconds duration(double share)
{
    bool given = false;
    const int seconds = qEnvironmentVariableIntValue("MARGINALIA_STRESS_SECONDS", &given);
    return std::chrono::milliseconds(static_cast<int64_t>((given ? seconds : 3) * 1000 * share));
}

Experiment smallestExperiment()
{
    Experiment out;
    out.network = Drawing()
                          .node("data.moons")
                          .node("nn.Linear", {{"in_features", 2}, {"out_features", 3}})
                          .node("nn.MultiMarginLoss")
                          .wire("1.input", "2.input")
                          .wire("2.output", "3.input")
                          .wire("1.target", "3.target")
                          .network;
    out.training.optimizer = "SGD";
    out.training.optimizerArgs = {{"lr", 1e-3}};
    out.training.scheduler = "ReduceLROnPlateau";
    out.training.batchSize = 1;
    out.training.epochs = 50;
    return out;
}

/// Anything a person could press, and more.
Command randomCommand(RandomStream &random)
{
    const auto oneOf = [&](std::vector<Value> values) {
        return values[static_cast<size_t>(random.below(static_cast<int64_t>(values.size())))];
    };
    switch (random.below(15)) {
    case 0: return {Kind::Pause, {}, {}};
    case 1: return {Kind::Step, {}, {}};
    case 2: return {Kind::StepEpoch, {}, {}};
    case 3: return random.below(4) ? Command{Kind::Run, {}, {}} : Command{Kind::Stop, {}, {}};
    case 4: return random.below(20) ? Command{Kind::Run, {}, {}} : Command{Kind::Reset, {}, {}};
    case 5: return {Kind::SetOptimizerOption, "lr", oneOf({1e-3, 1e-2, 0, -1.0, "fast"})};
    case 6: return {Kind::SetOptimizerOption, "momentum", oneOf({0.0, 0.9, Value()})};
    case 7: return {Kind::SetLossOption, "margin", oneOf({0.5, 1, 2.0, ValueList{1}})};
    case 8: return {Kind::SetLossOption, "p", oneOf({1, 2, 3})};
    case 9: return {Kind::SetEpochs, {}, oneOf({20, 1000, 1000000, 0, "x"})};
    case 10: return {Kind::WatchDecision, {}, random.below(5) == 0};
    case 11: return {Kind::Profile, {}, oneOf({2, 5, 0, "all"})};
    case 12: return {Kind::SetStepOption, "clip_grad_norm", oneOf({0.5, Value(), -1.0})};
    case 13: return {Kind::SetStepOption, "ema_decay", oneOf({0.9, Value(), 1.0})};
    default: return {Kind::Run, {}, {}};
    }
}

/// What a consumer does with a session, over and over.
struct Consumer {
    Session &session;
    int64_t points = 0;
    int64_t snapshots = 0;
    int64_t step = 0;
    std::string wrong;

    void look()
    {
        std::array<MetricPoint, 128> some;
        const size_t count = session.points().pop(some);
        for (size_t i = 0; i < count; ++i) {
            if (some[i].series >= session.seriesNames().size() || some[i].step < 0
                || some[i].epoch < 0)
                wrong = "a point that can't be";
        }
        points += static_cast<int64_t>(count);
        if (!session.snapshots().fetch())
            return;
        ++snapshots;
        const Snapshot &now = session.snapshots().current();
        if (now.stepsPerEpoch != 8 || now.step < now.epoch * 8 || now.step > (now.epoch + 1) * 8)
            wrong = "step " + std::to_string(now.step) + " in epoch " + std::to_string(now.epoch);
        if (now.validation && now.validation->metrics.empty())
            wrong = "a validation without metrics";
        if (now.decision && now.decision->scores.size() != size_t{80 * 80 * 3})
            wrong = "half a decision grid";
        if (now.state == RunState::Failed)
            wrong = now.failure ? now.failure->text() : "failed without a reason";
    }
};

} // namespace

class TestSessionStress : public QObject {
    Q_OBJECT

    const Vocabulary vocabulary = standardVocabulary();
    const DataSplit data = split(corners(8, 2, 3), corners(300, 2, 3, 2));

    void rain(std::chrono::milliseconds time, RunStore *store)
    {
        RandomStream random(5);
        std::atomic<int64_t> published = 0;
        const auto end = Clock::now() + time;
        int64_t steps = 0;
        int64_t points = 0;
        int64_t commands = 0;
        int64_t sessions = 0;
        while (Clock::now() < end || sessions < 2) {
            const SessionOptions options{.store = store,
                                         .published = [&published] { published.fetch_add(1); },
                                         .publishIntervalMs = static_cast<int>(random.below(3))};
            auto session = Session::create(smallestExperiment(), data, vocabulary, options).value();
            Consumer consumer{*session, 0, 0, 0, {}};
            // Now a drizzle that lets it run, now a shower.
            const int64_t pauseUs = random.below(2) ? 300 : 20000;
            // Not for long: the journal grows.
            const auto change = std::min(end, Clock::now() + std::chrono::milliseconds(700));
            session->post({Kind::Run, {}, {}});
            do {
                for (int64_t burst = random.below(5); burst > 0; --burst, ++commands)
                    session->post(randomCommand(random));
                consumer.look();
                if (random.below(100) == 0)
                    (void)session->journal();
                if (random.below(200) == 0) {
                    session->post({Kind::Pause, {}, {}});
                    const Snapshot rest = session->join();
                    QVERIFY(rest.state != RunState::Running);
                    QVERIFY(!session->stateDict().empty());
                    QVERIFY(session->evaluate(*data.train).ok());
                    session->post({Kind::Run, {}, {}});
                }
                std::this_thread::sleep_for(std::chrono::microseconds(random.below(pauseUs)));
            } while (Clock::now() < change);
            QVERIFY2(consumer.wrong.empty(), consumer.wrong.c_str());
            ++sessions;
            points += consumer.points;
            if (random.below(2)) {
                session->post({Kind::Stop, {}, {}});
                const Snapshot last = session->join();
                steps += last.step;
                consumer.look();
                QVERIFY2(consumer.wrong.empty(), consumer.wrong.c_str());
            }
            // Else it is taken down while it runs.
        }
        qInfo("%lld sessions, %lld commands, %lld points, %lld steps at the ends, %lld calls",
              static_cast<long long>(sessions), static_cast<long long>(commands),
              static_cast<long long>(points), static_cast<long long>(steps),
              static_cast<long long>(published.load()));
    }

private slots:
    void commandsRainIntoARunningSession() { rain(duration(0.5), nullptr); }

    void commandsRainIntoASessionWithAStore()
    {
        const QTemporaryDir dir;
        const std::unique_ptr<RunStore> store
                = RunStore::open(dir.filePath("runs").toStdString()).value();
        rain(duration(0.3), store.get());
        for (const RunSummary &run : store->runs().value())
            QVERIFY2(run.state != "running", qPrintable(QString::number(run.id)));
    }

    void theMailboxHandsOverWholeValuesInOrder()
    {
        struct Letter {
            int64_t first = 0;
            std::array<int64_t, 20> rest{};
        };
        Mailbox<Letter> box;
        std::atomic<bool> done = false;
        std::jthread producer([&] {
            for (int64_t number = 1; !done.load(); ++number) {
                box.draft().first = number;
                box.draft().rest.fill(number);
                box.publish();
            }
        });
        const auto end = Clock::now() + duration(0.1);
        int64_t last = 0;
        int64_t fetched = 0;
        bool whole = true;
        while (Clock::now() < end || fetched == 0) {
            if (!box.fetch())
                continue;
            ++fetched;
            for (int64_t number : box.current().rest)
                whole = whole && number == box.current().first;
            whole = whole && box.current().first > last;
            last = box.current().first;
        }
        done = true;
        QVERIFY(whole);
    }

    void theRingLosesNothingUntoldAndKeepsTheOrder()
    {
        PointRing ring(64);
        std::atomic<bool> done = false;
        int64_t pushed = 0;
        std::jthread producer([&] {
            for (int64_t number = 0; !done.load(); ++number)
                pushed += ring.push(
                        {1, number, static_cast<double>(number), -static_cast<double>(number)});
        });
        const auto end = Clock::now() + duration(0.1);
        int64_t popped = 0;
        int64_t last = -1;
        bool right = true;
        std::array<MetricPoint, 24> some;
        const auto take = [&] {
            const size_t count = ring.pop(some);
            for (size_t i = 0; i < count; ++i) {
                right = right && some[i].step > last && some[i].value == -some[i].epoch;
                last = some[i].step;
            }
            popped += static_cast<int64_t>(count);
            return count > 0;
        };
        while (Clock::now() < end)
            take();
        done = true;
        producer.join();
        while (take()) { }
        QVERIFY(right);
        QCOMPARE(popped, pushed);
        QVERIFY(last >= popped - 1);
        QVERIFY(static_cast<int64_t>(ring.dropped()) >= last + 1 - popped);
    }
};

QTEST_APPLESS_MAIN(TestSessionStress)
#include "tst_session_stress.moc"
