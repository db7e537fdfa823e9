// SPDX-License-Identifier: GPL-3.0-or-later
// Reductions against loops over all elements, on shapes drawn at random.
#include "engine/core/Parallel.h"
#include "engine/nn/families.h"
#include "engine/ops/cumulative.h"
#include "engine/ops/linear_algebra.h"
#include "engine/ops/products.h"
#include "engine/ops/sorting.h"
#include "engine/ops/statistics.h"
#include "tests/engine/ops/random_tensors.h"

#include <QObject>
#include <QtTest/qtest.h>

#include <cmath>
#include <functional>
#include <map>

using namespace mrg;
using test::element;

namespace {

using Row = std::vector<double>;

struct Case {
    const char *name;
    std::function<Tensor(const Tensor &, const Dims &, bool)> function;
    std::function<double(const Row &)> reference;
    bool ofNothing = true; ///< whether it has a value for no elements
};

double sumOf(const Row &row)
{
    double out = 0;
    for (double value : row)
        out += value;
    return out;
}

std::vector<Case> cases()
{
    return {{"sum", [](const Tensor &x, const Dims &d, bool k) { return sum(x, d, k); }, sumOf},
            {"mean", [](const Tensor &x, const Dims &d, bool k) { return mean(x, d, k); },
             [](const Row &row) { return sumOf(row) / static_cast<double>(row.size()); }},
            {"prod", [](const Tensor &x, const Dims &d, bool k) { return prod(x, d, k); },
             [](const Row &row) {
                 double out = 1;
                 for (double value : row)
                     out *= value;
                 return out;
             }},
            {"amax", [](const Tensor &x, const Dims &d, bool k) { return amax(x, d, k); },
             [](const Row &row) { return *std::max_element(row.begin(), row.end()); }, false},
            {"amin", [](const Tensor &x, const Dims &d, bool k) { return amin(x, d, k); },
             [](const Row &row) { return *std::min_element(row.begin(), row.end()); }, false},
            {"var",
             [](const Tensor &x, const Dims &d, bool k) { return varMean(x, d, 1, k).variance; },
             [](const Row &row) {
                 const double average = sumOf(row) / static_cast<double>(row.size());
                 double squares = 0;
                 for (double value : row)
                     squares += (value - average) * (value - average);
                 return squares / std::max(0.0, static_cast<double>(row.size()) - 1);
             }},
            {"norm 3",
             [](const Tensor &x, const Dims &d, bool k) { return vectorNorm(x, 3, d, k); },
             [](const Row &row) {
                 double out = 0;
                 for (double value : row)
                     out += std::pow(std::abs(value), 3);
                 return std::cbrt(out);
             }},
            {"logsumexp", [](const Tensor &x, const Dims &d, bool k) { return logsumexp(x, d, k); },
             [](const Row &row) {
                 double out = 0;
                 for (double value : row)
                     out += std::exp(value);
                 return std::log(out);
             }}};
}

bool close(double a, double b)
{
    return a == b || (std::isnan(a) && std::isnan(b))
            || std::abs(a - b) <= 1e-12 * (1 + std::abs(b));
}

/// Elements by the place in the result (with kept dimensions) that they are reduced to.
std::map<std::vector<int64_t>, Row> rowsOf(const Tensor &x, const std::vector<bool> &reduced)
{
    std::map<std::vector<int64_t>, Row> out;
    test::forEachPlace(x.shape(), [&](std::vector<int64_t> at) {
        const double value = element(x, at);
        for (size_t d = 0; d < at.size(); ++d)
            at[d] = reduced[d] ? 0 : at[d];
        out[at].push_back(value);
    });
    return out;
}

} // namespace

class TestReductions : public QObject {
    Q_OBJECT

private slots:
    void histogramsOfOneNumberOrNoneHaveBinsOfAWidth()
    {
        const Registry registry = standardRegistry();
        const auto histogram = [&](const std::vector<double> &values) {
            const Tensor in[] = {Tensor::fromVector(values), Tensor()};
            return registry.function("histogram")
                    ->call({{"bins", 2}, {"density", true}}, std::span(in).first(1));
        };
        QCOMPARE(histogram({3, 3})[1].toVector<double>(), (Row{2.5, 3, 3.5}));
        QCOMPARE(histogram({3, 3})[0].toVector<double>(), (Row{0, 2}));
        QCOMPARE(histogram({})[1].toVector<double>(), (Row{0, 0.5, 1}));
    }

    void aDimensionOfNothingHasNoLargestElement()
    {
        // Not even where the result would have no elements.
        QVERIFY_THROWS_EXCEPTION(Error, amax(Tensor::zeros({0, 2, 0}), {{2}}));
        QCOMPARE(amax(Tensor::zeros({0, 2}), {{1}}).shape(), Shape{0});
    }

    void tensordotMeetsASizeOfOneWithAllOfTheOther()
    {
        const Tensor a = Tensor::fromVector(Row{1, 2, 3, 4, 5, 6}, {2, 3});
        const Tensor b = Tensor::fromVector(Row{10, 100}, {1, 2});
        QCOMPARE(tensordot(a, b, {1}, {0}).toVector<double>(), (Row{60, 600, 150, 1500}));
    }

    void giveWhatALoopGives_data()
    {
        QTest::addColumn<int>("index");
        for (int i = 0; const Case &one : cases())
            QTest::newRow(one.name) << i++;
    }
    void giveWhatALoopGives()
    {
        QFETCH(int, index);
        const Case one = cases()[static_cast<size_t>(index)];
        RandomStream random(17);
        for (int round = 0; round < 200; ++round) {
            const Shape shape = test::randomShape(random, random.below(5));
            const Tensor x = test::randomTensor(random, shape);
            Dims dims;
            for (int64_t d = 0; d < x.dim(); ++d) {
                if (random.below(2) == 0)
                    dims.push_back(random.below(2) == 0 ? d : d - x.dim());
            }
            const Reduced reduced = reduceShape(shape, dims, true, "test");
            if (!one.ofNothing && reduced.count == 0)
                continue;
            const Tensor kept = one.function(x, dims, true);
            QCOMPARE(kept.shape(), reduced.kept);
            QCOMPARE(one.function(x, dims, false).shape(), reduced.squeezed);
            auto rows = rowsOf(x, reduced.reduced);
            test::forEachPlace(kept.shape(), [&](const std::vector<int64_t> &at) {
                const double got = element(kept, at);
                const double wanted = one.reference(rows[at]);
                QVERIFY2(close(got, wanted),
                         qPrintable(QString("%1 for %2: %3, wanted %4")
                                            .arg(one.name, toString(shape).c_str())
                                            .arg(got)
                                            .arg(wanted)));
            });
        }
    }

    void longRowsLoseLittlePrecision()
    {
        const int64_t count = 1'000'000;
        const Tensor x = Tensor::full({count}, 0.1);
        QVERIFY(std::abs(sum(x).item() - 100'000) < 0.5);
        QVERIFY(std::abs(sum(Tensor::full({count, 2}, 0.1), {0}).toVector<double>()[1] - 100'000)
                < 0.5);
        // Far from 0, where the sum of squares would have no digits left.
        Tensor far = Tensor::full({1000}, 1e6, DType::Float64);
        far.data<double>()[0] = 1e6 + 1;
        QVERIFY(std::abs(varMean(far).variance.item() - 1e-3) < 1e-9);
    }

    void theBitsDoNotDependOnTheThreads()
    {
        RandomStream random(5);
        for (const Shape &shape :
             {Shape{300'000}, Shape{3, 70'000}, Shape{50'000, 7}, Shape{40, 300, 40}}) {
            Tensor x = Tensor::empty(shape);
            for (int64_t i = 0; i < x.numel(); ++i)
                x.data<float>()[i] = static_cast<float>(random.normal());
            for (const Dims &dims : {Dims{}, Dims{0}, Dims{-1}}) {
                setNumThreads(1);
                const std::vector<float> one = sum(x, dims).toVector<float>();
                const std::vector<float> variance = varMean(x, dims).variance.toVector<float>();
                setNumThreads(2);
                QVERIFY(sum(x, dims).toVector<float>() == one);
                QVERIFY(varMean(x, dims).variance.toVector<float>() == variance);
                setNumThreads(1);
            }
        }
    }

    void sortedRowsAreInOrderAndKnowWhereTheyStood()
    {
        RandomStream random(9);
        for (int round = 0; round < 100; ++round) {
            const Tensor x
                    = test::randomTensor(random, test::randomShape(random, 1 + random.below(3)));
            const int64_t dim = random.below(x.dim());
            const ValuesAndIndices sorted = sort(x, dim, round % 2 == 1);
            test::forEachPlace(x.shape(), [&](std::vector<int64_t> at) {
                const auto d = static_cast<size_t>(dim);
                const double value = element(sorted.values, at);
                int64_t offset = 0;
                for (size_t k = 0; k < at.size(); ++k)
                    offset += at[k] * sorted.indices.strides()[k];
                std::vector<int64_t> source = at;
                source[d] = sorted.indices.data<int64_t>()[offset];
                QCOMPARE(element(x, source), value);
                if (++at[d] < x.shape()[d])
                    QVERIFY(round % 2 == 1 ? element(sorted.values, at) <= value
                                           : element(sorted.values, at) >= value);
            });
        }
    }

    void nanWinsEveryComparison()
    {
        const double nan = std::numeric_limits<double>::quiet_NaN();
        const Tensor x = Tensor::fromVector<double>({1, nan, 3, nan});
        QVERIFY(std::isnan(amax(x).item()) && std::isnan(amin(x).item()));
        QCOMPARE(argmax(x).toVector<int64_t>(), std::vector<int64_t>{1});
        QCOMPARE(argmin(x).toVector<int64_t>(), std::vector<int64_t>{1});
        QCOMPARE(cummax(x, 0).indices.toVector<int64_t>(), (std::vector<int64_t>{0, 1, 1, 3}));
        QCOMPARE(nanmedian(x).item(), 1.0);
        QCOMPARE(nansum(x).item(), 4.0);
        QCOMPARE(nanmean(x).item(), 2.0);
    }
};

QTEST_APPLESS_MAIN(TestReductions)
#include "tst_reductions.moc"
