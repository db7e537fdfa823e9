// SPDX-License-Identifier: GPL-3.0-or-later
#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QObject>
#include <QRegularExpression>
#include <QtTest/qtest.h>

namespace {

const QStringList engineOrder{"core",  "tensor", "kernels",  "autograd",    "spec",     "ops",
                              "nn",    "optim",  "data",     "metrics",     "network",  "interop",
                              "store", "plan",   "training", "conformance", "benchmark"};
const QStringList guiBase{"widgets", "document", "session"};
const QStringList guiFeatures{"canvas",  "palette",  "inspector",  "plots",
                              "profile", "explorer", "datasets",   "runs",
                              "reports", "lessons",  "playground", "formulas"};
const QStringList guiTop{"app", "cli"};
constexpr int longestFile = 600;

/// The folder's height in gui/: what may include what is a matter of height, and features, all of
/// one height, don't include each other.
int guiHeight(const QString &folder)
{
    if (guiBase.contains(folder))
        return static_cast<int>(guiBase.indexOf(folder));
    if (guiFeatures.contains(folder))
        return static_cast<int>(guiBase.size());
    if (guiTop.contains(folder))
        return static_cast<int>(guiBase.size() + 1 + guiTop.indexOf(folder));
    return folder.isEmpty() ? 100 : -1;
}

bool allowed(const QString &from, const QString &to)
{
    const QStringList source = from.split('/');
    const QStringList target = to.split('/');
    if (source[0] == "engine") {
        return target[0] == "engine" && engineOrder.contains(target[1])
                && engineOrder.indexOf(target[1]) <= engineOrder.indexOf(source[1]);
    }
    if (target[0] == "engine")
        return true;
    if (target[0] != "gui")
        return false;
    const QString sourceFolder = source.size() > 2 ? source[1] : QString();
    const int sourceHeight = guiHeight(sourceFolder);
    const int targetHeight = guiHeight(target[1]);
    return target[1] == sourceFolder || (targetHeight >= 0 && targetHeight < sourceHeight);
}

/// Complaints about one file, each naming the line.
QStringList complaints(const QString &path, const QString &text)
{
    static const QRegularExpression include(R"(^\s*#include\s*([<"])([^>"]+)[>"])");
    static const QRegularExpression qtHeader(R"(^(Q[A-Z]\w+|Qt\w+/.*|qcustomplot\.h)$)");
    QStringList out;
    const QStringList lines = text.split('\n');
    if (lines.size() > longestFile + 1)
        out << QString("%1: %2 lines, more than %3")
                        .arg(path)
                        .arg(lines.size() - 1)
                        .arg(longestFile);
    for (qsizetype i = 0; i < lines.size(); ++i) {
        const QRegularExpressionMatch match = include.match(lines[i]);
        if (!match.hasMatch())
            continue;
        const QString target = match.captured(2);
        const QString at = QString("%1:%2 includes %3").arg(path).arg(i + 1).arg(target);
        if (path.startsWith("engine/") && qtHeader.match(target).hasMatch())
            out << at + ": Qt in the engine";
        if (match.captured(1) == "\"" && target.contains('/') && !allowed(path, target))
            out << at + ": points upwards or sideways";
    }
    return out;
}

} // namespace

class TestLayers : public QObject {
    Q_OBJECT
private slots:
    void includesPointOnlyDownwards_data()
    {
        QTest::addColumn<QString>("folder");
        for (const char *half : {"engine", "gui"}) {
            const QDir dir(QString(MARGINALIA_SOURCE_DIR "/") + half);
            for (const QString &folder : dir.entryList(QDir::Dirs | QDir::NoDotAndDotDot))
                QTest::newRow(qPrintable(half + ("/" + folder))) << half + ("/" + folder);
        }
    }
    void includesPointOnlyDownwards()
    {
        QFETCH(QString, folder);
        const QDir root(MARGINALIA_SOURCE_DIR);
        QStringList found;
        QDirIterator files(root.filePath(folder), {"*.h", "*.cpp"}, QDir::Files,
                           QDirIterator::Subdirectories);
        while (files.hasNext()) {
            QFile file(files.next());
            QVERIFY(file.open(QIODevice::ReadOnly));
            found << complaints(root.relativeFilePath(file.fileName()),
                                QString::fromUtf8(file.readAll()));
        }
        QVERIFY2(found.isEmpty(), qPrintable(found.join('\n')));
    }

    void theFoldersAreThoseOfTheMap()
    {
        const QDir engine(MARGINALIA_SOURCE_DIR "/engine");
        for (const QString &folder : engine.entryList(QDir::Dirs | QDir::NoDotAndDotDot))
            QVERIFY2(engineOrder.contains(folder), qPrintable("engine/" + folder));
        const QDir gui(MARGINALIA_SOURCE_DIR "/gui");
        for (const QString &folder : gui.entryList(QDir::Dirs | QDir::NoDotAndDotDot))
            QVERIFY2(guiHeight(folder) >= 0, qPrintable("gui/" + folder));
    }

    void aWrongIncludeIsNoticed_data()
    {
        QTest::addColumn<QString>("path");
        QTest::addColumn<QString>("line");
        QTest::newRow("upwards") << "engine/core/A.h"
                                 << "#include \"engine/nn/Module.h\"";
        QTest::newRow("gui in engine") << "engine/nn/A.h"
                                       << "#include \"gui/app/A.h\"";
        QTest::newRow("Qt in engine") << "engine/nn/A.h"
                                      << "#include <QString>";
        QTest::newRow("feature to feature") << "gui/canvas/A.h"
                                            << "#include \"gui/plots/A.h\"";
        QTest::newRow("document to feature") << "gui/document/A.h"
                                             << "#include \"gui/canvas/A.h\"";
        QTest::newRow("too long") << "engine/nn/A.cpp" << QString("\n").repeated(longestFile + 2);
    }
    void aWrongIncludeIsNoticed()
    {
        QFETCH(QString, path);
        QFETCH(QString, line);
        QCOMPARE(complaints(path, line).size(), 1);
    }
};

QTEST_APPLESS_MAIN(TestLayers)
#include "tst_layers.moc"
