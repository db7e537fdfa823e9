// SPDX-License-Identifier: GPL-3.0-or-later
// The package's engine library comes once for each level of x86-64, and the loader picks the best.
#include <QObject>
#include <QProcess>
#include <QRegularExpression>
#include <QtTest/qtest.h>

namespace {
const char *loader = "/lib64/ld-linux-x86-64.so.2";
} // namespace

class TestPackage : public QObject {
    Q_OBJECT
private slots:
    void theLoaderPicksTheLevelThatIsAllowed_data()
    {
        QTest::addColumn<QString>("mask");
        QTest::addColumn<QString>("folder");
        QTest::newRow("x86-64-v2") << "none"
                                   << "lib/marginalia/";
        QTest::newRow("x86-64-v3") << "x86-64-v3"
                                   << "lib/marginalia/glibc-hwcaps/x86-64-v3/";
        QTest::newRow("x86-64-v4") << "x86-64-v4"
                                   << "lib/marginalia/glibc-hwcaps/x86-64-v4/";
    }
    void theLoaderPicksTheLevelThatIsAllowed()
    {
        QFETCH(QString, mask);
        QFETCH(QString, folder);
        QProcess help;
        help.start(loader, {"--help"});
        QVERIFY(help.waitForFinished());
        if (mask != "none"
            && !help.readAllStandardOutput().contains(qPrintable(mask + " (supported")))
            QSKIP("this processor does not run that level");

        QProcess program;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert("LD_DEBUG", "libs");
        program.setProcessEnvironment(environment);
        program.start(loader,
                      {"--glibc-hwcaps-mask", mask, qEnvironmentVariable("MARGINALIA_BINARY"),
                       "modules"});
        QVERIFY(program.waitForFinished());
        QCOMPARE(program.exitCode(), 0);
        QVERIFY(program.readAllStandardOutput().contains("MultiLabelMarginLoss"));
        const QString trace = QString::fromUtf8(program.readAllStandardError());
        const QRegularExpressionMatch loaded
                = QRegularExpression("calling init: (.*)libmarginalia-engine\\.so").match(trace);
        QVERIFY(loaded.hasMatch());
        QVERIFY2(loaded.captured(1).endsWith(folder), qPrintable(loaded.captured(1)));
    }
};

QTEST_APPLESS_MAIN(TestPackage)
#include "tst_package.moc"
