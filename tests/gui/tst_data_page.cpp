// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/ResourcePaths.h"
#include "gui/datasets/DataPage.h"
#include "gui/datasets/SampleModel.h"
#include "gui/datasets/SampleTable.h"
#include "gui/document/ExperimentDocument.h"

#include <QComboBox>
#include <QElapsedTimer>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTabWidget>
#include <QTableView>
#include <QTest>
#include <QTextBrowser>

#include <cmath>

using namespace mrg;

class TestDataPage : public QObject {
    Q_OBJECT
    Vocabulary m_vocabulary = standardVocabulary();
    std::unique_ptr<ThemeManager> m_themes;

    /// A page on an experiment with nothing but a data source.
    struct Fixture {
        ExperimentDocument document;
        DataPage page;
        Fixture(const Vocabulary &vocabulary, const Theme &theme, const QString &example)
            : document(vocabulary),
              page(document, theme)
        {
            page.resize(1000, 600);
            page.show();
            if (!example.isEmpty())
                (void)document.open(
                        QString::fromStdString((resourcesFolder() / "examples").string()) + "/"
                        + example);
        }
        QString fact(const QString &name, int part) const
        {
            const auto *label = page.findChild<QLabel *>(QString("fact_%1_%2").arg(name).arg(part));
            return label ? label->text() : QString();
        }
    };

private slots:
    void initTestCase()
    {
        QLocale::setDefault(QLocale::c());
        m_themes = std::make_unique<ThemeManager>(*qApp);
    }

    void withoutDataItSaysWhatToDo()
    {
        Fixture now(m_vocabulary, m_themes->theme(), {});
        auto *open = now.page.findChild<QPushButton *>("openDataEmpty");
        QVERIFY(open->isVisible());
        const QSignalSpy wish(&now.page, &DataPage::openRequested);
        QTest::mouseClick(open, Qt::LeftButton);
        QCOMPARE(wish.count(), 1);
        QCOMPARE(now.page.currentIndex(), 0);
    }

    void debtagsShowsItsPublishedFigures()
    {
        Fixture now(m_vocabulary, m_themes->theme(), "debtags.mrg");
        QTRY_VERIFY_WITH_TIMEOUT(now.page.statistics(), 20000);
        QCOMPARE(now.page.currentIndex(), 1);
        QCOMPARE(now.fact("Samples", 0).toInt() + now.fact("Samples", 1).toInt(), 3848);
        QCOMPARE(now.fact("Samples", 2), QString("1318"));
        QCOMPARE(now.fact("Features", 0), QString("1000"));
        QCOMPARE(now.fact("Labels", 0), QString("30"));
        QCOMPARE(now.fact("Cardinality", 2), QString("3.02"));
        QCOMPARE(now.fact("Density", 2), QString("0.101"));
        QVERIFY(now.fact("Labels a sample", 0).startsWith("2"));

        auto *bars = now.page.findChild<BarList *>("labelBars");
        QCOMPARE(bars->bars().size(), 30);
        const DatasetStatistics &train = now.page.statistics()->parts[0];
        const auto most = *std::max_element(train.labelCounts.begin(), train.labelCounts.end());
        QVERIFY2(bars->bars()[0].value.startsWith(QString::number(most)),
                 qPrintable(bars->bars()[0].value));
        QVERIFY(bars->bars()[0].detail.contains("IRLbl 1.00"));
        QCOMPARE(bars->bars()[0].length, 1.0);

        // A click on a label shows its samples, another one all again.
        auto *table = now.page.findChild<SampleTable *>();
        QTest::mouseClick(bars, Qt::LeftButton, {}, bars->positionOf(3));
        const QString name = bars->bars()[3].name;
        QCOMPARE(now.page.findChild<QComboBox *>("sampleLabel")->currentText(), name);
        QVERIFY(bars->bars()[3].value.startsWith(QString::number(table->model()->rowCount())
                                                 + " "));
        QTest::mouseClick(bars, Qt::LeftButton, {}, bars->positionOf(3));
        QCOMPARE(table->model()->rowCount(), static_cast<int>(train.samples));

        now.page.findChild<QComboBox *>("dataPart")->setCurrentIndex(2);
        QCOMPARE(table->model()->rowCount(), 1318);
        QVERIFY(now.page.findChild<QTextBrowser *>("dataAbout")->toPlainText().contains("Debian"));
    }

    void togetherTellsTheShareOfTheRow()
    {
        Fixture now(m_vocabulary, m_themes->theme(), "debtags.mrg");
        QTRY_VERIFY_WITH_TIMEOUT(now.page.statistics(), 20000);
        const DatasetStatistics &train = now.page.statistics()->parts[0];
        const QVector<int> order = labelsByFrequency(train);
        const Cooccurrence pairs = cooccurrenceOf(train, *now.document.data()->train, order);
        QVERIFY(std::isnan(pairs.shares[2 * order.size() + 2]));
        const auto both = static_cast<double>(train.together(order[2], order[5]));
        const auto own = static_cast<double>(train.labelCounts[static_cast<size_t>(order[2])]);
        QCOMPARE(pairs.shares[2 * order.size() + 5], both / own);
        QVERIFY(pairs.details[2 * order.size() + 5].contains(pairs.labels[5].toHtmlEscaped()));
    }

    void samplesAreFoundByNameAndToldByTheirInputs()
    {
        Fixture now(m_vocabulary, m_themes->theme(), "debtags.mrg");
        QTRY_VERIFY_WITH_TIMEOUT(now.page.statistics(), 20000);
        now.page.tabs()->setCurrentIndex(2);
        auto *table = now.page.findChild<SampleTable *>();
        QCOMPARE(table->model()->columnCount(), 3);
        const QString first = table->model()->index(0, 0).data().toString();
        auto *search = now.page.findChild<QLineEdit *>("sampleName");
        search->setFocus();
        QTest::keyClicks(search, first);
        QVERIFY(table->model()->rowCount() >= 1);
        QCOMPARE(table->model()->index(0, 0).data().toString(), first);
        QVERIFY(!table->model()->index(0, 1).data().toString().isEmpty());
        QVERIFY(table->model()->index(0, 2).data().toString().contains(" · "));
    }

    void everyTaskHasItsFigures_data()
    {
        QTest::addColumn<QString>("fact");
        QTest::addColumn<bool>("pairs");
        QTest::newRow("iris.mrg") << "Classes" << false;
        QTest::newRow("yeast.mrg") << "SCUMBLE" << true;
        QTest::newRow("mdi_icons.mrg") << "Labelsets" << true;
        QTest::newRow("fashion_mnist.mrg") << "Mean IRLbl" << false;
    }
    void everyTaskHasItsFigures()
    {
        QFETCH(QString, fact);
        QFETCH(bool, pairs);
        Fixture now(m_vocabulary, m_themes->theme(), QTest::currentDataTag());
        QTRY_VERIFY_WITH_TIMEOUT(now.page.statistics(), 20000);
        QVERIFY(!now.fact(fact, 0).isEmpty());
        QCOMPARE(now.page.tabs()->isTabVisible(1), pairs);
        const auto *model = now.page.findChild<SampleTable *>()->model();
        const bool images = QString(QTest::currentDataTag()).contains("mnist")
                || QString(QTest::currentDataTag()).contains("icons");
        QCOMPARE(model->showsPictures(), images);
        if (images) {
            const auto picture = model->index(0, model->pictureColumn())
                                         .data(SampleModel::PictureRole)
                                         .value<QImage>();
            QVERIFY(picture.width() == 24 || picture.width() == 28);
        }
    }

    void regressionShowsItsTargets()
    {
        Fixture now(m_vocabulary, m_themes->theme(), {});
        const NodeId data = now.document.addNode("data.diabetes", {}, {0, 0});
        const NodeId linear = now.document.addNode(
                "nn.Linear", {{"in_features", 10}, {"out_features", 1}}, {0, 0});
        const NodeId loss = now.document.addNode("nn.MSELoss", {}, {0, 0});
        now.document.addWire({{data, "input", 0}, {linear, "input", 0}});
        now.document.addWire({{linear, "output", 0}, {loss, "input", 0}});
        now.document.addWire({{data, "target", 0}, {loss, "target", 0}});
        QTRY_VERIFY_WITH_TIMEOUT(now.page.statistics(), 20000);
        QVERIFY(now.fact("Mean target", 0).toDouble() > 100);
        const QVector<Bar> bars = now.page.findChild<BarList *>("labelBars")->bars();
        int samples = 0;
        for (const Bar &bar : bars)
            samples += bar.value.toInt();
        QCOMPARE(samples, now.fact("Samples", 0).toInt());
    }

    void aFailureIsTold()
    {
        Fixture now(m_vocabulary, m_themes->theme(), "iris.mrg");
        const NodeId data = now.document.network().nodes[0].id;
        now.document.applyFix({"", ReplaceNodeFix{data, "data.csv", {{"path", "/nowhere/a.csv"}}}});
        QTRY_VERIFY(!now.document.dataError().isEmpty());
        const QList<QLabel *> labels = now.page.widget(0)->findChildren<QLabel *>();
        QVERIFY(std::any_of(labels.begin(), labels.end(), [](const QLabel *label) {
            return label->text().contains("/nowhere/a.csv");
        }));
    }

    void aHundredThousandSamplesScrollFluidly()
    {
        constexpr int64_t rows = 100000;
        Dataset data;
        data.inputs = Tensor::full({rows, 40}, 0.5);
        data.labelNames = {"a", "b", "c"};
        for (int64_t i = 0; i < rows; ++i) {
            data.labels.push_back({i % 3});
            data.sampleNames.push_back("sample " + std::to_string(i));
        }
        SampleTable table(m_themes->theme());
        table.resize(1000, 600);
        table.show();
        QVERIFY(QTest::qWaitForWindowExposed(&table));
        QElapsedTimer timer;
        timer.start();
        table.setDataset(std::make_shared<const Dataset>(std::move(data)), false);
        const qint64 opened = timer.restart();
        table.setLabel(1);
        const qint64 filtered = timer.restart();
        QCOMPARE(table.model()->rowCount(), 33333);
        table.setLabel(-1);
        qint64 slowest = 0;
        QScrollBar *bar = table.view()->verticalScrollBar();
        for (int i = 0; i <= 50; ++i) {
            timer.restart();
            bar->setValue(bar->maximum() / 50 * i);
            table.view()->viewport()->repaint();
            slowest = std::max(slowest, timer.elapsed());
        }
        qInfo("opened in %lld ms, filtered in %lld ms, slowest of 51 jumps %lld ms", opened,
              filtered, slowest);
        QVERIFY(opened < 200 && filtered < 200 && slowest < 100);
        QVERIFY(table.view()->indexAt({5, 50}).row() > 99000);
    }
};

QTEST_MAIN(TestDataPage)
#include "tst_data_page.moc"
