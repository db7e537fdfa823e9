// SPDX-License-Identifier: GPL-3.0-or-later
// Hooks of modules: their order, and what returning something does.
#include "engine/autograd/anomaly.h"
#include "engine/autograd/backward.h"
#include "engine/nn/ModuleProfiler.h"
#include "engine/nn/containers.h"
#include "engine/nn/hooks.h"
#include "engine/nn/linear.h"
#include "engine/ops/pointwise.h"
#include "engine/ops/reductions.h"

#include <QObject>
#include <QtTest/qtest.h>

using namespace mrg;

namespace {

/// y = 2 x, and notes its forward.
class Twice : public Module {
public:
    explicit Twice(std::vector<std::string> *log = nullptr) : m_log(log) { }
    std::vector<Tensor> forward(std::span<const Tensor> inputs) override
    {
        if (m_log)
            m_log->push_back("forward");
        return {mul(inputs[0], 2)};
    }

private:
    std::vector<std::string> *m_log;
};

Tensor leaf(std::vector<double> values)
{
    Tensor out = Tensor::fromVector(values);
    return out.setRequiresGrad();
}

using Log = std::vector<std::string>;
using Numbers = std::vector<double>;

} // namespace

class TestModuleHooks : public QObject {
    Q_OBJECT

private slots:
    void globalHooksComeBeforeOwnOnesAndPrependedOnesFirst()
    {
        Log log;
        Twice module(&log);
        const auto noteBefore = [&log](const char *name) {
            return [&log, name](Module &,
                                std::span<const Tensor>) -> std::optional<std::vector<Tensor>> {
                log.emplace_back(name);
                return {};
            };
        };
        const auto noteAfter = [&log](const char *name) {
            return [&log, name](Module &, std::span<const Tensor>,
                                std::span<const Tensor>) -> std::optional<std::vector<Tensor>> {
                log.emplace_back(name);
                return {};
            };
        };
        module.registerForwardPreHook(noteBefore("pre 1"));
        module.registerForwardPreHook(noteBefore("pre 0"), true);
        module.registerForwardHook(noteAfter("post 1"));
        RemovableHandle pre = registerModuleForwardPreHook(noteBefore("global pre"));
        RemovableHandle post = registerModuleForwardHook(noteAfter("global post"));
        module(leaf({1}));
        QCOMPARE(log, (Log{"global pre", "pre 0", "pre 1", "forward", "global post", "post 1"}));
        log.clear();
        pre.remove();
        post.remove();
        post.remove();
        module(leaf({1}));
        QCOMPARE(log, (Log{"pre 0", "pre 1", "forward", "post 1"}));
    }

    void whatForwardHooksReturnReplaces()
    {
        Twice module;
        module.registerForwardPreHook([](Module &, std::span<const Tensor> in) {
            return std::optional(std::vector<Tensor>{add(in[0], 1)});
        });
        module.registerForwardHook(
                [](Module &, std::span<const Tensor> in, std::span<const Tensor> out) {
                    // The inputs are those that the pre hooks left.
                    return std::optional(std::vector<Tensor>{add(out[0], in[0])});
                });
        QCOMPARE(module(leaf({1, 2})).toVector<double>(), (Numbers{6, 9}));
    }

    void fullBackwardHooksSeeAndReplaceTheGradientsOfTheInputs()
    {
        Twice module;
        Log log;
        module.registerFullBackwardPreHook([&](Module &, const Gradients &out) {
            log.push_back("pre " + std::to_string(out[0].item()));
            return std::optional(Gradients{mul(out[0], 10)});
        });
        module.registerFullBackwardHook([&](Module &, const Gradients &in, const Gradients &out) {
            log.push_back(std::to_string(in[0].item()) + " " + std::to_string(out[0].item()));
            return std::optional(Gradients{mul(in[0], 3)});
        });
        Log global;
        RemovableHandle handle = registerModuleFullBackwardHook(
                [&](Module &, const Gradients &, const Gradients &) -> std::optional<Gradients> {
                    global.push_back("global, " + std::to_string(log.size()) + " before");
                    return {};
                });
        const Tensor x = leaf({4});
        backward(module(x));
        handle.remove();
        QCOMPARE(log, (Log{"pre 1.000000", "20.000000 10.000000"}));
        QCOMPARE(global, (Log{"global, 1 before"}));
        QCOMPARE(x.grad().item(), 60.0);
    }

    void fullBackwardHooksAreCalledWhereNoInputAsksForAGradient()
    {
        Linear module({.in_features = 1, .out_features = 1});
        int calls = 0;
        module.registerFullBackwardHook([&](Module &, const Gradients &in,
                                            const Gradients &out) -> std::optional<Gradients> {
            calls += in.empty() && out[0].defined();
            return {};
        });
        backward(module(Tensor::ones({1, 1})));
        QCOMPARE(calls, 1);
        QVERIFY(module.weight.grad().defined());
    }

    void theOldBackwardHookSeesTheLastOperationAlone()
    {
        Twice module;
        double seen = 0;
        module.registerBackwardHook(
                [&](Module &, const Gradients &in, const Gradients &) -> std::optional<Gradients> {
                    seen = in[0].item();
                    return {};
                });
        const Tensor x = leaf({4});
        backward(module(x));
        QCOMPARE(seen, 2.0);
        QVERIFY_THROWS_EXCEPTION(
                Error,
                module.registerFullBackwardHook([](Module &, const Gradients &, const Gradients &) {
                    return std::optional<Gradients>();
                }));
    }

    void registrationHooksSeeAndReplaceWhatIsRegistered()
    {
        std::vector<std::string> names;
        RemovableHandle parameters = registerModuleParameterRegistrationHook(
                [&](Module &, const std::string &name, const Tensor &) -> std::optional<Tensor> {
                    names.push_back(name);
                    return {};
                });
        RemovableHandle buffers = registerModuleBufferRegistrationHook(
                [](Module &, const std::string &, const Tensor &buffer) {
                    return std::optional(add(buffer, 1));
                });
        const auto replacement = std::make_shared<Twice>();
        RemovableHandle modules = registerModuleModuleRegistrationHook(
                [&](Module &, const std::string &,
                    const std::shared_ptr<Module> &) -> std::shared_ptr<Module> {
                    return replacement;
                });
        Linear module({.in_features = 1, .out_features = 1});
        module.registerBuffer("ones", Buffer(Tensor::zeros({1})));
        module.addModule("child", std::make_shared<Twice>());
        for (RemovableHandle *handle : {&parameters, &buffers, &modules})
            handle->remove();
        QCOMPARE(names, (std::vector<std::string>{"weight", "bias"}));
        QCOMPARE(module.getBuffer("ones").item(), 1.0);
        QVERIFY(module.getSubmodule("child").get() == replacement.get());
    }

    void aHookMayOutliveItsModule()
    {
        RemovableHandle handle;
        {
            Twice module;
            handle = module.registerForwardPreHook([](Module &, std::span<const Tensor>) {
                return std::optional<std::vector<Tensor>>();
            });
        }
        handle.remove();
    }

    void whatModulesCostIsMeasuredByTheirPaths()
    {
        Sequential net(
                {std::make_shared<Linear>(Linear::Options{64, 32}), std::make_shared<Twice>()});
        std::vector<ModuleProfile> profiles;
        {
            ModuleProfiler profiler;
            for (int step = 0; step < 2; ++step)
                backward(sum(net(Tensor::ones({100, 64}))));
            profiles = profiler.profiles();
            QVERIFY_THROWS_EXCEPTION(Error, ModuleProfiler());
        }
        QCOMPARE(profiles.size(), size_t(3));
        QCOMPARE(profiles[1].path, std::string("Sequential.0 (Linear)"));
        for (const ModuleProfile &profile : profiles)
            QCOMPARE(profile.calls, 2);
        QVERIFY(profiles[0].forwardMs >= profiles[1].forwardMs);
        QVERIFY(profiles[1].backwardMs > 0);
        // 100 x 32 floats of output at least.
        QVERIFY(profiles[1].peakBytes >= 100 * 32 * 4);
        QVERIFY(profiles[0].peakBytes >= 2 * 100 * 32 * 4);
        net(Tensor::ones({1, 64}));
        QCOMPARE(profiles[0].calls, 2);
    }

    void anomalyModeNamesTheOperationAndTheModule()
    {
        class Root : public Module {
        public:
            std::vector<Tensor> forward(std::span<const Tensor> inputs) override
            {
                return {sqrt(inputs[0])};
            }
        };
        const AnomalyMode on;
        Sequential net({std::make_shared<Twice>(), std::make_shared<Root>()});
        try {
            net(leaf({-1}));
            QFAIL("a NaN went unnoticed");
        } catch (const Error &error) {
            QCOMPARE(error.kind, std::string("nan_in_forward"));
            QCOMPARE(error.where, std::string("sqrt in Sequential.1 (Root)"));
        }
        // 0 * inf: the square root's derivative at 0 meets a gradient of 0.
        const Tensor y = net(leaf({0}));
        try {
            backward(mul(y, 0));
            QFAIL("a NaN went unnoticed");
        } catch (const Error &error) {
            QCOMPARE(error.kind, std::string("nan_in_backward"));
            QCOMPARE(error.where, std::string("sqrt in Sequential.1 (Root)"));
        }
    }
};

QTEST_APPLESS_MAIN(TestModuleHooks)
#include "tst_module_hooks.moc"
