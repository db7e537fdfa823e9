// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/Random.h"
#include "engine/interop/safetensors.h"

#include <QDir>
#include <QObject>
#include <QTemporaryDir>
#include <QtTest/qtest.h>

#include <cmath>
#include <cstring>
#include <fstream>

using namespace mrg;

namespace {

using Bytes = std::vector<std::byte>;

Bytes bytesOf(const std::string &text)
{
    Bytes out(text.size());
    std::memcpy(out.data(), text.data(), text.size());
    return out;
}

/// A file with this header and so many bytes of data; `length` other than the header's is written
/// as it is.
Bytes fileOf(const std::string &header, size_t data, std::optional<uint64_t> length = {})
{
    std::string text(8, '\0');
    const uint64_t written = length.value_or(header.size());
    for (size_t i = 0; i < 8; ++i)
        text[i] = static_cast<char>(written >> (8 * i));
    return bytesOf(text + header + std::string(data, '\1'));
}

std::string entry(const char *dtype, const char *shape, const char *offsets)
{
    return std::string(R"({"a": {"dtype": )") + dtype + R"(, "shape": )" + shape
            + R"(, "data_offsets": )" + offsets + "}}";
}

TensorFile everyType()
{
    TensorFile out;
    out.tensors
            = {{"half.weight", Tensor::fromVector<float>({0.1F, -0.0F, INFINITY, 1e-40F}, {2, 2})},
               {"running", Tensor::fromVector<double>({0.1, NAN})},
               {"numbers", Tensor::fromVector<int64_t>({1, -9007199254740993}, {2, 1})},
               {"small", Tensor::fromVector<int32_t>({-1})},
               {"flags", Tensor::fromVector<bool>({true, false, true})},
               {"one", Tensor::scalar(3)},
               {"none", Tensor::zeros({0, 4})}};
    out.metadata = {{"format", "pt"}, {"note", "Ünïcode \"quoted\""}};
    return out;
}

std::string kindOf(const Bytes &bytes)
{
    const Result<TensorFile> file = readSafetensors(bytes);
    return file ? "no error" : file.error().kind;
}

} // namespace

class TestSafetensors : public QObject {
    Q_OBJECT
private slots:
    void everyTypeSurvivesBitByBit()
    {
        const TensorFile before = everyType();
        const TensorFile after = readSafetensors(writeSafetensors(before)).value();
        QVERIFY(after.metadata == before.metadata);
        QCOMPARE(after.tensors.size(), before.tensors.size());
        for (size_t i = 0; i < before.tensors.size(); ++i) {
            QCOMPARE(after.tensors[i].first, before.tensors[i].first);
            const Tensor &wanted = before.tensors[i].second;
            const Tensor &got = after.tensors[i].second;
            QCOMPARE(got.dtype(), wanted.dtype());
            QCOMPARE(got.shape(), wanted.shape());
            const auto bytes = static_cast<size_t>(wanted.numel() * dtypeSize(wanted.dtype()));
            QVERIFY(bytes == 0 || std::memcmp(got.rawData(), wanted.rawData(), bytes) == 0);
        }
    }

    void viewsAreWrittenElementByElement()
    {
        const Tensor turned = Tensor::fromVector<float>({1, 2, 3, 4, 5, 6}, {2, 3})
                                      .asStrided({3, 2}, {1, 3}, 0);
        const TensorFile file = readSafetensors(writeSafetensors({{{"a", turned}}, {}})).value();
        QCOMPARE(file.tensors.at(0).second.toVector<float>(),
                 (std::vector<float>{1, 4, 2, 5, 3, 6}));
    }

    void theBytesAreThoseOfTheFormat()
    {
        const Bytes bytes = writeSafetensors({{{"a", Tensor::fromVector<int32_t>({258, -1})}}, {}});
        const std::string header = R"({"a":{"dtype":"I32","shape":[2],"data_offsets":[0,8]}})";
        QCOMPARE(static_cast<size_t>(bytes[0]) % 8, size_t{0});
        QVERIFY(static_cast<size_t>(bytes[0]) >= header.size());
        QCOMPARE(std::memcmp(bytes.data() + 8, header.data(), header.size()), 0);
        const Bytes data(bytes.end() - 8, bytes.end());
        QVERIFY(data == bytesOf(std::string("\x02\x01\0\0\xff\xff\xff\xff", 8)));
    }

    void filesOfOthersAreRead()
    {
        // Not padded, in another order than the memory, with a space in front.
        const std::string header = R"( {"b":{"dtype":"I64","shape":[1],"data_offsets":[2,10]},)"
                                   R"("a":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}})";
        const TensorFile file = readSafetensors(fileOf(header, 10)).value();
        QCOMPARE(file.tensors.at(0).first, std::string("b"));
        QCOMPARE(file.tensors.at(0).second.toVector<int64_t>().at(0), 0x0101010101010101);
        QVERIFY(readSafetensors(fileOf("{}", 0)).value().tensors.empty());
    }

    void malformedFilesAreRefused_data()
    {
        QTest::addColumn<QByteArray>("header");
        QTest::addColumn<int>("data");
        QTest::addColumn<qulonglong>("length");
        const auto row = [](const char *name, const std::string &header, int data = 8,
                            qulonglong length = 0) {
            QTest::newRow(name) << QByteArray::fromStdString(header) << data << length;
        };
        const std::string good = entry("\"F32\"", "[2]", "[0, 8]");
        row("header cut off", good, 0, 200);
        row("a header of all there is", good, 8, ~qulonglong{0});
        row("a huge header", good, 8, qulonglong{1} << 40);
        row("a length that wraps round", good, 8, ~qulonglong{0} - 7);
        row("a header of nothing", good, 8, 1);
        row("no JSON", "{\"a\": ");
        row("a number too large for JSON", R"({"a": 1e999})");
        row("a list", "[]", 0);
        row("binary", "\xff\xfe\x00\x01");
        row("a tower of lists", std::string(100000, '['), 0);
        row("the same name twice",
            R"({"a": {"dtype": "BOOL", "shape": [8], "data_offsets": [0, 8]},)"
            R"( "a": {"dtype": "BOOL", "shape": [8], "data_offsets": [0, 8]}})");
        row("an entry that is none", R"({"a": 3})");
        row("nothing in it", R"({"a": {}})");
        row("metadata that are a text", R"({"__metadata__": "x"})", 0);
        row("metadata that are a list", R"({"__metadata__": ["x"]})", 0);
        row("metadata with numbers", R"({"__metadata__": {"x": 1}})", 0);
        row("unknown type", entry("\"F8\"", "[8]", "[0, 8]"));
        row("half floats", entry("\"F16\"", "[4]", "[0, 8]"));
        row("a type of another case", entry("\"f32\"", "[2]", "[0, 8]"));
        row("a type that is a number", entry("32", "[2]", "[0, 8]"));
        row("another size of type", entry("\"F64\"", "[2]", "[0, 8]"));
        row("a negative size", entry("\"F32\"", "[-2]", "[0, 8]"));
        row("half a size", entry("\"F32\"", "[2.0]", "[0, 8]"));
        row("a size in words", entry("\"F32\"", "[\"2\"]", "[0, 8]"));
        row("a shape that is a number", entry("\"F32\"", "2", "[0, 8]"));
        row("a shape that is an object", entry("\"F32\"", "{\"x\": 2}", "[0, 8]"));
        row("more elements than bytes", entry("\"F32\"", "[3]", "[0, 8]"));
        row("sizes that wrap round to nothing", entry("\"F32\"", "[4611686018427387904]", "[0, 0]"),
            0);
        row("a size that is negative in 64 bits",
            entry("\"F32\"", "[9223372036854775808]", "[0, 0]"), 0);
        row("a product that wraps round", entry("\"BOOL\"", "[4294967296, 4294967297]", "[0, 8]"));
        row("nothing times too much", entry("\"BOOL\"", "[0, 9223372036854775808]", "[0, 0]"), 0);
        row("negative offsets", entry("\"F32\"", "[2]", "[-8, 0]"));
        row("offsets the wrong way round", entry("\"F32\"", "[2]", "[8, 0]"));
        row("offsets out of the file", entry("\"F32\"", "[2]", "[8, 16]"));
        row("offsets that wrap round", entry("\"F32\"", "[2]", "[18446744073709551608, 0]"));
        row("one offset", entry("\"F32\"", "[2]", "[0]"));
        row("offsets in words", entry("\"F32\"", "[2]", "[\"0\", 8]"));
        row("a hole", entry("\"F32\"", "[1]", "[4, 8]"));
        row("bytes that nobody has", good, 12);
        row("an overlap",
            R"({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},)"
            R"( "b": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}})");
        row("the same bytes twice",
            R"({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},)"
            R"( "b": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}})");
        row("a hole between",
            R"({"a": {"dtype": "BOOL", "shape": [2], "data_offsets": [0, 2]},)"
            R"( "b": {"dtype": "BOOL", "shape": [2], "data_offsets": [6, 8]}})");
    }
    void malformedFilesAreRefused()
    {
        QFETCH(QByteArray, header);
        QFETCH(int, data);
        QFETCH(qulonglong, length);
        const Bytes bytes = fileOf(header.toStdString(), static_cast<size_t>(data),
                                   length ? std::optional<uint64_t>(length) : std::nullopt);
        const Result<TensorFile> file = readSafetensors(bytes);
        QVERIFY(!file);
        QCOMPARE(file.error().kind, std::string("malformed_safetensors"));
        QCOMPARE(file.error().category, ErrorCategory::File);
        QVERIFY(!file.error().got.empty());
    }

    void aFileCutOffAnywhereIsRefused()
    {
        const Bytes whole = writeSafetensors(everyType());
        for (size_t length = 0; length < whole.size(); ++length)
            QCOMPARE(kindOf(Bytes(whole.begin(),
                                  whole.begin() + static_cast<std::ptrdiff_t>(length))),
                     std::string("malformed_safetensors"));
        Bytes longer = whole;
        longer.push_back(std::byte{0});
        QCOMPARE(kindOf(longer), std::string("malformed_safetensors"));
    }

    void spoiltBytesNeverBreakTheReader()
    {
        const Bytes whole = writeSafetensors(everyType());
        RandomStream random(1);
        for (int round = 0; round < 20000; ++round) {
            Bytes other = whole;
            for (int64_t changes = 1 + random.below(4); changes > 0; --changes)
                other[static_cast<size_t>(random.below(static_cast<int64_t>(other.size())))]
                        = static_cast<std::byte>(random.below(4) ? "0129[]{},\""[random.below(10)]
                                                                 : random.below(256));
            const std::string kind = kindOf(other);
            QVERIFY(kind == "no error" || kind == "malformed_safetensors");
        }
    }

    void namesThatAreNoTextDoNotBreakTheWriter()
    {
        const Bytes bytes = writeSafetensors({{{"\xff\xfe", Tensor::ones({1})}}, {{"a", "\xff"}}});
        QCOMPARE(kindOf(bytes), std::string("no error"));
    }

    void filesAreSavedWholeOrNotAtAll()
    {
        const QTemporaryDir dir;
        const std::filesystem::path path = dir.filePath("a.safetensors").toStdString();
        QVERIFY(saveSafetensors(path, everyType()).ok());
        QCOMPARE(loadSafetensors(path)->tensors.size(), size_t{7});
        QVERIFY(QDir(dir.path()).mkpath("b/full"));
        QCOMPARE(saveSafetensors(dir.filePath("b").toStdString(), everyType()).error().kind,
                 std::string("cannot_write"));
        const Result<void> nowhere
                = saveSafetensors(dir.filePath("no/such/folder").toStdString(), everyType());
        QCOMPARE(nowhere.error().kind, std::string("cannot_write"));
        QVERIFY(!nowhere.error().got.empty());
        QCOMPARE(QDir(dir.path()).entryList(QDir::Files), QStringList{"a.safetensors"});
    }

    void whatCannotBeReadIsSaidSo()
    {
        const QTemporaryDir dir;
        for (const QString &path : {dir.path(), dir.filePath("none")}) {
            const Result<TensorFile> file = loadSafetensors(path.toStdString());
            QCOMPARE(file.error().kind, std::string("cannot_read"));
        }
        std::ofstream(dir.filePath("short").toStdString()) << "abc";
        const Result<TensorFile> file = loadSafetensors(dir.filePath("short").toStdString());
        QCOMPARE(file.error().kind, std::string("malformed_safetensors"));
        QVERIFY(file.error().where.find("short") != std::string::npos);
    }
};

QTEST_APPLESS_MAIN(TestSafetensors)
#include "tst_safetensors.moc"
