// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/network/experiment_file.h"
#include "engine/store/RunStore.h"
#include "engine/training/Session.h"
#include "gui/app/examples.h"
#include "gui/app/run_report.h"
#include "gui/plots/CurveChart.h"
#include "gui/widgets/Theme.h"

#include <QApplication>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>

#include <cmath>

using namespace mrg;

class TestReport : public QObject {
    Q_OBJECT
    Vocabulary m_vocabulary = standardVocabulary();
    QTemporaryDir m_folder;
    std::unique_ptr<RunStore> m_store;
    int64_t m_run = 0;

    /// Trains a ready experiment for three epochs and stores the run.
    void train(const QString &title)
    {
        Experiment experiment;
        for (const ReadyExperiment &example : readyExperiments()) {
            if (example.title() == title)
                experiment = example.experiment;
        }
        QVERIFY(!experiment.network.nodes.empty());
        experiment.training.epochs = 3;
        const NetworkNode &source = experiment.network.nodes.front();
        const Result<DataSplit> data
                = m_vocabulary.dataset(source.type.substr(5))->load(source.args, {});
        QVERIFY(data);
        Result<std::unique_ptr<RunStore>> store
                = RunStore::open(m_folder.filePath(title + ".sqlite").toStdString());
        QVERIFY(store);
        m_store = std::move(*store);
        auto session = Session::create(experiment, *data, m_vocabulary,
                                       {.store = m_store.get(), .published = {}});
        QVERIFY(session);
        (*session)->post({Command::Kind::SetOptimizerOption, "lr", Value(0.002)});
        (*session)->post({Command::Kind::Run, {}, {}});
        m_run = (*session)->join().runId;
    }

private slots:
    void initTestCase() { useOwnFont(*qApp); }

    void aReportHoldsAllThatARunWasMadeOf_data()
    {
        QTest::addColumn<QStringList>("sections");
        const QStringList always{"About",
                                 "Network",
                                 "Final metrics",
                                 "Loss",
                                 "Missed labels over time",
                                 "Margin violations per class",
                                 "Pairwise violations",
                                 "Per class",
                                 "Data",
                                 "Label frequency",
                                 "Nodes",
                                 "Settings",
                                 "Definitions",
                                 "Versions",
                                 "Experiment file"};
        QTest::newRow("Debian tags") << always;
        QTest::newRow("Iris") << always + QStringList{"Confusion"};
    }
    void aReportHoldsAllThatARunWasMadeOf()
    {
        QFETCH(QStringList, sections);
        train(QTest::currentDataTag());
        const Result<Report> report = reportOfRun(*m_store, m_run, m_vocabulary);
        QVERIFY(report);
        QStringList found;
        int pictures = 0;
        for (const ReportSection &section : report->sections) {
            found << section.title;
            pictures += bool(section.picture);
        }
        for (const QString &section : sections)
            QVERIFY2(found.contains(section), qPrintable(section));
        const QString html = QString::fromUtf8(reportHtml(*report));
        QCOMPARE(html.count("<svg"), pictures);
        QVERIFY(pictures >= 6);
        // The network is drawn with its nodes' names and the shapes that flow.
        const qsizetype network = html.indexOf("<h2>Network");
        const QString picture = html.mid(network, html.indexOf("</svg>", network) - network);
        QVERIFY(picture.contains(">Linear<") && picture.contains("N × "));
        // Nothing is fetched from elsewhere, and pictures are vectors.
        static const QRegularExpression fetched("(src|href)=\"(?!#)");
        QVERIFY(!html.contains(fetched));
        QVERIFY(!html.contains("<image"));
    }

    void aProfileThatWasMeasuredHasATable()
    {
        if (!m_store)
            train("Iris");
        const Result<Experiment> experiment = readExperiment(*m_store->experiment(m_run));
        NetworkProfile profile;
        profile.forwardMs = 1.5;
        profile.nodes.push_back({.node = experiment->network.nodes.back().id,
                                 .calls = 1,
                                 .forwardMs = 1.25,
                                 .share = 0.5,
                                 .parameters = 1234});
        const auto sectionOf = [&](const NetworkProfile *measured) -> std::optional<ReportSection> {
            const Result<Report> report
                    = reportOfRun(*m_store, m_run, m_vocabulary, {}, std::nullopt, measured);
            for (const ReportSection &section : report->sections) {
                if (section.title == "Profile")
                    return section;
            }
            return std::nullopt;
        };
        QVERIFY(!sectionOf(nullptr));
        const std::optional<ReportSection> section = sectionOf(&profile);
        QVERIFY(section);
        for (const char *text : {"1.25 ms", "50.0 %", "1,234"})
            QVERIFY2(section->html.contains(text), qPrintable(section->html));
        QVERIFY(section->caption.contains("1.50 ms"));
    }

    void aReportIsMadeAndWrittenOnAnotherThread_data()
    {
        QTest::addColumn<QByteArray>("begin");
        QTest::newRow("html") << QByteArray("<!DOCTYPE html>");
        QTest::newRow("pdf") << QByteArray("%PDF-");
    }
    void aReportIsMadeAndWrittenOnAnotherThread()
    {
        QFETCH(QByteArray, begin);
        if (!m_store)
            train("Iris");
        const QString path = m_folder.filePath(QString("report.") + QTest::currentDataTag());
        QString problem = "not run";
        const std::unique_ptr<QThread> thread(QThread::create([&] {
            const Result<Report> report = reportOfRun(*m_store, m_run, m_vocabulary);
            const Result<void> written
                    = report ? writeReport(*report, path) : Result<void>(report.error());
            problem = written ? QString() : QString::fromStdString(written.error().text());
        }));
        thread->start();
        QVERIFY(thread->wait(60000));
        QCOMPARE(problem, QString());
        QFile file(path);
        QVERIFY(file.open(QIODevice::ReadOnly));
        QVERIFY(file.read(16).startsWith(begin));
        QVERIFY(file.size() > 20000);
    }

    void aNameOfNoKnownEndingIsRefused()
    {
        const Result<void> written = writeReport({}, m_folder.filePath("report.doc"));
        QVERIFY(!written);
        QCOMPARE(written.error().kind, std::string("unknown_report_format"));
    }

    void aThinnedCurveKeepsWhatStandsOut()
    {
        QVector<double> x, y;
        for (int i = 0; i < 100000; ++i) {
            x.append(i);
            y.append(i == 31234 ? 50 : i == 77001 ? std::nan("") : std::sin(i));
        }
        const QVector<QPointF> points = thinned(x, y, 0, 99999, 500);
        QVERIFY(points.size() <= 1000);
        QVERIFY(points.contains(QPointF(31234, 50)));
        QVERIFY(std::is_sorted(points.begin(), points.end(),
                               [](QPointF a, QPointF b) { return a.x() < b.x(); }));
        for (const QPointF &point : points)
            QVERIFY(std::isfinite(point.y()));
        QCOMPARE(thinned({0, 1, 2}, {3, std::nan(""), 5}, 0, 2, 500),
                 (QVector<QPointF>{{0, 3}, {2, 5}}));
    }

    void ticksAreRoundNumbers_data()
    {
        QTest::addColumn<double>("from");
        QTest::addColumn<double>("to");
        QTest::addColumn<QVector<double>>("ticks");
        QTest::newRow("0..1") << 0.0 << 1.0 << QVector<double>{0, 0.25, 0.5, 0.75, 1};
        QTest::newRow("0..15") << 0.0 << 15.0 << QVector<double>{0, 5, 10, 15};
        QTest::newRow("-1..1") << -1.0 << 1.0 << QVector<double>{-1, -0.5, 0, 0.5, 1};
        QTest::newRow("nothing") << 2.0 << 2.0 << QVector<double>{};
    }
    void ticksAreRoundNumbers()
    {
        QFETCH(double, from);
        QFETCH(double, to);
        QFETCH(QVector<double>, ticks);
        QCOMPARE(roundTicks(from, to, 4), ticks);
    }
};

QTEST_MAIN(TestReport)
#include "tst_report.moc"
