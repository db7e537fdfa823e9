// SPDX-License-Identifier: GPL-3.0-or-later
// What every declaration gives for the same elements in another form: in other memory, as plain
// numbers, in another precision.
#include "engine/tensor/result_type.h"
#include "tests/engine/ops/slow_reference.h"
#include "tests/engine/spec/registry_samples.h"

#include <QObject>

using namespace mrg;
using namespace mrg::test;

class TestRegistryValues : public QObject, test::RegistrySamples {
    Q_OBJECT

private slots:
    void aNumberGivesWhatATensorOfItGives_data()
    {
        QTest::addColumn<QString>("type");
        QTest::addColumn<int>("index");
        for (const FunctionSpec &spec : registry.functions()) {
            for (size_t i = 0; i < spec.inputs.size(); ++i) {
                if (spec.inputs[i].number && spec.call) {
                    QTest::addRow("torch.%s %s", spec.name.c_str(), spec.inputs[i].name.c_str())
                            << QString::fromStdString("torch." + spec.name) << static_cast<int>(i);
                }
            }
        }
    }
    void aNumberGivesWhatATensorOfItGives()
    {
        QFETCH(int, index);
        const FunctionSpec &spec = *registry.function(fetchType().substr(6));
        const Sample &sample = spec.samples.at(0);
        std::vector<Tensor> inputs = drawInputs(spec, sample);
        if (static_cast<size_t>(index) >= inputs.size())
            inputs.resize(static_cast<size_t>(index) + 1);
        // The type of the tensors that it stands beside (a condition is none of them).
        DType dtype = DType::Float64;
        for (size_t i = inputs.size(); i-- > 0;) {
            if (i != static_cast<size_t>(index) && inputs[i].defined()
                && inputs[i].dtype() != DType::Bool)
                dtype = inputs[i].dtype();
        }
        const Interval &domain = spec.inputs[static_cast<size_t>(index)].domain;
        const double value = std::isfinite(domain.high) ? (domain.low + domain.high) / 2 : 2;
        const Callable callable = makeCallable(registry, fetchType(), sample.args);
        Tensor &place = inputs[static_cast<size_t>(index)];
        place = Tensor::full(place.defined() ? place.shape() : Shape{}, value, dtype);
        const std::vector<Tensor> wanted = callable(inputs);
        place = isIntegral(dtype) ? Tensor::number(static_cast<int64_t>(value))
                                  : Tensor::number(value);
        const std::vector<Tensor> got = callable(inputs);
        for (size_t i = 0; i < wanted.size(); ++i) {
            QCOMPARE(got[i].dtype(), wanted[i].dtype());
            QVERIFY2(difference(got[i], wanted[i]) < 1e-14, got[i].toString().c_str());
        }
    }

    void viewsGiveWhatCopiesGive_data() { addRows(); }
    void viewsGiveWhatCopiesGive()
    {
        const auto [spec, sample] = fetchSample();
        const Callable callable = makeCallable(registry, fetchType(), sample.args);
        callable.to(DType::Float64);
        const std::vector<Tensor> plain = callable(drawInputs(*spec, sample));
        for (uint64_t seed : {1, 2, 3}) {
            RandomStream random(seed);
            std::vector<Tensor> views;
            for (const Tensor &input : drawInputs(*spec, sample))
                views.push_back(input.defined() ? laidOut(random, input) : input);
            std::vector<Tensor> other;
            try {
                other = callable(views);
            } catch (const Error &error) {
                if (error.category == ErrorCategory::Shape)
                    QSKIP("it speaks of how memory lies");
                throw;
            }
            if (spec->name == "as_strided")
                QSKIP("it speaks of how memory lies");
            QCOMPARE(other.size(), plain.size());
            for (size_t i = 0; i < plain.size(); ++i)
                QVERIFY(other[i].toVector<Complex>() == plain[i].toVector<Complex>());
        }
    }

    void float32GivesWhatFloat64GivesRounded_data() { addRows(); }
    void float32GivesWhatFloat64GivesRounded()
    {
        const auto [spec, sample] = fetchSample();
        const Callable callable = makeCallable(registry, fetchType(), sample.args);
        const std::vector<Tensor> inputs = converted(drawInputs(*spec, sample), DType::Float32);
        // Before the call: some functions change what they are given.
        const std::vector<Tensor> finer = converted(inputs, DType::Float64);
        const std::vector<Tensor> coarse = callable(inputs);
        callable.to(DType::Float64);
        const std::vector<Tensor> fine = callable(finer);
        for (size_t i = 0; i < fine.size(); ++i)
            QVERIFY2(difference(coarse[i], fine[i]) < 1e-5, coarse[i].toString().c_str());
    }
};

QTEST_APPLESS_MAIN(TestRegistryValues)
#include "tst_registry_values.moc"
