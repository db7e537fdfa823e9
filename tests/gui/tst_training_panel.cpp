// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/network/experiment_file.h"
#include "gui/app/examples.h"
#include "gui/inspector/ArgForm.h"
#include "gui/inspector/TrainingPanel.h"
#include "tests/gui/window_fixture.h"

#include <QLineEdit>

using namespace mrg;

class TestTrainingPanel : public QObject {
    Q_OBJECT
    std::unique_ptr<test::WindowFixture> m_fixture;

    /// Types into a field of a form, as a person does.
    static void type(TrainingPanel &panel, const char *field, const QString &text)
    {
        auto *line = panel.stepForm()->findChild<QLineEdit *>(field);
        line->setFocus();
        line->selectAll();
        QTest::keyClicks(line, text);
        QTest::keyClick(line, Qt::Key_Return);
    }

private slots:
    void initTestCase() { m_fixture = std::make_unique<test::WindowFixture>(); }

    void clippingAndAveragesAreOptionsOfTraining()
    {
        const auto window = m_fixture->window("options");
        window->show();
        QVERIFY(window->openExample(firstExperiment()));
        ExperimentDocument &document = window->document();
        auto &panel = *window->findChild<TrainingPanel *>();
        const auto options = [&] { return document.experiment().training.options; };
        QVERIFY(options().empty());
        type(panel, "arg_clip_grad_norm", "1.5");
        QCOMPARE(options(), (Arguments{{"clip_grad_norm", 1.5}}));
        type(panel, "arg_ema_decay", "0.99");
        QCOMPARE(options(), (Arguments{{"clip_grad_norm", 1.5}, {"ema_decay", 0.99}}));
        // Not allowed: marked, and nothing changes.
        type(panel, "arg_ema_decay", "1");
        QCOMPARE(options().at("ema_decay"), Value(0.99));
        QVERIFY(panel.stepForm()
                        ->findChild<QLineEdit *>("arg_ema_decay")
                        ->property("invalid")
                        .toBool());
        QVERIFY(window->saveFile(m_fixture->path("options.mrg")));
        QCOMPARE(loadExperiment(m_fixture->path("options.mrg").toStdString())->training.options,
                 options());
        // None is the default, which no file needs.
        type(panel, "arg_clip_grad_norm", "None");
        QCOMPARE(options(), (Arguments{{"ema_decay", 0.99}}));
        document.undoStack().undo();
        QCOMPARE(options().at("clip_grad_norm"), Value(1.5));
        QCOMPARE(panel.stepForm()->findChild<QLineEdit *>("arg_clip_grad_norm")->text(),
                 QString("1.5"));
        document.undoStack().setClean();
    }

    void theyTakeEffectInMidRunAndAreMarkedOnTheCurves()
    {
        const auto window = m_fixture->window("live");
        window->show();
        QVERIFY(window->openExample(firstExperiment()));
        ExperimentDocument &document = window->document();
        QTRY_VERIFY_WITH_TIMEOUT(document.data(), 30000);
        TrainingSettings settings = document.experiment().training;
        settings.epochs = 100000;
        document.setTraining(settings, "Set epochs");
        TrainingController &controller = window->controller();
        controller.start();
        QTRY_VERIFY(controller.snapshot().step > 10);
        type(*window->findChild<TrainingPanel *>(), "arg_clip_grad_value", "0.25");
        QCOMPARE(controller.events().back().text, QString("clip_grad_value = 0.25"));
        // The run goes on: it is the same one, with the option.
        const int64_t step = controller.snapshot().step;
        QTRY_VERIFY(controller.snapshot().step > step);
        controller.pause();
        QTRY_COMPARE(controller.state(), RunState::Paused);
        controller.start();
        QTRY_COMPARE(controller.state(), RunState::Running);
        QVERIFY(controller.snapshot().step > step);
        QCOMPARE(controller.runExperiment().training.options.at("clip_grad_value"), Value(0.25));
        controller.stop();
        QTRY_COMPARE(controller.state(), RunState::Stopped);
        document.undoStack().setClean();
    }
};

QTEST_MAIN(TestTrainingPanel)
#include "tst_training_panel.moc"
