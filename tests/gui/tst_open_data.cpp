// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/ResourcePaths.h"
#include "gui/app/MainWindow.h"
#include "gui/canvas/CanvasScene.h"
#include "gui/canvas/CanvasView.h"
#include "gui/datasets/CsvColumns.h"
#include "gui/datasets/CsvImportDialog.h"
#include "gui/datasets/DataImporter.h"
#include "gui/inspector/NodeInspector.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QFileDialog>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>
#include <QStandardPaths>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>
#include <QToolButton>

using namespace mrg;

namespace {

QByteArray flowers()
{
    QByteArray text = "length;width;place;kind\n";
    for (int i = 0; i < 60; ++i) {
        const bool big = i % 2;
        text += (big ? "7," : "3,") + QByteArray::number(i % 7) + ";" + (big ? "2," : "1,")
                + QByteArray::number(i % 3) + (i % 5 ? ";north;" : ";south;")
                + (big ? "large\n" : "small\n");
    }
    return text;
}

/// Sends a file onto a widget as the end of a drag does.
void dropFile(QWidget *target, const QString &path)
{
    QMimeData mime;
    mime.setUrls({QUrl::fromLocalFile(path)});
    const QPoint at = target->rect().center();
    QDragEnterEvent enter(at, Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(target, &enter);
    QVERIFY(enter.isAccepted());
    QDropEvent drop(at, Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(target, &drop);
}

/// Answers the next file dialog.
void answerFileDialog(QObject *context, const QString &path)
{
    auto *timer = new QTimer(context);
    QObject::connect(timer, &QTimer::timeout, context, [timer, path] {
        auto *dialog = qobject_cast<QFileDialog *>(QApplication::activeModalWidget());
        if (!dialog)
            return;
        timer->deleteLater();
        dialog->selectFile(path);
        QTest::mouseClick(dialog->findChild<QDialogButtonBox *>()->button(QDialogButtonBox::Open),
                          Qt::LeftButton);
    });
    timer->start(10);
}

/// Chooses an entry of a list by the keyboard.
void chooseByKeys(QComboBox *combo, const QString &text)
{
    combo->setFocus();
    QTest::keyClick(combo, Qt::Key_Home);
    while (combo->currentText() != text && combo->currentIndex() + 1 < combo->count())
        QTest::keyClick(combo, Qt::Key_Down);
    QCOMPARE(combo->currentText(), text);
}

QPoint cellCentre(const QTableView *view, int row, int column)
{
    return view->visualRect(view->model()->index(row, column)).center();
}

} // namespace

class TestOpenData : public QObject {
    Q_OBJECT
    Vocabulary m_vocabulary = standardVocabulary();
    std::unique_ptr<ThemeManager> m_themes;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<MainWindow> m_window;

    QString write(const QString &name, const QByteArray &content)
    {
        QFile file(m_folder->filePath(name));
        if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size())
            qFatal("can't write the test file");
        return file.fileName();
    }
    ExperimentDocument &document() { return m_window->document(); }
    CsvImportDialog *dialog() { return m_window->findChild<CsvImportDialog *>(); }
    template <typename T> T *inDialog(const char *name) { return dialog()->findChild<T *>(name); }
    QString outcome() { return dialog() ? inDialog<QLabel>("csvOutcome")->text() : QString(); }
    bool canImport() { return dialog() && inDialog<QPushButton>("csvAccept")->isEnabled(); }
    const NetworkNode *dataNode()
    {
        for (const NetworkNode &node : document().network().nodes) {
            if (node.type.starts_with("data."))
                return &node;
        }
        return nullptr;
    }

private slots:
    void initTestCase()
    {
        QStandardPaths::setTestModeEnabled(true);
        QApplication::setOrganizationName("Marginalia");
        QApplication::setApplicationName("MarginaliaDataTest");
        m_themes = std::make_unique<ThemeManager>(*qApp);
    }
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_window = std::make_unique<MainWindow>(m_vocabulary, *m_themes, m_folder->path());
        m_window->show();
        QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
    }
    void cleanup()
    {
        m_window.reset();
        m_folder.reset();
    }

    void aTableBecomesATrainedExperiment()
    {
        m_window->openData(write("flowers.csv", flowers()));
        QVERIFY(dialog());
        QTRY_VERIFY(canImport());
        QCOMPARE(inDialog<QComboBox>("delimiter")->currentText(), QString("Detected: semicolon"));
        QCOMPARE(inDialog<QComboBox>("decimal")->currentText(), QString("Detected: comma"));
        QVERIFY2(outcome().startsWith("60 samples"), qPrintable(outcome()));
        QTest::mouseClick(inDialog<QPushButton>("csvAccept"), Qt::LeftButton);
        QTRY_VERIFY(document().data());
        QVERIFY(!dialog() || !dialog()->isVisible());
        QCOMPARE(document().data()->train->labelNames,
                 (std::vector<std::string>{"large", "small"}));
        QCOMPARE(document().data()->train->featureNames,
                 (std::vector<std::string>{"length", "width", "place=north", "place=south"}));
        QVERIFY2(document().checked().ok(),
                 document().checked().ok() ? "" : document().checked().issues[0].text.c_str());

        QTRY_VERIFY(!dialog());
        m_window->activateWindow();
        QTRY_VERIFY(m_window->isActiveWindow());
        QTest::keyClick(m_window.get(), Qt::Key_F5);
        QTRY_COMPARE_WITH_TIMEOUT(m_window->controller().state(), RunState::Finished, 30000);
        const auto &metrics = m_window->controller().snapshot().validation->metrics;
        const auto accuracy = std::find_if(metrics.begin(), metrics.end(),
                                           [](const auto &one) { return one.first == "accuracy"; });
        QVERIFY(accuracy != metrics.end() && accuracy->second > 0.9);

        document().undoStack().undo();
        QVERIFY(document().network().nodes.empty());
        document().undoStack().redo();
        QCOMPARE(document().network().nodes.size(), size_t{5});
    }

    void anErrorNamesLineAndColumnAndCanBeSettledInTheDialog()
    {
        QByteArray text = flowers();
        text.replace("3,2;1,2;north;small\n", "-;1,2;north;small\n");
        m_window->openData(write("flowers.csv", text));
        QVERIFY(dialog());
        // The dash makes a word of what are numbers otherwise.
        QTRY_VERIFY(canImport());
        QCOMPARE(dialog()->columns()->type(0), ColumnType::Category);
        auto *columns = inDialog<QTableView>("csvColumns");
        dialog()->columns()->setType({0}, ColumnType::Number);
        QTRY_VERIFY2(outcome().contains("flowers.csv:4") && outcome().contains("column length"),
                     qPrintable(outcome()));
        QVERIFY(!canImport());
        QCOMPARE(columns->model()->index(0, CsvColumns::Type).data(Qt::ToolTipRole).toString(),
                 QString("'-' in line 4 is no number"));

        const auto *preview = inDialog<QTableView>("csvPreview");
        const auto ground = [&](int row) {
            const QRect cell = preview->visualRect(preview->model()->index(row, 1));
            return preview->viewport()->grab().toImage().pixelColor(cell.left() + 2,
                                                                    cell.top() + 2);
        };
        QTRY_VERIFY(ground(2) != ground(0)); // line 4 stands out

        auto *missing = inDialog<QLineEdit>("missingTexts");
        missing->setFocus();
        missing->selectAll();
        QTest::keyClicks(missing, "-");
        QTRY_VERIFY2(outcome().contains("missing value"), qPrintable(outcome()));
        chooseByKeys(inDialog<QComboBox>("missing"), "Drop the row");
        QTRY_VERIFY(canImport());
        QVERIFY(outcome().startsWith("58 samples") || outcome().startsWith("59 samples"));
        const Arguments args = dialog()->arguments();
        QCOMPARE(args.at("missing"), Value("drop the row"));
        QCOMPARE(args.at("missing_texts"), Value(ValueList{"-"}));
        QVERIFY(!args.contains("numbers"));
    }

    void rolesAreChosenByMouseAndShownAboveTheRows()
    {
        m_window->openData(
                write("a.csv", "a,b,c,d\n1,2,0,1\n3,4,1,0\n5,6,1,1\n7,8,0,1\n2,1,1,0\n9,2,0,0\n"));
        QTRY_VERIFY(canImport());
        auto *columns = inDialog<QTableView>("csvColumns");
        auto *preview = inDialog<QTableView>("csvPreview");
        const auto heading = [&](int column) {
            return preview->model()->headerData(column, Qt::Horizontal).toString();
        };
        QCOMPARE(heading(3), QString("d\ntarget · number"));
        QTest::mouseClick(columns->viewport(), Qt::LeftButton, {}, cellCentre(columns, 2, 0));
        QTest::mouseClick(inDialog<QPushButton>("make_1"), Qt::LeftButton);
        QCOMPARE(heading(2), QString("c\ntarget · number"));
        QTest::mouseClick(columns->viewport(), Qt::LeftButton, {}, cellCentre(columns, 0, 0));
        QTest::mouseClick(inDialog<QPushButton>("make_2"), Qt::LeftButton);
        QCOMPARE(heading(0), QString("a\nignored"));
        QTRY_VERIFY2(outcome().contains("1 feature") && outcome().contains("2 label"),
                     qPrintable(outcome()));
        const Arguments args = dialog()->arguments();
        QCOMPARE(args.at("targets"), Value(ValueList{"c", "d"}));
        QCOMPARE(args.at("ignored"), Value(ValueList{"a"}));

        // A click on a heading of the rows offers the same.
        QHeaderView *header = preview->horizontalHeader();
        QTest::mouseClick(header->viewport(), Qt::LeftButton, {},
                          QPoint(header->sectionViewportPosition(3) + 20, 10));
        auto *menu = qobject_cast<QMenu *>(QApplication::activePopupWidget());
        QVERIFY(menu);
        QTest::keyClick(menu, Qt::Key_Down);
        QTest::keyClick(menu, Qt::Key_Return);
        QCOMPARE(heading(3), QString("d\nfeature · number"));
        chooseByKeys(inDialog<QComboBox>("task"), "Numbers (regression)");
        QTRY_VERIFY2(outcome().contains("regression"), qPrintable(outcome()));
        QTest::keyClick(dialog(), Qt::Key_Escape);
        QVERIFY(document().network().nodes.empty());
    }

    void malformedTablesCanNotBeImported_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QString>("complaint");
        QTest::newRow("ragged") << QByteArray("a,class\n1,x\n1,2,3\n") << "bad.csv:3";
        QTest::newRow("latin-1") << QByteArray("a,class\n1,\xE4\n2,b\n") << "bad.csv:2";
        QTest::newRow("quote") << QByteArray("a,class\n1,\"x\n") << "bad.csv:2";
        QTest::newRow("one row") << QByteArray("a,class\n1,x\n") << "too few rows";
    }
    void malformedTablesCanNotBeImported()
    {
        QFETCH(QByteArray, content);
        QFETCH(QString, complaint);
        m_window->openData(write("bad.csv", content));
        QTRY_VERIFY2(outcome().contains(complaint), qPrintable(outcome()));
        QVERIFY(!canImport());
        if (complaint.startsWith("bad.csv:2") && content.contains('\xE4')) {
            chooseByKeys(inDialog<QComboBox>("encoding"), "Latin-1");
            QTRY_VERIFY(!outcome().contains("bad.csv:2") && !outcome().startsWith("Reading"));
        }
    }

    void settingsOfAnImportedTableCanBeChanged()
    {
        m_window->openData(write("flowers.csv", flowers()));
        QTRY_VERIFY(canImport());
        QTest::mouseClick(inDialog<QPushButton>("csvAccept"), Qt::LeftButton);
        QTRY_VERIFY(document().data());
        auto *button = m_window->findChild<QPushButton *>("importSettings");
        QTRY_VERIFY(button->isVisible());
        QTRY_VERIFY(!dialog());
        QTest::mouseClick(button, Qt::LeftButton);
        QTRY_VERIFY(canImport());
        dialog()->columns()->setRole({2}, ColumnRole::Ignored);
        QTRY_VERIFY(canImport());
        QTest::mouseClick(inDialog<QPushButton>("csvAccept"), Qt::LeftButton);
        QCOMPARE(document().network().nodes.size(), size_t{5});
        QCOMPARE(dataNode()->args.at("ignored"), Value(ValueList{"place"}));
        QTRY_VERIFY(!dialog());
        QTest::mouseClick(button, Qt::LeftButton);
        QTRY_VERIFY(canImport());
        QCOMPARE(dialog()->columns()->role(2), ColumnRole::Ignored);
        QCOMPARE(dialog()->columns()->role(3), ColumnRole::Target);
    }

    void otherKindsOfFilesAreTakenAsTheyAre_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QByteArray>("type");
        QTest::addColumn<int>("classes");
        QByteArray svm;
        QByteArray arff = "@relation 'x: -C 2'\n@attribute p {0,1}\n@attribute q {0,1}\n@attribute "
                          "a real\n@data\n";
        for (int i = 0; i < 30; ++i) {
            svm += QByteArray::number(i % 3) + " 1:" + QByteArray::number(i) + " 4:1\n";
            arff += QByteArray::number(i % 2) + ",1," + QByteArray::number(i) + "\n";
        }
        QTest::newRow("svmlight") << "a.svm" << svm << QByteArray("data.svmlight") << 3;
        QTest::newRow("arff") << "a.arff" << arff << QByteArray("data.arff") << 2;
        const QString fashion = QString::fromStdString(
                (resourcesFolder() / "data/fashion_mnist_small/t10k-images-idx3-ubyte.gz")
                        .string());
        QTest::newRow("idx, gzip") << fashion << QByteArray() << QByteArray("data.idx") << 10;
    }
    void otherKindsOfFilesAreTakenAsTheyAre()
    {
        QFETCH(QString, name);
        QFETCH(QByteArray, content);
        QFETCH(QByteArray, type);
        QFETCH(int, classes);
        const QString path = content.isEmpty() ? name : write(name, content);
        dropFile(m_window->canvas()->viewport(), path);
        QTRY_VERIFY(dataNode());
        QCOMPARE(QByteArray::fromStdString(dataNode()->type), type);
        QTRY_VERIFY(document().data());
        QCOMPARE(document().data()->train->classCount(), classes);
        QVERIFY2(document().checked().ok(),
                 document().checked().ok() ? "" : document().checked().issues[0].text.c_str());
    }

    void whatCanNotBeReadChangesNothing()
    {
        m_window->openData(write("a.svm", "0 1:2\n0 x\n"));
        QTRY_VERIFY(m_window->findChild<QMessageBox *>());
        QVERIFY(m_window->findChild<QMessageBox *>()->text().contains("a.svm:2"));
        QVERIFY(document().network().nodes.empty());
    }

    void dataTakeThePlaceOfTheDataThatWereThere()
    {
        const NodeId before = document().addNode("data.iris", {}, {0, 0});
        m_window->openData(write("a.svm", "0 1:2\n1 2:1\n0,1 1:1\n1 1:3\n"));
        QTRY_COMPARE(document().network().find(before)->type, std::string("data.svmlight"));
        QCOMPARE(document().network().nodes.size(), size_t{1});
        document().undoStack().undo();
        QCOMPARE(document().network().find(before)->type, std::string("data.iris"));
    }

    void aDroppedExperimentIsOpened()
    {
        dropFile(m_window->canvas()->viewport(),
                 QString::fromStdString((resourcesFolder() / "examples/iris.mrg").string()));
        QTRY_COMPARE(document().network().nodes.size(), size_t{5});
    }

    void filesAreLookedForAndDroppedInTheInspector()
    {
        const QString path = write("a.csv", flowers());
        const QString other = write("b.csv", flowers());
        QVERIFY(m_window->saveFile(m_folder->filePath("walk.mrg")));
        const NodeId node = document().addNode("data.csv", {}, {0, 0});
        m_window->canvas()->canvas()->selectNodes({node});
        auto *inspector = m_window->findChild<NodeInspector *>();
        auto *browse = inspector->findChild<QToolButton *>("browse_path");
        QVERIFY(browse);
        QTRY_VERIFY(!browse->visibleRegion().isEmpty());
        answerFileDialog(m_window.get(), path);
        QTest::mouseClick(browse, Qt::LeftButton);
        // Beside the experiment: both can be moved together.
        QCOMPARE(document().network().find(node)->args.at("path"), Value("a.csv"));
        auto *field = inspector->findChild<QLineEdit *>("arg_path");
        QCOMPARE(field->text(), QString("a.csv"));
        dropFile(field, other);
        QCOMPARE(document().network().find(node)->args.at("path"), Value("b.csv"));
        document().undoStack().undo();
        QVERIFY(!document().network().find(node)->args.contains("path"));
    }
};

QTEST_MAIN(TestOpenData)
#include "tst_open_data.moc"
