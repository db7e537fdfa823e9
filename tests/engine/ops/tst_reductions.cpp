// SPDX-License-Identifier: GPL-3.0-or-later
// What reductions promise beyond their definition: precision, order, NaN, empty rows.
#include "engine/core/Parallel.h"
#include "engine/core/Random.h"
#include "engine/nn/families.h"
#include "engine/ops/cumulative.h"
#include "engine/ops/linear_algebra.h"
#include "engine/ops/sorting.h"
#include "engine/ops/statistics.h"

#include <QObject>
#include <QtTest/qtest.h>

#include <cmath>

using namespace mrg;

namespace {

using Row = std::vector<double>;

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
