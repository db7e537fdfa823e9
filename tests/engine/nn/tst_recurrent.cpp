// SPDX-License-Identifier: GPL-3.0-or-later
// Recurrent modules beyond what their samples say: packed sequences, layers against cells, threads.
#include "engine/autograd/backward.h"
#include "engine/autograd/gradcheck.h"
#include "engine/core/Parallel.h"
#include "engine/nn/families.h"
#include "engine/nn/packed_sequence.h"
#include "engine/ops/views.h"
#include "tests/engine/ops/random_tensors.h"

#include <QObject>
#include <QtTest/qtest.h>

#include <cmath>

using namespace mrg;

namespace {

double furthest(const Tensor &a, const Tensor &b)
{
    const std::vector<double> x = a.toVector<double>();
    const std::vector<double> y = b.toVector<double>();
    double out = x.size() == y.size() ? 0 : INFINITY;
    for (size_t i = 0; i < x.size() && i < y.size(); ++i)
        out = std::max(out, std::abs(x[i] - y[i]));
    return out;
}

RNNBase::Options lstmOptions()
{
    RNNBase::Options options;
    options.input_size = 3;
    options.hidden_size = 2;
    options.num_layers = 2;
    options.bidirectional = true;
    return options;
}

} // namespace

class TestRecurrent : public QObject {
    Q_OBJECT

    const Registry registry = standardRegistry();

private slots:
    void packedSequencesComeBackAsTheyWere()
    {
        const std::vector<int64_t> lengths{2, 4, 1};
        const Tensor input = test::normalTensor({4, 3, 2}, 1);
        const PackedSequence packed = packPaddedSequence(input, lengths, false, false);
        QCOMPARE(packed.batch_sizes, (std::vector<int64_t>{3, 2, 1, 1}));
        QCOMPARE(packed.sorted_indices, (std::vector<int64_t>{1, 0, 2}));
        QCOMPARE(packed.unsorted_indices, (std::vector<int64_t>{1, 0, 2}));
        QCOMPARE(packed.data.shape(), (Shape{7, 2}));
        const PaddedSequence padded = padPackedSequence(packed, true, -7.0, 6);
        QCOMPARE(padded.lengths, lengths);
        QCOMPARE(padded.data.shape(), (Shape{3, 6, 2}));
        for (int64_t n = 0; n < 3; ++n) {
            for (int64_t step = 0; step < 6; ++step) {
                const bool inside = step < lengths[static_cast<size_t>(n)];
                const double got = padded.data.data<double>()[(n * 6 + step) * 2];
                QCOMPARE(got, inside ? input.data<double>()[(step * 3 + n) * 2] : -7.0);
            }
        }
    }

    void listsOfSequencesArePacked()
    {
        const std::vector<Tensor> sequences{test::normalTensor({3, 2}, 1),
                                            test::normalTensor({1, 2}, 2)};
        const PackedSequence packed = packSequence(sequences);
        QVERIFY(packed.sorted_indices.empty());
        const std::vector<Tensor> back = unpackSequence(packed);
        QCOMPARE(back.size(), sequences.size());
        for (size_t i = 0; i < back.size(); ++i)
            QCOMPARE(furthest(back[i], sequences[i]), 0.0);
        QCOMPARE(padSequence(sequences, true).shape(), (Shape{2, 3, 2}));
        QCOMPARE(padSequence(sequences).shape(), (Shape{3, 2, 2}));
    }

    void wrongLengthsAreRefused_data()
    {
        QTest::addColumn<QVector<int>>("lengths");
        QTest::addColumn<QString>("kind");
        QTest::newRow("zero") << QVector<int>{2, 0, 1} << "wrong_lengths";
        QTest::newRow("beyond the steps") << QVector<int>{5, 1, 1} << "wrong_lengths";
        QTest::newRow("not falling") << QVector<int>{1, 2, 1} << "wrong_lengths";
        QTest::newRow("too few") << QVector<int>{2, 1} << "size_mismatch";
    }
    void wrongLengthsAreRefused()
    {
        QFETCH(QVector<int>, lengths);
        QFETCH(QString, kind);
        try {
            packPaddedSequence(Tensor::zeros({4, 3, 2}), {lengths.begin(), lengths.end()});
        } catch (const Error &error) {
            QCOMPARE(error.kind, kind.toStdString());
            return;
        }
        QFAIL("nothing was thrown");
    }

    void totalLengthBelowTheLongestIsRefused()
    {
        const PackedSequence packed = packPaddedSequence(Tensor::zeros({4, 1, 2}), {4});
        QVERIFY_THROWS_EXCEPTION(Error, padPackedSequence(packed, false, 0, 3));
    }

    /// Every sequence for itself gives what all of them packed give.
    void aPackedBatchIsItsSequencesOneByOne_data()
    {
        QTest::addColumn<int>("mode");
        QTest::newRow("tanh") << static_cast<int>(RecurrentMode::RnnTanh);
        QTest::newRow("relu") << static_cast<int>(RecurrentMode::RnnRelu);
        QTest::newRow("lstm") << static_cast<int>(RecurrentMode::Lstm);
        QTest::newRow("gru") << static_cast<int>(RecurrentMode::Gru);
    }
    void aPackedBatchIsItsSequencesOneByOne()
    {
        QFETCH(int, mode);
        RNNBase::Options options = lstmOptions();
        options.mode = static_cast<RecurrentMode>(mode);
        RNNBase network(options);
        network.to(DType::Float64);
        const std::vector<int64_t> lengths{2, 4, 1};
        const Tensor input = test::normalTensor({4, 3, 3}, 5);
        const Tensor h = test::normalTensor({4, 3, 2}, 6);
        const Tensor c
                = options.mode == RecurrentMode::Lstm ? test::normalTensor({4, 3, 2}, 7) : Tensor();
        const PackedResult result
                = network.forward(packPaddedSequence(input, lengths, false, false), h, c);
        const Tensor output = padPackedSequence(result.output).data;
        for (int64_t n = 0; n < 3; ++n) {
            const int64_t length = lengths[static_cast<size_t>(n)];
            std::vector<Tensor> alone{narrow(narrow(input, 1, n, 1), 0, 0, length),
                                      narrow(h, 1, n, 1)};
            if (c.defined())
                alone.push_back(narrow(c, 1, n, 1));
            const std::vector<Tensor> wanted = network.forward(alone);
            QVERIFY(furthest(narrow(narrow(output, 1, n, 1), 0, 0, length), wanted[0]) < 1e-12);
            QVERIFY(furthest(narrow(result.h_n, 1, n, 1), wanted[1]) < 1e-12);
            if (c.defined())
                QVERIFY(furthest(narrow(result.c_n, 1, n, 1), wanted[2]) < 1e-12);
        }
    }

    void gradientsGoThroughPackedSequences()
    {
        RNNBase network(lstmOptions());
        network.to(DType::Float64);
        std::vector<Tensor> inputs{test::normalTensor({3, 3, 3}, 1),
                                   test::normalTensor({4, 3, 2}, 2),
                                   test::normalTensor({4, 3, 2}, 3)};
        for (Tensor &input : inputs)
            input.setRequiresGrad();
        for (const Tensor &parameter : network.parameters())
            inputs.push_back(parameter);
        const Result<void> right = gradcheck(
                [&](std::span<const Tensor> in) {
                    const PackedResult result = network.forward(
                            packPaddedSequence(in[0], {1, 3, 2}, false, false), in[1], in[2]);
                    return std::vector<Tensor>{padPackedSequence(result.output).data, result.h_n,
                                               result.c_n};
                },
                inputs);
        QVERIFY2(right.ok(), right.ok() ? "" : right.error().what());
    }

    void wrongStatesOfPackedSequencesAreRefused()
    {
        RNNBase network(lstmOptions());
        const PackedSequence packed = packPaddedSequence(Tensor::zeros({4, 2, 3}), {4, 2});
        QVERIFY_THROWS_EXCEPTION(Error, network.forward(packed, Tensor::zeros({4, 3, 2})));
        const PackedSequence wide = packPaddedSequence(Tensor::zeros({4, 2, 5}), {4, 2});
        QVERIFY_THROWS_EXCEPTION(Error, network.forward(wide));
    }

    void aLayerIsItsCellStepByStep_data()
    {
        QTest::addColumn<QString>("layer");
        QTest::addColumn<QString>("cell");
        for (const char *name : {"RNN", "LSTM", "GRU"})
            QTest::newRow(name) << name << QString(name) + "Cell";
    }
    void aLayerIsItsCellStepByStep()
    {
        QFETCH(QString, layer);
        QFETCH(QString, cell);
        const Arguments args{{"input_size", 3}, {"hidden_size", 5}};
        const auto whole = registry.module(layer.toStdString())->make(args);
        const auto step = registry.module(cell.toStdString())->make(args);
        NamedTensors state;
        for (const auto &[name, tensor] : whole->stateDict())
            state.emplace_back(name.substr(0, name.size() - 3), tensor);
        step->loadStateDict(state);
        for (Module *module : {whole.get(), step.get()})
            module->to(DType::Float64);
        const Tensor input = test::normalTensor({6, 2, 3}, 9);
        const Tensor output = whole->forward({&input, 1}).front();
        std::vector<Tensor> carried;
        for (int64_t t = 0; t < 6; ++t) {
            std::vector<Tensor> inputs{reshape(narrow(input, 0, t, 1), {2, 3})};
            inputs.insert(inputs.end(), carried.begin(), carried.end());
            carried = step->forward(inputs);
            QVERIFY(furthest(reshape(narrow(output, 0, t, 1), {2, 5}), carried[0]) < 1e-12);
        }
    }

    /// Gradients as well; the batch is more than one thread takes at a time.
    void twoThreadsGiveTheBitsOfOne()
    {
        const auto run = [&](int threads) {
            setNumThreads(threads);
            RNNBase network(lstmOptions());
            Tensor input = test::normalTensor({5, 40, 3}, 4, DType::Float32);
            input.setRequiresGrad();
            const std::vector<Tensor> outputs = network.forward({&input, 1});
            backward(outputs[0], test::normalTensor({5, 40, 4}, 5, DType::Float32));
            std::vector<float> bits = outputs[0].toVector<float>();
            for (const Tensor &parameter : network.parameters()) {
                const std::vector<float> more = parameter.grad().toVector<float>();
                bits.insert(bits.end(), more.begin(), more.end());
            }
            setNumThreads(1);
            return bits;
        };
        QCOMPARE(run(2), run(1));
    }

    void dropoutLeavesTheLastLayerAlone()
    {
        RNNBase::Options options = lstmOptions();
        options.dropout = 1;
        RNNBase network(options);
        const Tensor input = test::normalTensor({3, 2, 3}, 1, DType::Float32);
        const Tensor training = network.forward({&input, 1})[0];
        const Tensor other = test::normalTensor({3, 2, 3}, 2, DType::Float32);
        // Nothing of the first layer gets through, yet the second one answers.
        QCOMPARE(network.forward({&other, 1})[0].toVector<float>(), training.toVector<float>());
        QVERIFY(furthest(training, Tensor::zeros({3, 2, 4})) > 0);
        network.eval();
        QVERIFY(furthest(network.forward({&input, 1})[0], training) > 0);
    }
};

QTEST_APPLESS_MAIN(TestRecurrent)
#include "tst_recurrent.moc"
