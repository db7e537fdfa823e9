// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/DatasetSpec.h"
#include "engine/data/csv.h"
#include "engine/data/formats.h"
#include "engine/data/text.h"

#include <QFile>
#include <QObject>
#include <QTemporaryDir>
#include <QtTest/qtest.h>

#include <zlib.h>

using namespace mrg;

namespace {

QByteArray bigEndian(uint32_t value)
{
    QByteArray out;
    for (int shift = 24; shift >= 0; shift -= 8)
        out += static_cast<char>(value >> shift & 0xFF);
    return out;
}

QByteArray idx(const std::vector<uint32_t> &shape, const QByteArray &elements)
{
    QByteArray out("\0\0\x08", 3);
    out += static_cast<char>(shape.size());
    for (uint32_t size : shape)
        out += bigEndian(size);
    return out + elements;
}

QByteArray gzip(const QByteArray &plain)
{
    QByteArray out(plain.size() + 1000, 0);
    z_stream stream{};
    constexpr int gzipForm = 15 + 16;
    deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, gzipForm, 8, Z_DEFAULT_STRATEGY);
    stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(plain.data()));
    stream.avail_in = static_cast<uInt>(plain.size());
    stream.next_out = reinterpret_cast<Bytef *>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(static_cast<qsizetype>(stream.total_out));
    deflateEnd(&stream);
    return out;
}

const QByteArray arffHead = "@relation 'x: -C 1'\n@attribute l {0,1}\n@attribute a numeric\n";
const QByteArray twoImages = idx({2, 1, 2}, QByteArray("\x00\x10\x20\x30", 4));

} // namespace

class TestMalformedFiles : public QObject {
    Q_OBJECT

    QTemporaryDir m_dir;

    std::filesystem::path write(const QByteArray &name, const QByteArray &content)
    {
        const QString path = m_dir.filePath(name);
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size())
            qFatal("can't write the test file");
        return path.toStdString();
    }

    /// What reading a file as the kind that its name tells says.
    static std::optional<Error> readError(const std::filesystem::path &path)
    {
        const auto errorOf = [](const auto &result) {
            return result ? std::nullopt : std::optional<Error>(result.error());
        };
        const std::string kind = path.extension().string();
        if (kind == ".csv")
            return errorOf(readCsv(path, {}));
        if (kind == ".svm")
            return errorOf(readSvmlight(path, 0, 0));
        if (kind == ".arff")
            return errorOf(readArff(path, {}, 0));
        // Labels have a file of images beside them.
        if (path.filename() == "labels.idx")
            return errorOf(readIdxPair(path.parent_path() / "images.idx", path, {"no", "yes"}));
        return errorOf(readIdx(path));
    }

private slots:
    void theErrorNamesKindAndPlace_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QString>("kind");
        QTest::addColumn<QString>("where");
        QTest::addColumn<QString>("got");
        const auto row = [](const char *name, const QByteArray &content, const char *kind,
                            const char *where, const char *got = "") {
            QTest::newRow(name) << content << kind << where << got;
        };
        row("a.csv empty", {}, "empty_file", "a.csv");
        row("a.csv blank", "\n\n \n", "empty_file", "a.csv");
        row("a.csv header alone", "a,class\n", "empty_file", "a.csv");
        row("a.csv ragged row", "a,class\n1,x\n1,2,3\n", "ragged_row", "a.csv:3", "3 fields");
        row("a.csv missing", "a,class\n1,x\n,y\n", "missing_value", "a.csv:3",
            "nothing in column a");
        row("a.csv missing word", "a,class\n1,x\nNA,y\n", "missing_value", "a.csv:3",
            "'NA' in column a");
        row("a.csv infinite", "a,class\n1,x\ninf,y\n", "not_finite", "a.csv:3", "column a");
        row("a.csv beyond float32", "a,class\n1,x\n1e39,y\n", "not_finite", "a.csv:3", "'1e39'");
        row("a.csv infinite target", "a,target\n1,2\n1,-inf\n", "not_finite", "a.csv:3",
            "column target");
        row("a.csv no target", "a,b\n1,2\n", "no_target", "a.csv");
        row("a.csv only targets", "class\nx\n", "no_target", "a.csv", "no input");
        row("a.csv binary", QByteArray("a\0b", 3), "not_a_text_file", "a.csv:1");
        row("a.csv utf-16",
            QByteArray("\xFF\xFE"
                       "a\0",
                       4),
            "not_utf8", "a.csv:1", "offset 0");
        row("a.csv latin-1", "a,class\n1,\xE4\n", "not_utf8", "a.csv:2", "byte 0xE4 at offset 10");
        row("a.csv cut letter", "a,class\n1,\xC3", "not_utf8", "a.csv:2");
        row("a.csv surrogate", "a,class\n1,\xED\xA0\x80\n", "not_utf8", "a.csv:2");
        row("a.csv overlong", "a,class\n1,\xC0\x80\n", "not_utf8", "a.csv:2");
        row("a.csv label of 2", "a,label:x\n1,2\n", "not_a_number", "a.csv:2",
            "'2' in column label:x");
        row("a.csv word as target", "a,target,target2\n1,2,3\n1,x,3\n", "not_a_number", "a.csv:3",
            "'x'");
        row("a.csv open quote", "a,class\n\"1,x\n", "open_quote", "a.csv:2");
        row("a.csv line after quoted lines", "a,class\n\"x\ny\",p\n1\n", "ragged_row", "a.csv:4");

        row("a.svm empty", {}, "empty_file", "a.svm");
        row("a.svm comments", "# a\n\n# b", "empty_file", "a.svm");
        row("a.svm no value", "1 1:2\n0 x\n", "malformed_line", "a.svm:2", "'x'");
        row("a.svm index 0", "1 0:2\n", "malformed_line", "a.svm:1", "'0:2'");
        row("a.svm nan", "1 1:nan\n", "malformed_line", "a.svm:1", "'1:nan'");
        row("a.svm infinite", "1 1:1e39\n", "malformed_line", "a.svm:1");
        row("a.svm negative label", "-1 1:2\n", "malformed_line", "a.svm:1", "'-1'");
        row("a.svm label by the billion", "4000000000 1:2\n", "malformed_line", "a.svm:1",
            "'4000000000'");
        row("a.svm label beyond int64", "99999999999999999999 1:2\n", "malformed_line", "a.svm:1");
        row("a.svm index by the billion", "1 4000000000:2\n", "too_large", "a.svm",
            "1 rows of 4000000000");
        row("a.svm index beyond int64", "1 99999999999999999999:2\n", "malformed_line", "a.svm:1");
        row("a.svm binary", QByteArray("\0\x01\xFF\xFE", 4), "malformed_line", "a.svm:1");

        row("a.arff empty", {}, "empty_file", "a.arff");
        row("a.arff no attributes", "@relation x\n@data\n", "empty_file", "a.arff",
            "no @attribute");
        row("a.arff no rows", arffHead + "@data\n", "empty_file", "a.arff", "no rows");
        row("a.arff keyword", "@relation x\n@atribute a numeric\n", "malformed_line", "a.arff:2");
        row("a.arff type", "@relation x\n@attribute a string\n", "malformed_line", "a.arff:2",
            "'string'");
        row("a.arff open brace", "@relation x\n@attribute a {0,1\n", "malformed_line", "a.arff:2");
        row("a.arff open quote", "@relation x\n@attribute a {'0,1}\n", "malformed_line",
            "a.arff:2");
        row("a.arff no name", "@relation x\n@attribute\n", "malformed_line", "a.arff:2");
        row("a.arff same name", "@attribute a real\n@attribute a real\n", "malformed_line",
            "a.arff:2");
        row("a.arff value", arffHead + "@data\n1,q\n", "malformed_line", "a.arff:5", "'q'");
        row("a.arff nan", arffHead + "@data\n1,nan\n", "malformed_line", "a.arff:5", "'nan'");
        row("a.arff missing", arffHead + "@data\n1,?\n", "malformed_line", "a.arff:5", "'?'");
        row("a.arff label of 2", arffHead + "@data\n2,1\n", "malformed_line", "a.arff:5", "'2'");
        row("a.arff ragged", arffHead + "@data\n1,2\n1\n", "malformed_line", "a.arff:6",
            "1 values");
        row("a.arff sparse index", arffHead + "@data\n{7 1}\n", "malformed_line", "a.arff:5",
            "'7 1'");
        row("a.arff sparse twice", arffHead + "@data\n{0 1,0 1}\n", "malformed_line", "a.arff:5");
        row("a.arff sparse open", arffHead + "@data\n{0 1\n", "malformed_line", "a.arff:5");
        row("a.arff row quote", arffHead + "@data\n'1,2\n", "malformed_line", "a.arff:5");
        row("a.arff latin-1", "@relation x\n@attribute \xE4 real\n", "not_utf8", "a.arff:2");
        row("a.arff unknown labels", "@relation x\n@attribute a numeric\n@data\n1\n",
            "unknown_label", "a.arff");
        row("a.arff all labels", "@relation 'x: -C 1'\n@attribute a {0,1}\n@data\n1\n",
            "unknown_label", "a.arff");
        row("a.arff labels by the billion",
            "@relation 'x: -C 9999999999'\n@attribute a {0,1}\n@data\n1\n", "malformed_line",
            "a.arff:1");

        row("a.idx empty", {}, "empty_file", "a.idx");
        row("a.idx magic", "hello", "not_an_idx_file", "a.idx");
        row("a.idx floats", QByteArray("\0\0\x0D\x01\0\0\0\0", 8), "not_an_idx_file", "a.idx",
            "type 13 at byte 2");
        row("a.idx dimensions", QByteArray("\0\0\x08\x09", 4), "not_an_idx_file", "a.idx",
            "9 dimensions");
        row("a.idx cut header", QByteArray("\0\0\x08\x02\0\0", 6), "truncated_file", "a.idx",
            "byte 6");
        row("a.idx cut", idx({5}, "xy"), "truncated_file", "a.idx", "byte 10");
        row("a.idx by the exabyte", idx({0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, "xy"),
            "truncated_file", "a.idx");
        row("a.idx more", idx({2}, "xyz"), "extra_bytes", "a.idx", "byte 10");
        row("a.idx none by the billion", idx({0xFFFFFFFF, 0}, {}), "empty_file", "a.idx");
        row("a.idx cut gzip", gzip(twoImages).chopped(9), "truncated_gzip", "a.idx");
        row("a.idx broken gzip", QByteArray("\x1f\x8b\x08\0\0\0\0\0\0\x03\x01\x02", 12),
            "truncated_gzip", "a.idx");
        row("labels.idx out of range", idx({2}, "\x01\x02"), "label_out_of_range", "labels.idx",
            "at byte 9");
        row("labels.idx not 0 or 1", idx({2, 2}, QByteArray("\0\x01\x05\0", 4)),
            "label_out_of_range", "labels.idx", "value 5 for sample 1, at byte 14");
        row("labels.idx other count", idx({3}, QByteArray("\0\0\x01", 3)), "sizes_differ",
            "labels.idx");
        row("labels.idx unnamed", idx({2, 1}, QByteArray("\0\x01", 2)), "sizes_differ",
            "labels.idx");
    }
    void theErrorNamesKindAndPlace()
    {
        QFETCH(QByteArray, content);
        QFETCH(QString, kind);
        QFETCH(QString, where);
        QFETCH(QString, got);
        write("images.idx", twoImages);
        const std::optional<Error> error
                = readError(write(QByteArray(QTest::currentDataTag()).split(' ')[0], content));
        QVERIFY(error.has_value());
        QCOMPARE(QString::fromStdString(error->kind), kind);
        QVERIFY2(error->where.ends_with(where.toStdString()), error->what());
        QVERIFY2(error->got.find(got.toStdString()) != std::string::npos, error->what());
        QVERIFY2(!error->wanted.empty(), error->what());
    }

    void filesThatAreNotThereOrFoldersAreNamed()
    {
        for (const char *name : {"none.csv", "none.svm", "none.arff", "none.idx"}) {
            const std::optional<Error> error = readError(m_dir.filePath(name).toStdString());
            QVERIFY(error && error->kind == "cannot_read" && error->where.ends_with(name));
        }
        const std::optional<Error> folder = readError(m_dir.path().toStdString());
        QVERIFY(folder && folder->kind == "cannot_read");
    }

    void whatUnpacksToTooMuchIsLeftAlone()
    {
        const auto path = write("zeros.gz", gzip(QByteArray(1 << 20, '0')));
        const Result<std::string> bytes = readWhole(path, 1 << 19);
        QVERIFY(!bytes);
        QCOMPARE(bytes.error().kind, std::string("too_large"));
        QVERIFY(readWhole(path, 1 << 20).ok());
    }

    void columnsOfManyWordsOrClassesAreRefusedBeforeMemoryIsTaken()
    {
        QByteArray text = "id,x,class\n";
        for (int i = 0; i < 20000; ++i)
            text += "word" + QByteArray::number(i) + ",1,y\n";
        const Result<Dataset> wide = readCsv(write("a.csv", text), {});
        QVERIFY(!wide);
        QCOMPARE(wide.error().kind, std::string("too_large"));
        QVERIFY2(wide.error().fix.find("column id") != std::string::npos, wide.error().what());
        CsvOptions options;
        options.targets = {"id"};
        const Result<Dataset> many = readCsv(write("a.csv", text), options);
        QVERIFY(!many);
        QCOMPARE(many.error().kind, std::string("too_many_classes"));
    }

    void columnsThatWereChosenButAreNotThereAreNamed()
    {
        const auto path = write("a.csv", "a,class\n1,x\n");
        for (auto list : {&CsvOptions::targets, &CsvOptions::ignored, &CsvOptions::numbers,
                          &CsvOptions::categories}) {
            CsvOptions options;
            options.*list = {"elsewhere"};
            const Result<Dataset> data = readCsv(path, options);
            QVERIFY(!data);
            QCOMPARE(data.error().kind, std::string("unknown_column"));
            QVERIFY(data.error().got.find("elsewhere") != std::string::npos);
        }
        CsvOptions options;
        options.numbers = {"a"};
        const Result<Dataset> data
                = readCsv(write("a.csv", "a,class\n1,x\n2,y\noops,x\n"), options);
        QVERIFY(!data);
        QCOMPARE(data.error().kind, std::string("not_a_number"));
        QCOMPARE(data.error().where, std::string("a.csv:4"));
    }

    // Every cut and many flips of a sound file are read by every reader: a value or an Error.
    void noCutOrFlippedByteCrashesAReader_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::newRow("csv") << QByteArray("a,b,class\n1,2,x\n3,\"4\",y\n");
        QTest::newRow("csv, labels") << QByteArray("a;label:p;label:q\n1,5;0;1\n\xC3\xA4;1;0\n");
        QTest::newRow("svmlight") << QByteArray("0,1 1:0.5 2:1\n1 2:3 # b\n");
        QTest::newRow("arff") << QByteArray(
                "@relation 'x: -C -1'\n@attribute a numeric\n@attribute b {u,v}\n"
                "@attribute l {0,1}\n@data\n1,u,0\n{0 2,2 1}\n");
        QTest::newRow("idx") << idx({3, 2}, QByteArray("\0\x01\0\x01\x01\0", 6));
        QTest::newRow("idx, gzip") << gzip(twoImages);
    }
    void noCutOrFlippedByteCrashesAReader()
    {
        QFETCH(QByteArray, content);
        int read = 0;
        int refused = 0;
        const auto tryAll = [&](const QByteArray &bad) {
            const auto path = write("fuzz", bad);
            const auto count = [&](const auto &result) { ++(result ? read : refused); };
            count(readCsv(path, {}));
            count(previewCsv(path, {}));
            count(readSvmlight(path, 0, 0));
            count(readArff(path, {}, 0));
            count(readArff(path, {}, -1));
            count(readIdx(path));
            count(readIdxPair(path, path, {}));
        };
        tryAll(content);
        QVERIFY(read > 0);
        for (int at = 0; at < content.size(); ++at) {
            tryAll(content.left(at));
            for (const int flip : {0x01, 0x15, 0x80, 0xFF}) {
                QByteArray flipped = content;
                flipped[at] = static_cast<char>(flipped[at] ^ flip);
                tryAll(flipped);
            }
        }
        QVERIFY(refused > 0);
    }
};

QTEST_APPLESS_MAIN(TestMalformedFiles)
#include "tst_malformed_files.moc"
