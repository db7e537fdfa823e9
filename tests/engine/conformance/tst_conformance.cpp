// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/conformance/conformance.h"
#include "engine/nn/families.h"

#include <QDir>
#include <QObject>
#include <QtTest/qtest.h>

#include <nlohmann/json.hpp>

#include <fstream>

using namespace mrg;
using Json = nlohmann::ordered_json;

namespace {
const char *goldenFolder = MARGINALIA_SOURCE_DIR "/tests/conformance/golden";
/// Cases of the same kind, computed by PyTorch 1.13, which the golden ones leave out: other types,
/// nothing to work on, numbers that are not finite.
const char *edgesFolder = MARGINALIA_SOURCE_DIR "/tests/conformance/edges";

Json firstCase(const char *file)
{
    std::ifstream stream(std::string(goldenFolder) + "/" + file);
    return Json::parse(stream).at("cases").at(0);
}
} // namespace

class TestConformance : public QObject {
    Q_OBJECT

    Registry registry = standardRegistry();
    std::vector<OptimizerSpec> optimizers = optimizerSpecs();
    std::vector<SchedulerSpec> schedulers = schedulerSpecs();
    ConformanceSubject subject{registry, optimizers, schedulers};

private slots:
    void declaredNamesGiveWhatPyTorchGives_data()
    {
        QTest::addColumn<QString>("folder");
        QTest::addColumn<QString>("file");
        for (const QString &folder : {QString(goldenFolder), QString(edgesFolder)}) {
            for (const QString &file : QDir(folder).entryList({"*.json"}))
                QTest::addRow("%s/%s", qPrintable(QDir(folder).dirName()), qPrintable(file))
                        << folder << file;
        }
    }
    void declaredNamesGiveWhatPyTorchGives()
    {
        QFETCH(QString, folder);
        QFETCH(QString, file);
        const Result<ConformanceReport> report
                = runConformance(subject, folder.toStdString(), {true, file.toStdString()});
        QVERIFY2(report.ok(), report.ok() ? "" : report.error().what());
        QString failures;
        for (const CaseResult &result : report->cases) {
            if (!result.passed)
                failures += QString::fromStdString(result.name + ": " + result.message + "\n");
        }
        QVERIFY2(failures.isEmpty(), qPrintable(failures));
        QVERIFY(!report->cases.empty());
        // A file must be run whole: nothing may be left out unnoticed.
        QCOMPARE(report->leftOut, 0);
    }

    void aWrongValueGradientOrShapeIsNoticed()
    {
        bool undeclared = false;
        const Json good = firstCase("nn.Linear.json");
        QCOMPARE(runCase(subject, good, undeclared), std::string());
        Json value = good;
        value["outputs"][0]["data"][3] = 17.0;
        QVERIFY(runCase(subject, value, undeclared).find("output 0[3]") != std::string::npos);
        Json gradient = good;
        gradient["grads"]["state.weight"]["data"][0] = 17.0;
        QVERIFY(runCase(subject, gradient, undeclared).find("state.weight") != std::string::npos);
        Json shape = good;
        shape["outputs"][0]["shape"] = {5, 3};
        QVERIFY(runCase(subject, shape, undeclared).find("shape") != std::string::npos);
        Json error = good;
        error["error"] = true;
        error["error_kind"] = "shape";
        QVERIFY(runCase(subject, error, undeclared).find("no error") != std::string::npos);
    }

    void anUndeclaredTargetFailsUnlessLeftOut()
    {
        bool undeclared = false;
        QVERIFY(!runCase(subject, {{"target", "nn.NoSuchThing"}, {"args", Json::object()}},
                         undeclared)
                         .empty());
        QVERIFY(undeclared);
    }

    void aFolderThatIsNotThereIsAnError() { QVERIFY(!runConformance(subject, "/no/such/folder")); }
};

QTEST_APPLESS_MAIN(TestConformance)
#include "tst_conformance.moc"
