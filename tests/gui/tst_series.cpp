// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/plots/SeriesGraph.h"
#include "gui/session/Series.h"

#include <QTest>
#include <qcustomplot.h>

#include <cmath>

using namespace mrg;

class TestSeries : public QObject {
    Q_OBJECT
private slots:
    void fewPointsStandAsTheyAre()
    {
        Series series;
        for (int i = 0; i < Series::capacity - 1; ++i)
            series.append(i, i / 10.0, i * 0.5);
        QCOMPARE(series.size(), Series::capacity - 1);
        QCOMPARE(series.generation(), 0);
        QCOMPARE(series.values().back(), (Series::capacity - 2) * 0.5);
        QCOMPARE(series.means(), series.values());
    }

    void aLongRunStaysSmallAndLosesNothingThatStandsOut()
    {
        constexpr int count = 3000000;
        constexpr int spike = 1234567;
        constexpr int dip = 2000001;
        Series series;
        for (int i = 0; i < count; ++i)
            series.append(i, i / 100.0,
                          i == spike             ? 1000
                                  : i == dip     ? -1000
                                  : i % 777 == 0 ? std::nan("")
                                                 : std::sin(i * 0.01));
        QVERIFY(series.size() <= Series::capacity);
        QVERIFY(series.size() >= Series::capacity / 4);
        QVERIFY(series.generation() > 0);
        const qsizetype at = series.values().indexOf(1000.0);
        QVERIFY(at >= 0);
        QCOMPARE(series.steps()[at], double(spike));
        QCOMPARE(series.epochs()[at], spike / 100.0);
        QVERIFY(series.values().contains(-1000.0));
        QVERIFY(std::is_sorted(series.steps().begin(), series.steps().end()));
        // Only what has not yet made a stretch is missing at the end.
        QVERIFY(count - series.steps().back() <= 2 * series.stride());
        // Means stay those of all values, not of extremes.
        double sum = 0;
        for (double mean : series.means())
            sum += mean;
        QVERIFY(std::abs(sum / series.size()) < 0.01);
    }

    void aGraphFollowsThroughThinning()
    {
        QCustomPlot plot;
        SeriesGraph raw(plot.addGraph());
        SeriesGraph smooth(plot.addGraph());
        Series series;
        for (int i = 0; i < 5 * Series::capacity; ++i) {
            series.append(i, i, 3);
            if (i % 100 == 0) {
                raw.follow(series);
                smooth.followSmoothed(series, 0.9);
            }
        }
        raw.follow(series);
        smooth.followSmoothed(series, 0.9);
        QCOMPARE(raw.graph()->data()->size(), static_cast<int>(series.size()));
        // Debiased: a constant stays what it is, from the first point on.
        for (const QCPGraphData &point : *smooth.graph()->data())
            QVERIFY(std::abs(point.value - 3) < 1e-12);
        series = Series();
        raw.follow(series);
        QCOMPARE(raw.graph()->data()->size(), 0);
    }
};

QTEST_MAIN(TestSeries)
#include "tst_series.moc"
