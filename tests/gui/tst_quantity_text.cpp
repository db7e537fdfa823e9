// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/widgets/quantity_text.h"

#include <QObject>
#include <QtTest/qtest.h>

using namespace mrg;

class TestQuantityText : public QObject {
    Q_OBJECT
private slots:
    void timesHaveThreeDigitsInTheUnitThatSuitsThem_data()
    {
        QTest::addColumn<double>("milliseconds");
        QTest::addColumn<QString>("text");
        QTest::newRow("nothing") << 0.0 << "0.00 µs";
        QTest::newRow("one") << 0.001 << "1.00 µs";
        QTest::newRow("tens") << 0.01234 << "12.3 µs";
        QTest::newRow("hundreds") << 0.2346 << "235 µs";
        QTest::newRow("rounded up to a hundred") << 0.09996 << "100 µs";
        QTest::newRow("rounded up to the next unit") << 0.9999 << "1.00 ms";
        QTest::newRow("milliseconds") << 12.34 << "12.3 ms";
        QTest::newRow("seconds") << 2046.0 << "2.05 s";
        QTest::newRow("nearly a second") << 999.7 << "1.00 s";
    }
    void timesHaveThreeDigitsInTheUnitThatSuitsThem()
    {
        QFETCH(double, milliseconds);
        QTEST(durationText(milliseconds), "text");
    }

    void bytesHaveThreeDigitsInTheUnitThatSuitsThem_data()
    {
        QTest::addColumn<qint64>("bytes");
        QTest::addColumn<QString>("text");
        QTest::newRow("nothing") << qint64{0} << "0 B";
        QTest::newRow("bytes") << qint64{1023} << "1023 B";
        QTest::newRow("kibi") << qint64{1536} << "1.50 KiB";
        QTest::newRow("mebi") << qint64{12} * 1024 * 1024 << "12.0 MiB";
        QTest::newRow("nearly a mebi") << qint64{1024} * 1024 - 1 << "1.00 MiB";
        QTest::newRow("gibi") << qint64{5} * 1024 * 1024 * 1024 << "5.00 GiB";
    }
    void bytesHaveThreeDigitsInTheUnitThatSuitsThem()
    {
        QFETCH(qint64, bytes);
        QTEST(bytesText(bytes), "text");
    }

    void countsAndSharesAreReadable()
    {
        QCOMPARE(countText(1234567), QString("1,234,567"));
        QCOMPARE(percentText(0.1234), QString("12.3 %"));
    }
};

QTEST_APPLESS_MAIN(TestQuantityText)
#include "tst_quantity_text.moc"
