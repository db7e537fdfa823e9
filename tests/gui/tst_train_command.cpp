// SPDX-License-Identifier: GPL-3.0-or-later
// `marginalia train` as a user calls it: the program itself, its files and its exit code.
#include <QDir>
#include <QFile>
#include <QObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QtTest/qtest.h>
#include <nlohmann/json.hpp>

namespace {

struct Outcome {
    int code = -1;
    QByteArray output;
    QByteArray complaint;
};

Outcome train(const QStringList &arguments)
{
    QProcess program;
    program.start(qEnvironmentVariable("MARGINALIA_BINARY"),
                  QStringList{"train", MARGINALIA_SOURCE_DIR "/resources/examples/iris.mrg",
                              "--epochs", "2"}
                          + arguments);
    if (!program.waitForFinished(60000))
        return {};
    return {program.exitCode(), program.readAllStandardOutput(), program.readAllStandardError()};
}

} // namespace

class TestTrainCommand : public QObject {
    Q_OBJECT
private slots:
    void theFiguresAreNamedAsPromised()
    {
        const Outcome outcome = train({"--json", "--seed", "3"});
        QCOMPARE(outcome.code, 0);
        const auto json = nlohmann::json::parse(outcome.output.toStdString());
        QCOMPARE(json.at("seed").get<int>(), 3);
        QCOMPARE(json.at("epochs").get<int>(), 2);
        QVERIFY(json.at("test").at("accuracy").get<double>() > 0);
    }

    void aFolderGetsAllThatWasLearnt()
    {
        const QTemporaryDir folder;
        QCOMPARE(train({"--out", folder.path(), "--report", folder.filePath("report.html")}).code,
                 0);
        for (const char *name : {"experiment.mrg", "weights.safetensors", "metrics.csv",
                                 "result.json", "report.html", "runs.sqlite"})
            QVERIFY2(QFile(folder.filePath(name)).size() > 0, name);
        QVERIFY(QDir(folder.path()).entryList({"*.part"}).isEmpty());
    }

    void theFiguresAreToldWhereAFileCannotBeWritten()
    {
        const QTemporaryDir folder;
        // A folder in the place of a file: no write succeeds, not even the administrator's.
        QVERIFY(QDir(folder.path()).mkpath("metrics.csv/taken"));
        const Outcome outcome = train({"--out", folder.path()});
        QCOMPARE(outcome.code, 1);
        QVERIFY2(outcome.complaint.contains("metrics.csv"), outcome.complaint.constData());
        QVERIFY2(outcome.output.contains("accuracy"), outcome.output.constData());
        QVERIFY(QFile(folder.filePath("weights.safetensors")).size() > 0);
        QVERIFY(QFile(folder.filePath("result.json")).size() > 0);
    }

    void aFileThatIsNoExperimentIsNamed()
    {
        QProcess program;
        program.start(qEnvironmentVariable("MARGINALIA_BINARY"),
                      {"train", MARGINALIA_SOURCE_DIR "/README.md"});
        QVERIFY(program.waitForFinished(60000));
        QCOMPARE(program.exitCode(), 1);
        QVERIFY(program.readAllStandardError().contains("README.md > line 1"));
    }
};

QTEST_APPLESS_MAIN(TestTrainCommand)
#include "tst_train_command.moc"
