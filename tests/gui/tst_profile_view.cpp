// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/canvas/CanvasScene.h"
#include "gui/canvas/CanvasView.h"
#include "gui/profile/ProfileModel.h"
#include "gui/profile/ProfileView.h"
#include "tests/gui/window_fixture.h"

#include <QAction>
#include <QClipboard>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QTableView>

using namespace mrg;

namespace {

/// The window with an example, and the parts of it that are about the profile.
struct Opened {
    std::unique_ptr<MainWindow> window;
    QTableView *table = nullptr;
    QPushButton *measure = nullptr;
    QPushButton *copy = nullptr;
    QLabel *notice = nullptr;

    Profiler &profiler() const { return window->profiler(); }
    ExperimentDocument &document() const { return window->document(); }
    CanvasScene &canvas() const { return *window->canvas()->canvas(); }
    const QAbstractItemModel &model() const { return *table->model(); }
    QString cell(int row, int column) const { return model().index(row, column).data().toString(); }
    double number(int row, int column) const
    {
        return model().index(row, column).data(ProfileModel::SortRole).toDouble();
    }
    NodeId nodeOfType(const std::string &type) const
    {
        for (const NetworkNode &node : document().network().nodes) {
            if (node.type == type)
                return node.id;
        }
        return 0;
    }
    int rowNamed(const QString &name) const
    {
        for (int row = 0; row < model().rowCount(); ++row) {
            if (cell(row, ProfileModel::Name) == name)
                return row;
        }
        return -1;
    }
    void clickRow(int row) const
    {
        QTest::mouseClick(table->viewport(), Qt::LeftButton, {},
                          table->visualRect(model().index(row, 0)).center());
    }
};

} // namespace

class TestProfileView : public QObject {
    Q_OBJECT
    std::unique_ptr<test::WindowFixture> m_fixture;

    Opened open(const char *example = "iris.mrg") const
    {
        Opened out;
        out.window = m_fixture->window(QTest::currentTestFunction());
        out.window->resize(1440, 900);
        out.window->show();
        if (!out.window->openExample(QString(MARGINALIA_SOURCE_DIR "/resources/examples/")
                                     + example)
            || !QTest::qWaitFor([&] { return out.document().data() != nullptr; }, 30000))
            throw std::runtime_error("the example can't be opened");
        out.table = out.window->findChild<QTableView *>("profileTable");
        out.measure = out.window->findChild<QPushButton *>("measureProfile");
        out.copy = out.window->findChild<QPushButton *>("copyProfile");
        out.notice = out.window->findChild<QLabel *>("profileNotice");
        return out;
    }
    /// Opens and measures.
    Opened measured(const char *example = "iris.mrg") const
    {
        Opened out = open(example);
        QTest::keyClick(out.window.get(), Qt::Key_F9);
        if (!QTest::qWaitFor([&] { return !out.profiler().isMeasuring(); }, 30000)
            || !out.profiler().profile())
            throw std::runtime_error("no profile: " + out.profiler().problem().toStdString());
        return out;
    }

private slots:
    void initTestCase() { m_fixture = std::make_unique<test::WindowFixture>(); }

    void anEmptyViewSaysWhatToDoAndItsButtonDoesIt()
    {
        const Opened opened = open();
        QVERIFY(!opened.measure->isVisible() || !opened.table->isVisible());
        auto *view = opened.window->findChild<ProfileView *>();
        opened.window->findChild<QWidget *>("profileDock")->raise();
        QTRY_VERIFY(opened.measure->isVisible());
        bool told = false;
        for (const QLabel *label : view->findChildren<QLabel *>())
            told = told || (label->isVisible() && label->text().contains("Press Measure (F9)"));
        QVERIFY(told);
        QVERIFY(!opened.copy->isEnabled());
        QTest::mouseClick(opened.measure, Qt::LeftButton);
        QVERIFY(!opened.measure->isEnabled());
        QTRY_COMPARE_WITH_TIMEOUT(opened.model().rowCount(), 5, 30000);
        QVERIFY(opened.measure->isEnabled());
        QVERIFY(opened.copy->isEnabled());
        QVERIFY(opened.table->isVisible());
    }

    void theShortcutMeasuresAndShowsEveryNodeDearestFirst()
    {
        const Opened opened = measured();
        QVERIFY(opened.table->isVisible());
        QCOMPARE(opened.model().rowCount(),
                 static_cast<int>(opened.document().network().nodes.size()));
        for (int row = 1; row < opened.model().rowCount(); ++row)
            QVERIFY(opened.number(row - 1, ProfileModel::Share)
                    >= opened.number(row, ProfileModel::Share));
        const int loss = opened.rowNamed("CrossEntropyLoss");
        QVERIFY(loss >= 0);
        const QAbstractItemView *table = opened.table;
        QVERIFY(opened.table->columnWidth(ProfileModel::Name)
                >= table->sizeHintForColumn(ProfileModel::Name));
        QVERIFY(opened.cell(loss, ProfileModel::Forward).endsWith("s"));
        QVERIFY(opened.cell(loss, ProfileModel::Share).endsWith(" %"));
        QVERIFY(opened.window->findChild<QLabel *>("profileSummary")->text().contains("A step"));
        QVERIFY(!opened.notice->isVisible());
        // Nothing was begun: there is no run.
        QVERIFY(!opened.window->controller().hasSession());
    }

    void rowsAndNodesAreSelectedTogether()
    {
        const Opened opened = measured();
        const NodeId loss = opened.nodeOfType("nn.CrossEntropyLoss");
        const NodeId data = opened.document().network().nodes.front().id;
        opened.clickRow(opened.rowNamed("CrossEntropyLoss"));
        QCOMPARE(opened.canvas().selectedNodes(), std::set<NodeId>{loss});
        opened.canvas().selectNodes({data});
        QCOMPARE(opened.table->currentIndex().row(),
                 opened.rowNamed(opened.cell(opened.table->currentIndex().row(), 0)));
        QVERIFY(opened.table->selectionModel()->isRowSelected(opened.table->currentIndex().row()));
        QVERIFY(opened.table->currentIndex().row() != opened.rowNamed("CrossEntropyLoss"));
        opened.canvas().selectNodes({});
        QVERIFY(!opened.table->selectionModel()->hasSelection());
        // The keyboard goes from row to row.
        opened.clickRow(0);
        const std::set<NodeId> first = opened.canvas().selectedNodes();
        QTest::keyClick(opened.table, Qt::Key_Down);
        QCOMPARE(opened.table->currentIndex().row(), 1);
        QVERIFY(opened.canvas().selectedNodes() != first);
        QCOMPARE(opened.canvas().selectedNodes().size(), size_t{1});
        // What is selected stays so in the next profile.
        const std::set<NodeId> second = opened.canvas().selectedNodes();
        const auto before = opened.profiler().profile();
        QTest::keyClick(opened.window.get(), Qt::Key_F9);
        QTRY_VERIFY_WITH_TIMEOUT(opened.profiler().profile() != before, 30000);
        QCOMPARE(opened.canvas().selectedNodes(), second);
        QVERIFY(opened.table->selectionModel()->hasSelection());
    }

    void aClickOnAHeadSortsByNumbers()
    {
        const Opened opened = measured();
        QHeaderView *header = opened.table->horizontalHeader();
        const auto sortBy = [&](int column) {
            QTest::mouseClick(
                    header->viewport(), Qt::LeftButton, {},
                    {header->sectionViewportPosition(column) + header->sectionSize(column) / 2,
                     header->height() / 2});
        };
        for (const int column : {ProfileModel::Parameters, ProfileModel::Peak,
                                 ProfileModel::Forward, ProfileModel::Name}) {
            sortBy(column);
            QCOMPARE(header->sortIndicatorSection(), column);
            const bool falling = header->sortIndicatorOrder() == Qt::DescendingOrder;
            for (int row = 1; row < opened.model().rowCount(); ++row) {
                const double step = opened.number(row, column) - opened.number(row - 1, column);
                QVERIFY(falling ? step <= 0 : step >= 0);
            }
        }
        // By names: in the order of computing.
        if (header->sortIndicatorOrder() == Qt::DescendingOrder)
            sortBy(ProfileModel::Name);
        QCOMPARE(opened.rowNamed("CrossEntropyLoss"), opened.model().rowCount() - 1);
    }

    void allNumbersAreCopiedAsCsvByTheKeyboard()
    {
        const Opened opened = measured();
        QApplication::clipboard()->clear();
        const NodeId loss = opened.nodeOfType("nn.CrossEntropyLoss");
        opened.document().setTitle(loss, R"(the "loss", named)");
        opened.measure->setFocus();
        QTest::keyClick(opened.measure, Qt::Key_Tab);
        QCOMPARE(QApplication::focusWidget(), opened.copy);
        QTest::keyClick(opened.copy, Qt::Key_Space);
        const QStringList lines = QApplication::clipboard()->text().split('\n', Qt::SkipEmptyParts);
        QCOMPARE(lines.size(), opened.model().rowCount() + 3);
        QVERIFY(lines.front().startsWith("node,name,type,calls,forward_ms"));
        QVERIFY(lines.filter(R"("the ""loss"", named",CrossEntropyLoss,1,)").size() == 1);
        const auto commas = lines.front().count(',');
        QCOMPARE(lines[1].count(','), commas);
        QCOMPARE(lines.back().count(','), commas);
        QVERIFY(lines.back().startsWith(",whole step,"));
        QTest::keyClick(opened.copy, Qt::Key_Tab);
        QCOMPARE(QApplication::focusWidget(), opened.table);
    }

    void aChangedNetworkMakesItOutOfDateAndUndoingDoesNot()
    {
        const Opened opened = measured();
        const NodeId loss = opened.nodeOfType("nn.CrossEntropyLoss");
        opened.document().setTitle(loss, "judge");
        QVERIFY(!opened.notice->isVisible());
        QVERIFY(opened.rowNamed("judge") >= 0);
        opened.document().setArg(loss, "label_smoothing", Value(0.1));
        QVERIFY(opened.notice->isVisible());
        QVERIFY(opened.notice->text().contains("changed"));
        QCOMPARE(opened.notice->palette().color(QPalette::WindowText),
                 m_fixture->themes().theme().warning);
        opened.document().undoStack().undo();
        QVERIFY(!opened.notice->isVisible());
        opened.document().undoStack().redo();
        QVERIFY(opened.notice->isVisible());
        TrainingSettings settings = opened.document().experiment().training;
        QTest::keyClick(opened.window.get(), Qt::Key_F9);
        QTRY_VERIFY_WITH_TIMEOUT(!opened.profiler().isMeasuring(), 30000);
        QVERIFY(!opened.notice->isVisible());
        settings.batchSize *= 2;
        opened.document().setTraining(settings, "Set batch size");
        QVERIFY(opened.notice->isVisible());
        opened.document().undoStack().setClean();
    }

    void aRunGoesOnWhileItIsMeasured()
    {
        const Opened opened = open();
        TrainingController &controller = opened.window->controller();
        TrainingSettings settings = opened.document().experiment().training;
        settings.epochs = 100000;
        opened.document().setTraining(settings, "Set epochs");
        QTest::keyClick(opened.window.get(), Qt::Key_F5);
        QTRY_VERIFY(controller.state() == RunState::Running && controller.snapshot().step > 10);
        QTest::keyClick(opened.window.get(), Qt::Key_F9);
        QVERIFY(opened.profiler().isMeasuring());
        QTRY_VERIFY_WITH_TIMEOUT(opened.profiler().profile() != nullptr, 30000);
        QCOMPARE(controller.state(), RunState::Running);
        const int64_t step = controller.snapshot().step;
        QTRY_VERIFY(controller.snapshot().step > step);
        // It was the run's session that measured, and one that is paused does as well.
        QCOMPARE(controller.snapshot().profiles.answered, 1);
        controller.pause();
        QTRY_COMPARE(controller.state(), RunState::Paused);
        QTest::keyClick(opened.window.get(), Qt::Key_F9);
        QTRY_COMPARE_WITH_TIMEOUT(controller.snapshot().profiles.answered, 2, 30000);
        QCOMPARE(controller.state(), RunState::Paused);
        controller.stop();
        QTRY_COMPARE(controller.state(), RunState::Stopped);
        opened.document().undoStack().setClean();
    }

    void aRunOfAnotherNetworkIsLeftAlone()
    {
        const Opened opened = open();
        TrainingController &controller = opened.window->controller();
        controller.step();
        QTRY_COMPARE(controller.state(), RunState::Paused);
        opened.document().setArg(opened.nodeOfType("nn.CrossEntropyLoss"), "reduction",
                                 Value("sum"));
        TrainingSettings settings = opened.document().experiment().training;
        settings.batchSize *= 2;
        opened.document().setTraining(settings, "Set batch size");
        opened.profiler().measure();
        QTRY_VERIFY_WITH_TIMEOUT(opened.profiler().profile() != nullptr, 30000);
        QCOMPARE(opened.profiler().profile()->batchSize, settings.batchSize);
        QCOMPARE(controller.state(), RunState::Paused);
        QCOMPARE(controller.snapshot().step, 1);
        QCOMPARE(controller.snapshot().profiles.answered, 0);
        opened.document().undoStack().setClean();
    }

    void whatCannotBeMeasuredIsSaid()
    {
        const Opened opened = measured();
        const NodeId linear = opened.nodeOfType("nn.Linear");
        opened.document().setArg(linear, "in_features", Value(77));
        for (const QAction *action : opened.window->findChildren<QAction *>()) {
            if (action->shortcut() == QKeySequence(Qt::Key_F9))
                QVERIFY(!action->isEnabled());
        }
        QTest::mouseClick(opened.measure, Qt::LeftButton);
        QVERIFY(opened.notice->isVisible());
        QVERIFY2(opened.notice->text().contains("77"), qPrintable(opened.notice->text()));
        // The last one stays to be seen.
        QVERIFY(opened.model().rowCount() > 0);
        opened.document().undoStack().undo();
        QTest::mouseClick(opened.measure, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(!opened.profiler().isMeasuring(), 30000);
        QVERIFY(!opened.notice->isVisible());
    }

    void anotherExperimentHasNoProfileYet()
    {
        const Opened opened = measured();
        QVERIFY(opened.window->openExample(MARGINALIA_SOURCE_DIR
                                           "/resources/examples/spirals.mrg"));
        QVERIFY(!opened.profiler().profile());
        QCOMPARE(opened.model().rowCount(), 0);
        QVERIFY(!opened.table->isVisible());
        QVERIFY(!opened.copy->isEnabled());
    }

    void itIsLegibleInTheOtherTheme()
    {
        const Opened opened = measured();
        const QImage before = opened.table->grab().toImage();
        m_fixture->themes().setMode(ThemeMode::Dark);
        const QImage dark = opened.table->grab().toImage();
        m_fixture->themes().setMode(ThemeMode::Light);
        QVERIFY(dark.pixelColor(dark.width() / 2, dark.height() - 4).lightness() < 80);
        QVERIFY(before.pixelColor(before.width() / 2, before.height() - 4).lightness() > 180);
    }
};

QTEST_MAIN(TestProfileView)
#include "tst_profile_view.moc"
