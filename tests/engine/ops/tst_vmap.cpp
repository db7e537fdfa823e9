// SPDX-License-Identifier: GPL-3.0-or-later
// vmap over every function that allows it: what comes out is what single calls give, and so are the
// gradients; the others are refused.
#include "engine/autograd/backward.h"
#include "engine/core/Random.h"
#include "engine/nn/families.h"
#include "engine/ops/joining.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/reductions.h"
#include "engine/ops/views.h"
#include "engine/ops/vmap.h"
#include "tests/engine/error_kind.h"
#include "tests/engine/spec/sample_inputs.h"

#include <QObject>
#include <QtTest/qtest.h>

#include <cmath>

using namespace mrg;

namespace {

constexpr int64_t entries = 3;

/// Which inputs are mapped, along which of their dimensions, and where the results are joined.
enum class Way {
    FirstDimensions, ///< all along the first dimension, joined there
    LastDimensions, ///< all along the last, joined at the end
    FirstInputAlone,
    AllButTheFirst,
};

bool isMapped(Way way, size_t input)
{
    return way == Way::FirstInputAlone ? input == 0 : way != Way::AllButTheFirst || input > 0;
}

/// multinomial_async draws too, though it stands in another group.
bool allowsVmap(const FunctionSpec &spec)
{
    return spec.call && !spec.shapeFromElements && spec.group != Group::Random
            && !spec.name.starts_with("multinomial");
}

/// NaN and infinity are equal to themselves.
bool same(const Tensor &a, const Tensor &b, double tolerance = 0)
{
    if (a.shape() != b.shape() || a.dtype() != b.dtype())
        return false;
    const auto x = a.toVector<std::complex<double>>();
    const auto y = b.toVector<std::complex<double>>();
    const auto near = [tolerance](double left, double right) {
        return left == right || (std::isnan(left) && std::isnan(right))
                || std::abs(left - right) <= tolerance * (1 + std::abs(right));
    };
    for (size_t i = 0; i < x.size(); ++i) {
        if (!near(x[i].real(), y[i].real()) || !near(x[i].imag(), y[i].imag()))
            return false;
    }
    return true;
}

/// A use of a function on several inputs at once.
struct Batch {
    std::vector<std::vector<Tensor>> single; ///< by entry, then input
    std::vector<Tensor> inputs; ///< mapped ones joined
    std::vector<MappedDim> inDims;
    int64_t outDim = 0;
};

bool isLeaf(const FunctionSpec &spec, const Tensor &input)
{
    return spec.differentiable && !spec.name.ends_with('_') && input.defined()
            && input.isFloatingPoint();
}

Batch batchOf(const FunctionSpec &spec, const Sample &sample, Way way)
{
    Batch out;
    out.outDim = way == Way::LastDimensions ? -1 : 0;
    for (int64_t k = 0; k < entries; ++k)
        out.single.push_back(test::drawInputs(spec, sample, static_cast<uint64_t>(k) + 1));
    for (size_t i = 0; i < sample.inputs.size(); ++i) {
        if (!isMapped(way, i) || sample.inputs[i] == leftOut) {
            for (auto &inputs : out.single)
                inputs[i] = out.single[0][i].defined() ? out.single[0][i].copy() : Tensor();
            out.inputs.push_back(out.single[0][i].defined() ? out.single[0][i].copy() : Tensor());
            out.inDims.emplace_back();
        } else {
            std::vector<Tensor> parts;
            for (const auto &inputs : out.single)
                parts.push_back(inputs[i]);
            const int64_t dim = way == Way::LastDimensions ? parts[0].dim() : 0;
            out.inputs.push_back(stack(parts, dim).copy());
            out.inDims.emplace_back(dim);
        }
        if (isLeaf(spec, out.inputs[i])) {
            out.inputs[i].setRequiresGrad();
            for (auto &inputs : out.single)
                inputs[i].setRequiresGrad();
        }
    }
    return out;
}

} // namespace

class TestVmap : public QObject {
    Q_OBJECT

    const Registry registry = standardRegistry();

    /// The sum of all outputs' elements, each weighted by its place within its entry.
    static Tensor weighted(const std::vector<Tensor> &outputs)
    {
        Tensor total;
        for (const Tensor &output : outputs) {
            if (!output.requiresGrad() || !output.isFloatingPoint())
                continue;
            Tensor weights = Tensor::empty(output.shape(), output.dtype());
            for (int64_t i = 0; i < weights.numel(); ++i)
                weights.data<double>()[i] = 0.5 + 0.125 * static_cast<double>(i % 7);
            const Tensor part = sum(mul(output, weights));
            total = total.defined() ? add(total, part) : part;
        }
        return total;
    }

private slots:
    void itGivesWhatSingleCallsGive_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<int>("index");
        QTest::addColumn<int>("way");
        const std::vector<std::pair<Way, const char *>> ways{
                {Way::FirstDimensions, "first dimensions"},
                {Way::LastDimensions, "last dimensions"},
                {Way::FirstInputAlone, "first input alone"},
                {Way::AllButTheFirst, "all but the first"}};
        for (const FunctionSpec &spec : registry.functions()) {
            for (size_t i = 0; allowsVmap(spec) && i < spec.samples.size(); ++i) {
                for (const auto &[way, words] : ways) {
                    const bool several = way == Way::FirstInputAlone || way == Way::AllButTheFirst;
                    const size_t inputs = spec.samples[i].inputs.size();
                    if (inputs == 0 || (several && inputs < 2))
                        continue;
                    QTest::addRow("%s %zu: %s", spec.name.c_str(), i, words)
                            << QString::fromStdString(spec.name) << static_cast<int>(i)
                            << static_cast<int>(way);
                }
            }
        }
    }
    void itGivesWhatSingleCallsGive()
    {
        QFETCH(QString, name);
        QFETCH(int, index);
        QFETCH(int, way);
        const FunctionSpec &spec = *registry.function(name.toStdString());
        const Sample &sample = spec.samples.at(static_cast<size_t>(index));
        if (spec.name == "as_strided")
            return; // it speaks of memory beyond the entry
        const Batch batch = batchOf(spec, sample, static_cast<Way>(way));
        if (std::none_of(batch.inDims.begin(), batch.inDims.end(),
                         [](const MappedDim &dim) { return dim.has_value(); }))
            return; // the other inputs are left out
        if (spec.name.ends_with('_') && !batch.inDims[0])
            return; // what is changed in place is changed by every entry
        std::vector<std::vector<Tensor>> wanted;
        for (const std::vector<Tensor> &inputs : batch.single)
            wanted.push_back(spec.call(sample.args, inputs));
        std::vector<Tensor> got;
        try {
            got = vmap(
                    [&](std::span<const Tensor> inputs) { return spec.call(sample.args, inputs); },
                    batch.inDims, {batch.outDim})(batch.inputs);
        } catch (const Error &error) {
            // Entries of the last dimension lie apart in memory, of which view speaks.
            if (static_cast<Way>(way) != Way::LastDimensions
                || error.category != ErrorCategory::Shape)
                throw;
            return;
        }
        QCOMPARE(got.size(), wanted[0].size());
        std::vector<Tensor> all;
        for (size_t o = 0; o < got.size(); ++o) {
            std::vector<Tensor> parts;
            for (const std::vector<Tensor> &outputs : wanted)
                parts.push_back(outputs[o]);
            all.push_back(stack(parts, batch.outDim));
            QVERIFY2(same(got[o], all[o]), got[o].toString().c_str());
        }
        const Tensor loss = weighted(got);
        if (!loss.defined())
            return;
        backward(loss);
        backward(weighted(all));
        for (size_t i = 0; i < batch.inputs.size(); ++i) {
            const Tensor &input = batch.inputs[i];
            if (!input.defined() || !input.requiresGrad())
                continue;
            std::vector<Tensor> parts;
            for (const std::vector<Tensor> &inputs : batch.single) {
                const Tensor &gradient = inputs[i].grad();
                parts.push_back(gradient.defined()
                                        ? gradient
                                        : Tensor::zeros(inputs[i].shape(), inputs[i].dtype()));
            }
            // One that is not mapped collects what all entries give.
            const Tensor gradient = batch.inDims[i] ? stack(parts, *batch.inDims[i])
                                                    : sum(stack(parts, 0), Dims{0});
            const Tensor own = input.grad().defined() ? input.grad()
                                                      : Tensor::zeros(input.shape(), input.dtype());
            QVERIFY2(same(own, gradient, 1e-12), own.toString().c_str());
        }
    }

    /// torch.vmap itself, which takes the function by its name, with its default options.
    void itMapsFunctionsByTheirNames_data()
    {
        QTest::addColumn<QString>("name");
        for (const FunctionSpec &spec : registry.functions()) {
            if (!spec.samples.empty() && !spec.samples[0].inputs.empty())
                QTest::newRow(spec.name.c_str()) << QString::fromStdString(spec.name);
        }
    }
    void itMapsFunctionsByTheirNames()
    {
        QFETCH(QString, name);
        const FunctionSpec &spec = *registry.function(name.toStdString());
        const FunctionSpec &map = *registry.function("vmap");
        const Sample *sample = &spec.samples[0];
        for (const Sample &other : spec.samples)
            sample = other.args.empty() ? &other : sample;
        const Batch batch = batchOf(spec, *sample, Way::FirstDimensions);
        ValueList inDims;
        for (const MappedDim &dim : batch.inDims)
            inDims.push_back(dim ? Value(*dim) : Value());
        const Arguments args{{"func", spec.name}, {"in_dims", inDims}, {"out_dims", -1}};
        Shapes shapes;
        for (const Tensor &input : batch.inputs)
            shapes.push_back(input.defined() ? input.shape() : leftOut);
        const Result<Shapes> inferred = map.infer(args, shapes);
        if (!allowsVmap(spec)) {
            QVERIFY(!inferred);
            QCOMPARE(inferred.error().kind, std::string("not_mappable"));
            QVERIFY(inferred.error().got.find(spec.name) != std::string::npos);
            QVERIFY(!inferred.error().fix.empty());
            QVERIFY_THROWS_EXCEPTION(Error, map.evaluate(args, batch.inputs));
            return;
        }
        try {
            for (const auto &inputs : batchOf(spec, *sample, Way::FirstDimensions).single)
                spec.call({}, inputs);
        } catch (const Error &) {
            // It can't do without an argument, nor can its map.
            QVERIFY_THROWS_EXCEPTION(Error, map.evaluate(args, batch.inputs));
            return;
        }
        QVERIFY2(inferred.ok(), inferred.ok() ? "" : inferred.error().what());
        const ValueList got = map.evaluate(args, batch.inputs);
        QCOMPARE(got.size(), inferred->size());
        for (size_t o = 0; o < got.size(); ++o) {
            std::vector<Tensor> parts;
            for (const std::vector<Tensor> &inputs :
                 batchOf(spec, *sample, Way::FirstDimensions).single)
                parts.push_back(spec.call({}, inputs)[o]);
            QVERIFY(same(*got[o].as<Tensor>(), stack(parts, -1)));
            QVERIFY(got[o].as<Tensor>()->shape() == (*inferred)[o]);
        }
    }

    void everyOutputHasItsDim()
    {
        const Tensor x = Tensor::fromVector(std::vector<double>{1, 5, 2, 7, 3, 4}, {2, 3});
        const std::vector<Tensor> got = vmap(
                [](std::span<const Tensor> in) {
                    return std::vector<Tensor>{mul(in[0], Tensor::scalar(2, DType::Float64)),
                                               in[0]};
                },
                {1}, {0, 1})({&x, 1});
        QVERIFY(got[0].shape() == (Shape{3, 2}));
        QVERIFY(got[1].shape() == (Shape{2, 3}));
        QCOMPARE(got[0].toVector<double>(), (std::vector<double>{2, 14, 10, 6, 4, 8}));
        QCOMPARE(got[1].toVector<double>(), x.toVector<double>());
    }

    void vmapsCanBeNested()
    {
        RandomStream random(1);
        const std::vector<Tensor> in{test::drawInput({.name = "a"}, {2, 3, 4}, {}, random),
                                     test::drawInput({.name = "b"}, {2, 3, 4}, {}, random)};
        const TensorFunction product = [](std::span<const Tensor> one) {
            return std::vector<Tensor>{sum(mul(one[0], one[1]))};
        };
        QVERIFY(same(vmap(vmap(product))(in)[0], sum(mul(in[0], in[1]), Dims{-1}), 1e-14));
    }

    void wrongDimsAreRefused_data()
    {
        QTest::addColumn<QString>("kind");
        QTest::addColumn<QVector<int>>("inDims"); // 9: not mapped
        QTest::addColumn<QVector<int>>("outDims");
        QTest::newRow("nothing mapped") << "nothing_to_map" << QVector<int>{9} << QVector<int>{0};
        QTest::newRow("too many in")
                << "wrong_argument" << QVector<int>{0, 0, 0} << QVector<int>{0};
        QTest::newRow("too many out") << "wrong_argument" << QVector<int>{0} << QVector<int>{0, 0};
        QTest::newRow("in out of range")
                << "dimension_error_out_of_range" << QVector<int>{2} << QVector<int>{0};
        QTest::newRow("out out of range")
                << "dimension_error_out_of_range" << QVector<int>{0} << QVector<int>{2};
        QTest::newRow("sizes differ") << "size_mismatch" << QVector<int>{0, 1} << QVector<int>{0};
    }
    void wrongDimsAreRefused()
    {
        QFETCH(QString, kind);
        QFETCH(QVector<int>, inDims);
        QFETCH(QVector<int>, outDims);
        std::vector<MappedDim> in;
        for (int dim : inDims)
            in.push_back(dim == 9 ? MappedDim() : MappedDim(dim));
        const std::vector<Tensor> inputs{Tensor::ones({2, 3}), Tensor::ones({2, 3})};
        const TensorFunction mapped
                = vmap([](std::span<const Tensor> one) { return std::vector<Tensor>{sum(one[0])}; },
                       in, {outDims.begin(), outDims.end()});
        QCOMPARE(test::errorKind([&] { mapped(inputs); }), kind.toStdString());
    }
};

QTEST_APPLESS_MAIN(TestVmap)
#include "tst_vmap.moc"
