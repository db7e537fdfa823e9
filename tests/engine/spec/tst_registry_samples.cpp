// SPDX-License-Identifier: GPL-3.0-or-later
// What every declaration promises by its samples, for all of them alike.
#include "engine/autograd/Node.h"
#include "engine/autograd/gradcheck.h"
#include "engine/nn/Module.h"
#include "engine/nn/families.h"
#include "engine/spec/value_json.h"
#include "tests/engine/spec/sample_inputs.h"

#include <QObject>
#include <QtTest/qtest.h>

#include <nlohmann/json.hpp>

#include <cmath>

using namespace mrg;
using Json = nlohmann::ordered_json;

namespace {

/// Something that can be called: a module with its parameters, or a function.
struct Callable {
    std::shared_ptr<Module> module; ///< null: a function
    std::function<std::vector<Tensor>(std::span<const Tensor>)> call;

    std::vector<Tensor> operator()(std::span<const Tensor> inputs) const { return call(inputs); }
    void to(DType dtype) const
    {
        if (module)
            module->to(dtype);
    }
};

Callable makeCallable(const Registry &registry, const std::string &type, const Arguments &args)
{
    const std::string name = type.substr(type.find('.') + 1);
    if (type.rfind("nn.", 0) == 0) {
        const std::shared_ptr<Module> module = registry.module(name)->make(args);
        // Random choices are the same at every call.
        return {module, [module](std::span<const Tensor> inputs) {
                    module->seekRandom(0);
                    return module->call(inputs);
                }};
    }
    return {nullptr, [function = registry.function(name), args](std::span<const Tensor> inputs) {
                return function->call(args, inputs);
            }};
}

std::vector<Tensor> converted(const std::vector<Tensor> &tensors, DType dtype)
{
    std::vector<Tensor> out;
    for (const Tensor &tensor : tensors)
        out.push_back(!tensor.defined()            ? tensor
                              : tensor.isFloatingPoint() ? tensor.detach().toType(dtype) : tensor.detach());
    return out;
}

/// The same elements in memory that runs the other way round.
Tensor turned(const Tensor &tensor)
{
    if (!tensor.defined())
        return tensor;
    Shape reversed(tensor.shape().rbegin(), tensor.shape().rend());
    std::vector<int64_t> strides = contiguousStrides(reversed);
    std::reverse(strides.begin(), strides.end());
    Tensor out = Tensor::empty(reversed, tensor.dtype()).asStrided(tensor.shape(), strides, 0);
    out.copyFrom(tensor);
    return out;
}

Shapes shapesOf(const std::vector<Tensor> &tensors)
{
    Shapes out;
    for (const Tensor &tensor : tensors)
        out.push_back(tensor.shape());
    return out;
}

/// The largest |a - b| / (1 + |b|); infinite where only one is finite.
double difference(const Tensor &a, const Tensor &b)
{
    const std::vector<double> x = a.toVector<double>();
    const std::vector<double> y = b.toVector<double>();
    double out = 0;
    for (size_t i = 0; i < x.size(); ++i) {
        if (x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i])))
            continue;
        const double far = std::abs(x[i] - y[i]) / (1 + std::abs(y[i]));
        out = std::max(out, std::isfinite(far) ? far : INFINITY);
    }
    return out;
}

std::string text(const Shapes &shapes)
{
    std::string out;
    for (const Shape &shape : shapes)
        out += toString(shape) + " ";
    return out;
}

/// A choice among two is no quantity to differentiate by.
bool isDifferentiable(const Port &port, const Tensor &input)
{
    return input.defined() && input.isFloatingPoint() && port.form != TargetForm::Sign;
}

} // namespace

class TestRegistrySamples : public QObject {
    Q_OBJECT

    const Registry registry = standardRegistry();

    const Spec &specOf(const std::string &type) const
    {
        const std::string name = type.substr(type.find('.') + 1);
        if (type.rfind("nn.", 0) == 0)
            return *registry.module(name);
        return *registry.function(name);
    }

    template <typename F> void forEachSpec(F visit) const
    {
        for (const ModuleSpec &spec : registry.modules())
            visit("nn." + spec.name, spec);
        for (const FunctionSpec &spec : registry.functions())
            visit("torch." + spec.name, spec);
    }

    /// What can't be called (containers, RNNBase) gives nothing, so only its arguments have rows.
    enum class Rows { Calls, Arguments, Bad };
    void addRows(Rows rows = Rows::Calls) const
    {
        QTest::addColumn<QString>("type");
        QTest::addColumn<int>("index");
        forEachSpec([&](const std::string &type, const Spec &spec) {
            if (rows == Rows::Calls && spec.outputs.empty())
                return;
            const size_t count = rows == Rows::Bad ? spec.badSamples.size() : spec.samples.size();
            for (size_t i = 0; i < count; ++i) {
                QTest::addRow("%s %zu", type.c_str(), i)
                        << QString::fromStdString(type) << static_cast<int>(i);
            }
        });
    }

    /// The row's declaration and sample.
    std::pair<const Spec *, Sample> fetchSample() const
    {
        QFETCH(QString, type);
        QFETCH(int, index);
        const Spec &spec = specOf(type.toStdString());
        return {&spec, spec.samples.at(static_cast<size_t>(index))};
    }
    static std::string fetchType()
    {
        QFETCH(QString, type);
        return type.toStdString();
    }

private slots:
    void everyDeclarationHasTextAndSamples_data()
    {
        QTest::addColumn<QString>("type");
        forEachSpec([](const std::string &type, const Spec &) {
            QTest::newRow(type.c_str()) << QString::fromStdString(type);
        });
    }
    void everyDeclarationHasTextAndSamples()
    {
        const Spec &spec = specOf(fetchType());
        QVERIFY(!spec.summary.empty());
        QVERIFY(!spec.source.empty());
        QVERIFY(!spec.samples.empty());
        QVERIFY(!spec.outputs.empty() || spec.inputs.empty());
        for (const Arg &arg : spec.args) {
            QVERIFY2(!arg.summary.empty(), arg.name.c_str());
            QVERIFY2(arg.check(arg.defaultValue).ok(), arg.name.c_str());
        }
        for (const Port &port : spec.inputs)
            QVERIFY2(spec.isLoss() || port.form == TargetForm::None, port.name.c_str());
    }

    void inferNeverThrowsWhateverTheInputs_data() { everyDeclarationHasTextAndSamples_data(); }
    void inferNeverThrowsWhateverTheInputs()
    {
        const Spec &spec = specOf(fetchType());
        const Arguments args = spec.samples.at(0).args;
        for (size_t count = 0; count < 4; ++count) {
            for (size_t dims = 0; dims < 7; ++dims) {
                for (int64_t size : {0, 1, 3})
                    (void)spec.infer(args, Shapes(count, Shape(dims, size)));
            }
        }
        size_t required = 0;
        for (const Port &port : spec.inputs)
            required += port.optional ? 0 : 1;
        if (required == 0)
            return;
        const Shapes tooFew(required - 1, spec.samples.at(0).inputs.at(0));
        const Result<Shapes> refused = spec.infer(args, tooFew);
        QVERIFY(!refused);
        QCOMPARE(refused.error().kind, std::string("input_count_mismatch"));
        QVERIFY(!spec.infer({{"no_such_argument", 1}}, spec.samples.at(0).inputs));
    }

    void inferredShapesAreThoseThatComeOut_data() { addRows(); }
    void inferredShapesAreThoseThatComeOut()
    {
        const auto [spec, sample] = fetchSample();
        const Result<Shapes> inferred = spec->infer(sample.args, sample.inputs);
        QVERIFY2(inferred.ok(), inferred.ok() ? "" : inferred.error().what());
        const Callable callable = makeCallable(registry, fetchType(), sample.args);
        for (DType dtype : {DType::Float32, DType::Float64}) {
            callable.to(dtype);
            const std::vector<Tensor> outputs
                    = callable(converted(test::drawInputs(*spec, sample), dtype));
            QVERIFY2(shapesOf(outputs) == *inferred,
                     (text(*inferred) + "inferred, came " + text(shapesOf(outputs))).c_str());
            for (size_t i = 0; i < outputs.size(); ++i) {
                const std::string &wanted = spec->outputs.at(i).dtype;
                QCOMPARE(outputs[i].dtype(),
                         wanted == "int64"          ? DType::Int64
                                 : wanted == "bool" ? DType::Bool
                                                    : dtype);
            }
        }
    }

    void gradientsAreTheDerivatives_data() { addRows(); }
    void gradientsAreTheDerivatives()
    {
        const auto [spec, sample] = fetchSample();
        if (!sample.differentiable)
            QSKIP("its gradient is not the derivative on purpose");
        const Callable callable = makeCallable(registry, fetchType(), sample.args);
        callable.to(DType::Float64);
        std::vector<Tensor> inputs = test::drawInputs(*spec, sample);
        for (size_t i = 0; i < inputs.size(); ++i) {
            if (isDifferentiable(test::portOf(*spec, i), inputs[i]))
                inputs[i].setRequiresGrad();
        }
        const size_t own = inputs.size();
        if (callable.module) {
            // A lazy module has parameters only then.
            callable.module->materializeUninitialized(sample.inputs);
            for (const Tensor &parameter : callable.module->parameters())
                inputs.push_back(parameter);
        }
        for (bool training : {true, false}) {
            if (callable.module)
                callable.module->train(training);
            const Result<void> right = gradcheck(
                    [&](std::span<const Tensor> all) { return callable(all.first(own)); }, inputs);
            QVERIFY2(right.ok(), right.ok() ? "" : right.error().what());
        }
    }

    void viewsGiveWhatCopiesGive_data() { addRows(); }
    void viewsGiveWhatCopiesGive()
    {
        const auto [spec, sample] = fetchSample();
        const Callable callable = makeCallable(registry, fetchType(), sample.args);
        callable.to(DType::Float64);
        const std::vector<Tensor> inputs = test::drawInputs(*spec, sample);
        std::vector<Tensor> views;
        for (const Tensor &input : inputs)
            views.push_back(turned(input));
        const std::vector<Tensor> plain = callable(inputs);
        const std::vector<Tensor> other = callable(views);
        QCOMPARE(other.size(), plain.size());
        for (size_t i = 0; i < plain.size(); ++i)
            QCOMPARE(other[i].toVector<double>(), plain[i].toVector<double>());
    }

    void float32GivesWhatFloat64GivesRounded_data() { addRows(); }
    void float32GivesWhatFloat64GivesRounded()
    {
        const auto [spec, sample] = fetchSample();
        const Callable callable = makeCallable(registry, fetchType(), sample.args);
        const std::vector<Tensor> inputs
                = converted(test::drawInputs(*spec, sample), DType::Float32);
        const std::vector<Tensor> coarse = callable(inputs);
        callable.to(DType::Float64);
        const std::vector<Tensor> fine = callable(converted(inputs, DType::Float64));
        for (size_t i = 0; i < fine.size(); ++i)
            QVERIFY2(difference(coarse[i], fine[i]) < 1e-5, coarse[i].toString().c_str());
    }

    void argumentsSurviveJson_data() { addRows(Rows::Arguments); }
    void argumentsSurviveJson()
    {
        const auto [spec, sample] = fetchSample();
        for (const Arguments &args : {sample.args, spec->completed(sample.args),
                                      withoutDefaults(spec->args, sample.args)}) {
            Arguments back;
            for (const auto &[name, value] : args) {
                const Result<Value> read = valueFromJson(Json::parse(toJson(value).dump()));
                QVERIFY2(read.ok(), name.c_str());
                QVERIFY2(*read == value, (name + ": " + read->toString()).c_str());
                back[name] = *read;
            }
            QVERIFY(spec->validate(back).ok());
            QVERIFY(spec->completed(back) == spec->completed(sample.args));
        }
    }

    void wrongUsesAreRefusedByTheirKind_data() { addRows(Rows::Bad); }
    void wrongUsesAreRefusedByTheirKind()
    {
        QFETCH(int, index);
        const Spec &spec = specOf(fetchType());
        const BadSample &bad = spec.badSamples.at(static_cast<size_t>(index));
        const Result<Shapes> inferred = spec.infer(bad.args, bad.inputs);
        QVERIFY(!inferred);
        QCOMPARE(inferred.error().kind, bad.kind);
        QVERIFY(!inferred.error().got.empty());
        QVERIFY(!inferred.error().wanted.empty());
        // What was not asked beforehand is refused as well, instead of run.
        const Sample sample{bad.args, bad.inputs};
        QVERIFY_THROWS_EXCEPTION(
                Error,
                makeCallable(registry, fetchType(), bad.args)(test::drawInputs(spec, sample)));
    }
};

QTEST_APPLESS_MAIN(TestRegistrySamples)
#include "tst_registry_samples.moc"
