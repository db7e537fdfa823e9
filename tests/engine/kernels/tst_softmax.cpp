// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/Random.h"
#include "engine/kernels/softmax.h"

#include <QTest>

#include <cmath>
#include <limits>
#include <vector>

using namespace mrg;
using kernels::Rows;

namespace {

/// Two rows; one score is -infinity and one far below the others.
template <typename T> std::vector<T> scores(int64_t length)
{
    RandomStream random(5, 1);
    std::vector<T> out(static_cast<size_t>(2 * length));
    for (T &x : out)
        x = static_cast<T>(3 * random.normal() + 40);
    if (length > 2) {
        out[1] = -std::numeric_limits<T>::infinity();
        out[2] = T(-200);
    }
    return out;
}

/// That y, dx from a gradient, and their logarithmic kin are what the definition says.
template <typename T> void check(int64_t length, double tolerance)
{
    const Rows rows{2, length, 1};
    const auto count = static_cast<size_t>(2 * length);
    const std::vector<T> x = scores<T>(length);
    std::vector<T> g(count);
    RandomStream random(5, 2);
    for (T &value : g)
        value = static_cast<T>(random.normal());
    std::vector<T> y(count), dy(count), z(count), dz(count);
    kernels::softmax(rows, x.data(), y.data());
    kernels::softmaxBackward(rows, y.data(), g.data(), dy.data());
    kernels::logSoftmax(rows, x.data(), z.data());
    kernels::logSoftmaxBackward(rows, z.data(), g.data(), dz.data());
    for (size_t row = 0; row < 2; ++row) {
        const size_t begin = row * static_cast<size_t>(length);
        const size_t end = begin + static_cast<size_t>(length);
        double sum = 0;
        double dot = 0;
        double gradients = 0;
        for (size_t i = begin; i < end; ++i)
            sum += std::exp(static_cast<double>(x[i]) - 40);
        for (size_t i = begin; i < end; ++i) {
            dot += std::exp(static_cast<double>(x[i]) - 40) / sum * g[i];
            gradients += g[i];
        }
        for (size_t i = begin; i < end; ++i) {
            const double share = std::exp(static_cast<double>(x[i]) - 40) / sum;
            const double logarithm = static_cast<double>(x[i]) - 40 - std::log(sum);
            QVERIFY(std::abs(y[i] - share) <= tolerance);
            QVERIFY(std::abs(dy[i] - share * (g[i] - dot)) <= tolerance);
            QVERIFY(z[i] == logarithm || std::abs(z[i] - logarithm) <= 50 * tolerance);
            // z is rounded at the size of x, which its exponential turns into a relative error.
            QVERIFY(std::abs(dz[i] - (g[i] - share * gradients))
                    <= 20 * tolerance * (1 + std::abs(share * gradients)));
        }
    }
}

} // namespace

class TestSoftmax : public QObject {
    Q_OBJECT
private slots:
    void agreesWithItsDefinition_data();
    void agreesWithItsDefinition();
};

void TestSoftmax::agreesWithItsDefinition_data()
{
    QTest::addColumn<int>("length");
    for (const int length : {1, 3, 16, 17, 100, 1024, 2049})
        QTest::addRow("%d", length) << length;
}

void TestSoftmax::agreesWithItsDefinition()
{
    QFETCH(int, length);
    check<float>(length, 1e-6);
    check<double>(length, 1e-14);
}

QTEST_APPLESS_MAIN(TestSoftmax)
#include "tst_softmax.moc"
