// SPDX-License-Identifier: GPL-3.0-or-later
// The fast sums of hinges against every pair looked at by itself.
#include "engine/core/Error.h"
#include "engine/core/Parallel.h"
#include "engine/core/Random.h"
#include "engine/kernels/margin_losses.h"

#include <QObject>
#include <QtTest/qtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace mrg;
using kernels::HingeMethod;

namespace {

template <typename T> struct Batch {
    int64_t samples;
    int64_t classes;
    std::vector<T> x;
    std::vector<int64_t> labels;
};

/// Kinds of data: what scores are drawn from and how labels are chosen.
template <typename T>
Batch<T> draw(const QString &kind, int64_t samples, int64_t classes, int64_t most, uint64_t seed)
{
    Batch<T> out{samples, classes, std::vector<T>(static_cast<size_t>(samples * classes)),
                 std::vector<int64_t>(static_cast<size_t>(samples * classes), -1)};
    RandomStream random(seed);
    for (T &value : out.x) {
        if (kind == "tied") // differences of exactly the margin
            value = static_cast<T>(random.below(4));
        else
            value = static_cast<T>(random.normal());
        if (kind == "infinite and NaN") {
            const int64_t which = random.below(12);
            const T infinity = std::numeric_limits<T>::infinity();
            value = which == 0   ? infinity
                    : which == 1 ? -infinity
                    : which == 2 ? std::nan("")
                                 : value;
        }
        if (kind == "NaN" && random.below(10) == 0)
            value = std::nan("");
    }
    for (int64_t n = 0; n < samples; ++n) {
        const std::vector<int64_t> order = random.permutation(classes);
        const int64_t count = n == 0 ? 0 : n == 1 ? most : random.below(most + 1);
        for (int64_t k = 0; k < count; ++k)
            out.labels[static_cast<size_t>(n * classes + k)]
                    = order[static_cast<size_t>(kind == "repeated" ? k / 2 : k)];
    }
    return out;
}

template <typename T> struct Outcome {
    std::vector<T> items;
    std::vector<T> gradient;
    MarginStatistics statistics;
};

template <typename T>
Outcome<T> run(const Batch<T> &batch, HingeMethod method,
               MarginStatistics::Watch watch = MarginStatistics::Watch::Classes)
{
    Outcome<T> out{
            std::vector<T>(static_cast<size_t>(batch.samples)), std::vector<T>(batch.x.size()), {}};
    out.statistics.watch = watch;
    kernels::multiLabelMargin<T>({batch.samples, batch.classes, batch.x.data(), batch.labels.data(),
                                  false, 0.5, out.items.data(), out.gradient.data(),
                                  &out.statistics, method});
    return out;
}

/// The definition, pair by pair.
template <typename T> Outcome<T> defined(const Batch<T> &batch)
{
    const int64_t classes = batch.classes;
    Outcome<T> out{{}, std::vector<T>(batch.x.size(), T(0)), {}};
    out.statistics.reset(classes);
    out.statistics.samples = batch.samples;
    for (int64_t n = 0; n < batch.samples; ++n) {
        const T *x = batch.x.data() + n * classes;
        const int64_t *labels = batch.labels.data() + n * classes;
        const int64_t *end = std::find(labels, labels + classes, -1);
        double sum = 0;
        for (const int64_t *j = labels; j != end; ++j) {
            const bool first = std::find(labels, j, *j) == j;
            for (int64_t i = 0; i < classes; ++i) {
                if (std::find(labels, end, i) != end)
                    continue;
                const T z = (T(1) - x[*j]) + x[i];
                const ClassPairs pair{1, z > 0, z > 0 ? static_cast<double>(z) : 0.0};
                if (first) {
                    out.statistics.missed[static_cast<size_t>(*j)].add(pair);
                    out.statistics.intruded[static_cast<size_t>(i)].add(pair);
                }
                if (!(z > 0))
                    continue;
                sum += static_cast<double>(z);
                const T step = T(0.5) / static_cast<T>(classes);
                out.gradient[static_cast<size_t>(n * classes + i)] += step;
                out.gradient[static_cast<size_t>(n * classes + *j)] -= step;
            }
        }
        out.items.push_back(static_cast<T>(sum / static_cast<double>(classes)));
    }
    return out;
}

bool close(double a, double b, double tolerance)
{
    return (std::isinf(a) && a == b) || std::abs(a - b) <= tolerance * (1 + std::abs(b));
}

void compareClasses(const std::vector<ClassPairs> &got, const std::vector<ClassPairs> &wanted,
                    double tolerance)
{
    QCOMPARE(got.size(), wanted.size());
    for (size_t c = 0; c < got.size(); ++c) {
        QCOMPARE(got[c].pairs, wanted[c].pairs);
        QCOMPARE(got[c].violations, wanted[c].violations);
        QVERIFY2(close(got[c].hinges, wanted[c].hinges, tolerance),
                 qPrintable(QString("%1 %2").arg(got[c].hinges).arg(wanted[c].hinges)));
    }
}

template <typename T>
void compareOutcomes(const Outcome<T> &got, const Outcome<T> &wanted, double tolerance)
{
    for (size_t n = 0; n < got.items.size(); ++n) {
        QVERIFY2(close(static_cast<double>(got.items[n]), static_cast<double>(wanted.items[n]),
                       tolerance),
                 qPrintable(
                         QString("%1 %2").arg(double(got.items[n])).arg(double(wanted.items[n]))));
    }
    for (size_t i = 0; i < got.gradient.size(); ++i)
        QVERIFY(close(static_cast<double>(got.gradient[i]), static_cast<double>(wanted.gradient[i]),
                      tolerance));
    QCOMPARE(got.statistics.samples, wanted.statistics.samples);
    compareClasses(got.statistics.missed, wanted.statistics.missed, tolerance);
    compareClasses(got.statistics.intruded, wanted.statistics.intruded, tolerance);
}

void addKinds()
{
    QTest::addColumn<QString>("kind");
    QTest::addColumn<int64_t>("classes");
    QTest::addColumn<int64_t>("most");
    for (const char *kind : {"random", "tied", "repeated", "NaN", "infinite and NaN"}) {
        for (const auto &[classes, most] :
             {std::pair(1, 1), {2, 1}, {7, 6}, {16, 16}, {65, 20}, {200, 100}, {300, 5}}) {
            QTest::addRow("%s(C=%d,T=%d)", kind, classes, most)
                    << QString(kind) << int64_t(classes) << int64_t(most);
        }
    }
}

} // namespace

class TestMarginLosses : public QObject {
    Q_OBJECT

private slots:
    void scanningGivesWhatTheDefinitionSays_data() { addKinds(); }
    void scanningGivesWhatTheDefinitionSays() { againstDefinition(HingeMethod::Scan); }

    void rankingGivesWhatTheDefinitionSays_data() { addKinds(); }
    void rankingGivesWhatTheDefinitionSays() { againstDefinition(HingeMethod::Rank); }

    void bothMethodsCountAlikeToTheLast_data() { addKinds(); }
    void bothMethodsCountAlikeToTheLast()
    {
        QFETCH(QString, kind);
        QFETCH(int64_t, classes);
        QFETCH(int64_t, most);
        for (uint64_t seed = 1; seed < 6; ++seed) {
            const Batch<float> batch = draw<float>(kind, 9, classes, most, seed);
            const Outcome<float> scanned = run(batch, HingeMethod::Scan);
            const Outcome<float> ranked = run(batch, HingeMethod::Rank);
            // Gradients are made of counts alone: bits, not closeness.
            QCOMPARE(ranked.gradient, scanned.gradient);
            compareOutcomes(ranked, scanned, 1e-5);
        }
    }

    void theMatrixOfPairsAddsUpToTheSumsByClass()
    {
        const Batch<double> batch = draw<double>("random", 12, 30, 12, 3);
        for (HingeMethod method : {HingeMethod::Scan, HingeMethod::Rank}) {
            MarginStatistics seen
                    = run(batch, method, MarginStatistics::Watch::ClassesAndPairs).statistics;
            QVERIFY(seen.hasPairs());
            const MarginStatistics byClass = seen;
            seen.sumPairs();
            compareClasses(byClass.missed, seen.missed, 1e-12);
            compareClasses(byClass.intruded, seen.intruded, 1e-12);
        }
    }

    void bitsAreTheSameForOneAndTwoThreads()
    {
        const Batch<float> batch = draw<float>("random", 700, 150, 90, 4);
        for (HingeMethod method : {HingeMethod::Scan, HingeMethod::Rank}) {
            const Outcome<float> one = run(batch, method);
            setNumThreads(2);
            const Outcome<float> two = run(batch, method);
            setNumThreads(1);
            QCOMPARE(two.items, one.items);
            QCOMPARE(two.gradient, one.gradient);
            QCOMPARE(two.statistics.missed, one.statistics.missed);
            QCOMPARE(two.statistics.intruded, one.statistics.intruded);
        }
    }

    void aLabelOutOfRangeIsNamedWithItsSample()
    {
        Batch<float> batch = draw<float>("random", 3, 5, 2, 1);
        batch.labels[2 * 5 + 4] = 5; // behind the end of the list, and checked all the same
        try {
            run(batch, HingeMethod::Scan);
            QFAIL("no error");
        } catch (const Error &error) {
            QCOMPARE(error.kind, std::string("label_out_of_range"));
            QVERIFY(error.text().find("label 5 in sample 2") != std::string::npos);
        }
    }

private:
    void againstDefinition(HingeMethod method)
    {
        QFETCH(QString, kind);
        QFETCH(int64_t, classes);
        QFETCH(int64_t, most);
        for (uint64_t seed = 1; seed < 4; ++seed) {
            const Batch<float> single = draw<float>(kind, 9, classes, most, seed);
            compareOutcomes(run(single, method), defined(single), 2e-5);
            const Batch<double> twice = draw<double>(kind, 9, classes, most, seed);
            compareOutcomes(run(twice, method), defined(twice), 1e-12);
        }
    }
};

QTEST_APPLESS_MAIN(TestMarginLosses)
#include "tst_margin_losses.moc"
