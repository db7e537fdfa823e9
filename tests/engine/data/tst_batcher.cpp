// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/Batcher.h"

#include <QElapsedTimer>
#include <QObject>
#include <QtTest/qtest.h>

#include <algorithm>
#include <set>

using namespace mrg;

namespace {

/// Sample i is (i, -i) with the labels i % 3 and, for even i, 3.
std::shared_ptr<const Dataset> numbered(int64_t count)
{
    Dataset out;
    out.name = "numbered";
    out.labelNames = {"a", "b", "c", "even"};
    std::vector<float> values;
    for (int64_t i = 0; i < count; ++i) {
        values.push_back(static_cast<float>(i));
        values.push_back(static_cast<float>(-i));
        out.labels.push_back(i % 2 ? std::vector<int64_t>{i % 3} : std::vector<int64_t>{i % 3, 3});
    }
    out.inputs = Tensor::fromVector(values, {count, 2});
    return std::make_shared<const Dataset>(std::move(out));
}

} // namespace

class TestBatcher : public QObject {
    Q_OBJECT
private slots:
    void anEpochHoldsEverySampleOnce_data()
    {
        QTest::addColumn<int>("count");
        QTest::addColumn<int>("size");
        QTest::addColumn<bool>("shuffle");
        QTest::newRow("even") << 12 << 4 << true;
        QTest::newRow("rest") << 13 << 4 << true;
        QTest::newRow("in order") << 13 << 4 << false;
        QTest::newRow("one batch") << 3 << 64 << true;
        QTest::newRow("single") << 1 << 1 << true;
    }
    void anEpochHoldsEverySampleOnce()
    {
        QFETCH(int, count);
        QFETCH(int, size);
        QFETCH(bool, shuffle);
        BatcherOptions options;
        options.batchSize = size;
        options.shuffle = shuffle;
        Result<Batcher> batcher = Batcher::create(numbered(count), TargetForm::MultiHot, options);
        QVERIFY(batcher.ok());
        QCOMPARE(batcher->batchesPerEpoch(), (count + size - 1) / size);
        std::vector<int64_t> seen;
        for (int64_t i = 0; i < batcher->batchesPerEpoch(); ++i) {
            const Batch &batch = batcher->batch(2, i);
            QCOMPARE(batch.input.shape()[0], static_cast<int64_t>(batch.rows.size()));
            for (size_t k = 0; k < batch.rows.size(); ++k) {
                const int64_t row = batch.rows[k];
                QCOMPARE(batch.input.data<float>()[2 * k], static_cast<float>(row));
                QCOMPARE(batch.input.data<float>()[2 * k + 1], static_cast<float>(-row));
                const float *hot = batch.target.data<float>() + 4 * k;
                QCOMPARE(hot[row % 3], 1.0F);
                QCOMPARE(hot[3], row % 2 ? 0.0F : 1.0F);
                seen.push_back(row);
            }
        }
        if (!shuffle)
            QVERIFY(std::is_sorted(seen.begin(), seen.end()));
        QCOMPARE(seen.size(), static_cast<size_t>(count));
        QCOMPARE(std::set<int64_t>(seen.begin(), seen.end()).size(), static_cast<size_t>(count));
    }

    void aBatchDependsOnSeedAndEpochOnly()
    {
        BatcherOptions options;
        options.batchSize = 7;
        options.seed = 5;
        Result<Batcher> first = Batcher::create(numbered(100), TargetForm::LabelIndices, options);
        Result<Batcher> second = Batcher::create(numbered(100), TargetForm::LabelIndices, options);
        const std::vector<int64_t> rows = first->batch(3, 4).rows;
        (void)second->batch(9, 1);
        QCOMPARE(second->batch(3, 4).rows, rows);
        QVERIFY(second->batch(4, 4).rows != rows);
        options.seed = 6;
        Result<Batcher> other = Batcher::create(numbered(100), TargetForm::LabelIndices, options);
        QVERIFY(other->batch(3, 4).rows != rows);
    }

    void aPartialLastBatchCanBeDropped()
    {
        BatcherOptions options;
        options.batchSize = 4;
        options.dropLast = true;
        Result<Batcher> batcher = Batcher::create(numbered(11), TargetForm::MultiHot, options);
        QCOMPARE(batcher->batchesPerEpoch(), 2);
        QVERIFY_THROWS_EXCEPTION(Error, batcher->batch(0, 2));
        options.batchSize = 12;
        const Result<Batcher> none = Batcher::create(numbered(11), TargetForm::MultiHot, options);
        QVERIFY(!none);
        QCOMPARE(none.error().kind, std::string("no_samples"));
    }

    void impossibleRequestsAreRefused()
    {
        QVERIFY(!Batcher::create(numbered(5), TargetForm::ClassIndex, {}));
        BatcherOptions options;
        options.batchSize = 0;
        QVERIFY(!Batcher::create(numbered(5), TargetForm::MultiHot, options));
        QVERIFY(!Batcher::create(std::make_shared<const Dataset>(), TargetForm::Values, {}));
    }

    void numbersComeInTheTypeAskedFor()
    {
        BatcherOptions options;
        options.dtype = DType::Float64;
        Result<Batcher> hot = Batcher::create(numbered(5), TargetForm::MultiHot, options);
        QCOMPARE(hot->batch(0, 0).input.dtype(), DType::Float64);
        QCOMPARE(hot->batch(0, 0).target.dtype(), DType::Float64);
        Result<Batcher> lists = Batcher::create(numbered(5), TargetForm::LabelIndices, options);
        QCOMPARE(lists->batch(0, 0).target.dtype(), DType::Int64);
    }

    // 10 000 steps a second leave 100 microseconds for a whole step.
    void smallBatchesAreDealtOutFast()
    {
        BatcherOptions options;
        options.batchSize = 32;
        Result<Batcher> batcher = Batcher::create(numbered(1000), TargetForm::MultiHot, options);
        QElapsedTimer timer;
        timer.start();
        constexpr int64_t epochs = 200;
        for (int64_t epoch = 0; epoch < epochs; ++epoch) {
            for (int64_t i = 0; i < batcher->batchesPerEpoch(); ++i)
                (void)batcher->batch(epoch, i);
        }
        const double each = static_cast<double>(timer.nsecsElapsed()) * 1e-3
                / static_cast<double>(epochs * batcher->batchesPerEpoch());
        qInfo("%.2f microseconds a batch", each);
        QVERIFY(each < 50);
    }
};

QTEST_APPLESS_MAIN(TestBatcher)
#include "tst_batcher.moc"
