// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/spec/Arg.h"
#include "engine/spec/value_json.h"

#include <QObject>
#include <QtTest/qtest.h>

#include <nlohmann/json.hpp>

#include <cmath>

using namespace mrg;
using Json = nlohmann::ordered_json;

namespace {

enum class Mode { Slow, Fast };

struct Options {
    int64_t count = 3;
    double rate = 0.5;
    IntOrList sizes = 2;
    std::optional<double> limit;
    std::variant<IntOrList, Mode> either = IntOrList(1);
    Mode mode = Mode::Slow;
    Tensor weight;
};

} // namespace

template <> struct mrg::EnumTexts<Mode> {
    static constexpr std::array texts{std::pair{Mode::Slow, "slow"}, std::pair{Mode::Fast, "fast"}};
};

class TestArguments : public QObject {
    Q_OBJECT

    const std::vector<Arg> args{arg("count", &Options::count, "How many.", atLeast(1)),
                                arg("rate", &Options::rate, "How fast.", between(0, 1)),
                                arg("sizes", &Options::sizes, "How large.", above(0)),
                                arg("limit", &Options::limit, "Where to end.", atLeast(0)),
                                arg("either", &Options::either, "Sizes or a mode."),
                                arg("mode", &Options::mode, "How."),
                                arg("weight", &Options::weight, "How much.")};

    Result<Options> make(const Arguments &values) const
    {
        return makeOptions<Options>(args, values, "Thing");
    }

private slots:
    void defaultsAreTheStructsOwn()
    {
        QVERIFY(args[0].defaultValue == Value(3));
        QVERIFY(args[3].defaultValue.isNull());
        QVERIFY(args[5].defaultValue == Value("slow"));
        QCOMPARE(args[4].type, std::string("int or tuple or string"));
        QCOMPARE(args[3].type, std::string("float or null"));
    }

    void legalValuesArrive()
    {
        const Result<Options> options = make({{"count", 4.0},
                                              {"rate", 1},
                                              {"sizes", ValueList{1, 2}},
                                              {"limit", "inf"},
                                              {"either", "fast"},
                                              {"mode", "fast"},
                                              {"weight", ValueList{0.5, 2}}});
        QVERIFY2(options.ok(), options.ok() ? "" : options.error().what());
        QCOMPARE(options->count, 4);
        QCOMPARE(options->rate, 1.0);
        QCOMPARE(options->sizes.values, (std::vector<int64_t>{1, 2}));
        QVERIFY(std::isinf(*options->limit));
        QVERIFY(std::get<Mode>(options->either) == Mode::Fast);
        QVERIFY(options->mode == Mode::Fast);
        QCOMPARE(options->weight.shape(), Shape{2});
    }

    void illegalValuesAreRefusedWithTheArgumentsName_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("json");
        QTest::newRow("below the least") << "count"
                                         << "0";
        QTest::newRow("half a number") << "count"
                                       << "1.5";
        QTest::newRow("text for a number") << "count"
                                           << "\"three\"";
        QTest::newRow("bool for a number") << "count"
                                           << "true";
        QTest::newRow("null where nothing is no choice") << "count"
                                                         << "null";
        QTest::newRow("beyond 64 bits") << "count"
                                        << "1e30";
        QTest::newRow("beyond the range") << "rate"
                                          << "1.01";
        QTest::newRow("nan as text") << "rate"
                                     << "\"nan\"";
        QTest::newRow("infinity as text") << "rate"
                                          << "\"inf\"";
        QTest::newRow("negative infinity as text") << "limit"
                                                   << "\"-inf\"";
        QTest::newRow("one of a list") << "sizes"
                                       << "[1, 0]";
        QTest::newRow("a list in a list") << "sizes"
                                          << "[[1]]";
        QTest::newRow("no choice") << "mode"
                                   << "\"medium\"";
        QTest::newRow("neither") << "either"
                                 << "\"medium\"";
        QTest::newRow("a list of texts for a tensor") << "weight"
                                                      << "[\"a\"]";
    }
    void illegalValuesAreRefusedWithTheArgumentsName()
    {
        QFETCH(QString, name);
        QFETCH(QString, json);
        const Value value = *valueFromJson(Json::parse(json.toStdString()));
        const Result<Options> options = make({{name.toStdString(), value}});
        QVERIFY(!options);
        QCOMPARE(options.error().kind, std::string("wrong_argument"));
        QVERIFY2(options.error().where.find(name.toStdString()) != std::string::npos,
                 options.error().where.c_str());
        QVERIFY(!options.error().got.empty());
        QVERIFY(!options.error().wanted.empty());
    }

    void anUnknownNameGetsTheNearestOneOffered()
    {
        const Result<Options> options = make({{"weigth", 1}});
        QVERIFY(!options);
        QCOMPARE(options.error().kind, std::string("unknown_argument"));
        QCOMPARE(options.error().fix, std::string("did you mean 'weight'?"));
    }

    void defaultsAreLeftOutOfFiles()
    {
        const Arguments kept
                = withoutDefaults(args, {{"count", 3}, {"rate", 0.25}, {"unknown", 1}});
        QCOMPARE(kept.size(), size_t{2});
        QVERIFY(kept.contains("rate") && kept.contains("unknown"));
    }

    void valuesSurviveJson_data()
    {
        QTest::addColumn<QString>("json");
        for (const char *json : {"null", "true", "-7", "9007199254740993", "0.1", "1e-300", "1.0",
                                 "\"x\"", "[]", "[1, 2.5, null, [\"a\"]]",
                                 R"({"dtype": "float64", "shape": [2], "data": [0.1, "inf"]})",
                                 R"({"dtype": "float32", "shape": [1, 2], "data": [0.5, "-inf"]})",
                                 R"({"dtype": "int64", "shape": [], "data": [9007199254740993]})",
                                 R"({"dtype": "int32", "shape": [0, 3], "data": []})",
                                 R"({"dtype": "bool", "shape": [2], "data": [true, false]})"})
            QTest::newRow(json) << json;
    }
    void valuesSurviveJson()
    {
        QFETCH(QString, json);
        const Result<Value> value = valueFromJson(Json::parse(json.toStdString()));
        QVERIFY2(value.ok(), value.ok() ? "" : value.error().what());
        const Result<Value> back = valueFromJson(Json::parse(toJson(*value).dump()));
        QVERIFY(back.ok());
        QVERIFY(*back == *value);
        QCOMPARE(back->data().index(), value->data().index());
    }

    void whatIsNoValueIsRefused_data()
    {
        QTest::addColumn<QString>("json");
        QTest::addColumn<QString>("kind");
        QTest::newRow("an object") << R"({"a": 1})"
                                   << "not_a_value";
        QTest::newRow("an object in a list") << R"([1, {"a": 1}])"
                                             << "not_a_value";
        QTest::newRow("a tower of lists")
                << QString("[").repeated(9000) + QString("]").repeated(9000) << "not_a_value";
        QTest::newRow("unknown type") << R"({"dtype": "float8", "shape": [], "data": [1]})"
                                      << "unknown_dtype";
        QTest::newRow("no data") << R"({"dtype": "int64", "shape": []})"
                                 << "malformed_tensor";
        QTest::newRow("too few") << R"({"dtype": "int64", "shape": [2], "data": [1]})"
                                 << "malformed_tensor";
        QTest::newRow("negative size") << R"({"dtype": "int64", "shape": [-1], "data": []})"
                                       << "malformed_tensor";
        QTest::newRow("product beyond 64 bits")
                << R"({"dtype": "int64", "shape": [4294967296, 4294967296], "data": []})"
                << "malformed_tensor";
        QTest::newRow("a text in the data") << R"({"dtype": "int64", "shape": [1], "data": ["x"]})"
                                            << "malformed_tensor";
        QTest::newRow("a list in the data") << R"({"dtype": "int64", "shape": [1], "data": [[1]]})"
                                            << "malformed_tensor";
    }
    void whatIsNoValueIsRefused()
    {
        QFETCH(QString, json);
        QFETCH(QString, kind);
        const Result<Value> value = valueFromJson(Json::parse(json.toStdString()));
        QVERIFY(!value);
        QCOMPARE(QString::fromStdString(value.error().kind), kind);
    }
};

QTEST_APPLESS_MAIN(TestArguments)
#include "tst_arguments.moc"
