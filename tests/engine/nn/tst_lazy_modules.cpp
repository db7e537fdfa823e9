// SPDX-License-Identifier: GPL-3.0-or-later
// Every lazy module: what can't be done before its first input, and what a wrong one does.
#include "engine/nn/Module.h"
#include "engine/nn/families.h"
#include "tests/engine/error_kind.h"
#include "tests/engine/spec/sample_inputs.h"

#include <QObject>
#include <QtTest/qtest.h>

using namespace mrg;

class TestLazyModules : public QObject {
    Q_OBJECT

    const Registry registry = standardRegistry();

    const ModuleSpec &spec() const
    {
        QFETCH_GLOBAL(QString, type);
        return *registry.module(type.toStdString());
    }
    /// One with parameters: some have none unless asked (affine).
    const Sample &sample() const
    {
        const std::vector<Sample> &all = spec().samples;
        const auto found = std::find_if(all.begin(), all.end(), [this](const Sample &sample) {
            return spec().make(sample.args)->hasUninitialized();
        });
        return found == all.end() ? all.at(0) : *found;
    }
    std::shared_ptr<Module> made() const { return spec().make(sample().args); }
    std::vector<Tensor> inputs() const
    {
        std::vector<Tensor> out;
        for (const Tensor &input : test::drawInputs(spec(), sample()))
            out.push_back(input.toType(DType::Float32));
        return out;
    }

private slots:
    void initTestCase_data()
    {
        QTest::addColumn<QString>("type");
        for (const ModuleSpec &spec : registry.modules()) {
            if (spec.name.starts_with("Lazy"))
                QTest::newRow(spec.name.c_str()) << QString::fromStdString(spec.name);
        }
    }

    void nothingAsksForItsParametersBeforeTheFirstInput()
    {
        const std::shared_ptr<Module> module = made();
        QVERIFY(module->hasUninitialized());
        const std::string kind = "uninitialized_parameter";
        QCOMPARE(test::errorKind([&] { module->parameters(); }), kind);
        QCOMPARE(test::errorKind([&] { module->namedParameters(); }), kind);
        QCOMPARE(test::errorKind([&] { module->parameterCount(); }), kind);
        QCOMPARE(test::errorKind([&] { module->stateDict(); }), kind);
    }

    void theFirstInputSizesItAndMakesItTheModuleProper()
    {
        const std::shared_ptr<Module> module = made();
        module->call(inputs());
        QVERIFY(!module->hasUninitialized());
        QCOMPARE("Lazy" + module->typeName(), spec().name);
        // A second input of other sizes is refused, as the module proper does it.
        std::vector<Tensor> other;
        for (const Tensor &input : inputs()) {
            Shape shape = input.shape();
            for (int64_t &size : shape)
                size += 1;
            other.push_back(Tensor::ones(shape));
        }
        QVERIFY(test::errorKind([&] { module->call(other); }) != "no error");
    }

    void aWrongFirstInputLeavesItLazy()
    {
        const std::shared_ptr<Module> module = made();
        QVERIFY_THROWS_EXCEPTION(Error, module->call(std::vector<Tensor>{Tensor::scalar(1)}));
        QVERIFY(module->hasUninitialized());
        module->call(inputs());
        QVERIFY(!module->hasUninitialized());
    }

    void aStateSizesItToo()
    {
        const std::shared_ptr<Module> sized = made();
        sized->call(inputs());
        const std::shared_ptr<Module> module = made();
        module->loadStateDict(sized->stateDict());
        sized->eval();
        module->eval();
        QCOMPARE(module->call(inputs())[0].toVector<float>(),
                 sized->call(inputs())[0].toVector<float>());
    }

    void aStateOfTheWrongKeysIsRefused()
    {
        const std::shared_ptr<Module> sized = made();
        sized->call(inputs());
        NamedTensors state = sized->stateDict();
        state.front().first = "other";
        const std::shared_ptr<Module> module = made();
        QCOMPARE(test::errorKind([&] { module->loadStateDict(state); }),
                 std::string("state_dict_keys_differ"));
    }
};

QTEST_APPLESS_MAIN(TestLazyModules)
#include "tst_lazy_modules.moc"
