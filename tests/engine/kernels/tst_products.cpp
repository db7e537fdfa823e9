// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/Parallel.h"
#include "engine/kernels/gemm.h"
#include "tests/engine/kernels/random_numbers.h"

#include <QTest>

#include <cmath>
#include <vector>

using namespace mrg;
using kernels::Layout;
using test::random;

namespace {

constexpr Layout layouts[] = {Layout::Plain, Layout::Transposed};

/// A product whose operands are parts of larger matrices, between elements that must be neither
/// used nor written.
template <typename T> struct Product {
    Product(Layout layoutA_, Layout layoutB_, int64_t m_, int64_t n_, int64_t k_, int64_t apart)
        : layoutA(layoutA_),
          layoutB(layoutB_),
          m(m_),
          n(n_),
          k(k_)
    {
        const bool plainA = layoutA == Layout::Plain;
        const bool plainB = layoutB == Layout::Plain;
        steps = {(plainA ? k : m) + apart, (plainB ? n : k) + apart, n + apart};
        a = surrounded((plainA ? m : k), plainA ? k : m, steps.a, 2);
        b = surrounded((plainB ? k : n), plainB ? n : k, steps.b, 3);
        before = random<T>(m * steps.c, 4);
    }

    std::vector<T> computed(bool accumulate) const
    {
        std::vector<T> c = before;
        kernels::gemm(layoutA, layoutB, m, n, k, a.data(), b.data(), c.data(), accumulate, steps);
        return c;
    }

    /// By a triple loop, in double precision; bounds what rounding may do to an element.
    bool holds(const std::vector<T> &c, bool accumulate) const
    {
        for (int64_t i = 0; i < m; ++i) {
            for (int64_t j = 0; j < steps.c; ++j) {
                const auto at = static_cast<size_t>(i * steps.c + j);
                if (j >= n) {
                    if (c[at] != before[at])
                        return false;
                    continue;
                }
                double sum = accumulate ? before[at] : 0;
                double size = std::abs(sum);
                for (int64_t p = 0; p < k; ++p) {
                    const double x = a[static_cast<size_t>(
                            layoutA == Layout::Plain ? i * steps.a + p : p * steps.a + i)];
                    const double y = b[static_cast<size_t>(
                            layoutB == Layout::Plain ? p * steps.b + j : j * steps.b + p)];
                    sum += x * y;
                    size += std::abs(x * y);
                }
                const double unit = std::numeric_limits<T>::epsilon();
                if (!(std::abs(c[at] - sum) <= unit * size * std::sqrt(k + 1.0)))
                    return false;
            }
        }
        return true;
    }

    Layout layoutA, layoutB;
    int64_t m, n, k;
    kernels::RowSteps steps;
    std::vector<T> a, b, before;

private:
    static std::vector<T> surrounded(int64_t rows, int64_t columns, int64_t step, uint64_t stream)
    {
        std::vector<T> out = random<T>(rows * step, stream);
        for (int64_t i = 0; i < rows; ++i) {
            for (int64_t j = columns; j < step; ++j)
                out[static_cast<size_t>(i * step + j)] = std::numeric_limits<T>::quiet_NaN();
        }
        return out;
    }
};

template <typename T> void checkAll(int64_t m, int64_t n, int64_t k)
{
    for (const Layout layoutA : layouts) {
        for (const Layout layoutB : layouts) {
            for (const int64_t apart : {0, 3}) {
                const Product<T> product(layoutA, layoutB, m, n, k, apart);
                for (const bool accumulate : {false, true}) {
                    if (!product.holds(product.computed(accumulate), accumulate)) {
                        QFAIL(qPrintable(QString("%1 x %2 x %3, %4 %5, apart %6, accumulate %7")
                                                 .arg(m)
                                                 .arg(n)
                                                 .arg(k)
                                                 .arg(int(layoutA))
                                                 .arg(int(layoutB))
                                                 .arg(apart)
                                                 .arg(accumulate)));
                    }
                }
            }
        }
    }
}

} // namespace

/// Real matrix products against a plain loop.
class TestProducts : public QObject {
    Q_OBJECT

private slots:
    void smallProductsOfAllSizes();
    void oddSizes_data();
    void oddSizes();
    void anEmptySumIsZero();
    void bitsDependNeitherOnThreadsNorOnTheRestOfTheMatrix();
    void transposedProductsHaveTheSameBits();
};

void TestProducts::smallProductsOfAllSizes()
{
    for (int64_t m = 1; m <= 14; ++m) {
        for (const int64_t n : {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 49}) {
            for (const int64_t k : {1, 2, 5, 16, 17, 40}) {
                checkAll<float>(m, n, k);
                checkAll<double>(m, n, k);
                if (QTest::currentTestFailed())
                    return;
            }
        }
    }
}

void TestProducts::oddSizes_data()
{
    QTest::addColumn<int>("m");
    QTest::addColumn<int>("n");
    QTest::addColumn<int>("k");
    QTest::newRow("k over several blocks") << 13 << 35 << 777;
    QTest::newRow("many columns") << 25 << 1100 << 33;
    QTest::newRow("several blocks of B") << 97 << 1061 << 300;
    QTest::newRow("one row") << 1 << 530 << 515;
    QTest::newRow("one column") << 530 << 1 << 515;
    QTest::newRow("rows a page apart") << 100 << 130 << 1024;
    QTest::newRow("more rows than a piece") << 300 << 65 << 120;
    QTest::newRow("long and thin") << 2 << 3 << 5000;
}

void TestProducts::oddSizes()
{
    QFETCH(int, m);
    QFETCH(int, n);
    QFETCH(int, k);
    checkAll<float>(m, n, k);
    checkAll<double>(m, n, k);
}

void TestProducts::anEmptySumIsZero()
{
    for (const int64_t m : {1, 5, 100}) {
        for (const int64_t n : {1, 5, 100})
            checkAll<float>(m, n, 0);
    }
}

void TestProducts::bitsDependNeitherOnThreadsNorOnTheRestOfTheMatrix()
{
    const Product<float> whole(Layout::Plain, Layout::Plain, 250, 700, 600, 0);
    const std::vector<float> expected = whole.computed(false);
    setNumThreads(2);
    const std::vector<float> shared = whole.computed(false);
    setNumThreads(1);
    QVERIFY(shared == expected);
    // Parts of all sizes: plain loops, tiles of B as it lies, B laid out.
    for (const int64_t rows : {1, 2, 5, 30, 100}) {
        for (const int64_t columns : {2, 40, 600}) {
            std::vector<float> part(static_cast<size_t>(rows * columns));
            kernels::gemm(Layout::Plain, Layout::Plain, rows, columns, 600, whole.a.data(),
                          whole.b.data(), part.data(), false, {.a = 600, .b = 700});
            for (int64_t i = 0; i < rows; ++i) {
                for (int64_t j = 0; j < columns; ++j)
                    QCOMPARE(part[static_cast<size_t>(i * columns + j)],
                             expected[static_cast<size_t>(i * 700 + j)]);
            }
        }
    }
}

void TestProducts::transposedProductsHaveTheSameBits()
{
    const int64_t m = 20, n = 90, k = 300;
    const Product<float> product(Layout::Plain, Layout::Plain, m, n, k, 0);
    const std::vector<float> expected = product.computed(false);
    std::vector<float> turnedB(product.b.size());
    for (int64_t p = 0; p < k; ++p) {
        for (int64_t j = 0; j < n; ++j)
            turnedB[static_cast<size_t>(j * k + p)] = product.b[static_cast<size_t>(p * n + j)];
    }
    std::vector<float> c(expected.size());
    kernels::gemm(Layout::Plain, Layout::Transposed, m, n, k, product.a.data(), turnedB.data(),
                  c.data());
    QVERIFY(c == expected);
}

QTEST_GUILESS_MAIN(TestProducts)
#include "tst_products.moc"
