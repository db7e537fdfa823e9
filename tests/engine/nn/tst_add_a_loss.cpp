// SPDX-License-Identifier: GPL-3.0-or-later
// The example of CONTRIBUTING.md, compiled: what stands between the marks there stands here.
#include "engine/nn/Loss.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/reductions.h"

#include <QFile>
#include <QTest>

// [example
namespace mrg {

/// Squared error that forgives what lies within a tolerance.
struct TolerantLoss : Module {
    struct Options {
        double tolerance = 0.1;
    };
    explicit TolerantLoss(Options options_) : options(options_) { }

    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        const Tensor excess = relu(add(abs(sub(inputs[0], inputs[1])), -options.tolerance));
        return {mean(square(excess))};
    }

    Options options;
};

ModuleSpec tolerantLoss()
{
    using O = TolerantLoss::Options;
    return declare<TolerantLoss>(
            {.name = "TolerantLoss",
             .group = Group::Loss,
             .summary = "Squared error that forgives what lies within a tolerance.",
             .formula = R"(\frac1N\sum_i\max(0,\,|x_i-y_i|-t)^2)",
             .source = "Vapnik 1995, the epsilon-insensitive loss, squared",
             .args = {arg("tolerance", &O::tolerance, "Error that costs nothing.", atLeast(0))},
             .inputs = {{.name = "input", .pattern = "*"},
                        {.name = "target", .pattern = "*", .form = TargetForm::Values}},
             .outputs = {{.name = "loss", .pattern = ""}},
             .samples = {{.inputs = {{4, 3}, {4, 3}}}},
             .badSamples = {{.inputs = {{4, 3}, {4, 2}}, .kind = "size_mismatch"}}});
}

} // namespace mrg
// example]

using namespace mrg;

class TestAddALoss : public QObject {
    Q_OBJECT
private slots:
    void theExampleInfersRefusesAndGivesTheLossOfItsFormula()
    {
        const ModuleSpec spec = tolerantLoss();
        for (const Sample &sample : spec.samples)
            QVERIFY(spec.infer(sample.args, sample.inputs));
        for (const BadSample &sample : spec.badSamples)
            QCOMPARE(spec.infer(sample.args, sample.inputs).error().kind, sample.kind);
        const std::shared_ptr<Module> loss = spec.make({{"tolerance", 0.5}});
        Tensor x = Tensor::empty({2}, DType::Float64);
        Tensor y = Tensor::empty({2}, DType::Float64);
        x.data<double>()[0] = 1;
        x.data<double>()[1] = 2.2;
        y.data<double>()[0] = 3;
        y.data<double>()[1] = 2;
        const std::vector<Tensor> out = loss->forward(std::vector<Tensor>{x, y});
        QCOMPARE(*out[0].data<double>(), 1.5 * 1.5 / 2);
    }

    void contributingShowsWhatIsCompiledHere()
    {
        const auto read = [](const char *name) {
            QFile file(QString(MARGINALIA_SOURCE_DIR) + name);
            return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
        };
        const QString code = read("/tests/engine/nn/tst_add_a_loss.cpp")
                                     .section(QString("// [") + "example\n", 1)
                                     .section(QString("// example") + "]", 0, 0);
        QVERIFY(code.size() > 500);
        QVERIFY(read("/CONTRIBUTING.md").contains(code));
    }
};

QTEST_GUILESS_MAIN(TestAddALoss)
#include "tst_add_a_loss.moc"
