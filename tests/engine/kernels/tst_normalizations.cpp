// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/Parallel.h"
#include "engine/core/Random.h"
#include "engine/kernels/normalization.h"

#include <QTest>

#include <cmath>
#include <limits>
#include <vector>

using namespace mrg;
using kernels::NormalizationLayout;

namespace {

constexpr double eps = 1e-5;

template <typename T> struct Case {
    NormalizationLayout layout;
    bool centred;
    bool ofSet;
    std::vector<T> x, weight, bias, gradient;
};

template <typename T> struct Results {
    std::vector<T> y, mean, inverse, variance, dx, dweight, dbias;
    bool operator==(const Results &) const = default;
};

template <typename T>
Case<T> makeCase(NormalizationLayout layout, bool centred, bool ofSet, double offset)
{
    RandomStream random(7, 1);
    const auto draw = [&](int64_t count, double around) {
        std::vector<T> out(static_cast<size_t>(count));
        for (T &value : out)
            value = static_cast<T>(around + random.normal());
        return out;
    };
    const int64_t count = layout.sets() * layout.setSize();
    return {layout,
            centred,
            ofSet,
            draw(count, offset),
            draw(layout.weights(), 1),
            draw(layout.weights(), 0),
            draw(count, 0.1)};
}

template <typename T> Results<T> run(const Case<T> &c)
{
    const auto sets = static_cast<size_t>(c.layout.sets());
    Results<T> out{std::vector<T>(c.x.size()),     std::vector<T>(sets),
                   std::vector<T>(sets),           std::vector<T>(sets),
                   std::vector<T>(c.x.size()),     std::vector<T>(c.weight.size()),
                   std::vector<T>(c.weight.size())};
    const kernels::NormalizationForward<T> forward{
            c.layout,        c.x.data(),         c.weight.data(), c.bias.data(),
            out.mean.data(), out.inverse.data(), out.y.data()};
    if (c.ofSet) {
        kernels::normalizeSets(forward, c.centred, eps, out.variance.data());
    } else {
        std::fill(out.mean.begin(), out.mean.end(), T(0.25));
        std::fill(out.inverse.begin(), out.inverse.end(), T(1.5));
        kernels::normalizeByGiven(forward);
    }
    std::vector<T> workspace(static_cast<size_t>(kernels::normalizationWorkspace(c.layout)));
    kernels::normalizeBackward(kernels::NormalizationBackward<T>{
            c.layout, c.ofSet, c.centred, c.x.data(), out.mean.data(), out.inverse.data(),
            c.weight.data(), c.gradient.data(), out.dx.data(), out.dweight.data(), out.dbias.data(),
            workspace.data()});
    return out;
}

/// The same from the definition, element by element in double.
template <typename T> Results<double> expected(const Case<T> &c)
{
    const NormalizationLayout &l = c.layout;
    const auto setOf = [&](size_t i) {
        return i / static_cast<size_t>(l.inner()) % static_cast<size_t>(l.sets());
    };
    const auto weightOf = [&](size_t i) {
        return setOf(i) % static_cast<size_t>(l.period) * static_cast<size_t>(l.parts)
                + i / static_cast<size_t>(l.step) % static_cast<size_t>(l.parts);
    };
    const auto sets = static_cast<size_t>(l.sets());
    const auto count = static_cast<double>(l.setSize());
    Results<double> out{std::vector<double>(c.x.size()),     std::vector<double>(sets, 0.25),
                        std::vector<double>(sets, 1.5),      std::vector<double>(sets),
                        std::vector<double>(c.x.size()),     std::vector<double>(c.weight.size()),
                        std::vector<double>(c.weight.size())};
    if (c.ofSet) {
        std::fill(out.mean.begin(), out.mean.end(), 0.0);
        for (size_t i = 0; c.centred && i < c.x.size(); ++i)
            out.mean[setOf(i)] += c.x[i] / count;
        for (size_t i = 0; i < c.x.size(); ++i) {
            const double distance = c.x[i] - out.mean[setOf(i)];
            out.variance[setOf(i)] += distance * distance / count;
        }
        for (size_t s = 0; s < sets; ++s)
            out.inverse[s] = 1 / std::sqrt(out.variance[s] + eps);
    }
    std::vector<double> sum(sets);
    std::vector<double> dot(sets);
    const auto normal
            = [&](size_t i) { return (c.x[i] - out.mean[setOf(i)]) * out.inverse[setOf(i)]; };
    for (size_t i = 0; i < c.x.size(); ++i) {
        const size_t w = weightOf(i);
        out.y[i] = normal(i) * c.weight[w] + c.bias[w];
        out.dweight[w] += c.gradient[i] * normal(i);
        out.dbias[w] += c.gradient[i];
        sum[setOf(i)] += static_cast<double>(c.gradient[i]) * c.weight[w] / count;
        dot[setOf(i)] += static_cast<double>(c.gradient[i]) * c.weight[w] * normal(i) / count;
    }
    for (size_t i = 0; i < c.x.size(); ++i) {
        const size_t s = setOf(i);
        out.dx[i] = static_cast<double>(c.gradient[i]) * c.weight[weightOf(i)];
        if (c.ofSet)
            out.dx[i] -= (c.centred ? sum[s] : 0.0) + normal(i) * dot[s];
        out.dx[i] *= out.inverse[s];
    }
    return out;
}

/// The largest distance, against the largest size.
template <typename T> double distance(const std::vector<T> &got, const std::vector<double> &wanted)
{
    double largest = 0;
    double size = 1;
    for (size_t i = 0; i < got.size(); ++i) {
        const double apart = std::abs(got[i] - wanted[i]);
        largest = apart <= largest ? largest : apart; // a NaN stays
        size = std::max(size, std::abs(wanted[i]));
    }
    return largest / size;
}

template <typename T> double worst(const Results<T> &got, const Results<double> &wanted)
{
    return std::max({distance(got.y, wanted.y), distance(got.mean, wanted.mean),
                     distance(got.variance, wanted.variance), distance(got.dx, wanted.dx),
                     distance(got.dweight, wanted.dweight), distance(got.dbias, wanted.dbias)});
}

} // namespace

class TestNormalizations : public QObject {
    Q_OBJECT
private slots:
    void agreeWithTheirDefinition_data() { layouts(); }
    void agreeWithTheirDefinition();
    void threadsDoNotChangeABit_data() { layouts(); }
    void threadsDoNotChangeABit();
    void aFarAwayMeanLeavesTheVariance();

private:
    static void layouts();
    static NormalizationLayout layout();
};

void TestNormalizations::layouts()
{
    QTest::addColumn<QList<int>>("sizes"); // outer, repeats, period, parts, step
    QTest::newRow("layer norm") << QList<int>{1, 70, 1, 96, 1};
    QTest::newRow("layer norm of odd length") << QList<int>{1, 33, 1, 37, 1};
    QTest::newRow("layer norm of long rows") << QList<int>{1, 3, 1, 5003, 1};
    QTest::newRow("layer norm larger than caches") << QList<int>{1, 1100, 1, 1031, 1};
    QTest::newRow("group norm without space") << QList<int>{1, 40, 3, 5, 1};
    QTest::newRow("batch norm over space") << QList<int>{6, 1, 5, 1, 49};
    QTest::newRow("batch norm larger than caches") << QList<int>{20, 1, 3, 1, 20011};
    QTest::newRow("batch norm without space") << QList<int>{50, 1, 300, 1, 1};
    QTest::newRow("instance norm") << QList<int>{1, 4, 5, 1, 63};
    QTest::newRow("group norm") << QList<int>{1, 4, 3, 2, 50};
    QTest::newRow("one value after another") << QList<int>{4, 2, 3, 1, 1};
}

NormalizationLayout TestNormalizations::layout()
{
    QFETCH(QList<int>, sizes);
    return {sizes[0], sizes[1], sizes[2], sizes[3], sizes[4]};
}

void TestNormalizations::agreeWithTheirDefinition()
{
    for (const bool centred : {true, false}) {
        for (const bool ofSet : {true, false}) {
            const auto single = makeCase<float>(layout(), centred, ofSet, 0.5);
            QVERIFY(worst(run(single), expected(single)) < 2e-5);
            const auto exact = makeCase<double>(layout(), centred, ofSet, 0.5);
            QVERIFY(worst(run(exact), expected(exact)) < 1e-12);
        }
    }
}

void TestNormalizations::threadsDoNotChangeABit()
{
    const auto c = makeCase<float>(layout(), true, true, 0.5);
    const Results<float> one = run(c);
    setNumThreads(2);
    const Results<float> two = run(c);
    setNumThreads(1);
    QVERIFY(one == two);
}

void TestNormalizations::aFarAwayMeanLeavesTheVariance()
{
    for (const NormalizationLayout &l :
         {NormalizationLayout{1, 4, 1, 4096, 1}, NormalizationLayout{8, 1, 4, 1, 784}}) {
        const auto c = makeCase<float>(l, true, true, 1000);
        const Results<double> wanted = expected(c);
        const Results<float> got = run(c);
        QVERIFY(distance(got.variance, wanted.variance) < 1e-5);
        QVERIFY(distance(got.y, wanted.y) < 1e-4);
    }
}

QTEST_APPLESS_MAIN(TestNormalizations)
#include "tst_normalizations.moc"
