// SPDX-License-Identifier: GPL-3.0-or-later
// Networks drawn at random, mended by the fixes offered: what check() finds sound can be run.
#include "engine/autograd/backward.h"
#include "engine/core/Random.h"
#include "engine/network/build.h"
#include "engine/network/experiment_file.h"
#include "engine/ops/reductions.h"
#include "tests/engine/network/drawing.h"

#include <QObject>
#include <QtTest/qtest.h>

#include <map>
#include <set>

using namespace mrg;
using namespace mrg::test;

namespace {

constexpr int64_t batchSize = 4;

template <typename T> const T &oneOfAll(const std::vector<T> &all, RandomStream &random)
{
    return all[static_cast<size_t>(random.below(static_cast<int64_t>(all.size())))];
}

/// Samples of the task's kind with random numbers.
Dataset randomDataset(RandomStream &random)
{
    static const std::vector<Shape> shapes{{2}, {4}, {5}, {1, 4, 4}, {2, 5, 4}, {3, 2}, {}};
    Dataset out;
    out.task = oneOfAll(std::vector<Task>{Task::MultiLabel, Task::SingleLabel, Task::Regression},
                        random);
    const int64_t classes = 2 + random.below(4);
    for (int64_t c = 0; c < classes; ++c)
        out.labelNames.push_back(std::to_string(c));
    Shape shape = oneOfAll(shapes, random);
    shape.insert(shape.begin(), batchSize);
    out.inputs = Tensor::empty(shape, random.below(8) ? DType::Float32 : DType::Int64);
    for (int64_t i = 0; i < out.inputs.numel(); ++i) {
        if (out.inputs.isFloatingPoint())
            out.inputs.data<float>()[i] = static_cast<float>(random.normal());
        else
            out.inputs.data<int64_t>()[i] = random.below(4);
    }
    out.values = Tensor::full({batchSize, classes}, 0.5);
    for (int64_t n = 0; n < batchSize; ++n) {
        out.classes.push_back(random.below(classes));
        out.labels.push_back({random.below(classes)});
    }
    return out;
}

/// A data source, some modules, a loss; inputs mostly wired to what stands before.
Network randomNetwork(const Vocabulary &vocabulary, RandomStream &random)
{
    std::vector<std::string> modules;
    std::vector<std::string> losses;
    for (const std::string &type : vocabulary.nodeTypes()) {
        if (type.rfind("data.", 0) != 0)
            (vocabulary.spec(type)->isLoss() ? losses : modules).push_back(type);
    }
    Drawing drawing;
    drawing.node("data.moons");
    for (int64_t count = random.below(5); count > 0; --count) {
        const std::string &type = oneOfAll(modules, random);
        drawing.node(type, oneOfAll(vocabulary.spec(type)->samples, random).args);
    }
    const std::string &loss = oneOfAll(losses, random);
    drawing.node(loss, oneOfAll(vocabulary.spec(loss)->samples, random).args);
    Network &network = drawing.network;
    for (const NetworkNode &node : network.nodes) {
        for (const Port &port : vocabulary.spec(node.type)->inputs) {
            // Mostly a chain, sometimes across, rarely back.
            const int64_t dice = random.below(20);
            const NodeId from = dice < 14 ? node.id - 1
                    : dice < 19           ? 1 + random.below(node.id - 1)
                                          : 1 + random.below(network.nextId - 1);
            const std::vector<Port> &outputs = vocabulary.spec(network.find(from)->type)->outputs;
            // Sometimes the second output, or the target where it does not belong.
            const bool target = port.form != TargetForm::None ? dice != 0 : from == 1 && dice == 1;
            const std::string &name = target ? "target"
                    : random.below(9)        ? outputs[0].name
                                             : outputs.back().name;
            const PortRef start{target ? 1 : from, name, 0};
            if (random.below(30) != 0)
                network.wires.push_back({start, {node.id, port.name, 0}});
            if (port.variadic && random.below(2) == 0)
                network.wires.push_back({start, {node.id, port.name, 1}});
        }
    }
    return network;
}

bool isExcused(const Error &error)
{
    // Numbers, not shapes: an index out of a small table, a lone value to normalise, what is no
    // probability, variance or rate.
    static const std::set<std::string> kinds{"one_value_per_channel", "probability_out_of_range",
                                             "negative_variance",     "negative_rate",
                                             "wrong_chance",          "negative_deviation",
                                             "division_by_zero",      "integer_to_a_negative_power",
                                             "wrong_weight",          "linalg_error_singular",
                                             "quantile_out_of_range"};
    return error.category == ErrorCategory::Index || kinds.contains(error.kind);
}

} // namespace

class TestRandomNetworks : public QObject {
    Q_OBJECT

    const Vocabulary vocabulary = standardVocabulary();

    CheckedNetwork checked(const Network &network, const Dataset &data) const
    {
        return check(
                network, vocabulary,
                [&](const NetworkNode &) { return Result<DataDescription>(describe(data)); },
                batchSize);
    }

    /// Empty if the network ran as check() said.
    std::string run(const Network &network, const CheckedNetwork &all, const Dataset &data) const
    {
        Result<BuiltNetwork> built = build(network, all, vocabulary, 1);
        if (!built)
            return built.error().text();
        try {
            const Tensor target = data.target(built->targetForm()).value();
            const Tensor scores = built->scores(data.inputs);
            if (scores.shape() != all.shapes.at(*all.scores).shape())
                return "scores " + toString(scores.shape()) + ", checked as "
                        + all.shapes.at(*all.scores).text();
            if (scores.dtype() != all.shapes.at(*all.scores).dtype)
                return std::string("scores of ") + dtypeName(scores.dtype());
            const Tensor loss = built->loss(scores, target);
            if (loss.requiresGrad())
                backward(mean(loss));
        } catch (const Error &error) {
            if (!isExcused(error))
                return error.text();
        }
        return {};
    }

private slots:
    void soundNetworksRunAsChecked()
    {
        RandomStream random(1);
        int sound = 0;
        std::map<std::string, int> kinds;
        for (int round = 0; round < 40000; ++round) {
            const Dataset data = randomDataset(random);
            Network network = randomNetwork(vocabulary, random);
            CheckedNetwork all = checked(network, data);
            for (int step = 0; step < 6 && !all.ok(); ++step) {
                const auto issue
                        = std::find_if(all.issues.begin(), all.issues.end(), [](const Issue &one) {
                              return one.severity == Severity::Error && !one.fixes.empty();
                          });
                if (issue == all.issues.end())
                    break;
                network = applyFix(network, oneOfAll(issue->fixes, random));
                all = checked(network, data);
            }
            for (const Issue &issue : all.issues)
                ++kinds[issue.kind];
            if (!all.ok())
                continue;
            ++sound;
            const std::string failure = run(network, all, data);
            if (!failure.empty()) {
                Experiment experiment;
                experiment.network = network;
                QFAIL((failure + "\ninputs " + toString(data.inputs.shape()) + " "
                       + dtypeName(data.inputs.dtype()) + ", " + taskName(data.task) + "\n"
                       + writeExperiment(experiment))
                              .c_str());
            }
        }
        std::string text;
        for (const auto &[kind, count] : kinds)
            text += " " + kind + " " + std::to_string(count);
        qInfo("%d sound networks;%s", sound, text.c_str());
        QVERIFY(sound > 2000);
    }
};

QTEST_APPLESS_MAIN(TestRandomNetworks)
#include "tst_random_networks.moc"
