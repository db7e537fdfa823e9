// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/autograd/gradcheck.h"
#include "engine/core/Random.h"
#include "engine/nn/Module.h"
#include "engine/nn/families.h"
#include "engine/ops/softmax.h"

#include <QObject>
#include <QtTest/qtest.h>

#include <cmath>

using namespace mrg;

namespace {

Tensor randomScores(const Shape &shape, uint64_t seed)
{
    RandomStream random(seed);
    Tensor out = Tensor::empty(shape, DType::Float64);
    for (int64_t i = 0; i < out.numel(); ++i)
        out.data<double>()[i] = random.normal();
    return out;
}

Tensor integers(const std::vector<int64_t> &values) { return Tensor::fromVector(values); }

/// -log of the sum over all paths of (T, C) that say `labels` once repeats and blanks are taken
/// out.
double byAllPaths(const Tensor &logProbabilities, const std::vector<int64_t> &labels, int64_t blank)
{
    const int64_t steps = logProbabilities.size(0);
    const int64_t classes = logProbabilities.size(1);
    const auto paths = static_cast<int64_t>(std::pow(classes, steps));
    double sum = 0;
    for (int64_t path = 0; path < paths; ++path) {
        std::vector<int64_t> said;
        double log = 0;
        int64_t last = -1;
        int64_t rest = path;
        for (int64_t t = 0; t < steps; ++t, rest /= classes) {
            const int64_t label = rest % classes;
            log += logProbabilities.data<double>()[t * classes + label];
            if (label != last && label != blank)
                said.push_back(label);
            last = label;
        }
        if (said == labels)
            sum += std::exp(log);
    }
    return -std::log(sum);
}

} // namespace

class TestCtcLoss : public QObject {
    Q_OBJECT

    const Registry registry = standardRegistry();

    std::shared_ptr<Module> loss(const Arguments &args) const
    {
        return registry.module("CTCLoss")->make(args);
    }

private slots:
    void isTheSumOverAllAlignments_data()
    {
        QTest::addColumn<QVector<int>>("labels");
        QTest::addColumn<int>("blank");
        QTest::newRow("none") << QVector<int>{} << 0;
        QTest::newRow("one") << QVector<int>{2} << 0;
        QTest::newRow("a repeat needs a blank") << QVector<int>{1, 1} << 0;
        QTest::newRow("another blank") << QVector<int>{0, 1} << 2;
        QTest::newRow("as many as fit") << QVector<int>{1, 2, 1, 2, 1} << 0;
    }
    void isTheSumOverAllAlignments()
    {
        QFETCH(QVector<int>, labels);
        QFETCH(int, blank);
        const std::vector<int64_t> wanted(labels.begin(), labels.end());
        const Tensor scores = log_softmax(randomScores({5, 3}, 1), 1);
        const Tensor inputs[] = {scores, integers(wanted), Tensor::scalar(5, DType::Int64),
                                 Tensor::scalar(static_cast<double>(wanted.size()), DType::Int64)};
        const double got
                = loss({{"blank", blank}, {"reduction", "sum"}})->forward(inputs)[0].item();
        QVERIFY(std::abs(got - byAllPaths(scores, wanted, blank)) < 1e-12);
    }

    /// The gradient takes the scores to come from a log_softmax; through one it is the derivative.
    void theGradientThroughLogSoftmaxIsTheDerivative_data()
    {
        QTest::addColumn<QString>("reduction");
        for (const char *name : {"none", "mean", "sum"})
            QTest::newRow(name) << name;
    }
    void theGradientThroughLogSoftmaxIsTheDerivative()
    {
        QFETCH(QString, reduction);
        const auto module = loss({{"reduction", reduction.toStdString()}});
        Tensor scores = randomScores({6, 3, 4}, 2);
        scores.setRequiresGrad();
        const Tensor labels = integers({1, 2, 2, 2, 3}); // of lengths 2, 3 and 0
        const Result<void> right = gradcheck(
                [&](std::span<const Tensor> in) {
                    const Tensor inputs[] = {log_softmax(in[0], 2), labels, integers({6, 5, 4}),
                                             integers({2, 3, 0})};
                    return module->forward(inputs);
                },
                {scores});
        QVERIFY2(right.ok(), right.ok() ? "" : right.error().what());
    }

    void labelsInRowsAndInOneLineAreTheSame()
    {
        const Tensor scores = log_softmax(randomScores({6, 2, 4}, 3), 2);
        const Tensor lengths = integers({6, 6});
        const Tensor counts = integers({2, 1});
        const Tensor rows[] = {scores, Tensor::fromVector(std::vector<int64_t>{1, 2, 3, 0}, {2, 2}),
                               lengths, counts};
        const Tensor line[] = {scores, integers({1, 2, 3}), lengths, counts};
        QCOMPARE(loss({})->forward(rows)[0].item(), loss({})->forward(line)[0].item());
    }

    void wrongLengthsAndLabelsAreRefused_data()
    {
        QTest::addColumn<QVector<int>>("labels");
        QTest::addColumn<QVector<int>>("inputLengths");
        QTest::addColumn<QVector<int>>("targetLengths");
        QTest::addColumn<QString>("kind");
        QTest::newRow("steps") << QVector<int>{1, 2} << QVector<int>{7, 6} << QVector<int>{1, 1}
                               << "input_length_too_large";
        QTest::newRow("negative") << QVector<int>{1, 2} << QVector<int>{6, 6} << QVector<int>{2, -1}
                                  << "negative_length";
        QTest::newRow("labels") << QVector<int>{1, 2} << QVector<int>{6, 6} << QVector<int>{1, 2}
                                << "target_length_mismatch";
        QTest::newRow("left over") << QVector<int>{1, 2} << QVector<int>{6, 6} << QVector<int>{1, 0}
                                   << "target_length_mismatch";
        QTest::newRow("no class") << QVector<int>{1, 4} << QVector<int>{6, 6} << QVector<int>{1, 1}
                                  << "index_out_of_range";
    }
    void wrongLengthsAndLabelsAreRefused()
    {
        QFETCH(QVector<int>, labels);
        QFETCH(QVector<int>, inputLengths);
        QFETCH(QVector<int>, targetLengths);
        QFETCH(QString, kind);
        const auto tensor = [](const QVector<int> &values) {
            return integers({values.begin(), values.end()});
        };
        const Tensor inputs[] = {Tensor::zeros({6, 2, 4}), tensor(labels), tensor(inputLengths),
                                 tensor(targetLengths)};
        try {
            loss({})->forward(inputs);
        } catch (const Error &error) {
            QCOMPARE(error.kind, kind.toStdString());
            return;
        }
        QFAIL("nothing was thrown");
    }
};

QTEST_APPLESS_MAIN(TestCtcLoss)
#include "tst_ctc_loss.moc"
