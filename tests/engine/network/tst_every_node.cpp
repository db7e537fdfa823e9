// SPDX-License-Identifier: GPL-3.0-or-later
// Every node type in a small network that is checked, trained, saved, opened and trained again.
#include "engine/autograd/backward.h"
#include "engine/network/experiment_file.h"
#include "engine/ops/reductions.h"
#include "engine/training/Session.h"
#include "tests/engine/network/drawing.h"
#include "tests/engine/spec/sample_inputs.h"

#include <QObject>
#include <QtTest/qtest.h>

#include <cmath>
#include <set>

using namespace mrg;
using namespace mrg::test;

namespace {

constexpr int64_t features = 3;

/// Draws what stands before and behind a node: everything that flows is made from the data's input
/// by an nn.Linear, so that there is something to train on every way.
class Surroundings {
public:
    explicit Surroundings(const Vocabulary &vocabulary) : m_vocabulary(vocabulary)
    {
        m_drawing.node("data.moons");
    }

    Network &network() { return m_drawing.network; }
    NodeId add(const std::string &type, const Arguments &args = {})
    {
        m_drawing.node(type, args);
        return network().nodes.back().id;
    }
    void wire(const PortRef &from, const PortRef &to) { network().wires.push_back({from, to}); }
    /// The first output of a new node behind `from`.
    PortRef after(const PortRef &from, const std::string &type, const Arguments &args = {})
    {
        const Spec &spec = *m_vocabulary.spec(type);
        const NodeId node = add(type, args);
        wire(from, {node, spec.inputs.at(0).name, 0});
        return {node, spec.outputs.at(0).name, 0};
    }
    /// (N, size) numbers, one row a sample.
    PortRef rows(int64_t size)
    {
        return after({1, "input", 0}, "nn.Linear",
                     {{"in_features", features}, {"out_features", size}});
    }
    /// Numbers of that shape, whatever the batch.
    PortRef numbers(const Shape &shape)
    {
        ValueList sizes(shape.begin(), shape.end());
        return after(after(rows(numel(shape)), "torch.mean", {{"dim", ValueList{0}}}),
                     "torch.reshape", {{"shape", sizes}});
    }
    /// What an input port of a sample may get.
    PortRef inputFor(const Port &port, const Shape &shape,
                     const std::map<std::string, int64_t> &symbols)
    {
        const auto behind = [&shape](int64_t size) {
            Shape out = shape;
            out.push_back(size);
            return out;
        };
        if (port.dtype == "int64" || port.dtype == "integral") {
            const auto bound = symbols.find(port.below);
            const int64_t below = port.dtype == "integral" ? 4
                    : bound == symbols.end()               ? 1
                                                           : bound->second;
            return after(numbers(behind(below)), "torch.argmax", {{"dim", -1}});
        }
        if (port.dtype == "bool")
            return after(numbers(shape), "torch.signbit");
        if (port.dtype == "complex")
            return after(numbers(behind(2)), "torch.view_as_complex");
        return within(port.domain, numbers(shape));
    }
    /// Numbers moved into an interval, away from its ends, where every one has a slope.
    PortRef within(const Interval &domain, const PortRef &numbers)
    {
        const bool below = std::isfinite(domain.low);
        const bool above = std::isfinite(domain.high);
        if (!below && !above)
            return numbers;
        const bool both = below && above;
        const PortRef positive = after(numbers, both ? "torch.sigmoid" : "nn.Softplus");
        const double factor = both ? domain.high - domain.low : below ? 1 : -1;
        const double from = both ? domain.low : below ? domain.low + 0.2 : domain.high - 0.2;
        return combined("torch.add", combined("torch.mul", positive, factor), from);
    }
    /// A function of two inputs, of which the second is the same number everywhere.
    PortRef combined(const std::string &type, const PortRef &numbers, double number)
    {
        const NodeId node = add(type);
        wire(numbers, {node, "input", 0});
        wire(after(numbers, "torch.full_like", {{"fill_value", number}}), {node, "other", 0});
        return {node, "output", 0};
    }
    /// Scores to all of which a number is added that depends on every element of `value`.
    PortRef added(const PortRef &scores, const PortRef &elements)
    {
        const PortRef value = after(after(elements, "torch.reshape", {{"shape", ValueList{-1}}}),
                                    "torch.logsumexp", {{"dim", ValueList{0}}});
        const NodeId sum = add("torch.add");
        wire(scores, {sum, "input", 0});
        wire(value, {sum, "other", 0});
        return {sum, "output", 0};
    }

private:
    const Vocabulary &m_vocabulary;
    Drawing m_drawing;
};

/// Random samples whose labels are of that form.
Dataset dataFor(TargetForm form, int64_t classes, int64_t samples)
{
    RandomStream random(3);
    Dataset out;
    out.task = form == TargetForm::Values      ? Task::Regression
            : form == TargetForm::LabelIndices ? Task::MultiLabel
            : form == TargetForm::MultiHot     ? Task::MultiLabel
                                               : Task::SingleLabel;
    out.inputs = Tensor::empty({samples, features});
    out.values = Tensor::empty({samples, classes});
    for (int64_t c = 0; c < classes; ++c)
        out.labelNames.push_back("class " + std::to_string(c));
    for (Tensor &numbers : {std::ref(out.inputs), std::ref(out.values)}) {
        for (int64_t i = 0; i < numbers.numel(); ++i)
            numbers.data<float>()[i] = static_cast<float>(random.uniform(0.05, 0.95));
    }
    for (int64_t n = 0; n < samples; ++n) {
        out.classes.push_back(random.below(classes));
        out.labels.push_back({random.below(classes)});
    }
    return out;
}

/// A network around one node, and what it is trained on.
struct Scene {
    Experiment experiment;
    Dataset data;
    NodeId node = 0;
    Sample sample;
    bool differentiable = false; ///< gradients flow through the node to what stands before it
};

using Bits = std::vector<std::pair<std::string, std::vector<float>>>;

Bits bitsOf(const Session &session)
{
    Bits out;
    for (const auto &[name, tensor] : session.stateDict())
        out.emplace_back(name, tensor.toVector<float>());
    return out;
}

/// The parameters of a run.
struct Training {
    Bits before;
    Bits after;
    Bits afterReset; ///< of the same run once more
};

} // namespace

class TestEveryNode : public QObject {
    Q_OBJECT

    const Vocabulary vocabulary = standardVocabulary();

    CheckedNetwork checked(const Scene &scene) const
    {
        return check(
                scene.experiment.network, vocabulary,
                [&](const NetworkNode &) { return Result<DataDescription>(describe(scene.data)); },
                scene.experiment.training.batchSize);
    }
    static std::string text(const CheckedNetwork &checked)
    {
        std::string out;
        for (const Issue &issue : checked.issues) {
            if (issue.severity == Severity::Error)
                out += issue.kind + ": " + issue.text + " ";
        }
        return out;
    }

    /// The node with its sample's inputs; nothing is wired to what it gives.
    NodeId place(Surroundings &around, const std::string &type, const Sample &sample) const
    {
        const Spec &spec = *vocabulary.spec(type);
        const std::map<std::string, int64_t> symbols = symbolsOf(spec, sample);
        std::vector<std::pair<PortRef, PortRef>> ends;
        for (size_t i = 0; i < sample.inputs.size(); ++i) {
            if (sample.inputs[i] == leftOut)
                continue;
            const Port &port = portOf(spec, i);
            const int index = static_cast<int>(i - std::min(i, spec.inputs.size() - 1));
            ends.emplace_back(around.inputFor(port, sample.inputs[i], symbols),
                              PortRef{0, port.name, index});
        }
        const NodeId node = around.add(type, sample.args);
        for (auto &[from, to] : ends) {
            to.node = node;
            around.wire(from, to);
        }
        return node;
    }

    /// A module or function on the way to the loss: scores are made from the data, and what every
    /// floating output gives is added to them. MSELoss sees what all scores have in common.
    Scene sceneOf(const std::string &type, const Sample &sample) const
    {
        Surroundings around(vocabulary);
        Scene scene;
        scene.data = dataFor(TargetForm::Values, 3, 8);
        scene.experiment.training.batchSize = 4;
        scene.node = place(around, type, sample);
        PortRef scores = around.rows(3);
        scene.experiment.network = around.network();
        for (const auto &[port, shape] : checked(scene).shapes) {
            if (port.node != scene.node || (!isFloating(shape.dtype) && !isComplex(shape.dtype))
                || numel(shape.shape()) == 0)
                continue;
            const PortRef real = isComplex(shape.dtype) ? around.after(port, "torch.abs") : port;
            scores = around.added(scores, real);
            scene.differentiable = true;
        }
        const NodeId loss = around.add("nn.MSELoss");
        around.wire(scores, {loss, "input", 0});
        around.wire({1, "target", 0}, {loss, "target", 0});
        scene.experiment.network = around.network();
        return scene;
    }

    /// A loss at the end, with what comes from the data in the shapes of its sample.
    Scene sceneOfLoss(const std::string &type, const Sample &sample) const
    {
        const Spec &spec = *vocabulary.spec(type);
        Surroundings around(vocabulary);
        Scene scene;
        scene.differentiable = true;
        const Shape &first = sample.inputs.at(0);
        scene.experiment.training.batchSize = first.empty() ? 2 : first[0];
        TargetForm form = TargetForm::None;
        for (const Port &port : spec.inputs)
            form = port.form != TargetForm::None ? port.form : form;
        // Signs of pairs are those of two classes.
        const Port &last = spec.inputs.back();
        const bool pairs = last.form == TargetForm::Sign && last.pattern != "*";
        const int64_t classes = pairs ? 2 : first.size() > 1 ? first[1] : 1;
        scene.data = dataFor(form, classes, 2 * scene.experiment.training.batchSize);
        if (form == TargetForm::None) {
            scene.node = place(around, type, sample);
            scene.experiment.network = around.network();
            return scene;
        }
        std::vector<std::pair<PortRef, PortRef>> ends;
        for (size_t i = 0; i < sample.inputs.size(); ++i) {
            if (sample.inputs[i] == leftOut)
                continue;
            const Port &port = portOf(spec, i);
            const PortRef from = port.form != TargetForm::None
                    ? PortRef{1, "target", 0}
                    : around.within(
                            port.domain,
                            around.rows(sample.inputs[i].size() > 1 ? sample.inputs[i][1] : 1));
            ends.emplace_back(from, PortRef{0, port.name, 0});
        }
        scene.node = around.add(type, sample.args);
        for (auto &[from, to] : ends) {
            to.node = scene.node;
            around.wire(from, to);
        }
        scene.experiment.network = around.network();
        return scene;
    }

    Scene sceneFor(const std::string &type, const Sample &sample) const
    {
        const Spec &spec = *vocabulary.spec(type);
        Scene scene = spec.isLoss() ? sceneOfLoss(type, sample) : sceneOf(type, sample);
        scene.sample = sample;
        scene.differentiable = scene.differentiable && spec.differentiable && sample.differentiable;
        TrainingSettings &training = scene.experiment.training;
        training.optimizer = "SGD";
        training.optimizerArgs = {{"lr", 0.05}};
        training.epochs = 2;
        training.seed = 5;
        return scene;
    }
    /// Networks with each of its samples that can be drawn: no empty inputs, no targets in shapes
    /// that no data has.
    std::vector<Scene> soundScenes(const std::string &type) const
    {
        std::vector<Scene> out;
        for (const Sample &sample : vocabulary.spec(type)->samples) {
            if (std::any_of(sample.inputs.begin(), sample.inputs.end(),
                            [](const Shape &shape) { return numel(shape) == 0; }))
                continue;
            Scene scene = sceneFor(type, sample);
            if (checked(scene).ok())
                out.push_back(std::move(scene));
            else if (!vocabulary.spec(type)->isLoss())
                qWarning("%s: %s", type.c_str(), text(checked(scene)).c_str());
        }
        return out;
    }

    /// As those of the angle of a real number are.
    bool derivativesAreZero(const std::string &type, const Sample &sample) const
    {
        const FunctionSpec *function = type.starts_with("torch.")
                ? vocabulary.registry.function(type.substr(6))
                : nullptr;
        if (!function)
            return false;
        std::vector<Tensor> inputs = drawInputs(*function, sample);
        for (Tensor &input : inputs)
            input.setRequiresGrad(input.isFloatingPoint());
        backward(sum(function->call(sample.args, inputs).at(0)));
        return std::all_of(inputs.begin(), inputs.end(), [](const Tensor &input) {
            const std::vector<double> slopes = input.grad().toVector<double>();
            return std::all_of(slopes.begin(), slopes.end(),
                               [](double slope) { return slope == 0; });
        });
    }

    /// Trains to the end, twice in one session; or why it failed.
    Result<Training> trained(const Experiment &experiment, const Dataset &data) const
    {
        const auto shared = std::make_shared<const Dataset>(data);
        Result<std::unique_ptr<Session>> made
                = Session::create(experiment, {shared, shared, {}, "random"}, vocabulary, {});
        if (!made)
            return made.error();
        Session &session = **made;
        session.join();
        Training out{bitsOf(session), {}, {}};
        for (Bits *after : {&out.after, &out.afterReset}) {
            session.post({Command::Kind::Reset, {}, {}});
            session.post({Command::Kind::Run, {}, {}});
            const Snapshot end = session.join();
            if (end.state != RunState::Finished) {
                return Error(ErrorCategory::State, "not_finished", "session",
                             end.failure ? end.failure->text() : "a run that stopped", "its end");
            }
            *after = bitsOf(session);
        }
        return out;
    }

    void trainTwice(const std::string &type, const Scene &scene, bool &learned) const
    {
        const Result<Training> first = trained(scene.experiment, scene.data);
        QVERIFY2(first.ok(), first.ok() ? "" : first.error().what());
        for (const auto &[name, values] : first->after) {
            for (float value : values)
                QVERIFY2(std::isfinite(value), name.c_str());
        }
        QVERIFY(first->afterReset == first->after);
        learned = learned || !scene.differentiable || hasLearned(scene, *first)
                || derivativesAreZero(type, scene.sample);
        const Result<Experiment> opened = readExperiment(writeExperiment(scene.experiment));
        QVERIFY2(opened.ok(), opened.ok() ? "" : opened.error().what());
        QVERIFY(*opened == scene.experiment);
        const Result<Training> again = trained(*opened, scene.data);
        QVERIFY2(again.ok(), again.ok() ? "" : again.error().what());
        QVERIFY(again->before == first->before);
        QVERIFY(again->after == first->after);
    }
    /// Whether what stands before the node has learned through it.
    static bool hasLearned(const Scene &scene, const Training &training)
    {
        for (size_t i = 0; i < training.before.size(); ++i) {
            const NodeId node = std::stoll(training.before[i].first);
            if (node <= scene.node && training.before[i] != training.after[i])
                return true;
        }
        return false;
    }

private slots:
    /// **Source**: torch.return_types and the documentation of the modules' outputs.
    void severalOutputsHavePyTorchsNames_data()
    {
        QTest::addColumn<QString>("names");
        const std::map<std::string, const char *> known{
                {"nn.RNN", "output h_n"},
                {"nn.LSTM", "output h_n c_n"},
                {"nn.GRU", "output h_n"},
                {"nn.LSTMCell", "h_1 c_1"},
                {"nn.MultiheadAttention", "attn_output attn_output_weights"},
                {"nn.AdaptiveLogSoftmaxWithLoss", "output loss"},
                {"torch.frexp", "mantissa exponent"},
                {"torch.var_mean", "var mean"},
                {"torch.std_mean", "std mean"},
                {"torch.aminmax", "min max"},
                {"torch.histogram", "hist bin_edges"},
                {"torch.unique", "output inverse_indices counts"},
                {"torch.unique_consecutive", "output inverse_indices counts"},
        };
        const auto add = [&](const std::string &type, const Spec &spec) {
            if (spec.outputs.size() < 2)
                return;
            const auto found = known.find(type);
            QTest::newRow(type.c_str())
                    << (found != known.end()                   ? found->second
                                : spec.group == Group::Pooling ? "output indices"
                                                               : "values indices");
        };
        for (const ModuleSpec &spec : vocabulary.registry.modules())
            add("nn." + spec.name, spec);
        for (const FunctionSpec &spec : vocabulary.registry.functions())
            add("torch." + spec.name, spec);
    }
    void severalOutputsHavePyTorchsNames()
    {
        QFETCH(QString, names);
        QStringList own;
        for (const Port &port : vocabulary.spec(QTest::currentDataTag())->outputs)
            own << QString::fromStdString(port.name);
        QCOMPARE(own.join(' '), names);
    }

    /// split, chunk, unbind and their like: every piece is an end of a wire.
    void everyPieceHasAPortOfItsOwn_data()
    {
        QTest::addColumn<int>("index");
        for (const std::string &type : vocabulary.nodeTypes()) {
            const Spec &spec = *vocabulary.spec(type);
            for (size_t i = 0; spec.outputs.back().variadic && i < spec.samples.size(); ++i)
                QTest::addRow("%s %zu", type.c_str(), i) << static_cast<int>(i);
        }
    }
    void everyPieceHasAPortOfItsOwn()
    {
        QFETCH(int, index);
        const std::string row = QTest::currentDataTag();
        const std::string type = row.substr(0, row.find(' '));
        const Spec &spec = *vocabulary.spec(type);
        const Sample &sample = spec.samples.at(static_cast<size_t>(index));
        const Shapes wanted = spec.infer(sample.args, sample.inputs).value();
        const Scene scene = sceneOf(type, sample);
        const CheckedNetwork all = checked(scene);
        for (size_t i = 0; i < wanted.size(); ++i) {
            const PortRef port{scene.node, spec.outputs.back().name, static_cast<int>(i)};
            QVERIFY(all.shapes.contains(port));
            QVERIFY(all.shapes.at(port).shape() == wanted[i]);
        }
        if (!scene.differentiable)
            return; // whole numbers, which no wire takes on to the loss
        Scene wrong = scene;
        for (Wire &wire : wrong.experiment.network.wires) {
            if (wire.from.node == scene.node)
                wire.from.index = static_cast<int>(wanted.size());
        }
        const std::vector<Issue> issues = checked(wrong).issues;
        QVERIFY(std::any_of(issues.begin(), issues.end(),
                            [](const Issue &issue) { return issue.kind == "output_not_given"; }));
    }

    void itTrainsSavesReopensAndTrainsToTheSameBits_data()
    {
        QTest::addColumn<QString>("type");
        for (const std::string &type : vocabulary.nodeTypes()) {
            if (type.rfind("data.", 0) != 0)
                QTest::newRow(type.c_str()) << QString::fromStdString(type);
        }
    }
    void itTrainsSavesReopensAndTrainsToTheSameBits()
    {
        QFETCH(QString, type);
        const std::vector<Scene> scenes = soundScenes(type.toStdString());
        QVERIFY2(!scenes.empty(), "no sample can be drawn");
        // Of some samples alone all derivatives are 0: a loss of one class, what lies in a flat
        // part.
        bool learned = false;
        for (const Scene &scene : scenes) {
            trainTwice(type.toStdString(), scene, learned);
            if (QTest::currentTestFailed())
                return;
        }
        QVERIFY2(learned, "nothing before it has changed");
    }

    /// AdaptiveLogSoftmaxWithLoss: its parameters are trained with the others, on its loss and not
    /// on the first of its outputs.
    void aLossWithParametersLearns()
    {
        const Scene scene = soundScenes("nn.AdaptiveLogSoftmaxWithLoss").at(0);
        Experiment experiment = scene.experiment;
        experiment.training.epochs = 30;
        const auto shared = std::make_shared<const Dataset>(scene.data);
        const std::unique_ptr<Session> session
                = Session::create(experiment, {shared, shared, {}, "random"}, vocabulary, {})
                          .value();
        session->join();
        const Bits before = bitsOf(*session);
        const double lossBefore = session->evaluate(scene.data)->loss;
        session->post({Command::Kind::Run, {}, {}});
        QCOMPARE(session->join().state, RunState::Finished);
        const Bits after = bitsOf(*session);
        size_t own = 0;
        for (size_t i = 0; i < before.size(); ++i) {
            if (before[i].first.rfind(std::to_string(scene.node) + ".", 0) != 0)
                continue;
            ++own;
            QVERIFY2(before[i] != after[i], before[i].first.c_str());
        }
        QVERIFY(own > 0);
        QVERIFY(session->evaluate(scene.data)->loss < lossBefore);
        // Its options are what its parameters were made with.
        session->post({Command::Kind::SetLossOption, "div_value", 2.0});
        session->join();
        QVERIFY(!session->journal().back().refused.empty());
    }
};

QTEST_APPLESS_MAIN(TestEveryNode)
#include "tst_every_node.moc"
