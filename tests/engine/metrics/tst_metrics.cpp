// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/Random.h"
#include "engine/metrics/multi_label.h"

#include <QObject>
#include <QtTest/qtest.h>

#include <cmath>

using namespace mrg;

namespace {

using Lists = std::vector<std::vector<int64_t>>;

Dataset multiLabel(Lists labels, int64_t classes)
{
    Dataset out;
    out.inputs = Tensor::zeros({static_cast<int64_t>(labels.size()), 1});
    for (int64_t c = 0; c < classes; ++c)
        out.labelNames.push_back("class " + std::to_string(c));
    out.labels = std::move(labels);
    return out;
}

Dataset singleLabel(std::vector<int64_t> classes, int64_t count)
{
    Dataset out = multiLabel(Lists(classes.size()), count);
    out.task = Task::SingleLabel;
    out.labels.clear();
    out.classes = std::move(classes);
    return out;
}

Dataset regression(std::vector<float> values, int64_t columns)
{
    const auto rows = static_cast<int64_t>(values.size()) / columns;
    Dataset out = multiLabel(Lists(static_cast<size_t>(rows)), columns);
    out.task = Task::Regression;
    out.labels.clear();
    out.values = Tensor::fromVector(values, {rows, columns});
    return out;
}

double metric(const char *name, const Dataset &data, const std::vector<float> &scores,
              ThresholdRule rule = {ThresholdRule::Kind::Fixed, 0.5})
{
    const Predictions predictions{scores.data(), data.classCount(), &data, rule};
    for (const auto &[known, value] : evaluateMetrics(metricSpecs(), predictions)) {
        if (known == name)
            return value;
    }
    return std::numeric_limits<double>::quiet_NaN();
}

bool close(double a, double b) { return std::abs(a - b) < 1e-9; }

struct Expected {
    const char *row;
    Lists labels;
    std::vector<float> scores;
    int64_t classes;
    double rankingLoss;
    double lrap;
    double coverage;
    double oneError;
};

/// Worked out by hand from the definitions.
const std::vector<Expected> rankings{
        // The example of scikit-learn's documentation.
        {"scikit-learn", {{0}, {2}}, {.75F, .5F, 1, 1, .2F, .1F}, 3, 0.75, 5.0 / 12, 2.5, 1},
        {"perfect", {{0, 1}}, {3, 2, 1, 0}, 4, 0, 1, 2, 0},
        {"upside down", {{0, 1}}, {0, 1, 2, 3}, 4, 1, (1.0 / 3 + 2.0 / 4) / 2, 4, 1},
        // Ties are errors of the ranking, and rank as low as they can.
        {"all tied", {{1}}, {0, 0, 0, 0}, 4, 1, 0.25, 4, 1},
        {"all tied, first is a label", {{0}}, {0, 0, 0, 0}, 4, 1, 0.25, 4, 0},
        {"one tie", {{0, 2}}, {2, 2, 1, 0}, 4, 0.5, (1.0 / 2 + 2.0 / 3) / 2, 3, 0},
        {"tie among labels", {{0, 1}}, {2, 2, 1}, 3, 0, 1, 2, 0},
        {"no label", {{}}, {1, 2, 3}, 3, 0, 1, 0, 1},
        {"all labels", {{0, 1, 2}}, {1, 2, 3}, 3, 0, 1, 3, 0},
        {"no label beside a wrong row", {{}, {0}}, {1, 2, 1, 2}, 2, 0.5, 0.75, 1, 1},
        {"one class, held", {{0}}, {5}, 1, 0, 1, 1, 0},
        {"negative scores", {{1}}, {-3, -1, -2}, 3, 0, 1, 1, 0},
};

struct Cut {
    const char *row;
    Lists labels;
    std::vector<float> scores;
    int64_t classes;
    ThresholdRule rule;
    double microF1;
    double macroF1;
    double hamming;
    double subset;
};

const std::vector<Cut> cuts{
        {"perfect", {{0}, {1}}, {1, 0, 0, 1}, 2, {ThresholdRule::Kind::Fixed, 0.5}, 1, 1, 0, 1},
        {"at the cut is yes",
         {{0}},
         {.5F, .25F},
         2,
         {ThresholdRule::Kind::Fixed, 0.5},
         1,
         0.5,
         0,
         1},
        // Class 0: a hit and a false alarm; class 1: a miss; class 2: nothing, counts 0.
        {"mixed",
         {{0}, {1}},
         {1, 0, 0, 1, 0, 0},
         3,
         {ThresholdRule::Kind::Fixed, 0.5},
         2.0 / (2 + 1 + 1),
         (2.0 / 3 + 0 + 0) / 3,
         2.0 / 6,
         0.5},
        {"nothing predicted",
         {{0}, {1}},
         {0, 0, 0, 0},
         2,
         {ThresholdRule::Kind::Fixed, 0.5},
         0,
         0,
         0.5,
         0},
        {"no labels, none predicted",
         {{}},
         {0, 0},
         2,
         {ThresholdRule::Kind::Fixed, 0.5},
         0,
         0,
         0,
         1},
        {"the best two",
         {{0, 2}},
         {.9F, .1F, .2F},
         3,
         {ThresholdRule::Kind::TopK, 2},
         1,
         2.0 / 3,
         0,
         1},
        {"more than there are",
         {{0}},
         {1, 0},
         2,
         {ThresholdRule::Kind::TopK, 9},
         2.0 / 3,
         0.5,
         0.5,
         0},
};

} // namespace

class TestMetrics : public QObject {
    Q_OBJECT
private slots:
    void rankingsAreJudgedAsDefined_data()
    {
        QTest::addColumn<int>("index");
        for (int i = 0; const Expected &row : rankings)
            QTest::newRow(row.row) << i++;
    }
    void rankingsAreJudgedAsDefined()
    {
        QFETCH(int, index);
        const Expected &row = rankings[static_cast<size_t>(index)];
        const Dataset data = multiLabel(row.labels, row.classes);
        QCOMPARE(metric("ranking_loss", data, row.scores), row.rankingLoss);
        QCOMPARE(metric("lrap", data, row.scores), row.lrap);
        QCOMPARE(metric("coverage_error", data, row.scores), row.coverage);
        QCOMPARE(metric("one_error", data, row.scores), row.oneError);
    }

    void cutScoresAreCountedAsDefined_data()
    {
        QTest::addColumn<int>("index");
        for (int i = 0; const Cut &row : cuts)
            QTest::newRow(row.row) << i++;
    }
    void cutScoresAreCountedAsDefined()
    {
        QFETCH(int, index);
        const Cut &row = cuts[static_cast<size_t>(index)];
        const Dataset data = multiLabel(row.labels, row.classes);
        QCOMPARE(metric("micro_f1", data, row.scores, row.rule), row.microF1);
        QCOMPARE(metric("macro_f1", data, row.scores, row.rule), row.macroF1);
        QCOMPARE(metric("hamming_loss", data, row.scores, row.rule), row.hamming);
        QCOMPARE(metric("subset_accuracy", data, row.scores, row.rule), row.subset);
    }

    void rankingsNeedNoThreshold()
    {
        const Expected &row = rankings.front();
        const Dataset data = multiLabel(row.labels, row.classes);
        for (const MetricSpec &spec : metricSpecs()) {
            if (spec.task != Task::MultiLabel)
                continue;
            const ThresholdRule low{ThresholdRule::Kind::Fixed, -9};
            const ThresholdRule high{ThresholdRule::Kind::Fixed, 9};
            const bool moves = metric(spec.name.c_str(), data, row.scores, low)
                    != metric(spec.name.c_str(), data, row.scores, high);
            QVERIFY2(spec.thresholded || !moves, spec.name.c_str());
        }
    }

    void theGlobalThresholdIsTheBestOfAll()
    {
        RandomStream random(4);
        for (int round = 0; round < 20; ++round) {
            Lists labels;
            std::vector<float> scores;
            for (int n = 0; n < 12; ++n) {
                labels.emplace_back();
                for (int64_t c = 0; c < 4; ++c) {
                    if (random.below(3) == 0)
                        labels.back().push_back(c);
                    // Few different scores, so that there are ties.
                    scores.push_back(static_cast<float>(random.below(7)) / 4);
                }
            }
            const Dataset data = multiLabel(labels, 4);
            const double chosen = bestGlobalThreshold(scores.data(), data);
            const double best
                    = metric("micro_f1", data, scores, {ThresholdRule::Kind::Global, chosen});
            for (float cut : scores) {
                const double other
                        = metric("micro_f1", data, scores, {ThresholdRule::Kind::Fixed, cut});
                QVERIFY(other <= best);
                QVERIFY2(other < best || cut >= chosen, "of equal cuts the lowest is taken");
            }
        }
    }

    void scoresThatAreNoNumbersAreCountedAndNothingBreaks()
    {
        RandomStream random(4);
        Lists labels;
        std::vector<float> scores;
        for (int n = 0; n < 200; ++n) {
            labels.push_back({n % 5});
            for (int c = 0; c < 5; ++c)
                scores.push_back(random.below(2) ? NAN : static_cast<float>(random.normal()));
        }
        const Dataset data = multiLabel(labels, 5);
        QVERIFY(std::isfinite(bestGlobalThreshold(scores.data(), data)));
        for (ThresholdRule::Kind kind : {ThresholdRule::Kind::Global, ThresholdRule::Kind::TopK}) {
            const Predictions predictions{scores.data(), 5, &data, {kind, 2}};
            for (const auto &[name, value] : evaluateMetrics(metricSpecs(), predictions))
                QVERIFY2(std::isfinite(value), name.c_str());
        }
        std::fill(scores.begin(), scores.end(), NAN);
        QVERIFY(std::isfinite(bestGlobalThreshold(scores.data(), data)));
        QCOMPARE(metric("ranking_loss", data, scores), 1.0);
    }

    void oneClassPerSampleIsJudgedAsDefined()
    {
        const Dataset data = singleLabel({0, 1, 1, 2}, 3);
        const std::vector<float> scores{2, 1, 0, /**/ 0, 3, 1, /**/ 5, 1, 2, /**/ 0, 1, 4};
        QCOMPARE(metric("accuracy", data, scores), 0.75);
        // Class 0: a hit, a false alarm. Class 1: a hit, a miss. Class 2: a hit.
        QVERIFY(close(metric("macro_f1", data, scores), (2.0 / 3 + 2.0 / 3 + 1) / 3));
        QVERIFY(close(metric("mean_margin", data, scores), (1.0 + 2 - 4 + 3) / 4));
        // A tie is right only if the right class comes first.
        QCOMPARE(metric("accuracy", singleLabel({0, 1}, 2), {1, 1, 1, 1}), 0.5);
        QVERIFY(std::isfinite(metric("mean_margin", singleLabel({0}, 1), {1})));
    }

    void valuesAreJudgedAsDefined()
    {
        const Dataset data = regression({1, 2, 3, 6}, 2);
        const std::vector<float> scores{1, 3, 3, 3};
        QVERIFY(close(metric("rmse", data, scores), std::sqrt((1.0 + 9) / 4)));
        QVERIFY(close(metric("mae", data, scores), 1.0));
        QVERIFY(close(metric("r2", data, scores), 1 - 10.0 / 14));
        QCOMPARE(metric("r2", data, {1, 2, 3, 6}), 1.0);
        QCOMPARE(metric("r2", regression({2, 2}, 1), {2, 2}), 0.0);
    }

    void noSamplesGiveZeroNotNothing()
    {
        for (const Dataset &data : {multiLabel({}, 3), singleLabel({}, 3), regression({}, 2)}) {
            const Predictions predictions{nullptr, data.classCount(), &data, {}};
            for (const auto &[name, value] : evaluateMetrics(metricSpecs(), predictions))
                QVERIFY2(value == 0, name.c_str());
        }
    }

    void everyMetricSaysWhatItIs()
    {
        for (const MetricSpec &spec : metricSpecs()) {
            QVERIFY(!spec.title.empty());
            QVERIFY2(spec.definition.size() > 20, spec.name.c_str());
        }
        QVERIFY(ThresholdRule{}.text().find("micro F1") != std::string::npos);
    }
};

QTEST_APPLESS_MAIN(TestMetrics)
#include "tst_metrics.moc"
