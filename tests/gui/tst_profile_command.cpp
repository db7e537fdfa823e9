// SPDX-License-Identifier: GPL-3.0-or-later
// `marginalia profile` as a user calls it: the program itself, its output and its exit code.
#include <QObject>
#include <QProcess>
#include <QRegularExpression>
#include <QtTest/qtest.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace {

struct Outcome {
    int code = -1;
    QByteArray output;
    QByteArray complaint;
};

Outcome profile(const QStringList &arguments)
{
    QProcess program;
    program.start(qEnvironmentVariable("MARGINALIA_BINARY"), QStringList{"profile"} + arguments);
    if (!program.waitForFinished(60000))
        return {};
    return {program.exitCode(), program.readAllStandardOutput(), program.readAllStandardError()};
}

const QString iris = MARGINALIA_SOURCE_DIR "/resources/examples/iris.mrg";

} // namespace

class TestProfileCommand : public QObject {
    Q_OBJECT
private slots:
    void theFiguresAreThoseOfEveryNode()
    {
        const Outcome outcome = profile({iris, "--json", "--steps", "5", "--threads", "2"});
        QCOMPARE(outcome.code, 0);
        const auto json = nlohmann::json::parse(outcome.output.toStdString());
        QCOMPARE(json.at("steps").get<int>(), 5);
        QCOMPARE(json.at("threads").get<int>(), 2);
        const auto &step = json.at("step");
        double parts = 0;
        for (const char *part : {"data_ms", "forward_ms", "backward_ms", "optimizer_ms"}) {
            QVERIFY2(step.at(part).get<double>() > 0, part);
            parts += step.at(part).get<double>();
        }
        QVERIFY(std::abs(parts - step.at("total_ms").get<double>()) < 1e-9);
        double shares = 0;
        int64_t parameters = 0;
        for (const auto &node : json.at("nodes")) {
            QCOMPARE(node.at("calls").get<int>(), 1);
            QVERIFY(node.at("forward_ms").get<double>() > 0);
            shares += node.at("share").get<double>();
            parameters += node.at("parameters").get<int64_t>();
        }
        QVERIFY(std::abs(shares - 1) < 1e-9);
        QVERIFY(parameters > 0);
        QCOMPARE(step.at("parameters").get<int64_t>(), parameters);
        QCOMPARE(json.at("nodes").front().at("type").get<std::string>().substr(0, 5),
                 std::string("data."));
    }

    void theTableHasALineForEveryNodeAndOneForTheStep()
    {
        const Outcome outcome = profile({iris, "--steps", "3"});
        QCOMPARE(outcome.code, 0);
        const QString text = QString::fromUtf8(outcome.output);
        for (const char *word : {"CrossEntropyLoss", "Linear", "µs", "3 steps"})
            QVERIFY2(text.contains(word), qPrintable(text));
        QVERIFY2(text.contains(QRegularExpression("^step [0-9.]+ (µs|ms): data",
                                                  QRegularExpression::MultilineOption)),
                 qPrintable(text));
    }

    void whatCannotBeMeasuredIsToldWithTheReason()
    {
        Outcome outcome = profile({MARGINALIA_SOURCE_DIR "/README.md"});
        QCOMPARE(outcome.code, 1);
        QVERIFY2(outcome.complaint.contains("README.md > line 1"), outcome.complaint.constData());
        outcome = profile({iris, "--steps", "0"});
        QVERIFY(outcome.code != 0);
        QVERIFY2(outcome.complaint.contains("--steps"), outcome.complaint.constData());
    }
};

QTEST_APPLESS_MAIN(TestProfileCommand)
#include "tst_profile_command.moc"
