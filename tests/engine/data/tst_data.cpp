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
        const size_t names = split->test->sampleNames.size();
        QVERIFY(names == 0 || names == static_cast<size_t>(test));
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
            const double spread = std::sqrt(train[c] * (1 - train[c])
                                            / static_cast<double>(split.validation->size()));
            QVERIFY2(std::abs(held[c] - train[c]) <= 4 * spread,
                     qPrintable(QString::number(held[c])));
        }
    }

    void aFewRowsHaveOneToValidateOn()
    {
        const Dataset few = load("iris").value().train->subset({0, 1, 2, 3, 4, 5, 6});
        const DataSplit split = splitTable(few, {});
        QCOMPARE(split.validation->size(), 1);
        QCOMPARE(split.train->size() + split.validation->size() + split.test->size(), 7);
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
        const auto path
                = write("a.csv", "size;colour;class\r\n1.5;red;yes\r\n2;\"blue; dark\";no\r\n");
        const Result<CsvPreview> preview = previewCsv(path, {});
        QVERIFY2(preview.ok(), preview.ok() ? "" : preview.error().what());
        QCOMPARE(preview->delimiter, ';');
        QVERIFY(preview->header);
        QVERIFY(preview->columns[0].numeric);
        QVERIFY(!preview->columns[1].numeric);
        QVERIFY(preview->columns[2].suggestedTarget);
        const Result<Dataset> data = readCsv(path, {});
        QCOMPARE(data->featureNames,
                 (std::vector<std::string>{"size", "colour=blue; dark", "colour=red"}));
        QCOMPARE(data->labelNames, (std::vector<std::string>{"no", "yes"}));
        QCOMPARE(data->classes, (std::vector<int64_t>{1, 0}));
    }

    void sparseAndDenseArffRowsAgree()
    {
        const QByteArray head = "@relation x\n@attribute a numeric\n@attribute 'b c' "
                                "{u,v}\n@attribute l {0,1}\n@data\n";
        const Result<Dataset> dense = readArff(write("d.arff", head + "2,v,1\n"), {}, 1);
        const Result<Dataset> sparse = readArff(write("s.arff", head + "{0 2, 1 v, 2 1}\n"), {}, 1);
        QVERIFY2(dense.ok() && sparse.ok(), dense.ok() ? "" : dense.error().what());
        QCOMPARE(dense->inputs.toVector<float>(), sparse->inputs.toVector<float>());
        QCOMPARE(dense->labels, sparse->labels);
        QCOMPARE(dense->featureNames, (std::vector<std::string>{"a", "b c=u", "b c=v"}));
    }

    void whatASparseArffRowLeavesOutIsZeroOrTheFirstValue()
    {
        const QByteArray head
                = "@relation x\n@attribute a numeric\n@attribute b {u,v}\n@attribute c {0,1}\n"
                  "@attribute l {0,1}\n@data\n";
        const Result<Dataset> data
                = readArff(write("s.arff", head + "{}\n{0 1.5, 2 1, 3 1}\n"), {}, 1);
        QVERIFY2(data.ok(), data.ok() ? "" : data.error().what());
        QCOMPARE(data->featureNames, (std::vector<std::string>{"a", "b=u", "b=v", "c"}));
        QCOMPARE(data->inputs.toVector<float>(), (std::vector<float>{0, 1, 0, 0, 1.5, 1, 0, 1}));
        QCOMPARE(data->labels, (std::vector<std::vector<int64_t>>{{}, {0}}));
    }

    void mulanLabelsAreFoundInTheXmlBeside()
    {
        write("m.xml",
              "<labels>\n<label name=\"R&amp;B\"></label>\n<label name='a'/>\n</labels>\n");
        const Result<Dataset> data
                = readArff(write("m.arff",
                                 "@relation m\n@attribute a {0,1}\n@attribute x real\n@attribute "
                                 "'R&B' {0,1}\n@data\n1,2.5,0\n"),
                           {}, 0);
        QVERIFY2(data.ok(), data.ok() ? "" : data.error().what());
        QCOMPARE(data->labelNames, (std::vector<std::string>{"a", "R&B"}));
        QCOMPARE(data->labels, (std::vector<std::vector<int64_t>>{{0}}));
    }

    void aTestTableIsUnderstoodAsTheTrainingTableIs()
    {
        const auto train = write("train.csv", "x,colour,class\n1,red,a\n3,blue,b\n,red,c\n");
        const auto test = write("test.csv", "class,colour,x\nb,green,\nc,red,7\n");
        CsvOptions options;
        options.missing = MissingPolicy::Mean;
        const auto pair = readCsvPair(train, test, options);
        QVERIFY2(pair.ok(), pair.ok() ? "" : pair.error().what());
        const auto &[first, second] = *pair;
        QCOMPARE(first.inputs.toVector<float>(), (std::vector<float>{1, 0, 1, 3, 1, 0, 2, 0, 1}));
        QCOMPARE(second.inputs.toVector<float>(), (std::vector<float>{2, 0, 0, 7, 0, 1}));
        QCOMPARE(second.classes, (std::vector<int64_t>{1, 2}));
        QCOMPARE(second.labelNames, first.labelNames);
        QCOMPARE(second.featureNames, first.featureNames);

        const auto refused = [&](const char *text) {
            const auto result = readCsvPair(train, write("test.csv", text), options);
            return result ? std::string() : result.error().kind + " " + result.error().where;
        };
        QCOMPARE(refused("x,colour,class\n1,red,d\n"), std::string("unknown_class test.csv:2"));
        QCOMPARE(refused("x,class\n1,a\n"), std::string("unknown_column test.csv"));
    }

    void decimalCommasMissingTextsAndRolesAreFollowed()
    {
        const auto path = write("a.csv", "size;zip;note;y\n1,5;10;-;3,25\n-;20;x;1\n2,5;10;;0,5\n");
        CsvOptions options;
        options.missingTexts = {"-"};
        options.missing = MissingPolicy::Mean;
        options.targets = {"y"};
        options.ignored = {"note"};
        options.categories = {"zip"};
        const Result<CsvPreview> preview = previewCsv(path, options);
        QVERIFY(preview->decimalComma);
        QCOMPARE(preview->columns[0].missing, 1);
        QCOMPARE(preview->columns[2].missing, 2);
        const Result<Dataset> data = readCsv(path, options);
        QVERIFY2(data.ok(), data.ok() ? "" : data.error().what());
        QCOMPARE(data->task, Task::Regression);
        QCOMPARE(data->featureNames, (std::vector<std::string>{"size", "zip=10", "zip=20"}));
        QCOMPARE(data->inputs.toVector<float>(),
                 (std::vector<float>{1.5F, 1, 0, 2, 0, 1, 2.5F, 1, 0}));
        QCOMPARE(data->values.toVector<float>(), (std::vector<float>{3.25F, 1, 0.5F}));
        options.missing = MissingPolicy::DropRow;
        QCOMPARE(readCsv(path, options)->size(), 2);
    }

    void columnsWithoutOrWithTheSameNameCanBeToldApart()
    {
        const Result<CsvPreview> preview = previewCsv(write("a.csv", "a,a,b\n1,2,3\n"), {});
        QCOMPARE(preview->columns[1].name, std::string("a (2)"));
        CsvOptions options;
        options.header = true;
        const Result<CsvPreview> unnamed = previewCsv(write("a.csv", "a,,b\n1,2,3\n"), options);
        QCOMPARE(unnamed->columns[1].name, std::string("column2"));
    }

    void latinTextIsReadWhereItIsSaidToBe()
    {
        CsvOptions options;
        options.encoding = TextEncoding::Latin1;
        const Result<Dataset> data = readCsv(write("a.csv",
                                                   "gr\xF6\xDF"
                                                   "e,class\n1,\xE4\n2,b\n"),
                                             options);
        QCOMPARE(data->featureNames[0],
                 std::string("gr\u00F6\u00DF"
                             "e"));
        QCOMPARE(data->labelNames, (std::vector<std::string>{"b", "\u00E4"}));
    }

    void readersTakeTestFilesOfFewerLabelsThanTheTrainingFile()
    {
        const std::string train = write("train.svm", "0,2 1:1 4:2\n1 2:1\n").string();
        const std::string test = write("test.svm", "0 1:1\n").string();
        const Result<DataSplit> split = load("svmlight", {{"path", train}, {"test_path", test}});
        QVERIFY2(split.ok(), split.ok() ? "" : split.error().what());
        QCOMPARE(split->test->classCount(), 3);
        QCOMPARE(split->test->sampleShape(), Shape{4});
        write("test.svm", "0 1:1\n0 5:1\n");
        const Result<DataSplit> wider = load("svmlight", {{"path", train}, {"test_path", test}});
        QVERIFY(!wider);
        QCOMPARE(wider.error().where, std::string("test.svm:2"));
    }

    void pathsAreArgumentsOfTheirOwnType()
    {
        for (const DatasetSpec &spec : fileReaders()) {
            for (const Arg &arg : spec.args) {
                const bool isFile = arg.name == "path" || arg.name.ends_with("_path")
                        || arg.name == "xml" || arg.name.ends_with("images")
                        || (arg.name == "labels" && spec.name == "idx")
                        || arg.name == "test_labels";
                QCOMPARE(arg.type == "path", isFile);
            }
        }
    }
};

QTEST_APPLESS_MAIN(TestData)
#include "tst_data.moc"
