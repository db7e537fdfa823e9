// SPDX-License-Identifier: GPL-3.0-or-later
// What all optimizers and schedulers have in common, and what the golden cases leave out.
#include "engine/autograd/Node.h"
#include "engine/core/Random.h"
#include "engine/nn/families.h"
#include "engine/optim/AveragedModel.h"
#include "engine/optim/Scheduler.h"
#include "engine/optim/clip.h"
#include "engine/plan/Plan.h"

#include <QObject>
#include <QtTest/qtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace mrg;

namespace {

/// Two parameters and the gradients of a bowl around 1, a little different in every step.
struct Problem {
    std::vector<Tensor> parameters;
    explicit Problem(DType dtype = DType::Float32)
    {
        RandomStream random(5);
        for (const Shape &shape : {Shape{3, 4}, Shape{5}}) {
            std::vector<double> values(static_cast<size_t>(numel(shape)));
            for (double &value : values)
                value = random.normal();
            parameters.push_back(Tensor::fromVector(values, shape).toType(dtype));
            parameters.back().setRequiresGrad();
        }
    }
    double evaluate(int step) const
    {
        double loss = 0;
        for (const Tensor &parameter : parameters) {
            std::vector<double> gradient = parameter.toVector<double>();
            for (size_t i = 0; i < gradient.size(); ++i) {
                const double d = gradient[i] - 1;
                loss += (0.5 + 0.1 * static_cast<double>(i)) * d * d;
                gradient[i] = (1 + 0.2 * static_cast<double>(i)) * d
                        + 0.01 * std::sin(step + static_cast<double>(i));
            }
            const Tensor fresh
                    = Tensor::fromVector(gradient, parameter.shape()).toType(parameter.dtype());
            if (parameter.grad().defined())
                parameter.grad().detach().copyFrom(fresh);
            else
                parameter.setGrad(fresh);
        }
        return loss;
    }
    std::vector<float> values() const
    {
        std::vector<float> out;
        for (const Tensor &parameter : parameters) {
            const std::vector<float> own = parameter.toVector<float>();
            out.insert(out.end(), own.begin(), own.end());
        }
        return out;
    }
};

void stepOnce(Optimizer &optimizer, const Problem &problem, int number)
{
    optimizer.step([&] { return problem.evaluate(number); });
}

const OptimizerSpec &specOf(const std::vector<OptimizerSpec> &specs, const std::string &name)
{
    return *std::find_if(specs.begin(), specs.end(),
                         [&](const OptimizerSpec &spec) { return spec.name == name; });
}

/// Options that make an optimizer use all of its state.
Arguments fullOptions(const OptimizerSpec &spec)
{
    Arguments out;
    for (const Arg &arg : spec.args) {
        if (arg.name == "momentum")
            out["momentum"] = 0.9;
        else if (arg.name == "amsgrad" || arg.name == "centered")
            out[arg.name] = true;
        else if (arg.name == "weight_decay")
            out[arg.name] = 0.01;
    }
    return out;
}

} // namespace

class TestOptimizers : public QObject {
    Q_OBJECT

    std::vector<OptimizerSpec> specs = optimizerSpecs();
    std::vector<SchedulerSpec> schedulers = schedulerSpecs();

    const SchedulerSpec &scheduler(const std::string &name) const
    {
        return *std::find_if(schedulers.begin(), schedulers.end(),
                             [&](const SchedulerSpec &spec) { return spec.name == name; });
    }
    void addOptimizers() const
    {
        QTest::addColumn<QString>("name");
        for (const OptimizerSpec &spec : specs)
            QTest::newRow(spec.name.c_str()) << QString::fromStdString(spec.name);
    }

private slots:
    void everyOptimizerGoesDownhill_data() { addOptimizers(); }
    void everyOptimizerGoesDownhill()
    {
        QFETCH(QString, name);
        const Problem problem;
        const auto optimizer
                = specOf(specs, name.toStdString()).make({{problem.parameters, {}}}, {});
        const double before = problem.evaluate(0);
        for (int step = 0; step < 20; ++step)
            stepOnce(*optimizer, problem, step);
        QVERIFY(problem.evaluate(0) < before);
    }

    void trainingGoesOnBitForBitFromTheStateDict_data() { addOptimizers(); }
    void trainingGoesOnBitForBitFromTheStateDict()
    {
        QFETCH(QString, name);
        const OptimizerSpec &spec = specOf(specs, name.toStdString());
        const Problem whole;
        const Problem resumed;
        const auto optimizer = spec.make({{whole.parameters, {}}}, fullOptions(spec));
        for (int step = 0; step < 3; ++step)
            stepOnce(*optimizer, whole, step);
        NamedTensors kept;
        for (const auto &[key, tensor] : optimizer->stateDict())
            kept.emplace_back(key, tensor.copy());
        QVERIFY(!kept.empty());
        for (size_t i = 0; i < whole.parameters.size(); ++i)
            resumed.parameters[i].detach().copyFrom(whole.parameters[i].detach());
        const auto second = spec.make({{resumed.parameters, {}}}, fullOptions(spec));
        stepOnce(*spec.make({{Problem().parameters, {}}}, fullOptions(spec)), Problem(), 0);
        QVERIFY(second->loadStateDict(kept));
        for (int step = 3; step < 6; ++step) {
            stepOnce(*optimizer, whole, step);
            stepOnce(*second, resumed, step);
        }
        QCOMPARE(resumed.values(), whole.values());
        // A state that does not fit changes nothing.
        const std::vector<float> before = resumed.values();
        QCOMPARE(second->loadStateDict({{"0.no_such_thing", Tensor::zeros({})}}).error().kind,
                 std::string("state_dict_keys_differ"));
        QVERIFY(!second->loadStateDict({{kept[0].first, Tensor::zeros({7, 7, 7})}}));
        QCOMPARE(second->stateDict().size(), kept.size());
        QCOMPARE(resumed.values(), before);
    }

    void aCapturedStepFollowsLiveOptionsAndCounters_data() { addOptimizers(); }
    void aCapturedStepFollowsLiveOptionsAndCounters()
    {
        QFETCH(QString, name);
        const OptimizerSpec &spec = specOf(specs, name.toStdString());
        const Problem eager;
        const Problem captured;
        const auto reference = spec.make({{eager.parameters, {}}}, {});
        const auto optimizer = spec.make({{captured.parameters, {}}}, {});
        if (optimizer->needsClosure()) {
            const Result<Plan> plan = Plan::capture([&] { stepOnce(*optimizer, captured, 0); });
            QVERIFY(!plan);
            QCOMPARE(plan.error().kind, std::string("step_not_capturable"));
            return;
        }
        captured.evaluate(0);
        const Result<Plan> plan = Plan::capture([&] { optimizer->step(); });
        QVERIFY(plan.ok());
        stepOnce(*reference, eager, 0);
        for (int step = 1; step < 6; ++step) {
            if (step == 3) {
                // Also what needs memory that was not there at the capture.
                Arguments changed = fullOptions(spec);
                changed["lr"] = 0.03;
                for (const auto &[option, value] : changed) {
                    QVERIFY(reference->setOption(option, value));
                    QVERIFY(optimizer->setOption(option, value));
                }
            }
            stepOnce(*reference, eager, step);
            captured.evaluate(step);
            plan->run();
            QCOMPARE(captured.values(), eager.values());
        }
    }

    void lbfgsWithoutAClosureSaysWhatItNeeds()
    {
        const Problem problem;
        const auto optimizer = specOf(specs, "LBFGS").make({{problem.parameters, {}}}, {});
        try {
            optimizer->step();
            QFAIL("no error");
        } catch (const Error &error) {
            QCOMPARE(error.kind, std::string("closure_missing"));
        }
    }

    void optionsThatDontFitTogetherAreRefused()
    {
        const Problem problem;
        const auto make = [&](const char *name, const Arguments &args) {
            return specOf(specs, name).make({{problem.parameters, {}}}, args);
        };
        QVERIFY_EXCEPTION_THROWN(make("SGD", {{"nesterov", true}}), Error);
        QVERIFY_EXCEPTION_THROWN(make("Adam", {{"betas", ValueList{0.9}}}), Error);
        QVERIFY_EXCEPTION_THROWN(make("Adam", {{"betas", ValueList{0.9, 1.0}}}), Error);
        QVERIFY_EXCEPTION_THROWN(make("Rprop", {{"etas", ValueList{1.2, 0.5}}}), Error);
        const auto twoGroups = [&] {
            return specOf(specs, "LBFGS")
                    .make({{{problem.parameters[0]}, {}}, {{problem.parameters[1]}, {}}}, {});
        };
        QVERIFY_EXCEPTION_THROWN(twoGroups(), Error);
    }

    void cyclesMoveMomentumAgainstTheRate()
    {
        const Problem problem;
        const auto adam = specOf(specs, "Adam").make({{problem.parameters, {}}}, {});
        const auto cycle
                = scheduler("OneCycleLR").make(*adam, {{"max_lr", 0.1}, {"total_steps", 10}});
        const auto beta = [&] {
            return *adam->groups()[0].options.at("betas").as<ValueList>()->at(0).number();
        };
        QCOMPARE(beta(), 0.95);
        double highest = 0;
        double lowest = 1;
        for (int step = 0; step < 9; ++step) {
            cycle->step();
            highest = std::max(highest, adam->lr());
            lowest = std::min(lowest, beta());
        }
        QCOMPARE(highest, 0.1);
        QCOMPARE(lowest, 0.85);
        QCOMPARE(beta(), 0.95);
        cycle->step();
        QVERIFY_EXCEPTION_THROWN(cycle->step(), Error);
        QVERIFY_EXCEPTION_THROWN(scheduler("OneCycleLR").make(*adam, {{"max_lr", 0.1}}), Error);
        const auto adagrad = specOf(specs, "Adagrad").make({{problem.parameters, {}}}, {});
        QVERIFY_EXCEPTION_THROWN(
                scheduler("CyclicLR").make(*adagrad, {{"base_lr", 0.1}, {"max_lr", 0.2}}), Error);
    }

    void gradientsAreClippedTogetherByTheirNorm()
    {
        const Problem problem(DType::Float64);
        problem.parameters[0].setGrad(Tensor::full({3, 4}, 3, DType::Float64));
        problem.parameters[1].setGrad(Tensor::full({5}, -4, DType::Float64));
        const double norm = std::sqrt(12 * 9.0 + 5 * 16.0);
        QCOMPARE(clipGradientNorm(problem.parameters, 1000).item(), norm);
        QCOMPARE(problem.parameters[0].grad().toVector<double>()[0], 3.0);
        QCOMPARE(clipGradientNorm(problem.parameters, 2).item(), norm);
        QCOMPARE(problem.parameters[0].grad().toVector<double>()[0], 3 * (2 / (norm + 1e-6)));
        problem.parameters[1].setGrad(Tensor::full({5}, -4, DType::Float64));
        QCOMPARE(clipGradientNorm(problem.parameters, 1000, std::numeric_limits<double>::infinity())
                         .item(),
                 4.0);
        clipGradientValue(problem.parameters, 0.25);
        QCOMPARE(problem.parameters[1].grad().toVector<double>()[2], -0.25);
        problem.parameters[1].setGrad(Tensor::full({5}, std::nan(""), DType::Float64));
        QVERIFY_EXCEPTION_THROWN(clipGradientNorm(problem.parameters, 1, 2, true), Error);
    }

    void aScheduleGoesOnWhereItsStateWasSaved_data()
    {
        QTest::addColumn<QString>("name");
        for (const SchedulerSpec &spec : schedulers)
            QTest::newRow(spec.name.c_str()) << QString::fromStdString(spec.name);
    }
    void aScheduleGoesOnWhereItsStateWasSaved()
    {
        QFETCH(QString, name);
        const SchedulerSpec &spec = scheduler(name.toStdString());
        Arguments args;
        if (spec.name == "OneCycleLR")
            args = {{"max_lr", 0.3}, {"total_steps", 20}};
        if (spec.name == "ReduceLROnPlateau")
            args = {{"patience", 1}, {"cooldown", 2}};
        if (spec.name == "CyclicLR")
            args = {{"base_lr", 0.1}, {"max_lr", 0.4}, {"step_size_up", 3}};
        // Long enough to be in it at the end.
        for (const Arg &arg : spec.args) {
            if (arg.name == "total_iters")
                args["total_iters"] = 12;
        }
        const Problem problem;
        const auto sgd = [&](double lr, double momentum) {
            return specOf(specs, "SGD")
                    .make({{problem.parameters, {}}}, {{"lr", lr}, {"momentum", momentum}});
        };
        // Figures that get better, then worse: each has a part in what is remembered.
        const auto metric = [](int step) { return std::abs(step - 4.5); };
        const auto straight = sgd(0.25, 0.9);
        const auto whole = spec.make(*straight, args);
        for (int step = 0; step < 8; ++step)
            whole->step(metric(step));
        const NamedTensors saved = whole->stateDict();
        const auto resumed = sgd(0.25, 0.9);
        const auto other = spec.make(*resumed, args);
        for (const char *option : {"lr", "momentum"})
            resumed->setOption(option, straight->number(option)).value();
        QVERIFY(other->loadStateDict(saved));
        bool moved = false;
        for (int step = 8; step < 16; ++step) {
            const double before = straight->lr();
            whole->step(metric(step));
            other->step(metric(step));
            QCOMPARE(resumed->lr(), straight->lr());
            QCOMPARE(resumed->number("momentum"), straight->number("momentum"));
            moved = moved || straight->lr() != before;
        }
        QVERIFY(moved);
        NamedTensors wrong = saved;
        wrong.back().first = "unheard_of";
        QCOMPARE(other->loadStateDict(wrong).error().kind, std::string("state_dict_keys_differ"));
        QVERIFY(!other->loadStateDict({}));
        QCOMPARE(other->stateDict().front().second.item(),
                 whole->stateDict().front().second.item());
    }

    void averagesOfWeightsFollowTheirDefinitions()
    {
        const Registry registry = standardRegistry();
        const auto model = registry.module("BatchNorm1d")->make({{"num_features", 2}});
        AveragedModel mean(*model, {});
        AveragedModel exponential(*model, {.decay = 0.75});
        const auto weight = [](const NamedTensors &state) {
            return state.at(0).second.toVector<double>()[0];
        };
        for (double value : {2.0, 4.0, 9.0}) {
            model->namedParameters().at(0).second.detach().fill(value);
            model->namedBuffers().at(0).second.fill(value);
            mean.update(*model);
            exponential.update(*model);
        }
        QCOMPARE(weight(mean.stateDict()), 5.0);
        QCOMPARE(weight(exponential.stateDict()), 0.75 * (0.75 * 2 + 0.25 * 4) + 0.25 * 9);
        QCOMPARE(mean.updates(), 3);
        // Buffers are copied, not averaged.
        QCOMPARE(mean.stateDict().at(2).second.toVector<double>()[0], 9.0);
        const auto other = registry.module("BatchNorm1d")->make({{"num_features", 2}});
        mean.copyTo(*other);
        QCOMPARE(weight(other->stateDict()), 5.0);
    }
};

QTEST_APPLESS_MAIN(TestOptimizers)
#include "tst_optimizers.moc"
