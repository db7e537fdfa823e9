// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/recognise.h"

#include <QDir>
#include <QFile>
#include <QObject>
#include <QTemporaryDir>
#include <QtTest/qtest.h>

using namespace mrg;

class TestRecognise : public QObject {
    Q_OBJECT
private slots:
    void filesAreKnownByContentAndName_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QStringList>("others");
        QTest::addColumn<QByteArray>("expected"); ///< reader, then arguments as name=file
        const QByteArray idx("\0\0\x08\x03", 4);
        const auto row = [](const char *name, const QByteArray &content, const QStringList &others,
                            const QByteArray &expected) {
            QTest::newRow(name) << content << others << expected;
        };
        row("a.csv", "a,b\n1,2\n", {}, "csv path=a.csv");
        row("train.csv", "a,b\n1,2\n", {"test.csv"}, "csv path=train.csv test_path=test.csv");
        row("a.txt", "# c\n\n1,2 3:4 5:6.5\n", {}, "svmlight path=a.txt");
        row("numbers.txt", "1 2 3\n", {}, "csv path=numbers.txt");
        row("times.csv", "12:30 13:30\n", {}, "csv path=times.csv");
        row("words.csv", "at 12:30\n", {}, "csv path=words.csv");
        row("a.svm", "1 qid:3 1:2\n", {}, "svmlight path=a.svm");
        row("a.arff", "% c\n@RELATION x\n", {"a.xml"}, "arff path=a.arff");
        row("a-train.arff", "@relation x\n", {"a.xml", "a-test.arff"},
            "arff path=a-train.arff test_path=a-test.arff xml=a.xml");
        row("noname", "@relation x\n", {}, "arff path=noname");
        row("train-images-idx3-ubyte", idx, {"train-labels-idx1-ubyte"},
            "idx images=train-images-idx3-ubyte labels=train-labels-idx1-ubyte");
        row("train-labels-idx2-ubyte.gz", idx,
            {"train-images-idx3-ubyte.gz", "test-images-idx3-ubyte.gz",
             "test-labels-idx2-ubyte.gz"},
            "idx images=train-images-idx3-ubyte.gz labels=train-labels-idx2-ubyte.gz"
            " test_images=test-images-idx3-ubyte.gz test_labels=test-labels-idx2-ubyte.gz");
        row("images.bin", idx, {}, "labels_not_found");
        row("empty.csv", {}, {}, "empty_file");
    }
    void filesAreKnownByContentAndName()
    {
        QFETCH(QByteArray, content);
        QFETCH(QStringList, others);
        QFETCH(QByteArray, expected);
        const QTemporaryDir folder;
        const auto write = [&](const QString &name, const QByteArray &bytes) {
            QFile file(folder.filePath(name));
            return file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size();
        };
        for (const QString &other : others)
            QVERIFY(write(other, "x"));
        const QString name = QTest::currentDataTag();
        QVERIFY(write(name, content));
        const Result<RecognisedFile> file = recogniseFile(folder.filePath(name).toStdString());
        QByteArray found = file ? QByteArray::fromStdString(file->reader)
                                : QByteArray::fromStdString(file.error().kind);
        if (file) {
            for (const auto &[arg, value] : file->args)
                found += " " + QByteArray::fromStdString(arg) + "="
                        + QByteArray::fromStdString(*value.as<std::string>())
                                  .mid(folder.path().size() + 1);
        }
        QCOMPARE(found, expected);
    }
};

QTEST_APPLESS_MAIN(TestRecognise)
#include "tst_recognise.moc"
