// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/DatasetSpec.h"
#include "engine/data/csv.h"
#include "engine/data/formats.h"
#include "engine/data/text.h"

#include <QFile>
#include <QObject>
#include <QTemporaryDir>
#include <QtTest/qtest.h>

#include <cmath>

using namespace mrg;

class TestData : public QObject {
    Q_OBJECT

    QTemporaryDir m_dir;

    std::filesystem::path write(const char *name, const QByteArray &content)
    {
        const QString path = m_dir.filePath(name);
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size())
            qFatal("can't write the test file");
        return path.toStdString();
    }

    static Result<DataSplit> load(const std::string &name, const Arguments &args = {})
    {
        for (const DatasetSpec &spec : datasetSpecs()) {
            if (spec.name == name)
                return spec.load(args, {});
        }
        return Error(ErrorCategory::Value, "unknown", name);
    }

private slots:
    void shippedSetsHaveTheirPublishedSizes_data()
    {
        QTest::addColumn<int>("train");
        QTest::addColumn<int>("test");
        QTest::addColumn<int>("classes");
        QTest::addColumn<QString>("sample");
        QTest::addColumn<double>("cardinality");
        QTest::newRow("debtags") << 3848 << 1318 << 30 << "[1000]" << 2.97;
        QTest::newRow("yeast") << 1500 << 917 << 14 << "[103]" << 4.23;
        QTest::newRow("mdi_icons") << 3357 << 799 << 28 << "[1, 24, 24]" << 1.47;
        QTest::newRow("fashion_mnist") << 6000 << 1000 << 10 << "[1, 28, 28]" << 1.0;
        QTest::newRow("iris") << 119 << 31 << 3 << "[4]" << 1.0;
        QTest::newRow("wine") << 142 << 36 << 3 << "[13]" << 1.0;
        QTest::newRow("breast_cancer") << 454 << 115 << 2 << "[30]" << 1.0;
        QTest::newRow("digits") << 1436 << 361 << 10 << "[64]" << 1.0;
        QTest::newRow("diabetes") << 354 << 88 << 1 << "[10]" << 0.0;
    }
    void shippedSetsHaveTheirPublishedSizes()
    {
        QFETCH(int, train);
        QFETCH(int, test);
        QFETCH(int, classes);
        QFETCH(QString, sample);
        QFETCH(double, cardinality);
        const Result<DataSplit> split = load(QTest::currentDataTag());
        QVERIFY2(split.ok(), split.ok() ? "" : split.error().what());
        QCOMPARE(split->train->size() + split->validation->size(), train);
        QCOMPARE(split->test->size(), test);
        QCOMPARE(split->train->classCount(), classes);
        QCOMPARE(QString::fromStdString(toString(split->train->sampleShape())), sample);
        double labels = 0;
        for (const Dataset *part : {split->train.get(), split->validation.get()}) {
            for (int64_t i = 0; i < part->size(); ++i)
                labels += static_cast<double>(part->labelsOf(i).size());
        }
        QVERIFY(std::abs(labels / train - cardinality) < 0.01);
    }

    void validationDataHaveTheClassesOfTheTrainingData_data()
    {
        QTest::addColumn<QString>("name");
        for (const auto &family : {shippedDatasets(), toyGenerators()}) {
            for (const DatasetSpec &spec : family)
                QTest::newRow(spec.name.c_str()) << QString::fromStdString(spec.name);
        }
    }
    void validationDataHaveTheClassesOfTheTrainingData()
    {
        QFETCH(QString, name);
        const DataSplit split = load(name.toStdString()).value();
        const auto shares = [](const Dataset &part) {
            std::vector<double> out(static_cast<size_t>(part.classCount()), 0);
            for (int64_t i = 0; i < part.size(); ++i) {
                for (int64_t label : part.labelsOf(i))
                    out[static_cast<size_t>(label)] += 1.0 / static_cast<double>(part.size());
            }
            return out;
        };
        const std::vector<double> train = shares(*split.train);
        const std::vector<double> held = shares(*split.validation);
        // Four deviations of a fair draw.
        for (size_t c = 0; c < train.size(); ++c) {
            const double spread = std::sqrt(train[c] * (1 - train[c]) / static_cast<double>(split.validation->size()));
            QVERIFY2(std::abs(held[c] - train[c]) <= 4 * spread, qPrintable(QString::number(held[c])));
        }
    }

    // Points of DATASETS.md, made with n = 1000 and seed 1.
    void generatorsGiveThePublishedPoints_data()
    {
        QTest::addColumn<double>("x");
        QTest::addColumn<double>("y");
        QTest::addColumn<QList<qint64>>("labels");
        QTest::newRow("moons") << -0.044825088 << 0.948228909 << QList<qint64>{0};
        QTest::newRow("circles") << -0.783602910 << -0.430123157 << QList<qint64>{0};
        QTest::newRow("spirals") << -0.508510911 << -0.256699104 << QList<qint64>{0};
        QTest::newRow("xor") << 0.133123150 << 0.491563515 << QList<qint64>{0};
        QTest::newRow("gaussians") << 0.988006437 << -0.452412987 << QList<qint64>{0};
        QTest::newRow("ml_discs") << 0.133123150 << 0.491563515 << QList<qint64>{0, 1};
        QTest::newRow("ml_xor") << 0.133123150 << 0.491563515 << QList<qint64>{0, 1, 3};
        QTest::newRow("ml_bands") << 0.133123150 << 0.491563515 << QList<qint64>{2, 3};
    }
    void generatorsGiveThePublishedPoints()
    {
        QFETCH(double, x);
        QFETCH(double, y);
        QFETCH(QList<qint64>, labels);
        const Result<DataSplit> split = load(QTest::currentDataTag(), {{"samples", 1000}});
        QVERIFY(split.ok());
        const float *first = split->train->inputs.data<float>();
        QVERIFY(std::abs(first[0] - x) < 1e-6);
        QVERIFY(std::abs(first[1] - y) < 1e-6);
        const std::vector<int64_t> own = split->train->labelsOf(0);
        QCOMPARE(QList<qint64>(own.begin(), own.end()), labels);
    }

    void labelsAreWrittenInEveryFormThatFits()
    {
        const Result<DataSplit> iris = load("iris");
        QCOMPARE(iris->train->target(TargetForm::ClassIndex)->dtype(), DType::Int64);
        QCOMPARE(iris->train->target(TargetForm::MultiHot)->shape().back(), 3);
        const Result<DataSplit> tags = load("debtags");
        const Tensor lists = *tags->train->target(TargetForm::LabelIndices);
        QCOMPARE(lists.shape().back(), 30);
        const Result<Tensor> wrong = tags->train->target(TargetForm::ClassIndex);
        QVERIFY(!wrong);
        QCOMPARE(wrong.error().kind, std::string("target_form_not_possible"));
        QVERIFY(!load("diabetes")->train->target(TargetForm::LabelIndices));
    }

    void csvFindsDelimiterHeaderAndTypes()
    {
        const auto path = write("a.csv", "size;colour;class\r\n1.5;red;yes\r\n2;\"blue; dark\";no\r\n");
        const Result<CsvPreview> preview = previewCsv(path, {});
        QVERIFY2(preview.ok(), preview.ok() ? "" : preview.error().what());
        QCOMPARE(preview->delimiter, ';');
        QVERIFY(preview->header);
        QVERIFY(preview->columns[0].numeric);
        QVERIFY(!preview->columns[1].numeric);
        QVERIFY(preview->columns[2].suggestedTarget);
        const Result<Dataset> data = readCsv(path, {});
        QCOMPARE(data->featureNames, (std::vector<std::string>{"size", "colour=blue; dark", "colour=red"}));
        QCOMPARE(data->labelNames, (std::vector<std::string>{"no", "yes"}));
        QCOMPARE(data->classes, (std::vector<int64_t>{1, 0}));
    }

    void malformedFilesNamePlaceAndFix_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QString>("kind");
        QTest::addColumn<QString>("where");
        QTest::newRow("a.csv empty") << QByteArray() << "empty_file" << "a.csv";
        QTest::newRow("a.csv header") << QByteArray("a,class\n") << "empty_file" << "a.csv";
        QTest::newRow("a.csv ragged") << QByteArray("a,class\n1,x\n1,2,3\n") << "ragged_row" << "a.csv:3";
        QTest::newRow("a.csv missing") << QByteArray("a,class\n1,x\n,y\n") << "missing_value" << "a.csv:3";
        QTest::newRow("a.csv infinite") << QByteArray("a,class\n1,x\ninf,y\n") << "not_finite" << "a.csv:3";
        QTest::newRow("a.csv target") << QByteArray("a,b\n1,2\n") << "no_target" << "a.csv";
        QTest::newRow("a.csv binary") << QByteArray("a\0b", 3) << "not_a_text_file" << "a.csv:1";
        QTest::newRow("a.csv label") << QByteArray("a,label:x\n1,2\n") << "not_a_number" << "a.csv:2";
        QTest::newRow("a.csv quote") << QByteArray("a,class\n\"1,x\n") << "open_quote" << "a.csv:2";
        QTest::newRow("a.svm pair") << QByteArray("1 1:2\n0 x\n") << "malformed_line" << "a.svm:2";
        QTest::newRow("a.svm index") << QByteArray("1 0:2\n") << "malformed_line" << "a.svm:1";
        QTest::newRow("a.svm nan") << QByteArray("1 1:nan\n") << "malformed_line" << "a.svm:1";
        QTest::newRow("a.svm label") << QByteArray("-1 1:2\n") << "malformed_line" << "a.svm:1";
        QTest::newRow("a.arff none") << QByteArray("@relation x\n@data\n") << "empty_file" << "a.arff";
        QTest::newRow("a.arff value")
                << QByteArray("@relation 'x: -C 1'\n@attribute l {0,1}\n@attribute a numeric\n@data\n1,q\n")
                << "malformed_line" << "a.arff:5";
        QTest::newRow("a.arff unknown")
                << QByteArray("@relation x\n@attribute a numeric\n@data\n1\n") << "unknown_label" << "a.arff";
        QTest::newRow("a.idx magic") << QByteArray("hello") << "not_an_idx_file" << "a.idx";
        QTest::newRow("a.idx short") << QByteArray("\0\0\x08\x01\0\0\0\x05" "xy", 10) << "truncated_file" << "a.idx";
        QTest::newRow("a.idx gzip") << QByteArray("\x1f\x8b\x08\0\0\0\0\0\0\x03\x01\x02", 12)
                                    << "truncated_gzip" << "a.idx";
    }
    void malformedFilesNamePlaceAndFix()
    {
        QFETCH(QByteArray, content);
        QFETCH(QString, kind);
        QFETCH(QString, where);
        const QByteArray name = QByteArray(QTest::currentDataTag()).split(' ')[0];
        const auto path = write(name, content);
        std::optional<Error> error;
        const auto keep = [&](auto result) {
            if (!result)
                error = result.error();
        };
        if (name.endsWith("csv"))
            keep(readCsv(path, {}));
        else if (name.endsWith("svm"))
            keep(readSvmlight(path, 0, 0));
        else if (name.endsWith("arff"))
            keep(readArff(path, {}, 0));
        else
            keep(readIdx(path));
        QVERIFY(error.has_value());
        QCOMPARE(QString::fromStdString(error->kind), kind);
        QVERIFY2(error->where.find(where.toStdString()) != std::string::npos, error->what());
    }

    void noCutOrFlippedByteCrashesAReader()
    {
        const QByteArray csv = "a,b,class\n1,2,x\n3,\"4\",y\n";
        const QByteArray svm = "0,1 1:0.5 2:1\n1 2:3\n";
        const QByteArray arff = "@relation 'x: -C -1'\n@attribute a numeric\n@attribute l {0,1}\n@data\n1,0\n{0 2,1 1}\n";
        QVERIFY(readArff(write("ok.arff", arff), {}, 0).ok());
        for (const QByteArray &valid : {csv, svm, arff}) {
            for (int cut = 0; cut < valid.size(); ++cut) {
                QByteArray flipped = valid;
                flipped[cut] = static_cast<char>(flipped[cut] ^ 0x15);
                for (const QByteArray &bad : {valid.left(cut), flipped}) {
                    const auto path = write("fuzz", bad);
                    (void)readCsv(path, {});
                    (void)readSvmlight(path, 0, 0);
                    (void)readArff(path, {}, 0);
                    (void)readIdx(path);
                }
            }
        }
    }

    void sparseAndDenseArffRowsAgree()
    {
        const QByteArray head = "@relation x\n@attribute a numeric\n@attribute 'b c' {u,v}\n@attribute l {0,1}\n@data\n";
        const Result<Dataset> dense = readArff(write("d.arff", head + "2,v,1\n"), {}, 1);
        const Result<Dataset> sparse = readArff(write("s.arff", head + "{0 2, 1 v, 2 1}\n"), {}, 1);
        QVERIFY2(dense.ok() && sparse.ok(), dense.ok() ? "" : dense.error().what());
        QCOMPARE(dense->inputs.toVector<float>(), sparse->inputs.toVector<float>());
        QCOMPARE(dense->labels, sparse->labels);
        QCOMPARE(dense->featureNames, (std::vector<std::string>{"a", "b c=u", "b c=v"}));
    }
};

QTEST_APPLESS_MAIN(TestData)
#include "tst_data.moc"
