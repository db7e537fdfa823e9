// SPDX-License-Identifier: GPL-3.0-or-later
// torch's settings, questions and device functions, as they are called: by name, position and
// keyword.
#include "engine/core/Parallel.h"
#include "engine/core/Random.h"
#include "engine/nn/families.h"
#include "engine/ops/creation.h"
#include "engine/ops/pointwise.h"
#include "engine/tensor/memory.h"
#include "engine/tensor/settings.h"

#include <QObject>
#include <QtTest/qtest.h>

using namespace mrg;

class TestTorchSettings : public QObject {
    Q_OBJECT

    const Registry registry = standardRegistry();

    ValueList call(const std::string &name, const std::vector<Value> &positional = {},
                   const Arguments &keywords = {}) const
    {
        const FunctionSpec *spec = registry.function(name);
        if (!spec)
            throw Error(ErrorCategory::Value, "unknown_function", name);
        const Call bound = bindCall(*spec, positional, keywords).value();
        return spec->evaluate(bound.args, bound.inputs);
    }
    Value answer(const std::string &name, const std::vector<Value> &positional = {},
                 const Arguments &keywords = {}) const
    {
        const ValueList out = call(name, positional, keywords);
        return out.size() == 1 ? out[0] : Value(ValueList(out));
    }
    template <typename F> static std::string kindOfErrorIn(F action)
    {
        try {
            action();
        } catch (const Error &error) {
            return error.kind;
        }
        return "";
    }

private slots:
    void cleanup() { settings() = {}; }

    void everySettingAnswersWithItsSample_data()
    {
        QTest::addColumn<QString>("name");
        for (const FunctionSpec &spec : registry.functions()) {
            if (spec.group == Group::Settings || spec.group == Group::Device)
                QTest::newRow(spec.name.c_str()) << QString::fromStdString(spec.name);
        }
    }
    void everySettingAnswersWithItsSample()
    {
        QFETCH(QString, name);
        const FunctionSpec &spec = *registry.function(name.toStdString());
        if (!spec.inputs.empty())
            return; // of tensors
        const Arguments use = spec.samples.empty() ? Arguments() : spec.samples[0].args;
        // Either it answers, or it says plainly that there is no such thing here.
        try {
            QVERIFY(spec.evaluate(use, {}).size() == 1);
        } catch (const Error &error) {
            QVERIFY(error.kind == "device_not_available" || error.kind == "not_supported");
            QVERIFY(!error.wanted.empty());
        }
    }

    void theDefaultTypeIsThatOfNumbersWithAPoint()
    {
        const Tensor whole = Tensor::fromVector(std::vector<int64_t>{1, 2});
        QVERIFY(answer("get_default_dtype") == Value("float32"));
        call("set_default_tensor_type", {"torch.DoubleTensor"});
        QVERIFY(answer("get_default_dtype") == Value("float64"));
        QCOMPARE(tensorOf(ValueList{1, 2.5}).dtype(), DType::Float64);
        QCOMPARE(mul(whole, 0.5).dtype(), DType::Float64);
        QCOMPARE(exp(whole).dtype(), DType::Float64);
        QCOMPARE(arange(0, 1, 0.5).dtype(), DType::Float64);
        QCOMPARE(kindOfErrorIn([&] { call("set_default_tensor_type", {"int64"}); }),
                 std::string("wrong_argument"));
        QVERIFY(answer("get_default_dtype") == Value("float64"));
    }

    void printOptionsChangeWhatIsWritten()
    {
        const Tensor tensor = Tensor::fromVector(std::vector<double>{1.0 / 3, 2, 3, 4, 5, 6, 7});
        call("set_printoptions", {}, {{"precision", 2}, {"threshold", 5}, {"edgeitems", 2}});
        QCOMPARE(tensor.toString(),
                 std::string("tensor([0.33, 2.00, ..., 6.00, 7.00], dtype=float64)"));
        call("set_printoptions", {},
             {{"sci_mode", true}, {"threshold", 1000}, {"linewidth", 200}, {"precision", 1}});
        QCOMPARE(tensor.toString(),
                 std::string("tensor([3.3e-01, 2.0e+00, 3.0e+00, 4.0e+00, 5.0e+00, 6.0e+00, "
                             "7.0e+00], dtype=float64)"));
        call("set_printoptions", {}, {{"profile", "default"}});
        QVERIFY(answer("get_printoptions").as<ValueList>()->at(0)
                == Value(ValueList{"precision", 4}));
        QCOMPARE(kindOfErrorIn([&] {
                     call("set_printoptions", {}, {{"profile", "tiny"}});
                 }),
                 std::string("wrong_argument"));
    }

    void deterministicModesAreRemembered()
    {
        call("set_deterministic_debug_mode", {"warn"});
        QVERIFY(answer("are_deterministic_algorithms_enabled") == Value(true));
        QVERIFY(answer("is_deterministic_algorithms_warn_only_enabled") == Value(true));
        QVERIFY(answer("get_deterministic_debug_mode") == Value(1));
        call("use_deterministic_algorithms", {true});
        QVERIFY(answer("get_deterministic_debug_mode") == Value(2));
        call("set_deterministic_debug_mode", {0});
        QVERIFY(answer("are_deterministic_algorithms_enabled") == Value(false));
        QCOMPARE(kindOfErrorIn([&] { call("set_deterministic_debug_mode", {"loud"}); }),
                 std::string("wrong_argument"));
    }

    void whatNeedsAnotherDeviceSaysSo()
    {
        QCOMPARE(kindOfErrorIn([&] { call("requireWebGPU"); }),
                 std::string("device_not_available"));
        QCOMPARE(kindOfErrorIn([&] { call("get_autocast_gpu_dtype"); }),
                 std::string("device_not_available"));
        QCOMPARE(kindOfErrorIn([&] { call("set_default_device", {"cuda"}); }),
                 std::string("device_not_available"));
        QVERIFY(answer("is_webgpu_available") == Value(false));
        QVERIFY(answer("validateDevice", {"cpu"}) == Value("cpu"));
        QCOMPARE(kindOfErrorIn([&] { call("validateDType", {"float8"}); }),
                 std::string("unknown_dtype"));
    }

    void threadsAreThoseThatWereSet()
    {
        setNumThreads(2);
        QVERIFY(answer("get_num_threads") == Value(2));
        setNumThreads(1);
        QVERIFY(answer("get_num_threads") == Value(1));
    }

    void memoryIsCounted()
    {
        const MemoryStatistics before = memoryStatistics();
        {
            const Tensor tensor = Tensor::zeros({1000, 100});
            QCOMPARE(memoryStatistics().allocatedBytes, before.allocatedBytes + 400000);
        }
        QCOMPARE(memoryStatistics().allocatedBytes, before.allocatedBytes);
        QVERIFY(memoryStatistics().peakBytes >= before.allocatedBytes + 400000);
        QVERIFY(memoryStatistics().frees > before.frees);
        call("reset_peak_memory_stats");
        QVERIFY(memoryStatistics().peakBytes < before.allocatedBytes + 400000);
        call("empty_cache");
        const Value pairs = answer("memory_stats");
        QVERIFY(pairs.as<ValueList>()->at(0).as<ValueList>()->at(0) == Value("allocated_bytes"));
    }

    void theGeneratorsStateTellsWhereItIs()
    {
        manualSeed(3);
        const std::vector<Value> size{ValueList{3}};
        call("randn", size);
        const Tensor state = *answer("get_rng_state").as<Tensor>();
        QCOMPARE(state.dtype(), DType::UInt8);
        const Value next = answer("randn", size);
        manualSeed(3);
        call("randn", size);
        QVERIFY(answer("get_rng_state") == Value(state));
        QVERIFY(answer("randn", size) == next);
    }

    void rangesTakeTheirEndAlone()
    {
        QVERIFY(answer("arange", {3}) == Value(tensorOf(ValueList{0, 1, 2})));
        QVERIFY(answer("arange", {1, 3}) == Value(tensorOf(ValueList{1, 2})));
        QVERIFY(answer("arange", {1}, {{"end", 3}}) == Value(tensorOf(ValueList{1, 2})));
        const Tensor drawn = *answer("randint", {2, ValueList{50}}).as<Tensor>();
        QVERIFY(drawn.shape() == Shape{50});
        for (int64_t value : drawn.toVector<int64_t>())
            QVERIFY(value == 0 || value == 1);
    }
};

QTEST_APPLESS_MAIN(TestTorchSettings)
#include "tst_torch_settings.moc"
