// SPDX-License-Identifier: GPL-3.0-or-later
// The window while the engine runs at full speed: it stays fluid, and takes whatever is thrown at
// it. MARGINALIA_STRESS_SECONDS sets how long each test lasts (3).
#include "engine/core/Random.h"
#include "gui/app/ResultsView.h"
#include "gui/canvas/CanvasView.h"
#include "tests/gui/handler_clock.h"
#include "tests/gui/window_fixture.h"

#include <QElapsedTimer>
#include <QMessageBox>
#include <QTabWidget>

using namespace mrg;
using namespace mrg::test;

namespace {

/// Handling one event must not take longer: it would be seen.
constexpr double longestStallMs = 50;
constexpr double fullSpeed = 10000;
/// A stress in which nothing trained would be none.
constexpr int fewestRuns = 3;
constexpr qint64 patienceMs = 60000;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

qint64 stressMs()
{
    bool given = false;
    const int seconds = qEnvironmentVariableIntValue("MARGINALIA_STRESS_SECONDS", &given);
    return 1000 * (given ? seconds : 3);
}

/// The smallest network on points of a plane.
Experiment smallest(const char *data, const char *loss, int64_t outputs)
{
    Experiment out;
    out.title = data;
    out.network.nodes = {{1, std::string("data.") + data, {}, {}, 0, 0, {}},
                         {2,
                          "nn.Linear",
                          {{"in_features", Value(2)}, {"out_features", Value(outputs)}},
                          {},
                          260,
                          0,
                          {}},
                         {3, std::string("nn.") + loss, {}, {}, 520, 0, {}}};
    out.network.wires = {{{1, "input", 0}, {2, "input", 0}},
                         {{2, "output", 0}, {3, "input", 0}},
                         {{1, "target", 0}, {3, "target", 0}}};
    out.network.nextId = 4;
    out.training.optimizer = "SGD";
    out.training.optimizerArgs = {{"lr", Value(0.001)}};
    out.training.batchSize = 1;
    out.training.epochs = 1000000;
    out.training.validateEvery = 20;
    return out;
}

bool openAndWait(MainWindow &window, const Experiment &experiment)
{
    window.document().replace(experiment, {});
    window.showWorkbench();
    return QTest::qWaitFor([&] { return window.controller().obstacle().isEmpty(); }, 10000);
}

} // namespace

class TestWindowLoad : public QObject {
    Q_OBJECT
    std::unique_ptr<WindowFixture> m_fixture;

private slots:
    void initTestCase() { m_fixture = std::make_unique<WindowFixture>(); }

    void noEventTakesLongWhileAllPlotsFollowATrainingAtFullSpeed_data()
    {
        QTest::addColumn<QString>("data");
        QTest::addColumn<QString>("loss");
        QTest::addColumn<int>("outputs");
        QTest::newRow("single label") << "moons"
                                      << "MultiMarginLoss" << 2;
        QTest::newRow("multi-label") << "ml_discs"
                                     << "MultiLabelMarginLoss" << 0;
    }
    void noEventTakesLongWhileAllPlotsFollowATrainingAtFullSpeed()
    {
        QFETCH(QString, data);
        QFETCH(QString, loss);
        QFETCH(int, outputs);
        auto &clock = *static_cast<ClockedApplication *>(qApp);
        const auto window = m_fixture->window("fluid-" + data);
        window->resize(1920, 1200);
        window->show();
        window->findChild<ResultsView *>()->setTogether(true);
        if (outputs == 0) {
            const Result<DataSplit> split
                    = m_fixture->vocabulary().dataset(data.toStdString())->load({}, {});
            outputs = static_cast<int>(split->train->classCount());
        }
        QVERIFY(openAndWait(*window, smallest(qPrintable(data), qPrintable(loss), outputs)));
        TrainingController &controller = window->controller();
        QElapsedTimer timer;
        timer.start();
        controller.start();
        QTRY_VERIFY_WITH_TIMEOUT(controller.state() == RunState::Running, 30000);
        clock.restart();
        const int64_t first = controller.snapshot().step;
        const double before = ClockedApplication::otherThreadsMs();
        QTest::qWait(static_cast<int>(stressMs()));
        const auto steps = static_cast<double>(controller.snapshot().step - first);
        // On a busy machine the engine's thread is kept waiting; its speed is that of its own time.
        const double rate = 1000 * steps / (ClockedApplication::otherThreadsMs() - before);
        const double cpu = clock.longestCpuMs();
        qInfo("%s: %.0f steps/s of processor time, %.0f of wall time; %lld events, longest %.1f ms "
              "of processor time (%s), "
              "%.1f ms of wall time",
              qPrintable(data), rate, 1000 * steps / static_cast<double>(timer.elapsed()),
              static_cast<long long>(clock.events()), cpu, clock.where().constData(),
              clock.longestWallMs());
        QElapsedTimer stopping;
        stopping.start();
        controller.stop();
        QTRY_COMPARE_WITH_TIMEOUT(controller.state(), RunState::Stopped, 30000);
        qInfo("stopped after %lld ms", static_cast<long long>(stopping.elapsed()));
        QVERIFY(!controller.series("train/loss").isEmpty());
        if (sanitized)
            QSKIP("A sanitizer changes all times.");
        QVERIFY2(rate > fullSpeed, qPrintable(QString::number(rate)));
        QVERIFY2(cpu < longestStallMs, clock.where().constData());
    }

    void commandsAndSettingsRainingInDoNoHarm()
    {
        const auto window = m_fixture->window("rain");
        window->resize(1600, 1000);
        window->show();
        QVERIFY(openAndWait(*window, smallest("moons", "MultiMarginLoss", 2)));
        RandomStream random(2024, 0);
        int runs = 0;
        connect(&window->controller(), &TrainingController::stateChanged, this,
                [&](RunState state) { runs += state == RunState::Running; });
        QElapsedTimer timer;
        timer.start();
        qint64 deeds = 0;
        while (timer.elapsed() < stressMs()
               || (runs < fewestRuns && timer.elapsed() < patienceMs)) {
            for (int64_t burst = random.below(8); burst >= 0; --burst, ++deeds)
                deed(*window, random);
            QCoreApplication::processEvents(QEventLoop::AllEvents, 5);
            for (QMessageBox *box : window->findChildren<QMessageBox *>())
                box->accept();
            // Nothing to train does not last: what was drawn wrong is undone.
            for (int tries = 0; tries < 3 && !window->controller().obstacle().isEmpty(); ++tries)
                window->document().undoStack().undo();
        }
        qInfo("%lld deeds, %d runs", static_cast<long long>(deeds), runs);
        QVERIFY(runs >= fewestRuns);
        // Whatever it went through, it can be brought back to a run that trains and stops.
        TrainingController &controller = window->controller();
        controller.stop();
        QVERIFY(openAndWait(*window, smallest("moons", "MultiMarginLoss", 2)));
        controller.start();
        QTRY_VERIFY_WITH_TIMEOUT(
                controller.state() == RunState::Running && controller.snapshot().step > 100, 30000);
        controller.stop();
        QTRY_COMPARE_WITH_TIMEOUT(controller.state(), RunState::Stopped, 30000);
    }

private:
    /// Something a person could do, or do too often.
    void deed(MainWindow &window, RandomStream &random)
    {
        ExperimentDocument &document = window.document();
        TrainingController &controller = window.controller();
        const auto below = [&](int count) { return static_cast<int>(random.below(count)); };
        const auto setTraining = [&](auto change) {
            TrainingSettings settings = document.experiment().training;
            change(settings);
            document.setTraining(settings, "Set");
        };
        switch (below(24)) {
        case 0:
        case 1:
        case 2:
        case 3: return controller.start();
        case 4: return controller.pause();
        case 5: return controller.step();
        case 6: return controller.stepEpoch();
        case 7: return below(4) ? controller.start() : controller.stop();
        case 8: return below(6) ? controller.start() : controller.reset();
        case 9:
            return setTraining([&](TrainingSettings &t) {
                t.optimizerArgs["lr"] = Value(0.0001 * (1 + below(100)));
            });
        case 10:
            return setTraining([&](TrainingSettings &t) {
                t.optimizerArgs["momentum"] = Value(0.1 * below(10));
            });
        case 11: return setTraining([&](TrainingSettings &t) { t.batchSize = 1 + below(64); });
        case 12: return setTraining([&](TrainingSettings &t) { t.epochs = 1 + below(100000); });
        case 13:
            return setTraining([&](TrainingSettings &t) {
                t.optimizer = below(2) ? "SGD" : "Adam";
                t.optimizerArgs.clear();
            });
        case 14: return document.setArg(3, "margin", Value(0.25 * (1 + below(8))));
        case 15: return document.setArg(3, "p", Value(int64_t{1 + below(3)}));
        case 16: return document.setArg(2, "out_features", Value(int64_t{1 + below(3)}));
        case 17: document.undoStack().undo(); return;
        case 18: document.undoStack().redo(); return;
        case 19: return window.canvas()->arrange();
        case 20:
            window.canvas()->insertNode(below(2) ? "nn.ReLU" : "nn.Dropout");
            if (below(3))
                document.undoStack().undo();
            return;
        case 21:
            return below(8)
                    ? controller.start()
                    : m_fixture->themes().setMode(below(2) ? ThemeMode::Dark : ThemeMode::Light);
        case 22: return window.findChild<ResultsView *>()->setTogether(below(2));
        default: {
            QTabWidget *tabs = window.findChild<ResultsView *>()->tabs();
            if (tabs->count() > 0)
                tabs->setCurrentIndex(below(tabs->count()));
        }
        }
    }
};

int main(int argc, char **argv)
{
    ClockedApplication application(argc, argv);
    TestWindowLoad test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_window_load.moc"
