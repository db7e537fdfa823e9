// SPDX-License-Identifier: GPL-3.0-or-later
// What every declaration promises of shapes, types and errors by its samples.
#include "engine/network/outline.h"
#include "engine/plan/Plan.h"
#include "engine/tensor/result_type.h"
#include "tests/engine/spec/registry_samples.h"

#include <QObject>

#include <optional>

using namespace mrg;
using namespace mrg::test;

namespace {

Shapes shapesOf(const std::vector<Tensor> &tensors)
{
    Shapes out;
    for (const Tensor &tensor : tensors)
        out.push_back(tensor.shape());
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

} // namespace

class TestRegistrySamples : public QObject, test::RegistrySamples {
    Q_OBJECT

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
            const std::vector<Tensor> inputs = converted(drawInputs(*spec, sample), dtype);
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

    void nothingHasTheShapesInferredForIt_data() { addRows(); }
    void nothingHasTheShapesInferredForIt()
    {
        auto [spec, sample] = fetchSample();
        if (spec->shapeFromElements || sample.inputs.empty() || sample.inputs[0].empty())
            return;
        const int64_t first = sample.inputs[0][0];
        for (Shape &shape : sample.inputs) {
            if (shape != leftOut && !shape.empty() && shape[0] == first)
                shape[0] = 0;
        }
        const Result<Shapes> inferred = spec->infer(sample.args, sample.inputs);
        const Callable callable = makeCallable(registry, fetchType(), sample.args);
        std::optional<Shapes> come;
        std::string refusal;
        try {
            come = shapesOf(callable(converted(drawInputs(*spec, sample), DType::Float32)));
        } catch (const Error &error) {
            // Nor has an index anything to point to.
            if (error.category == ErrorCategory::Index)
                return;
            refusal = error.text();
        }
        if (!inferred) {
            QVERIFY2(!come, inferred.error().what());
            return;
        }
        QVERIFY2(come.has_value(), refusal.c_str());
        QVERIFY2(*come == *inferred, (text(*inferred) + "inferred, came " + text(*come)).c_str());
    }

    void callsAreOutlinedWithoutTheirKernels_data() { addRows(); }
    void callsAreOutlinedWithoutTheirKernels()
    {
        const auto [spec, sample] = fetchSample();
        const Callable callable = makeCallable(registry, fetchType(), sample.args);
        const std::vector<Tensor> inputs = converted(drawInputs(*spec, sample), DType::Float32);
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
                Error, makeCallable(registry, fetchType(), bad.args)(drawInputs(spec, sample)));
    }
};

QTEST_APPLESS_MAIN(TestRegistrySamples)
#include "tst_registry_samples.moc"
