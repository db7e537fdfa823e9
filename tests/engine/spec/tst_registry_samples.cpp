// SPDX-License-Identifier: GPL-3.0-or-later
// What every declaration promises by its samples, for all of them alike.
#include "engine/autograd/Node.h"
#include "engine/autograd/backward.h"
#include "engine/autograd/gradcheck.h"
#include "engine/core/Launch.h"
#include "engine/core/Parallel.h"
#include "engine/core/Random.h"
#include "engine/network/outline.h"
#include "engine/nn/Module.h"
#include "engine/nn/families.h"
#include "engine/ops/pointwise.h"
#include "engine/plan/Plan.h"
#include "engine/spec/value_json.h"
#include "engine/tensor/result_type.h"
#include "tests/engine/spec/sample_inputs.h"

#include <QObject>
#include <QtTest/qtest.h>

#include <nlohmann/json.hpp>

#include <bit>
#include <cmath>
#include <set>

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
    // Of a function that gives plain values the tensors among them.
    return {nullptr, [function = registry.function(name), args](std::span<const Tensor> inputs) {
                manualSeed(0);
                if (function->call)
                    return function->call(args, inputs);
                std::vector<Tensor> out;
                for (const Value &value : function->evaluate(args, inputs)) {
                    if (const Tensor *tensor = value.as<Tensor>())
                        out.push_back(*tensor);
                }
                return out;
            }};
}

std::vector<Tensor> converted(const std::vector<Tensor> &tensors, DType dtype)
{
    std::vector<Tensor> out;
    for (const Tensor &tensor : tensors) {
        out.push_back(!tensor.defined()                  ? tensor
                              : tensor.isFloatingPoint() ? tensor.detach().toType(dtype)
                              : tensor.isComplex()       ? tensor.detach().toType(toComplex(dtype))
                                                         : tensor.detach());
    }
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

/// The port of output number `i`; a variadic one, the last, has what is left.
const Port &outputOf(const Spec &spec, size_t i)
{
    return i >= spec.outputs.size() && spec.outputs.back().variadic ? spec.outputs.back()
                                                                    : spec.outputs.at(i);
}

/// The type that an output must have: what its port says, or that in which the inputs meet.
DType wantedType(const Port &output, const std::vector<Tensor> &inputs, DType dtype)
{
    if (output.dtype == "complex")
        return toComplex(dtype);
    if (output.dtype != "any" && output.dtype != "float")
        return dtypeFromName(output.dtype);
    const bool integers
            = !inputs.empty() && std::all_of(inputs.begin(), inputs.end(), [](const Tensor &input) {
                  return input.defined() && isIntegral(input.dtype());
              });
    return integers && output.dtype == "any" ? resultType(inputs) : dtype;
}

/// A choice among two is no quantity to differentiate by.
bool isDifferentiable(const Port &port, const Tensor &input)
{
    return input.defined() && input.isFloatingPoint() && port.form != TargetForm::Sign;
}

/// Leaves that ask for gradients where the inputs can have them; complex ones as their real views.
std::vector<Tensor> leavesOf(const Spec &spec, const std::vector<Tensor> &inputs)
{
    std::vector<Tensor> out;
    for (size_t i = 0; i < inputs.size(); ++i) {
        Tensor leaf
                = inputs[i].defined() && inputs[i].isComplex() ? viewAsReal(inputs[i]) : inputs[i];
        if (isDifferentiable(test::portOf(spec, i), leaf))
            leaf.setRequiresGrad();
        out.push_back(leaf);
    }
    return out;
}
std::vector<Tensor> complexAgain(const Spec &spec, std::span<const Tensor> leaves)
{
    std::vector<Tensor> out;
    for (size_t i = 0; i < leaves.size(); ++i)
        out.push_back(test::portOf(spec, i).dtype == "complex" ? viewAsComplex(leaves[i])
                                                               : leaves[i]);
    return out;
}
std::vector<Tensor> realParts(std::vector<Tensor> outputs)
{
    for (Tensor &output : outputs) {
        if (output.isComplex())
            output = viewAsReal(output);
    }
    return outputs;
}

/// Whether no gradient flows from it to the inputs, or one that is 0.
bool isConstant(const Tensor &output, const std::vector<Tensor> &inputs)
{
    if (!output.requiresGrad())
        return true;
    const Tensor cotangent = Tensor::ones(output.shape(), output.dtype());
    for (const Tensor &input : inputs) {
        if (!input.defined() || !input.requiresGrad())
            continue;
        const Tensor gradient
                = grad({&output, 1}, {&input, 1}, {&cotangent, 1}, {.retainGraph = true}).front();
        for (double value : gradient.toVector<double>()) {
            if (value != 0)
                return false;
        }
    }
    return true;
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

    /// Makes the first dimension so large that loops over elements are split into pieces, in all
    /// inputs alike; false if it must be what it is, or the work would grow with its square.
    static bool growSample(const Spec &spec, Sample &sample)
    {
        if (spec.shapeFromElements || sample.inputs.empty() || spec.group == Group::Transformer)
            return false;
        const Shape first = sample.inputs[0];
        if (first.empty() || numel(first) < 1)
            return false;
        const int64_t factor = elementGrain * 5 / 4 / numel(first) + 1;
        for (Shape &shape : sample.inputs) {
            if (shape != leftOut && !shape.empty() && shape[0] == first[0])
                shape[0] *= factor;
        }
        const Result<Shapes> outputs = spec.infer(sample.args, sample.inputs);
        return outputs && std::all_of(outputs->begin(), outputs->end(), [](const Shape &shape) {
                   return numel(shape) < 100 * elementGrain;
               });
    }

    /// Outputs and gradients of a fresh one in float32, bit by bit.
    std::vector<uint64_t> bitsOf(const Spec &spec, const Sample &sample) const
    {
        const Callable callable = makeCallable(registry, fetchType(), sample.args);
        if (callable.module)
            callable.module->materializeUninitialized(sample.inputs);
        std::vector<Tensor> leaves;
        for (Tensor input : converted(test::drawInputs(spec, sample), DType::Float32)) {
            if (input.defined() && mrg::isDifferentiable(input.dtype()) && spec.differentiable
                && !spec.name.ends_with('_'))
                input.setRequiresGrad();
            leaves.push_back(input);
        }
        std::vector<Tensor> outputs;
        try {
            outputs = callable(leaves);
        } catch (const Error &error) {
            return {std::hash<std::string>()(error.text())};
        }
        std::vector<Tensor> differentiable;
        std::vector<Tensor> cotangents;
        for (const Tensor &output : outputs) {
            if (output.defined() && output.requiresGrad()) {
                differentiable.push_back(output);
                cotangents.push_back(Tensor::full(output.shape(), 0.5, output.dtype()));
            }
        }
        if (!differentiable.empty())
            backward(differentiable, cotangents);
        std::vector<Tensor> all = outputs;
        if (callable.module) {
            for (const Tensor &parameter : callable.module->parameters())
                leaves.push_back(parameter);
        }
        for (const Tensor &leaf : leaves) {
            if (leaf.defined())
                all.push_back(leaf.grad());
        }
        std::vector<uint64_t> bits;
        for (const Tensor &tensor : all) {
            if (!tensor.defined())
                continue;
            for (const std::complex<double> value : tensor.toVector<std::complex<double>>()) {
                bits.push_back(std::bit_cast<uint64_t>(value.real()));
                bits.push_back(std::bit_cast<uint64_t>(value.imag()));
            }
        }
        return bits;
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
        // What takes nothing (a question about the settings) has one use only.
        QVERIFY(!spec.samples.empty() || spec.inputs.empty());
        QVERIFY(!spec.outputs.empty() || spec.inputs.empty());
        for (const Arg &arg : spec.args) {
            QVERIFY2(!arg.summary.empty(), arg.name.c_str());
            QVERIFY2(arg.required || arg.check(arg.defaultValue).ok(), arg.name.c_str());
        }
        for (const Port &port : spec.inputs)
            QVERIFY2(spec.isLoss() || port.form == TargetForm::None, port.name.c_str());
    }

    void inferNeverThrowsWhateverTheInputs_data() { everyDeclarationHasTextAndSamples_data(); }
    void inferNeverThrowsWhateverTheInputs()
    {
        const Spec &spec = specOf(fetchType());
        if (spec.samples.empty())
            return;
        const Arguments args = spec.samples.at(0).args;
        for (size_t count = 0; count < 4; ++count) {
            for (size_t dims = 0; dims < 7; ++dims) {
                for (int64_t size : {0, 1, 3})
                    (void)spec.infer(args, Shapes(count, Shape(dims, size)));
            }
        }
        QVERIFY(!spec.infer({{"no_such_argument", 1}}, spec.samples.at(0).inputs));
        size_t required = 0;
        for (const Port &port : spec.inputs)
            required += port.optional ? 0 : 1;
        if (required == 0)
            return;
        const Shapes tooFew(required - 1, spec.samples.at(0).inputs.at(0));
        const Result<Shapes> refused = spec.infer(args, tooFew);
        QVERIFY(!refused);
        QCOMPARE(refused.error().kind, std::string("input_count_mismatch"));
    }

    void inferredShapesAreThoseThatComeOut_data() { addRows(); }
    void inferredShapesAreThoseThatComeOut()
    {
        const auto [spec, sample] = fetchSample();
        const Result<Shapes> inferred = spec->infer(sample.args, sample.inputs);
        if (spec->shapeFromElements) {
            QVERIFY(!inferred);
            QCOMPARE(inferred.error().kind, std::string("shape_depends_on_elements"));
            return;
        }
        QVERIFY2(inferred.ok(), inferred.ok() ? "" : inferred.error().what());
        const Callable callable = makeCallable(registry, fetchType(), sample.args);
        for (DType dtype : {DType::Float32, DType::Float64}) {
            callable.to(dtype);
            const std::vector<Tensor> inputs = converted(test::drawInputs(*spec, sample), dtype);
            const std::vector<Tensor> outputs = callable(inputs);
            QVERIFY2(shapesOf(outputs) == *inferred,
                     (text(*inferred) + "inferred, came " + text(shapesOf(outputs))).c_str());
            for (size_t i = 0; i < outputs.size(); ++i) {
                // What is made of nothing has the type of its arguments.
                if (!spec->inputs.empty() || outputOf(*spec, i).dtype == "int64")
                    QCOMPARE(outputs[i].dtype(), wantedType(outputOf(*spec, i), inputs, dtype));
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
        std::vector<Tensor> inputs = leavesOf(*spec, test::drawInputs(*spec, sample));
        const bool any = std::any_of(inputs.begin(), inputs.end(), [](const Tensor &input) {
            return input.defined() && input.requiresGrad();
        });
        const size_t own = inputs.size();
        if (!spec->differentiable) {
            // Of what maps a function that is passed, the function decides.
            if (spec->findArg("func"))
                return;
            for (const Tensor &output : callable(complexAgain(*spec, inputs)))
                QVERIFY2(isConstant(output, inputs), "it has a gradient that is not 0");
            return;
        }
        if (callable.module) {
            // A lazy module has parameters only then.
            callable.module->materializeUninitialized(sample.inputs);
            for (const Tensor &parameter : callable.module->parameters())
                inputs.push_back(parameter);
        }
        if (!any && inputs.size() == own)
            return; // made of nothing
        for (bool training : {true, false}) {
            if (callable.module)
                callable.module->train(training);
            const Result<void> right = gradcheck(
                    [&](std::span<const Tensor> all) {
                        return realParts(callable(complexAgain(*spec, all.first(own))));
                    },
                    inputs);
            QVERIFY2(right.ok(), right.ok() ? "" : right.error().what());
        }
    }

    /// What PyTorch has no second derivatives of either says so.
    static bool hasNoSecondDerivatives(const std::string &type)
    {
        static const std::set<std::string> all{"nn.CTCLoss", "nn.EmbeddingBag",
                                               "nn.MultiLabelMarginLoss", "nn.MultiMarginLoss"};
        return all.contains(type);
    }
    void gradientsHaveGradients_data() { addRows(); }
    void gradientsHaveGradients()
    {
        const auto [spec, sample] = fetchSample();
        if (!spec->differentiable || !sample.differentiable)
            return;
        const Callable callable = makeCallable(registry, fetchType(), sample.args);
        callable.to(DType::Float64);
        std::vector<Tensor> inputs = leavesOf(*spec, test::drawInputs(*spec, sample));
        const size_t own = inputs.size();
        if (callable.module) {
            callable.module->materializeUninitialized(sample.inputs);
            // Of many parameters each has its derivative by the same rule.
            for (const Tensor &parameter : callable.module->parameters()) {
                if (parameter.numel() <= 24)
                    inputs.push_back(parameter);
            }
        }
        const bool any = std::any_of(inputs.begin(), inputs.end(), [](const Tensor &input) {
            return input.defined() && input.requiresGrad();
        });
        if (!any)
            return;
        const Result<void> right = gradgradcheck(
                [&, &declared = *spec](std::span<const Tensor> all) {
                    return realParts(callable(complexAgain(declared, all.first(own))));
                },
                inputs);
        if (hasNoSecondDerivatives(fetchType())) {
            QVERIFY(!right);
            QCOMPARE(right.error().category, ErrorCategory::State);
            return;
        }
        QVERIFY2(right.ok(), right.ok() ? "" : right.error().what());
    }

    void callsAreOutlinedWithoutTheirKernels_data() { addRows(); }
    void callsAreOutlinedWithoutTheirKernels()
    {
        const auto [spec, sample] = fetchSample();
        const Callable callable = makeCallable(registry, fetchType(), sample.args);
        const std::vector<Tensor> inputs
                = converted(test::drawInputs(*spec, sample), DType::Float32);
        TensorOutlines known;
        for (const Tensor &input : inputs) {
            known.push_back(input.defined()
                                    ? std::optional(TensorOutline{input.shape(), input.dtype()})
                                    : std::nullopt);
        }
        const Result<TensorOutlines> outlines = outlineOfCall(callable.call, known);
        if (!outlines && isUnknown(outlines.error())) {
            // Nor can it be captured, for the same reason.
            const Result<Plan> plan = Plan::capture([&] { callable(inputs); });
            QVERIFY2(!plan, outlines.error().what());
            QCOMPARE(plan.error().kind, std::string("step_not_capturable"));
            return;
        }
        QVERIFY2(outlines.ok(), outlines.ok() ? "" : outlines.error().what());
        const std::vector<Tensor> outputs = callable(inputs);
        QCOMPARE(outlines->size(), outputs.size());
        for (size_t i = 0; i < outputs.size(); ++i) {
            QCOMPARE((*outlines)[i].has_value(), outputs[i].defined());
            if (!outputs[i].defined())
                continue;
            QVERIFY2((*outlines)[i]->shape == outputs[i].shape(),
                     toString((*outlines)[i]->shape).c_str());
            QCOMPARE((*outlines)[i]->dtype, outputs[i].dtype());
        }
    }

    void theThreadCountChangesNoBit_data() { addRows(); }
    void theThreadCountChangesNoBit()
    {
        const auto [spec, sample] = fetchSample();
        if (spec->group == Group::Settings)
            return;
        for (bool large : {false, true}) {
            Sample grown = sample;
            if (large && !growSample(*spec, grown))
                continue;
            std::vector<std::vector<uint64_t>> bits;
            for (int threads : {1, 2}) {
                setNumThreads(threads);
                bits.push_back(bitsOf(*spec, grown));
            }
            // On every run.
            bits.push_back(large ? bits[1] : bitsOf(*spec, grown));
            setNumThreads(1);
            QVERIFY(bits[0] == bits[1]);
            QVERIFY(bits[1] == bits[2]);
        }
    }

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
        std::vector<Tensor> inputs = test::drawInputs(spec, sample);
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
        const std::vector<Tensor> inputs = test::drawInputs(*spec, sample);
        std::vector<Tensor> views;
        for (const Tensor &input : inputs)
            views.push_back(turned(input));
        const std::vector<Tensor> plain = callable(inputs);
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
            QCOMPARE(other[i].toVector<double>(), plain[i].toVector<double>());
    }

    void float32GivesWhatFloat64GivesRounded_data() { addRows(); }
    void float32GivesWhatFloat64GivesRounded()
    {
        const auto [spec, sample] = fetchSample();
        const Callable callable = makeCallable(registry, fetchType(), sample.args);
        const std::vector<Tensor> inputs
                = converted(test::drawInputs(*spec, sample), DType::Float32);
        // Before the call: some functions change what they are given.
        const std::vector<Tensor> finer = converted(inputs, DType::Float64);
        const std::vector<Tensor> coarse = callable(inputs);
        callable.to(DType::Float64);
        const std::vector<Tensor> fine = callable(finer);
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
