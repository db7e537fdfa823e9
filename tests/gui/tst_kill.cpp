// SPDX-License-Identifier: GPL-3.0-or-later
// The real program, killed with a run in progress and started again.
#include "engine/network/experiment_file.h"
#include "engine/store/RunStore.h"
#include "gui/app/Recovery.h"
#include "gui/app/WelcomePage.h"
#include "gui/app/examples.h"
#include "tests/gui/window_fixture.h"

#include <QDir>
#include <QProcess>
#include <QPushButton>

#include <csignal>

using namespace mrg;
using namespace mrg::test;

class TestKill : public QObject {
    Q_OBJECT
    std::unique_ptr<WindowFixture> m_fixture;

    /// The program with folders of its own.
    void prepare(QProcess &process) const
    {
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert("HOME", m_fixture->path("home"));
        environment.insert("XDG_DATA_HOME", m_fixture->path("home/data"));
        environment.insert("XDG_CONFIG_HOME", m_fixture->path("home/config"));
        environment.insert("QT_QPA_PLATFORM", "offscreen");
        process.setProcessEnvironment(environment);
        process.setProgram(qEnvironmentVariable("MARGINALIA_BINARY"));
        process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    }
    QString dataFolder() const { return m_fixture->path("home/data/Marginalia/Marginalia"); }
    /// What a crash has left behind so far.
    std::optional<Recovery::Lost> lost() const
    {
        return Recovery(dataFolder() + "/recovery").lost();
    }

private slots:
    void initTestCase()
    {
        m_fixture = std::make_unique<WindowFixture>();
        QDir().mkpath(m_fixture->path("home"));
        if (qEnvironmentVariableIsEmpty("MARGINALIA_BINARY"))
            QSKIP("MARGINALIA_BINARY names no program.");
    }

    void theExperimentAsLastEditedIsOfferedAfterAKillDuringARun()
    {
        const QString file = m_fixture->path("killed.mrg");
        Result<Experiment> experiment = loadExperiment(firstExperiment().toStdString());
        QVERIFY(experiment);
        experiment->training.epochs = 100000;
        QVERIFY(saveExperiment(file.toStdString(), *experiment));
        QProcess process;
        prepare(process);
        process.setArguments({"--open", file, "--set", "2.bias=False", "--train"});
        process.start();
        QVERIFY(process.waitForStarted());

        // A run is in progress: its store says so, with points of a first epoch.
        const std::string runs = (dataFolder() + "/runs.sqlite").toStdString();
        const auto running = [&] {
            if (!std::filesystem::exists(runs))
                return false;
            const auto store = RunStore::open(runs);
            const auto points = store ? (*store)->points(1, "train/epoch_loss")
                                      : Result<std::vector<StoredPoint>>(store.error());
            return points && !points->empty() && (*store)->latestCheckpoint(1)
                    && (*store)->run(1)->state == runStateName(RunState::Running);
        };
        QTRY_VERIFY_WITH_TIMEOUT(running(), 60000);
        QCOMPARE(process.state(), QProcess::Running);
        // It lives, so nothing is lost yet.
        QVERIFY(!lost());
        QCOMPARE(::kill(static_cast<pid_t>(process.processId()), SIGKILL), 0);
        QVERIFY(process.waitForFinished());
        QCOMPARE(process.exitStatus(), QProcess::CrashExit);
        QCOMPARE(RunStore::open(runs).value()->run(1)->state, std::string("interrupted"));

        const std::optional<Recovery::Lost> left = lost();
        QVERIFY(left);
        QCOMPARE(left->filePath, file);
        Experiment edited = *experiment;
        edited.network.find(2)->args["bias"] = Value(false);
        QCOMPARE(left->experiment, edited);

        // The next start, in this process to look at it, offers just that.
        MainWindow window(m_fixture->vocabulary(), m_fixture->themes(), dataFolder());
        window.begin({});
        window.show();
        QVERIFY(window.welcome()->isVisible());
        auto *restore = window.findChild<QPushButton *>("restoreLost");
        QVERIFY(restore->isVisible());
        QTest::mouseClick(restore, Qt::LeftButton);
        QCOMPARE(window.document().experiment(), edited);
        QCOMPARE(window.document().filePath(), file);
        // The run is taken up from its last checkpoint, and F5 goes on with it.
        TrainingController &controller = window.controller();
        QTRY_COMPARE_WITH_TIMEOUT(controller.state(), RunState::Stopped, 30000);
        const int64_t step = controller.snapshot().step;
        QVERIFY(step > 0);
        QCOMPARE(controller.snapshot().runId, 1);
        QVERIFY(!controller.series("train/epoch_loss").isEmpty());
        QTest::keyClick(&window, Qt::Key_F5);
        QTRY_VERIFY_WITH_TIMEOUT(controller.snapshot().step > step, 30000);
        QCOMPARE(controller.snapshot().runId, 1);
        controller.stop();
        QTRY_COMPARE(controller.state(), RunState::Stopped);
        window.document().undoStack().setClean();
    }
};

QTEST_MAIN(TestKill)
#include "tst_kill.moc"
