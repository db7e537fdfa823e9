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
                  QStringList{"train", MARGINALIA_SOURCE_DIR "/resources/examples/iris.mrg"}
                          + (arguments.contains("--epochs") ? QStringList()
                                                            : QStringList{"--epochs", "2"})
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

    void aRunGoesOnWhereItEnded()
    {
        const QTemporaryDir straight;
        const QTemporaryDir parts;
        const auto resultIn = [](const QTemporaryDir &folder) {
            QFile file(folder.filePath("result.json"));
            const bool open = file.open(QIODevice::ReadOnly);
            auto json = nlohmann::json::parse(open ? file.readAll().toStdString() : "{}");
            json.erase("seconds");
            return json;
        };
        QCOMPARE(train({"--out", straight.path(), "--epochs", "4"}).code, 0);
        QCOMPARE(train({"--out", parts.path()}).code, 0);
        QVERIFY(resultIn(parts) != resultIn(straight));
        QCOMPARE(train({"--out", parts.path(), "--epochs", "4", "--resume"}).code, 0);
        QVERIFY(resultIn(parts) == resultIn(straight));
        for (const char *name : {"metrics.csv", "weights.safetensors"}) {
            QFile one(straight.filePath(name));
            QFile other(parts.filePath(name));
            QVERIFY(one.open(QIODevice::ReadOnly) && other.open(QIODevice::ReadOnly));
            QVERIFY2(one.readAll() == other.readAll(), name);
        }
        // Of other settings, or of nothing, there is no going on.
        Outcome outcome = train({"--out", parts.path(), "--seed", "5", "--resume"});
        QCOMPARE(outcome.code, 1);
        QVERIFY2(outcome.complaint.contains("another experiment"), outcome.complaint.constData());
        const QTemporaryDir empty;
        outcome = train({"--out", empty.path(), "--resume"});
        QCOMPARE(outcome.code, 1);
        QVERIFY2(outcome.complaint.contains("without runs"), outcome.complaint.constData());
    }

    void trainingOptionsAreObeyedCheckedAndReported()
    {
        const QTemporaryDir folder;
        const QString file = folder.filePath("options.mrg");
        const auto withOptions = [&](const char *options) {
            QFile source(MARGINALIA_SOURCE_DIR "/resources/examples/iris.mrg");
            QFile target(file);
            if (!source.open(QIODevice::ReadOnly) || !target.open(QIODevice::WriteOnly))
                return false;
            auto json = nlohmann::ordered_json::parse(source.readAll().toStdString());
            json["training"]["options"] = nlohmann::ordered_json::parse(options);
            return target.write(QByteArray::fromStdString(json.dump())) > 0;
        };
        const auto run = [&](const QStringList &arguments) {
            QProcess program;
            program.start(qEnvironmentVariable("MARGINALIA_BINARY"), arguments);
            return program.waitForFinished(60000)
                    ? Outcome{program.exitCode(), program.readAllStandardOutput(),
                              program.readAllStandardError()}
                    : Outcome();
        };
        QVERIFY(withOptions(R"({"clip_grad_norm": 0.125, "ema_decay": 0.5})"));
        QCOMPARE(run({"check", file}).code, 0);
        const QString report = folder.filePath("report.html");
        QCOMPARE(run({"train", file, "--epochs", "1", "--report", report}).code, 0);
        QFile html(report);
        QVERIFY(html.open(QIODevice::ReadOnly));
        QVERIFY(html.readAll().contains("clip_grad_norm = 0.125, ema_decay = 0.5"));
        QVERIFY(withOptions(R"({"clip_grad_norm": -1})"));
        for (const char *command : {"check", "train"}) {
            const Outcome outcome = run({command, file});
            QCOMPARE(outcome.code, 1);
            QVERIFY2(outcome.complaint.contains("clip_grad_norm"), outcome.complaint.constData());
        }
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
