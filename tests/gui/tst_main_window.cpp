// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/app/examples.h"
#include "gui/canvas/CanvasScene.h"
#include "gui/canvas/CanvasView.h"
#include "gui/canvas/WireItem.h"
#include "gui/inspector/ArgForm.h"
#include "gui/inspector/NodeInspector.h"
#include "gui/palette/Palette.h"
#include "tests/gui/window_fixture.h"

#include <QLabel>
#include <QLineEdit>
#include <QMimeData>
#include <QTreeWidget>

using namespace mrg;

namespace {

QPoint inView(const CanvasView &canvas, QPointF scene) { return canvas.mapFromScene(scene); }

/// Drops a palette entry on the canvas, as the end of a drag does.
NodeId drop(CanvasView &canvas, const QString &type, QPointF scene)
{
    const NodeId next = canvas.canvas()->document().network().nextId;
    QMimeData mime;
    mime.setData("application/x-marginalia-node", type.toUtf8());
    const QPoint at = inView(canvas, scene);
    QDragEnterEvent enter(at, Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(canvas.viewport(), &enter);
    QDragMoveEvent move(at, Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(canvas.viewport(), &move);
    QDropEvent event(at, Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(canvas.viewport(), &event);
    return next;
}

void pull(CanvasView &canvas, const PortRef &from, const PortRef &to)
{
    const QPoint start = inView(canvas, canvas.canvas()->portPosition(from, false));
    const QPoint end = inView(canvas, canvas.canvas()->portPosition(to, true));
    QTest::mousePress(canvas.viewport(), Qt::LeftButton, {}, start);
    QTest::mouseMove(canvas.viewport(), (start + end) / 2);
    QTest::mouseMove(canvas.viewport(), end);
    QTest::mouseRelease(canvas.viewport(), Qt::LeftButton, {}, end);
}

} // namespace

class TestMainWindow : public QObject {
    Q_OBJECT
    std::unique_ptr<test::WindowFixture> m_fixture;

private slots:
    void initTestCase() { m_fixture = std::make_unique<test::WindowFixture>(); }

    void aNetworkIsDrawnMendedTrainedUndoneSavedReopenedAndExported()
    {
        const QTemporaryDir folder;
        MainWindow window(m_fixture->vocabulary(), m_fixture->themes(), folder.path());
        window.show();
        CanvasView &canvas = *window.canvas();
        ExperimentDocument &document = window.document();
        canvas.centerOn(400, 100);
        const NodeId data = drop(canvas, "data.iris", {150, 100});
        const NodeId linear = drop(canvas, "nn.Linear", {400, 100});
        const NodeId loss = drop(canvas, "nn.CrossEntropyLoss", {650, 100});
        QCOMPARE(document.network().nodes.size(), size_t{3});
        pull(canvas, {data, "input", 0}, {linear, "input", 0});
        pull(canvas, {linear, "output", 0}, {loss, "input", 0});
        pull(canvas, {data, "target", 0}, {loss, "target", 0});
        QCOMPARE(document.network().wires.size(), size_t{3});
        QTRY_VERIFY(document.data());

        // The sizes don't fit until the wires' buttons have been pressed.
        for (int round = 0; round < 4 && !document.checked().ok(); ++round) {
            for (const Wire &wire : document.network().wires) {
                const WireItem *item = canvas.canvas()->itemFor(wire);
                if (!item->fixPositions().empty()) {
                    QTest::mouseClick(canvas.viewport(), Qt::LeftButton, {},
                                      inView(canvas, item->fixPositions().front()));
                    break;
                }
            }
        }
        if (!document.checked().ok())
            QFAIL(document.checked().issues.front().text.c_str());
        document.setArg(linear, "out_features", Value(3));
        document.setArg(linear, "in_features", Value(9));
        QVERIFY(!document.checked().ok());
        const WireItem *wrong
                = canvas.canvas()->itemFor(Wire{{data, "input", 0}, {linear, "input", 0}});
        QVERIFY(wrong->hasError());
        QTest::mouseClick(canvas.viewport(), Qt::LeftButton, {},
                          inView(canvas, wrong->fixPositions().front()));
        QVERIFY(document.checked().ok());

        canvas.canvas()->selectNodes({loss});
        auto *smoothing = window.findChild<NodeInspector *>()->findChild<QLineEdit *>(
                "arg_label_smoothing");
        QVERIFY(smoothing);
        smoothing->setFocus();
        smoothing->selectAll();
        QTest::keyClicks(smoothing, "0.1");
        QTest::keyClick(smoothing, Qt::Key_Return);
        QCOMPARE(document.network().find(loss)->args.at("label_smoothing"), Value(0.1));

        TrainingSettings settings = document.experiment().training;
        settings.epochs = 100000;
        document.setTraining(settings, "Set epochs");
        TrainingController &controller = window.controller();
        QTest::keyClick(&window, Qt::Key_F5);
        QTRY_VERIFY(controller.state() == RunState::Running && controller.snapshot().step > 10);
        QTest::keyClick(&window, Qt::Key_F6);
        QTRY_COMPARE(controller.state(), RunState::Paused);
        const int64_t paused = controller.snapshot().step;
        QTest::keyClick(&window, Qt::Key_F7);
        QTRY_COMPARE(controller.snapshot().step, paused + 1);
        QTest::keyClick(&window, Qt::Key_F5, Qt::ShiftModifier);
        QTRY_COMPARE(controller.state(), RunState::Stopped);

        const Experiment before = document.experiment();
        document.undoStack().undo();
        QVERIFY(!(document.experiment() == before));
        document.undoStack().redo();
        QCOMPARE(document.experiment(), before);
        QVERIFY(window.saveFile(folder.filePath("walk.mrg")));
        QVERIFY(!document.isModified());
        QVERIFY(window.openFile(folder.filePath("walk.mrg")));
        QCOMPARE(document.experiment().network, before.network);
        for (const char *name : {"run.html", "run.pdf", "run.csv"}) {
            QCOMPARE(test::exportNow(window, folder.filePath(name)), QString());
            QVERIFY(QFileInfo(folder.filePath(name)).size() > 500);
        }
    }

    void aSearchInThePaletteInsertsWithEnter()
    {
        const QTemporaryDir folder;
        MainWindow window(m_fixture->vocabulary(), m_fixture->themes(), folder.path());
        window.show();
        Palette &palette = *window.findChild<Palette *>();
        QTest::keyClicks(palette.searchField(), "gelu");
        QTest::keyClick(palette.searchField(), Qt::Key_Return);
        QCOMPARE(window.document().network().nodes.size(), size_t{1});
        QCOMPARE(window.document().network().nodes.front().type, std::string("nn.GELU"));
        window.document().undoStack().setClean();
    }

    void aFinishedRunHasNoFurtherStep()
    {
        const auto window = m_fixture->window("finished");
        window->show();
        QVERIFY(window->openExample(firstExperiment()));
        ExperimentDocument &document = window->document();
        QTRY_VERIFY(document.data());
        TrainingSettings settings = document.experiment().training;
        settings.epochs = 1;
        document.setTraining(settings, "Set epochs");
        TrainingController &controller = window->controller();
        QTest::keyClick(window.get(), Qt::Key_F5);
        QTRY_COMPARE_WITH_TIMEOUT(controller.state(), RunState::Finished, 30000);
        const int64_t last = controller.snapshot().step;
        QCOMPARE(controller.snapshot().epoch, int64_t{1});
        QTest::keyClick(window.get(), Qt::Key_F7);
        QTest::keyClick(window.get(), Qt::Key_F8);
        controller.step();
        // One more epoch asked for: then there are steps again.
        settings.epochs = 2;
        document.setTraining(settings, "Set epochs");
        QTest::keyClick(window.get(), Qt::Key_F5);
        QTRY_VERIFY_WITH_TIMEOUT(controller.state() == RunState::Finished
                                         && controller.snapshot().epoch == 2,
                                 30000);
        QCOMPARE(controller.snapshot().step, 2 * last);
        // What the status bar says of a run goes with the run.
        const auto *status = window->findChild<QLabel *>("status");
        QTRY_VERIFY(status->text().contains("epoch 2"));
        document.undoStack().setClean();
        QVERIFY(window->openExample(firstExperiment()));
        QTRY_VERIFY(!status->text().contains("epoch"));
    }
};

QTEST_MAIN(TestMainWindow)
#include "tst_main_window.moc"
