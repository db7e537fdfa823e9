// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/Random.h"
#include "engine/network/experiment_file.h"

#include <QDir>
#include <QObject>
#include <QTemporaryDir>
#include <QtTest/qtest.h>

#include <nlohmann/json.hpp>

#include <fstream>
#include <limits>
#include <sstream>

using namespace mrg;
using Json = nlohmann::ordered_json;

namespace {

const char *examples = MARGINALIA_SOURCE_DIR "/resources/examples";

std::string textOf(const QString &path)
{
    std::ifstream file(path.toStdString(), std::ios::binary);
    std::ostringstream out;
    out << file.rdbuf();
    return out.str();
}

/// A small valid file to spoil.
Json valid()
{
    return Json::parse(R"({
        "format": "marginalia-experiment", "version": 2, "title": "t", "notes": "",
        "network": {"nodes": [{"id": 1, "type": "data.moons", "position": [0, 0]},
                              {"id": 2, "type": "nn.Linear", "args": {"in_features": 2}, "position": [9, 0]}],
                    "wires": [["1.input", "2.input"]]},
        "training": {"optimizer": {"name": "SGD", "args": {"lr": 0.1}}, "seed": 3}})");
}

/// `valid` with one place changed; null JSON text removes it.
std::string spoilt(const char *pointer, const char *json)
{
    Json out = valid();
    const Json::json_pointer at{pointer};
    if (std::string(json).empty())
        out[at.parent_pointer()].erase(at.back());
    else
        out[at] = Json::parse(json);
    return out.dump();
}

Experiment everything()
{
    Experiment out;
    out.title = "Ünïcode \"quoted\" \\ \n";
    out.notes = "two\nlines";
    Tensor weight = Tensor::fromVector<float>({0.1F, 2});
    out.network.nodes = {{1, "data.csv", {{"path", "a/b.csv"}}, "", -3.5, 1e6, ""},
                         {7,
                          "nn.Conv2d",
                          {{"kernel_size", ValueList{3, 5}},
                           {"bias", false},
                           {"padding", "same"},
                           {"nothing", Value()}},
                          "first",
                          0.1,
                          0.2,
                          ""},
                         {8, "torch.cat", {{"dim", -1}}, "", 0, 0, ""},
                         {9,
                          "nn.CrossEntropyLoss",
                          {{"weight", weight},
                           {"label_smoothing", 0.1},
                           {"ignore_index", int64_t{-9007199254740993}}},
                          "",
                          0,
                          0,
                          ""}};
    out.network.wires = {{{1, "input"}, {7, "input"}},
                         {{7, "output"}, {8, "tensors", 0}},
                         {{7, "output"}, {8, "tensors", 12}}};
    out.network.nextId = 10;
    out.training = {"AdamW",
                    {{"lr", 1e-3}},
                    "StepLR",
                    {{"step_size", 5}},
                    7,
                    9,
                    std::numeric_limits<uint64_t>::max(),
                    false,
                    true,
                    3};
    return out;
}

std::string summary(const Result<Experiment> &result)
{
    return result ? "no error" : result.error().kind + " at " + result.error().where;
}

} // namespace

class TestExperimentFile : public QObject {
    Q_OBJECT
private slots:
    void everythingSurvives()
    {
        const Experiment before = everything();
        const std::string text = writeExperiment(before);
        const Result<Experiment> after = readExperiment(text);
        QVERIFY2(after.ok(), summary(after).c_str());
        QVERIFY(*after == before);
        QCOMPARE(writeExperiment(*after), text);
    }

    void shippedExamplesAreWrittenBackAsTheyAre_data()
    {
        QTest::addColumn<QString>("path");
        for (const QFileInfo &file : QDir(examples).entryInfoList({"*.mrg"}))
            QTest::newRow(qPrintable(file.fileName())) << file.filePath();
    }
    void shippedExamplesAreWrittenBackAsTheyAre()
    {
        QFETCH(QString, path);
        const Result<Experiment> experiment = loadExperiment(path.toStdString());
        QVERIFY2(experiment.ok(), summary(experiment).c_str());
        QVERIFY(!experiment->network.nodes.empty());
        QCOMPARE(writeExperiment(*experiment), textOf(path));
    }

    void whatIsLeftOutHasItsDefault()
    {
        const Result<Experiment> bare = readExperiment(
                R"({"format": "marginalia-experiment", "version": 1, "network": {"nodes": [], "wires": []}})");
        QVERIFY2(bare.ok(), summary(bare).c_str());
        QVERIFY(*bare == Experiment());
    }

    void aFileOfVersion1TrainsWithoutOptions()
    {
        // As the first build wrote it.
        const char *before = R"({"format": "marginalia-experiment", "version": 1, "title": "",
            "notes": "", "network": {"nodes": [], "wires": []},
            "training": {"optimizer": {"name": "SGD", "args": {"lr": 0.5}}, "batch_size": 8,
                         "epochs": 2, "seed": 7, "shuffle": false, "drop_last": true,
                         "validate_every": 3}})";
        const char *after = R"({
  "format": "marginalia-experiment",
  "version": 2,
  "title": "",
  "notes": "",
  "network": {
    "nodes": [],
    "wires": []
  },
  "training": {
    "optimizer": {
      "name": "SGD",
      "args": {
        "lr": 0.5
      }
    },
    "batch_size": 8,
    "epochs": 2,
    "seed": 7,
    "shuffle": false,
    "drop_last": true,
    "validate_every": 3
  }
}
)";
        const Result<Experiment> experiment = readExperiment(before);
        QVERIFY2(experiment.ok(), summary(experiment).c_str());
        QVERIFY(experiment->training.options.empty());
        QCOMPARE(writeExperiment(*experiment), std::string(after));
    }

    void optionsOfTrainingAreSavedAndReadBack()
    {
        Experiment experiment;
        experiment.training.options = {{"clip_grad_norm", 0.1}, {"ema_decay", 0.999}};
        const std::string text = writeExperiment(experiment);
        QCOMPARE(Json::parse(text)["training"]["options"]["ema_decay"].get<double>(), 0.999);
        QVERIFY(*readExperiment(text) == experiment);
    }

    void newIdsAreNeverOldOnes()
    {
        const Result<Experiment> experiment = readExperiment(spoilt("/network/nodes/1/id", "40"));
        QCOMPARE(experiment->network.nextId, 41);
    }

    void unknownNodesAreKeptAndSavedBackUnchanged()
    {
        const Json node = Json::parse(R"({
            "id": 5, "type": "nn.FromTheFuture", "title": "what",
            "args": {"known": 1, "strange": {"a": [1, {"b": null}]}, "list": [[1, 2], "x"]},
            "position": [1.5, -2.0], "colour": "red", "extra": {"deep": [1]}})");
        Json file = valid();
        file["network"]["nodes"].push_back(node);
        const Result<Experiment> experiment = readExperiment(file.dump());
        QVERIFY2(experiment.ok(), summary(experiment).c_str());
        QVERIFY(*readExperiment(writeExperiment(*experiment)) == *experiment);
        const Json back = Json::parse(writeExperiment(*experiment));
        QVERIFY2(nlohmann::json(back["network"]["nodes"][2]) == nlohmann::json(node),
                 back["network"]["nodes"][2].dump().c_str());
    }

    void aNewerVersionIsRefusedWithTheVersionItNeeds_data()
    {
        QTest::addColumn<QString>("version");
        for (const char *version : {"3", "99", "2147483649", "4294967297", "18446744073709551615"})
            QTest::newRow(version) << version;
    }
    void aNewerVersionIsRefusedWithTheVersionItNeeds()
    {
        QFETCH(QString, version);
        const Result<Experiment> result = readExperiment(spoilt("/version", qPrintable(version)));
        QCOMPARE(summary(result), std::string("newer_version at /version"));
        QVERIFY(result.error().got.find(version.toStdString()) != std::string::npos);
        QVERIFY(!result.error().fix.empty());
    }

    void whatIsWrongIsNamedWithItsPlace_data()
    {
        QTest::addColumn<QString>("pointer");
        QTest::addColumn<QString>("json");
        QTest::addColumn<QString>("error");
        const auto row = [](const char *pointer, const char *json, const char *where = nullptr,
                            const char *kind = "malformed_experiment") {
            QTest::addRow("%s %s", pointer, json)
                    << pointer << json << QString("%1 at %2").arg(kind, where ? where : pointer);
        };
        row("/format", "\"other\"", nullptr, "not_an_experiment");
        row("/format", "", nullptr, "not_an_experiment");
        row("/version", "");
        row("/version", "0");
        row("/version", "-1");
        row("/version", "1.5");
        row("/version", "\"1\"");
        row("/title", "7");
        row("/network", "", "");
        row("/network", "[]");
        row("/network/nodes", "{}");
        row("/network/nodes", "", "/network");
        row("/network/wires", "null");
        row("/network/nodes/0", "3");
        row("/network/nodes/0/id", "", "/network/nodes/0");
        row("/network/nodes/0/id", "0");
        row("/network/nodes/0/id", "-4");
        row("/network/nodes/1/id", "1");
        row("/network/nodes/1/id", "1.5");
        row("/network/nodes/1/id", "9223372036854775807");
        row("/network/nodes/1/type", "", "/network/nodes/1");
        row("/network/nodes/1/type", "3");
        row("/network/nodes/1/title", "3");
        row("/network/nodes/1/args", "[]");
        row("/network/nodes/1/position", "[1]");
        row("/network/nodes/1/position", "[1, \"x\"]");
        row("/network/wires/0", "[\"1.input\"]");
        row("/network/wires/0/0", "\"input\"");
        row("/network/wires/0/0", "\".input\"");
        row("/network/wires/0/1", "\"2.\"");
        row("/network/wires/0/1", "\"-2.input\"");
        row("/network/wires/0/1", "\"2.input.x\"");
        row("/network/wires/0/1", "\"2.input.\"");
        row("/network/wires/0/1", "\"99999999999999999999.input\"");
        row("/network/wires/0/1", "7");
        row("/training", "[]");
        row("/training/optimizer", "\"SGD\"");
        row("/training/optimizer/name", "", "/training/optimizer");
        row("/training/optimizer/args/lr", "{\"a\": 1}");
        row("/training/optimizer/args/a~1b~0c", "{\"a\": 1}");
        row("/training/batch_size", "0");
        row("/training/batch_size", "18446744073709551615");
        row("/training/epochs", "\"many\"");
        row("/training/validate_every", "-1");
        row("/training/seed", "-1");
        row("/training/seed", "1.5");
        row("/training/shuffle", "1");
    }
    void whatIsWrongIsNamedWithItsPlace()
    {
        QFETCH(QString, pointer);
        QFETCH(QString, json);
        QFETCH(QString, error);
        const Result<Experiment> result
                = readExperiment(spoilt(qPrintable(pointer), qPrintable(json)));
        QCOMPARE(QString::fromStdString(summary(result)), error);
        QCOMPARE(result.error().category, ErrorCategory::File);
    }

    void textThatIsNoJsonIsNamedWithLineAndColumn_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("where");
        QTest::newRow("empty") << ""
                               << "line 1, column 1";
        QTest::newRow("wrong letter") << "{\"a\": ?}"
                                      << "line 1, column 7";
        QTest::newRow("second line") << "{\"a\": 1,\n  \"b\" 2}"
                                     << "line 2, column 7";
        QTest::newRow("cut off") << "{\n \"a\": 1"
                                 << "line 2, column 8";
        QTest::newRow("cut off at a line's end") << "{\n \"a\": 1\n"
                                                 << "line 3, column 1";
        QTest::newRow("two") << "{} {}"
                             << "line 1, column 4";
        QTest::newRow("a line's end in a text") << "[\n\"a\n\"]"
                                                << "line 2, column 3";
    }
    void textThatIsNoJsonIsNamedWithLineAndColumn()
    {
        QFETCH(QString, text);
        QFETCH(QString, where);
        QCOMPARE(QString::fromStdString(summary(readExperiment(text.toStdString()))),
                 "malformed_json at " + where);
    }

    void otherJsonIsNoExperiment()
    {
        for (const char *text : {"null", "[]", "3", "\"marginalia-experiment\"", "{}"})
            QCOMPARE(readExperiment(text).error().kind, std::string("not_an_experiment"));
    }

    void aFileCutOffAnywhereIsRefused()
    {
        const std::string text = textOf(QString(examples) + "/moons.mrg");
        QVERIFY(readExperiment(text).ok());
        for (size_t length = 0; length + 2 < text.size(); ++length)
            QVERIFY(!readExperiment(text.substr(0, length)));
    }

    void spoiltBytesNeverBreakTheReader()
    {
        const std::string text = writeExperiment(everything());
        RandomStream random(1);
        const std::string bytes = "{}[]\",:0-9eE.\\ntrue\xff\x01";
        for (int round = 0; round < 5000; ++round) {
            std::string other = text;
            for (int64_t changes = 1 + random.below(3); changes > 0; --changes) {
                const auto at
                        = static_cast<size_t>(random.below(static_cast<int64_t>(other.size())));
                other[at] = bytes[static_cast<size_t>(
                        random.below(static_cast<int64_t>(bytes.size())))];
            }
            const Result<Experiment> result = readExperiment(other);
            if (result)
                QVERIFY(readExperiment(writeExperiment(*result)).ok());
        }
    }

    void positionsThatAreNoNumbersDoNotSpoilTheFile()
    {
        Experiment experiment = everything();
        experiment.network.nodes[0].x = std::numeric_limits<double>::quiet_NaN();
        experiment.network.nodes[0].y = std::numeric_limits<double>::infinity();
        const Result<Experiment> back = readExperiment(writeExperiment(experiment));
        QVERIFY2(back.ok(), summary(back).c_str());
        QCOMPARE(back->network.nodes[0].x, 0.0);
    }

    void filesAreSavedWholeOrNotAtAll()
    {
        const QTemporaryDir dir;
        const std::filesystem::path path = dir.filePath("a.mrg").toStdString();
        QVERIFY(saveExperiment(path, everything()).ok());
        QVERIFY(*loadExperiment(path) == everything());
        QVERIFY(saveExperiment(path, Experiment()).ok());
        QVERIFY(*loadExperiment(path) == Experiment());
        QCOMPARE(QDir(dir.path()).entryList(QDir::Files), QStringList{"a.mrg"});
        // A folder of that name is in the way: the file beside must not stay.
        QVERIFY(QDir(dir.path()).mkpath("b.mrg/full"));
        QCOMPARE(saveExperiment(dir.filePath("b.mrg").toStdString(), Experiment()).error().kind,
                 std::string("cannot_write"));
        QCOMPARE(QDir(dir.path()).entryList(QDir::Files), QStringList{"a.mrg"});
        QCOMPARE(saveExperiment(dir.filePath("no/such/folder.mrg").toStdString(), {}).error().kind,
                 std::string("cannot_write"));
    }

    void whatCannotBeReadIsSaidSo()
    {
        const QTemporaryDir dir;
        for (const QString &path : {dir.path(), dir.filePath("none.mrg")}) {
            const Result<Experiment> result = loadExperiment(path.toStdString());
            QCOMPARE(result.error().kind, std::string("cannot_read"));
            QVERIFY(result.error().where.find(path.toStdString()) != std::string::npos);
        }
    }
};

QTEST_APPLESS_MAIN(TestExperimentFile)
#include "tst_experiment_file.moc"
