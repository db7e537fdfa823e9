// SPDX-License-Identifier: GPL-3.0-or-later
// `marginalia bench --draw` as a user calls it, by what can be seen on the pictures.
#include "gui/widgets/Theme.h"

#include <QFile>
#include <QImage>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

using namespace mrg;

namespace {

/// Draws lines and gives the picture of that name; a null image if there is none.
QImage drawn(const QByteArray &lines, const QString &name)
{
    const QTemporaryDir folder;
    QFile file(folder.filePath("bench.jsonl"));
    if (!file.open(QIODevice::WriteOnly))
        return {};
    file.write(lines);
    file.close();
    QProcess program;
    program.start(qEnvironmentVariable("MARGINALIA_BINARY"),
                  {"bench", "--draw", file.fileName(), "--out", folder.path()});
    if (!program.waitForFinished(60000) || program.exitCode() != 0)
        return {};
    return QImage(folder.filePath(name));
}

qint64 pixels(const QImage &image, QColor color, const QRect &area)
{
    qint64 count = 0;
    for (int y = area.top(); y <= area.bottom(); ++y) {
        for (int x = area.left(); x <= area.right(); ++x)
            count += image.pixelColor(x, y) == color;
    }
    return count;
}

} // namespace

class TestBenchPictures : public QObject {
    Q_OBJECT
private slots:
    void aWorkloadAsFastAsThePeerHasNoBar();
};

void TestBenchPictures::aWorkloadAsFastAsThePeerHasNoBar()
{
    const QImage image = drawn(R"({"id":"same","threads":1,"per_second":10}
{"peer":"other","id":"same","threads":1,"per_second":10}
{"id":"faster","threads":1,"per_second":100}
{"peer":"other","id":"faster","threads":1,"per_second":10}
)",
                               "ratios.png");
    QVERIFY(!image.isNull());
    const QColor color = Theme::light().trainCurve;
    const QRect left(0, 0, image.width() / 2, image.height());
    const QRect right(image.width() / 2, 0, image.width() / 2, image.height());
    QCOMPARE(pixels(image, color, left), 0);
    QVERIFY(pixels(image, color, right) > image.height());
}

QTEST_GUILESS_MAIN(TestBenchPictures)
#include "tst_bench_pictures.moc"
