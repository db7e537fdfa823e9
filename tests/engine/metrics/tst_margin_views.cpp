// SPDX-License-Identifier: GPL-3.0-or-later
// The identities that make the views of margins add up to the loss.
#include "engine/autograd/backward.h"
#include "engine/core/Random.h"
#include "engine/metrics/MetricSpec.h"
#include "engine/metrics/margin_views.h"
#include "engine/nn/Module.h"
#include "engine/nn/families.h"

#include <QObject>
#include <QtTest/qtest.h>

#include <cmath>
#include <numeric>

using namespace mrg;

namespace {

constexpr int64_t samples = 200;
constexpr int64_t classes = 6;

/// Random label sets, empty and full ones among them.
Dataset randomData(uint64_t seed, int64_t labelsPerSample = -1)
{
    RandomStream random(seed);
    Dataset out;
    out.inputs = Tensor::zeros({samples, 1});
    for (int64_t c = 0; c < classes; ++c)
        out.labelNames.push_back("class " + std::to_string(c));
    for (int64_t n = 0; n < samples; ++n) {
        const std::vector<int64_t> order = random.permutation(classes);
        const int64_t count = labelsPerSample < 0 ? random.below(classes + 1) : labelsPerSample;
        out.labels.emplace_back(order.begin(), order.begin() + count);
        std::sort(out.labels.back().begin(), out.labels.back().end());
    }
    return out;
}

Tensor randomScores(uint64_t seed)
{
    RandomStream random(seed);
    Tensor out = Tensor::empty({samples, classes});
    for (int64_t i = 0; i < out.numel(); ++i)
        out.data<float>()[i] = static_cast<float>(random.normal());
    return out;
}

std::shared_ptr<Module> module(const char *name, const Arguments &args = {})
{
    return standardRegistry().module(name)->make(args);
}

double lossOf(const char *name, const Tensor &scores, const Tensor &target,
              const Arguments &args = {})
{
    return (*module(name, args))(scores, target).item();
}

bool close(double a, double b, double within = 1e-6)
{
    return std::abs(a - b) < within * (1 + std::abs(b));
}

template <typename T> T total(const std::vector<T> &values)
{
    return std::accumulate(values.begin(), values.end(), T(0));
}

} // namespace

class TestMarginViews : public QObject {
    Q_OBJECT

    const Dataset data = randomData(1);
    const Tensor scores = randomScores(2);
    const Tensor target = data.target(TargetForm::LabelIndices).value();
    const MarginStatistics seen = marginsOf(scores.data<float>(), data);

private slots:
    void theLossIsThatOfTheDefinition()
    {
        const Tensor x = Tensor::fromVector<float>({.1F, .2F, .4F, .8F});
        const auto loss = [&](std::vector<int64_t> labels) {
            return lossOf("MultiLabelMarginLoss", x, Tensor::fromVector(labels));
        };
        QVERIFY(close(loss({3, 0, -1, 1}), 0.85));
        QVERIFY(close(loss({0, 3, -1, 1}), 0.85));
        QVERIFY(close(loss({3, -1, -1, -1}), 0.325));
        QVERIFY(close(loss({3, 3, -1, -1}), 0.65));
        // Multi-hot taken for indices: silently another number.
        QVERIFY(close(loss({0, 1, 0, 1}), 2.9));
        QVERIFY(close(loss({1, 3, -1, -1}), 0.75));
    }

    void theMatricesCountPairsAsDefined()
    {
        std::vector<int64_t> pairs(classes * classes, 0);
        std::vector<int64_t> violations(classes * classes, 0);
        std::vector<double> hinges(classes * classes, 0);
        for (int64_t n = 0; n < samples; ++n) {
            const std::vector<int64_t> &labels = data.labels[static_cast<size_t>(n)];
            for (int64_t j : labels) {
                for (int64_t i = 0; i < classes; ++i) {
                    if (std::find(labels.begin(), labels.end(), i) != labels.end())
                        continue;
                    const float *s = scores.data<float>() + n * classes;
                    const float gap = 1 - s[j] + s[i];
                    const auto cell = static_cast<size_t>(j * classes + i);
                    ++pairs[cell];
                    violations[cell] += gap > 0;
                    hinges[cell] += std::max(gap, 0.0F);
                }
            }
        }
        QCOMPARE(seen.samples, samples);
        QCOMPARE(seen.pairs, pairs);
        QCOMPARE(seen.violations, violations);
        for (size_t cell = 0; cell < hinges.size(); ++cell)
            QVERIFY(close(seen.hinges[cell], hinges[cell]));
    }

    void theHingesOfTheClassesSumToTheLossOnEitherSide()
    {
        double misses = 0;
        double intrusions = 0;
        for (const ClassMargins &one : classMargins(seen)) {
            misses += one.missHinge;
            intrusions += one.intrusionHinge;
        }
        const double loss = lossOf("MultiLabelMarginLoss", scores, target);
        QVERIFY(close(misses, loss));
        QVERIFY(close(intrusions, loss));
    }

    void theGradientOfAClassIsADifferenceOfCounts()
    {
        Tensor x = scores.copy();
        x.setRequiresGrad();
        backward((*module("MultiLabelMarginLoss"))(x, target));
        double all = 0;
        for (int64_t c = 0; c < classes; ++c) {
            double gradient = 0;
            for (int64_t n = 0; n < samples; ++n)
                gradient += x.grad().data<float>()[n * classes + c];
            int64_t count = 0;
            for (int64_t other = 0; other < classes; ++other) {
                count += seen.violations[static_cast<size_t>(other * classes + c)];
                count -= seen.violations[static_cast<size_t>(c * classes + other)];
            }
            QVERIFY(close(gradient, static_cast<double>(count) / (samples * classes)));
            all += gradient;
        }
        QVERIFY(std::abs(all) < 1e-6);
    }

    void ratesAreSharesOfTheirPairs()
    {
        const std::vector<ClassMargins> views = classMargins(seen);
        for (int64_t c = 0; c < classes; ++c) {
            double missed = 0, asLabel = 0, intruded = 0, asRival = 0;
            for (int64_t other = 0; other < classes; ++other) {
                const auto row = static_cast<size_t>(c * classes + other);
                const auto column = static_cast<size_t>(other * classes + c);
                missed += static_cast<double>(seen.violations[row]);
                asLabel += static_cast<double>(seen.pairs[row]);
                intruded += static_cast<double>(seen.violations[column]);
                asRival += static_cast<double>(seen.pairs[column]);
            }
            const ClassMargins &view = views[static_cast<size_t>(c)];
            QVERIFY(close(view.missRate, missed / asLabel));
            QVERIFY(close(view.intrusionRate, intruded / asRival));
            QVERIFY(close(view.totalRate, (missed + intruded) / (asLabel + asRival)));
        }
    }

    void whatNeverOccurredIsBlankNotZero()
    {
        Dataset one = randomData(1);
        for (auto &labels : one.labels)
            labels = {0};
        const MarginStatistics statistics = marginsOf(scores.data<float>(), one);
        QVERIFY(std::isnan(pairRate(statistics, 1, 0)));
        QVERIFY(std::isnan(pairRate(statistics, 2, 2)));
        QVERIFY(std::isfinite(pairRate(statistics, 0, 1)));
        const std::vector<ClassMargins> views = classMargins(statistics);
        QVERIFY(std::isnan(views[1].missRate));
        QVERIFY(std::isnan(views[0].intrusionRate));
        QVERIFY(std::isfinite(views[1].totalRate));
        QVERIFY(classMargins({}).empty());
    }

    void theLossSeesWhatTheScoresSay()
    {
        MarginStatistics watched;
        const std::shared_ptr<Module> loss = module("MultiLabelMarginLoss");
        loss->watchMargins(&watched);
        (*loss)(scores, target);
        QCOMPARE(watched.pairs, seen.pairs);
        QCOMPARE(watched.violations, seen.violations);
        // Labels named twice count twice in the loss, but are one pair.
        const Tensor x = Tensor::fromVector<float>({.1F, .2F, .4F, .8F});
        watched = {};
        (*loss)(x, Tensor::fromVector<int64_t>({3, 3, -1, -1}));
        QCOMPARE(total(watched.pairs), 3);
    }

    void batchesAddUpToTheWhole()
    {
        MarginStatistics merged;
        for (int64_t start = 0; start < samples; start += 64) {
            std::vector<int64_t> rows(static_cast<size_t>(std::min<int64_t>(64, samples - start)));
            std::iota(rows.begin(), rows.end(), start);
            merged.merge(marginsOf(scores.data<float>() + start * classes, data.subset(rows)));
        }
        QCOMPARE(merged.samples, seen.samples);
        QCOMPARE(merged.pairs, seen.pairs);
        QCOMPARE(merged.violations, seen.violations);
        QVERIFY(close(total(merged.hinges), total(seen.hinges)));
    }

    void misrankedPairsAreViolatedPairs()
    {
        const auto misranked = [&](const MarginStatistics &none) { return total(none.violations); };
        // With no margin to keep, a violation is a wrong order (ties, which are none here, apart).
        const int64_t wrong = misranked(marginsOf(scores.data<float>(), data, 0));
        QVERIFY(wrong > 0);
        QVERIFY(wrong <= total(seen.violations));
        QVERIFY(static_cast<double>(wrong) <= total(seen.hinges));
    }

    void aSampleIsSatisfiedIffItsMarginIsReached()
    {
        const std::vector<float> margins = sampleMargins(scores.data<float>(), data);
        size_t at = 0;
        for (int64_t n = 0; n < samples; ++n) {
            const size_t labels = data.labels[static_cast<size_t>(n)].size();
            if (labels == 0 || labels == classes)
                continue;
            const MarginStatistics own
                    = marginsOf(scores.data<float>() + n * classes, data.subset({n}));
            QCOMPARE(margins.at(at++) >= 1, total(own.violations) == 0);
        }
        QCOMPARE(at, margins.size());
    }

    void aMarginJustReachedIsNotViolated()
    {
        const float exact[] = {2, 1, 1, 1, 1, 0};
        const Dataset one = randomData(1).subset({0});
        Dataset first = one;
        first.labels = {{0}};
        QCOMPARE(total(marginsOf(exact, first).violations), 0);
        QCOMPARE(total(marginsOf(exact, first, 1.5).violations), 4);
    }

    void withOneLabelItIsTheMultiClassHinge()
    {
        const Dataset single = randomData(5, 1);
        std::vector<int64_t> labels;
        for (const auto &list : single.labels)
            labels.push_back(list.front());
        const double multi = lossOf("MultiLabelMarginLoss", scores,
                                    single.target(TargetForm::LabelIndices).value());
        QVERIFY(close(multi, lossOf("MultiMarginLoss", scores, Tensor::fromVector(labels))));
    }

    void behindASigmoidEveryPairStaysViolated()
    {
        Tensor far = scores.copy();
        for (int64_t n = 0; n < samples; ++n) {
            for (int64_t c = 0; c < classes; ++c) {
                const auto &labels = data.labels[static_cast<size_t>(n)];
                const bool holds = std::find(labels.begin(), labels.end(), c) != labels.end();
                far.data<float>()[n * classes + c] = holds ? 9.0F : -9.0F;
            }
        }
        const MarginStatistics free = marginsOf(far.data<float>(), data);
        QCOMPARE(total(free.violations), 0);
        const Tensor squashed = (*module("Sigmoid"))(far);
        const MarginStatistics stuck = marginsOf(squashed.data<float>(), data);
        QCOMPARE(total(stuck.violations), total(stuck.pairs));
        QVERIFY(lossOf("MultiLabelMarginLoss", squashed, target) > 0);
    }

    void singleLabelTasksHaveMarginsToo()
    {
        Dataset single = randomData(5, 1);
        single.task = Task::SingleLabel;
        for (const auto &list : single.labels)
            single.classes.push_back(list.front());
        const MarginStatistics statistics = marginsOf(scores.data<float>(), single);
        QCOMPARE(total(statistics.pairs), samples * (classes - 1));
        Dataset values;
        values.task = Task::Regression;
        QCOMPARE(marginsOf(nullptr, values).classes, 0);
    }
};

QTEST_APPLESS_MAIN(TestMarginViews)
#include "tst_margin_views.moc"
