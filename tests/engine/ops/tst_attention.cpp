// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/autograd/backward.h"
#include "engine/autograd/gradcheck.h"
#include "engine/core/Parallel.h"
#include "engine/core/Random.h"
#include "engine/ops/attention.h"
#include "tests/engine/ops/random_tensors.h"

#include <QObject>
#include <QtTest/qtest.h>

#include <cmath>
#include <limits>

using namespace mrg;

namespace {

/// The definition, one number at a time, for (L, E), (S, E), (S, Ev) and a mask (L, S) or none.
std::vector<double> slowly(const Tensor &q, const Tensor &k, const Tensor &v,
                           const std::vector<double> &mask, double scale)
{
    const int64_t L = q.size(0), S = k.size(0), E = q.size(1), V = v.size(1);
    std::vector<double> out(static_cast<size_t>(L * V), 0.0);
    for (int64_t i = 0; i < L; ++i) {
        std::vector<double> power(static_cast<size_t>(S));
        double sum = 0;
        for (int64_t j = 0; j < S; ++j) {
            double score = 0;
            for (int64_t e = 0; e < E; ++e)
                score += q.data<double>()[i * E + e] * k.data<double>()[j * E + e];
            score *= scale;
            if (!mask.empty())
                score += mask[static_cast<size_t>(i * S + j)];
            sum += power[static_cast<size_t>(j)] = std::exp(score);
        }
        for (int64_t j = 0; j < S; ++j) {
            for (int64_t e = 0; e < V; ++e) {
                out[static_cast<size_t>(i * V + e)]
                        += power[static_cast<size_t>(j)] / sum * v.data<double>()[j * V + e];
            }
        }
    }
    return out;
}

double furthest(const std::vector<double> &a, const std::vector<double> &b)
{
    double out = a.size() == b.size() ? 0 : INFINITY;
    for (size_t i = 0; i < a.size() && i < b.size(); ++i)
        out = std::max(out, std::abs(a[i] - b[i]));
    return out;
}

} // namespace

class TestAttention : public QObject {
    Q_OBJECT

private slots:
    void isItsDefinition_data()
    {
        QTest::addColumn<int>("queries");
        QTest::addColumn<int>("keys");
        QTest::addColumn<int>("size");
        QTest::addColumn<int>("valueSize");
        QTest::newRow("one of each") << 1 << 1 << 1 << 1;
        QTest::newRow("odd sizes") << 3 << 7 << 5 << 2;
        QTest::newRow("whole vectors") << 16 << 32 << 8 << 16;
        QTest::newRow("more than whole vectors") << 19 << 37 << 17 << 21;
    }
    void isItsDefinition()
    {
        QFETCH(int, queries);
        QFETCH(int, keys);
        QFETCH(int, size);
        QFETCH(int, valueSize);
        const Tensor q = test::normalTensor({queries, size}, 1);
        const Tensor k = test::normalTensor({keys, size}, 2);
        const Tensor v = test::normalTensor({keys, valueSize}, 3);
        const double scale = 1 / std::sqrt(static_cast<double>(size));
        QVERIFY(furthest(scaledDotProductAttention(q, k, v).toVector<double>(),
                         slowly(q, k, v, {}, scale))
                < 1e-13);
        const Tensor mask = test::normalTensor({queries, keys}, 4);
        QVERIFY(furthest(
                        scaledDotProductAttention(q, k, v, mask, {.scale = 0.3}).toVector<double>(),
                        slowly(q, k, v, mask.toVector<double>(), 0.3))
                < 1e-13);
        std::vector<double> future(static_cast<size_t>(queries * keys), 0.0);
        Tensor allowed = Tensor::full({queries, keys}, 1, DType::Bool);
        for (int i = 0; i < queries; ++i) {
            for (int j = i + 1; j < keys; ++j) {
                future[static_cast<size_t>(i * keys + j)] = -INFINITY;
                allowed.data<bool>()[i * keys + j] = false;
            }
        }
        const std::vector<double> wanted = slowly(q, k, v, future, scale);
        QVERIFY(furthest(
                        scaledDotProductAttention(q, k, v, {}, {.causal = true}).toVector<double>(),
                        wanted)
                < 1e-13);
        QVERIFY(furthest(scaledDotProductAttention(q, k, v, allowed).toVector<double>(), wanted)
                < 1e-13);
    }

    void gradientsAreTheDerivatives_data()
    {
        QTest::addColumn<int>("leading");
        QTest::addColumn<bool>("causal");
        QTest::addColumn<bool>("masked");
        QTest::newRow("plain") << 0 << false << false;
        QTest::newRow("batch and heads") << 2 << false << false;
        QTest::newRow("three leading dimensions, a mask for all") << 3 << false << true;
        QTest::newRow("causal") << 1 << true << false;
    }
    void gradientsAreTheDerivatives()
    {
        QFETCH(int, leading);
        QFETCH(bool, causal);
        QFETCH(bool, masked);
        const auto shape = [&](Shape last) {
            last.insert(last.begin(), static_cast<size_t>(leading), 2);
            return last;
        };
        std::vector<Tensor> inputs{test::normalTensor(shape({3, 4}), 1),
                                   test::normalTensor(shape({5, 4}), 2),
                                   test::normalTensor(shape({5, 2}), 3)};
        if (masked)
            inputs.push_back(test::normalTensor({3, 5}, 4));
        for (Tensor &input : inputs)
            input.setRequiresGrad();
        const TensorFunction attend = [&](std::span<const Tensor> in) {
            return std::vector<Tensor>{scaledDotProductAttention(
                    in[0], in[1], in[2], in.size() > 3 ? in[3] : Tensor(), {.causal = causal})};
        };
        for (const auto check : {gradcheck, gradgradcheck}) {
            const Result<void> right = check(attend, inputs, {});
            QVERIFY2(right.ok(), right.ok() ? "" : right.error().what());
        }
    }

    void whatIsQueryKeyAndValueIsDifferentiatedTwice()
    {
        Tensor x = test::normalTensor({2, 3}, 1);
        x.setRequiresGrad();
        const Result<void> right = gradgradcheck(
                [](std::span<const Tensor> in) {
                    return std::vector<Tensor>{scaledDotProductAttention(in[0], in[0], in[0])};
                },
                {x});
        QVERIFY2(right.ok(), right.ok() ? "" : right.error().what());
    }

    void dropoutIsDrawnAnewAndDifferentiated()
    {
        std::vector<Tensor> inputs{test::normalTensor({3, 4}, 1), test::normalTensor({5, 4}, 2),
                                   test::normalTensor({5, 2}, 3)};
        for (Tensor &input : inputs)
            input.setRequiresGrad();
        RandomStream random(7);
        const auto attend = [&](std::span<const Tensor> in) {
            return std::vector<Tensor>{scaledDotProductAttention(
                    in[0], in[1], in[2], {}, {.dropout = 0.4, .random = &random})};
        };
        QVERIFY(attend(inputs)[0].toVector<double>() != attend(inputs)[0].toVector<double>());
        const Result<void> right = gradcheck(
                [&](std::span<const Tensor> in) {
                    random.seek(0);
                    return attend(in);
                },
                inputs);
        QVERIFY2(right.ok(), right.ok() ? "" : right.error().what());
    }

    void whoMaySeeNothingGetsNaN()
    {
        Tensor allowed = Tensor::full({2, 3}, 1, DType::Bool);
        std::fill_n(allowed.data<bool>(), 3, false);
        const Tensor out = scaledDotProductAttention(test::normalTensor({2, 4}, 1),
                                                     test::normalTensor({3, 4}, 2),
                                                     test::normalTensor({3, 2}, 3), allowed);
        QVERIFY(std::isnan(out.toVector<double>()[0]));
        QVERIFY(!std::isnan(out.toVector<double>()[2]));
    }

    void whatIsMaskedHasNoWeightAtAll()
    {
        // The values seen are zeros, the one that is forbidden is huge.
        const Tensor v = Tensor::fromVector(std::vector<float>{0, 1e30F, 0}, {3, 1});
        Tensor allowed = Tensor::full({1, 3}, 1, DType::Bool);
        allowed.data<bool>()[1] = false;
        const Tensor out = scaledDotProductAttention(test::normalTensor({1, 4}, 1, DType::Float32),
                                                     test::normalTensor({3, 4}, 2, DType::Float32),
                                                     v, allowed);
        QCOMPARE(out.item(), 0.0);
    }

    void twoThreadsGiveTheBitsOfOne()
    {
        const Tensor q = test::normalTensor({4, 16, 33, 8}, 1, DType::Float32);
        const auto run = [&](int threads) {
            setNumThreads(threads);
            const std::vector<float> out = scaledDotProductAttention(q, q, q).toVector<float>();
            setNumThreads(1);
            return out;
        };
        QCOMPARE(run(2), run(1));
    }

    void wrongUsesAreRefused()
    {
        const Tensor q = Tensor::zeros({2, 4});
        QVERIFY_THROWS_EXCEPTION(Error, scaledDotProductAttention(q, Tensor::zeros({3, 5}), q));
        QVERIFY_THROWS_EXCEPTION(Error, scaledDotProductAttention(q, q, Tensor::zeros({3, 4})));
        QVERIFY_THROWS_EXCEPTION(
                Error, scaledDotProductAttention(q, q, Tensor::zeros({2, 4}, DType::Float64)));
        QVERIFY_THROWS_EXCEPTION(
                Error, scaledDotProductAttention(q, q, q, Tensor::zeros({2, 2}), {.causal = true}));
        QVERIFY_THROWS_EXCEPTION(Error, scaledDotProductAttention(q, q, q, Tensor::zeros({3, 2})));
    }
};

QTEST_APPLESS_MAIN(TestAttention)
#include "tst_attention.moc"
