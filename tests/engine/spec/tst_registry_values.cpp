// SPDX-License-Identifier: GPL-3.0-or-later
// What every declaration gives for the same elements in another form: in other memory, as plain
// numbers, in another precision.
#include "engine/tensor/result_type.h"
#include "tests/engine/ops/slow_reference.h"
#include "tests/engine/spec/registry_samples.h"

#include <QObject>

#include <optional>

using namespace mrg;
using namespace mrg::test;

class TestRegistryValues : public QObject, test::RegistrySamples {
    Q_OBJECT

    /// Whole numbers from `least` to 3 in place of what may be of any type.
    static std::vector<Tensor> wholeInputs(const Spec &spec, const Sample &sample, DType dtype,
                                           int64_t least = 1)
    {
        RandomStream random(11);
        std::vector<Tensor> out = drawInputs(spec, sample);
        for (Tensor &input : out) {
            const bool free = input.defined()
                    && (input.isFloatingPoint() || (input.isComplex() && mrg::isComplex(dtype)));
            if (!free)
                continue;
            std::vector<int64_t> numbers(static_cast<size_t>(input.numel()));
            for (int64_t &number : numbers)
                number = least + random.below(4 - least);
            input = Tensor::fromVector(numbers, input.shape()).toType(dtype);
        }
        return out;
    }
    /// Nothing where it is refused.
    std::optional<std::vector<Tensor>> ofType(const Spec &spec, const Sample &sample, DType dtype,
                                              int64_t least = 1) const
    {
        try {
            return makeCallable(registry, fetchType(),
                                sample.args)(wholeInputs(spec, sample, dtype, least));
        } catch (const Error &) {
            return {};
        }
    }

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

    void smallIntegersGiveWhatLargeOnesGive_data()
    {
        QTest::addColumn<QString>("type");
        QTest::addColumn<int>("index");
        for (const FunctionSpec &spec : registry.functions()) {
            if (spec.inputs.empty() || !spec.call || spec.group == Group::Random)
                continue;
            for (size_t i = 0; i < spec.samples.size(); ++i) {
                QTest::addRow("torch.%s %zu", spec.name.c_str(), i)
                        << QString::fromStdString("torch." + spec.name) << static_cast<int>(i);
            }
        }
    }
    void smallIntegersGiveWhatLargeOnesGive()
    {
        const auto [spec, sample] = fetchSample();
        for (DType dtype : {DType::UInt8, DType::Int8, DType::Int16, DType::Int32}) {
            // Differences of uint8 would wrap around before they are divided, as in PyTorch.
            const int64_t least = dtype == DType::UInt8 ? 1 : -2;
            const auto wanted = ofType(*spec, sample, DType::Int64, least);
            const auto got = ofType(*spec, sample, dtype, least);
            QCOMPARE(got.has_value(), wanted.has_value());
            for (size_t i = 0; got && i < got->size(); ++i) {
                const Tensor &large = (*wanted)[i];
                const DType type = (*got)[i].dtype();
                QVERIFY2(type == large.dtype() || (large.dtype() == DType::Int64 && type == dtype)
                                 || (large.dtype() == DType::Bool && type == DType::UInt8),
                         dtypeName(type));
                const std::string wrong = differenceOf((*got)[i], Numbers(large), type);
                QVERIFY2(wrong.empty(), wrong.c_str());
            }
        }
    }

    void complexNumbersOfBothPrecisionsGiveTheSame_data()
    {
        smallIntegersGiveWhatLargeOnesGive_data();
    }
    void complexNumbersOfBothPrecisionsGiveTheSame()
    {
        const auto [spec, sample] = fetchSample();
        const auto fine = ofType(*spec, sample, DType::Complex128);
        const auto coarse = ofType(*spec, sample, DType::Complex64);
        QCOMPARE(coarse.has_value(), fine.has_value());
        // What gives float64 for float32 (float_power) gives complex128.
        const std::vector<Tensor> given = wholeInputs(*spec, sample, DType::Float32);
        const auto reals = ofType(*spec, sample, DType::Float32);
        const bool alwaysFine = reals && reals->front().dtype() == DType::Float64
                && given.front().dtype() == DType::Float32;
        for (size_t i = 0; coarse && i < coarse->size(); ++i) {
            const DType dtype = (*fine)[i].dtype();
            const DType type = alwaysFine        ? dtype
                    : dtype == DType::Complex128 ? DType::Complex64
                    : dtype == DType::Float64    ? DType::Float32
                                                 : dtype;
            const std::string wrong = differenceOf((*coarse)[i], Numbers((*fine)[i]), type);
            QVERIFY2(wrong.empty(), wrong.c_str());
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
