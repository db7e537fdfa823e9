// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/DatasetSpec.h"
#include "engine/data/DatasetStatistics.h"

#include <QObject>
#include <QtTest/qtest.h>

#include <algorithm>
#include <cmath>

using namespace mrg;

namespace {

DataSplit shipped(const std::string &name)
{
    for (const DatasetSpec &spec : shippedDatasets()) {
        if (spec.name == name)
            return spec.load({}, {}).value();
    }
    throw Error(ErrorCategory::Value, "unknown", name);
}

bool near(double a, double b, double tolerance = 1e-12) { return std::abs(a - b) < tolerance; }

} // namespace

class TestDatasetStatistics : public QObject {
    Q_OBJECT
private slots:
    void figuresOfASmallSetAreThoseByHand()
    {
        Dataset data;
        data.labelNames = {"a", "b", "c", "never"};
        data.labels = {{0}, {0, 1}, {0, 1}, {0, 2}, {}};
        data.inputs = Tensor::fromVector(std::vector<float>{0, 1, 0, 2, 0, 3, 0, 4, 5, 5}, {5, 2});
        const DatasetStatistics out = computeStatistics(data);
        QCOMPARE(out.samples, 5);
        QCOMPARE(out.features, 2);
        QCOMPARE(out.labelCounts, (std::vector<int64_t>{4, 2, 1, 0}));
        QVERIFY(near(out.cardinality, 1.4));
        QVERIFY(near(out.density, 0.35));
        QVERIFY(near(out.frequency(1), 0.4));
        QCOMPARE(out.fewestLabels, 0);
        QCOMPARE(out.mostLabels, 2);
        QCOMPARE(out.withoutLabels, 1);
        QCOMPARE(out.labelSets, 4);
        QVERIFY(near(out.imbalance[1], 2) && near(out.imbalance[2], 4));
        QVERIFY(std::isinf(out.imbalance[3]));
        QVERIFY(near(out.meanImbalance, 7.0 / 3));
        // Samples: 0, 1 - sqrt(2) / 1.5 twice, 1 - sqrt(4) / 2.5, 0.
        QVERIFY(near(out.scumble, (2 * (1 - std::sqrt(2.0) / 1.5) + 0.2) / 5));
        QCOMPARE(out.together(0, 1), 2);
        QCOMPARE(out.together(2, 0), 1);
        QCOMPARE(out.together(1, 2), 0);
        QCOMPARE(out.together(1, 1), 2);
        QVERIFY(near(out.inputs[1].mean, 3) && near(out.inputs[1].deviation, std::sqrt(2.0)));
        QVERIFY(near(out.inputs[0].minimum, 0) && near(out.inputs[0].maximum, 5));
        QVERIFY(near(out.zeroShare, 0.4));
    }

    void yeastHasItsPublishedFigures()
    {
        const DataSplit yeast = shipped("yeast");
        const DatasetStatistics train = computeStatistics(*yeast.train);
        const DatasetStatistics held = computeStatistics(*yeast.validation);
        const DatasetStatistics test = computeStatistics(*yeast.test);
        double labels = 0;
        int64_t rare = 0;
        for (const DatasetStatistics *part : {&train, &held, &test}) {
            labels += part->cardinality * static_cast<double>(part->samples);
            rare += part->labelCounts[13];
        }
        QVERIFY(near(labels / 2417, 4.237, 5e-4));
        QCOMPARE(rare, 34);
        QCOMPARE(std::max({train.mostLabels, held.mostLabels, test.mostLabels}), 11);
    }

    void regressionHasValuesInsteadOfLabels()
    {
        const DatasetStatistics out = computeStatistics(*shipped("diabetes").train);
        QCOMPARE(out.classes, 0);
        QVERIFY(out.labelCounts.empty());
        QCOMPARE(out.values.size(), size_t{1});
        QVERIFY(out.values[0].minimum >= 25 && out.values[0].maximum <= 346);
    }

    void labelsByTheThousandAreCountedButNotPaired()
    {
        Dataset data;
        data.inputs = Tensor::zeros({2, 1});
        for (int64_t k = 0; k <= DatasetStatistics::mostPairedClasses; ++k)
            data.labelNames.push_back(std::to_string(k));
        data.labels = {{0, 1}, {1}};
        const DatasetStatistics out = computeStatistics(data);
        QCOMPARE(out.labelCounts[1], 2);
        QVERIFY(out.cooccurrence.empty());
        QCOMPARE(out.together(0, 1), 0);
    }

    void anEmptySetHasNoFigures()
    {
        const DatasetStatistics out = computeStatistics(Dataset());
        QCOMPARE(out.samples, 0);
        QVERIFY(out.inputs.empty());
    }
};

QTEST_APPLESS_MAIN(TestDatasetStatistics)
#include "tst_dataset_statistics.moc"
