// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/Parallel.h"
#include "engine/core/Random.h"
#include "engine/kernels/pooling.h"

#include <QTest>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

using namespace mrg;
using kernels::volume;
using kernels::Windows;

namespace {

struct Pooled {
    std::vector<uint32_t> bits; ///< of the values
    std::vector<int64_t> places;
    bool operator==(const Pooled &) const = default;
};

std::vector<float> input(int64_t count)
{
    RandomStream random(3, 1);
    std::vector<float> out(static_cast<size_t>(count));
    for (float &x : out) {
        // Few values, so that there are equal ones; some are not numbers.
        const int64_t draw = random.below(40);
        x = draw == 0       ? std::numeric_limits<float>::quiet_NaN()
                : draw == 1 ? -std::numeric_limits<float>::infinity()
                            : static_cast<float>(draw % 7);
    }
    return out;
}

Pooled run(const Windows &w, int64_t planes, const std::vector<float> &x)
{
    const auto count = static_cast<size_t>(planes * volume(w.output));
    std::vector<float> y(count);
    Pooled out;
    out.places.resize(count);
    kernels::maxPool(w, planes, x.data(), y.data(), out.places.data());
    for (const float value : y)
        out.bits.push_back(std::bit_cast<uint32_t>(value));
    return out;
}

/// From the definition, window by window.
Pooled expected(const Windows &w, int64_t planes, const std::vector<float> &x)
{
    Pooled out;
    for (int64_t plane = 0; plane < planes; ++plane) {
        const float *from = x.data() + plane * volume(w.input);
        for (int64_t o = 0; o < volume(w.output); ++o) {
            const kernels::Extents at{o / (w.output[1] * w.output[2]),
                                      o / w.output[2] % w.output[1], o % w.output[2]};
            float best = -std::numeric_limits<float>::infinity();
            int64_t place = -1;
            for (int64_t k = 0; k < volume(w.kernel); ++k) {
                const kernels::Extents tap{k / (w.kernel[1] * w.kernel[2]),
                                           k / w.kernel[2] % w.kernel[1], k % w.kernel[2]};
                int64_t point = 0;
                bool inside = true;
                for (size_t d = 0; d < 3; ++d) {
                    const int64_t i = at[d] * w.stride[d] - w.padding[d] + tap[d] * w.dilation[d];
                    inside = inside && i >= 0 && i < w.input[d];
                    point = point * w.input[d] + i;
                }
                if (!inside)
                    continue;
                const float value = from[point];
                if (place < 0 || value > best || std::isnan(value)) {
                    best = value;
                    place = point;
                }
            }
            out.bits.push_back(std::bit_cast<uint32_t>(best));
            out.places.push_back(place);
        }
    }
    return out;
}

} // namespace

class TestMaxPooling : public QObject {
    Q_OBJECT
private slots:
    void takesTheFirstLargestOfEveryWindow_data();
    void takesTheFirstLargestOfEveryWindow();
};

void TestMaxPooling::takesTheFirstLargestOfEveryWindow_data()
{
    QTest::addColumn<QList<int>>("height"); // input, kernel, stride, dilation, padding
    QTest::addColumn<QList<int>>("width");
    QTest::newRow("halves") << QList<int>{28, 2, 2, 1, 0} << QList<int>{28, 2, 2, 1, 0};
    QTest::newRow("odd halves") << QList<int>{7, 2, 2, 1, 0} << QList<int>{15, 2, 2, 1, 0};
    QTest::newRow("overlapping, padded")
            << QList<int>{30, 3, 2, 1, 1} << QList<int>{31, 3, 2, 1, 1};
    QTest::newRow("every point") << QList<int>{9, 3, 1, 1, 1} << QList<int>{200, 3, 1, 1, 1};
    QTest::newRow("long rows") << QList<int>{1, 1, 1, 1, 0} << QList<int>{999, 4, 2, 1, 2};
    QTest::newRow("dilated") << QList<int>{12, 2, 1, 3, 1} << QList<int>{40, 3, 2, 2, 2};
    QTest::newRow("thirds") << QList<int>{12, 3, 3, 1, 0} << QList<int>{40, 3, 3, 1, 1};
    QTest::newRow("wider than the input") << QList<int>{3, 3, 1, 1, 1} << QList<int>{2, 4, 2, 1, 2};
}

void TestMaxPooling::takesTheFirstLargestOfEveryWindow()
{
    QFETCH(QList<int>, height);
    QFETCH(QList<int>, width);
    Windows w;
    size_t d = 1;
    for (const QList<int> &s : {height, width}) {
        w.input[d] = s[0];
        w.kernel[d] = s[1];
        w.stride[d] = s[2];
        w.dilation[d] = s[3];
        w.padding[d] = s[4];
        w.output[d] = (s[0] + 2 * s[4] - s[3] * (s[1] - 1) - 1) / s[2] + 1;
        ++d;
    }
    constexpr int64_t planes = 50;
    const std::vector<float> x = input(planes * volume(w.input));
    const Pooled wanted = expected(w, planes, x);
    QVERIFY(run(w, planes, x) == wanted);
    setNumThreads(2);
    QVERIFY(run(w, planes, x) == wanted);
    setNumThreads(1);
}

QTEST_APPLESS_MAIN(TestMaxPooling)
#include "tst_max_pooling.moc"
