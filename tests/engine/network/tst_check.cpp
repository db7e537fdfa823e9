// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/network/check.h"

#include "engine/data/ResourcePaths.h"
#include "engine/network/build.h"
#include "engine/network/experiment_file.h"
#include "tests/engine/network/drawing.h"

#include <QDir>
#include <QObject>
#include <QtTest/qtest.h>

#include <set>

using namespace mrg;
using namespace mrg::test;

namespace {

struct Fault {
    const char *name;
    Network network;
    DataDescription data;
    const char *kind;
    NodeId node;
    const char *port;
    size_t fixes = 0; ///< offered at least
    Severity severity = Severity::Error;
};

Network changed(void change(Network &))
{
    Network out = soundDrawing().network;
    change(out);
    return out;
}

Network withArgs(NodeId node, const char *type, const Arguments &args = {})
{
    Network out = soundDrawing().network;
    out.find(node)->type = type;
    out.find(node)->args = args;
    return out;
}

void removeWiresInto(Network &network, NodeId node, const char *name)
{
    std::erase_if(network.wires, [&](const Wire &w) { return w.to == PortRef{node, name, 0}; });
}

const std::vector<Fault> &faults()
{
    const DataDescription points = description({2}, 3);
    const DataDescription pictures = description({1, 4, 4}, 3);
    const Arguments fromPictures{{"in_features", 16}, {"out_features", 8}};
    static const std::vector<Fault> all{
            {"unknown module", withArgs(3, "nn.Unheard"), points, "unknown_type", 3, "", 1},
            {"unknown space", withArgs(3, "other.Linear"), points, "unknown_type", 3, "", 1},
            {"unknown data", withArgs(1, "data.nowhere"), points, "unknown_type", 1, "", 1},
            {"no dot", withArgs(3, "Linear"), points, "unknown_type", 3, "", 1},
            {"argument out of range",
             withArgs(2, "nn.Linear", {{"in_features", -1}, {"out_features", 8}}), points,
             "wrong_argument", 2, ""},
            {"argument of another kind", withArgs(5, "nn.MultiMarginLoss", {{"p", "two"}}), points,
             "wrong_argument", 5, ""},
            {"unknown argument", withArgs(3, "nn.ReLU", {{"slope", 1}}), points, "unknown_argument",
             3, ""},
            {"wire from nowhere", changed([](Network &n) {
                 n.wires.push_back({{77, "output"}, {3, "input"}});
             }),
             points, "dangling_wire", 3, "input", 1},
            {"wire to nowhere", changed([](Network &n) {
                 n.wires.push_back({{2, "output"}, {77, "input"}});
             }),
             points, "dangling_wire", 2, "", 1},
            {"wire into no port", changed([](Network &n) {
                 n.wires.push_back({{2, "output"}, {3, "other"}});
             }),
             points, "dangling_wire", 3, "other", 1},
            {"wire from no port", changed([](Network &n) { n.wires[1].from.port = "other"; }),
             points, "dangling_wire", 3, "input", 1},
            {"second wire into a port", changed([](Network &n) {
                 n.wires.push_back({{1, "input"}, {4, "input"}});
             }),
             points, "dangling_wire", 4, "input", 1},
            {"the same wire twice", changed([](Network &n) { n.wires.push_back(n.wires[1]); }),
             points, "dangling_wire", 3, "input", 1},
            {"loop", changed([](Network &n) {
                 n.wires[0].from = {4, "output", 0};
             }),
             points, "cycle", 2, "input", 1},
            {"loop of one", changed([](Network &n) {
                 n.wires[1].from = {3, "output", 0};
             }),
             points, "cycle", 3, "input", 1},
            {"no loss", changed([](Network &n) {
                 n = applyFix(n, {"", RemoveNodeFix{5}});
             }),
             points, "no_loss", 0, ""},
            {"no data", changed([](Network &n) {
                 n = applyFix(n, {"", RemoveNodeFix{1}});
             }),
             points, "no_data", 0, ""},
            {"two losses", withArgs(3, "nn.MultiMarginLoss"), points, "second_loss", 5, "", 1},
            {"two data sources", withArgs(3, "data.iris"), points, "second_data", 3, "", 1},
            {"unwired input", changed([](Network &n) { removeWiresInto(n, 4, "input"); }), points,
             "not_connected", 4, "input"},
            {"unwired scores", changed([](Network &n) { removeWiresInto(n, 5, "input"); }), points,
             "not_connected", 5, "input"},
            {"unwired target", changed([](Network &n) { removeWiresInto(n, 5, "target"); }), points,
             "not_connected", 5, "target", 1},
            {"target used as input", changed([](Network &n) { n.wires[0].from.port = "target"; }),
             points, "target_into_network", 2, "input", 1},
            {"target used as scores", changed([](Network &n) {
                 removeWiresInto(n, 5, "input");
                 n.wires.push_back({{1, "target"}, {5, "input"}});
             }),
             points, "target_into_network", 5, "input", 1},
            {"input used as target", changed([](Network &n) {
                 n.find(5)->type = "nn.MSELoss";
                 n.find(4)->args["out_features"] = 2;
                 n.wires.back().from.port = "input";
             }),
             description({2}, 2, Task::Regression), "target_not_from_data", 5, "target", 1},
            {"scores used as target", changed([](Network &n) {
                 n.find(5)->type = "nn.MSELoss";
                 n.wires.back().from = {4, "output", 0};
             }),
             description({2}, 3, Task::Regression), "target_not_from_data", 5, "target", 1},
            {"several labels for a loss of one", soundDrawing().network,
             description({2}, 3, Task::MultiLabel), "target_form", 5, "target", 1},
            {"values for a loss of classes", soundDrawing().network,
             description({2}, 3, Task::Regression), "target_form", 5, "target", 1},
            {"three classes for a sign a pair", changed([](Network &n) {
                 n.find(5)->type = "nn.CosineEmbeddingLoss";
                 n.wires.at(3).to.port = "input1";
                 n.wires.insert(n.wires.end() - 1, {{4, "output", 0}, {5, "input2", 0}});
             }),
             description({2}, 3), "target_form", 5, "target", 1},
            {"floats for whole numbers",
             withArgs(2, "nn.Embedding", {{"num_embeddings", 4}, {"embedding_dim", 8}}), points,
             "dtype_mismatch", 2, "input"},
            {"wrong size", withArgs(2, "nn.Linear", {{"in_features", 5}, {"out_features", 8}}),
             points, "size_mismatch", 2, "input", 1},
            {"wrong size between",
             withArgs(4, "nn.Linear", {{"in_features", 9}, {"out_features", 3}}), points,
             "size_mismatch", 4, "input", 1},
            {"wrong channels", withArgs(3, "nn.BatchNorm1d", {{"num_features", 9}}), points,
             "size_mismatch", 3, "input", 1},
            {"wrong normalized shape", withArgs(3, "nn.LayerNorm", {{"normalized_shape", 9}}),
             points, "size_mismatch", 3, "input", 1},
            {"too few dimensions", withArgs(3, "nn.MaxPool2d"), points, "dimension_count_mismatch",
             3, "input"},
            {"pictures into a layer of vectors", withArgs(2, "nn.Linear", fromPictures), pictures,
             "size_mismatch", 2, "input", 1},
            {"pictures into a layer of other vectors", soundDrawing().network, pictures,
             "size_mismatch", 2, "input", 1},
            {"pictures into a norm of vectors", changed([](Network &n) {
                 n.find(2)->type = "nn.ReLU";
                 n.find(2)->args = {};
                 n.find(3)->type = "nn.BatchNorm1d";
                 n.find(3)->args = {{"num_features", 16}};
                 n.find(4)->args["in_features"] = 16;
             }),
             pictures, "dimension_count_mismatch", 3, "input", 1},
            {"too few scores",
             changed([](Network &n) { n.find(5)->type = "nn.MultiLabelMarginLoss"; }),
             description({2}, 7, Task::MultiLabel), "size_mismatch", 5, "target", 1},
            {"kernel too large",
             withArgs(2, "nn.Conv2d",
                      {{"in_channels", 1}, {"out_channels", 1}, {"kernel_size", 9}}),
             pictures, "kernel_larger_than_input", 2, "input"},
            {"sizes that don't join", changed([](Network &n) {
                 n.find(3)->type = "torch.add";
                 n.wires[1].to.port = "other";
                 n.wires.push_back({{1, "input"}, {3, "input"}});
             }),
             points, "broadcast_error_incompatible_dimensions", 3, "input"},
            {"unused", changed([](Network &n) {
                 n = Drawing{n}.node("nn.Tanh").wire("2.output", "6.input").network;
             }),
             points, "unused", 6, "", 0, Severity::Warning},
            {"unused and unfinished",
             changed([](Network &n) { n = Drawing{n}.node("nn.Tanh").network; }), points,
             "not_connected", 6, "input", 0, Severity::Warning},
            {"sigmoid before a margin loss", withArgs(4, "nn.Sigmoid"), description({2}, 8),
             "pointless_activation", 4, "", 1, Severity::Warning},
            {"softmax before cross-entropy", changed([](Network &n) {
                 n.find(4)->type = "nn.Softmax";
                 n.find(4)->args = {{"dim", 1}};
                 n.find(5)->type = "nn.CrossEntropyLoss";
             }),
             description({2}, 8), "pointless_activation", 4, "", 1, Severity::Warning},
    };
    return all;
}

bool same(const Issue &a, const Issue &b)
{
    return a.kind == b.kind && a.node == b.node && a.port == b.port && a.wire == b.wire
            && a.text == b.text;
}

size_t errors(const CheckedNetwork &checked)
{
    return static_cast<size_t>(
            std::count_if(checked.issues.begin(), checked.issues.end(),
                          [](const Issue &issue) { return issue.severity == Severity::Error; }));
}

std::string texts(const CheckedNetwork &checked)
{
    std::string out;
    for (const Issue &issue : checked.issues)
        out += issue.kind + " at " + std::to_string(issue.node) + "." + issue.port + ": "
                + issue.text + "\n";
    return out;
}

} // namespace

class TestCheck : public QObject {
    Q_OBJECT

    const Vocabulary vocabulary = standardVocabulary();

    CheckedNetwork checked(const Network &network, const DataDescription &data,
                           int64_t batch = 4) const
    {
        return check(
                network, vocabulary,
                [&](const NetworkNode &) { return Result<DataDescription>(data); }, batch);
    }
    static const Fault &fetchFault()
    {
        QFETCH(int, index);
        return faults()[static_cast<size_t>(index)];
    }
    const Issue *find(const CheckedNetwork &all, const Fault &fault) const
    {
        for (const Issue &issue : all.issues) {
            if (issue.kind == fault.kind && issue.node == fault.node && issue.port == fault.port)
                return &issue;
        }
        return nullptr;
    }
    static void addRows()
    {
        QTest::addColumn<int>("index");
        for (int i = 0; const Fault &fault : faults())
            QTest::newRow(fault.name) << i++;
    }

private slots:
    void aSoundNetworkIsDescribed()
    {
        const CheckedNetwork all = checked(soundDrawing().network, description({2}, 3));
        QVERIFY2(all.issues.empty(), texts(all).c_str());
        QVERIFY(all.ok());
        QCOMPARE(*all.loss, 5);
        QCOMPARE(*all.data, 1);
        QVERIFY(*all.scores == port("4.output"));
        QCOMPARE(all.order, (std::vector<NodeId>{1, 2, 3, 4, 5}));
        QCOMPARE(all.shapes.at(port("1.input")).text(), std::string("N × 2"));
        QCOMPARE(all.shapes.at(port("1.target")).text(), std::string("N"));
        QCOMPARE(all.shapes.at(port("4.output")).text(), std::string("N × 3"));
        QCOMPARE(all.shapes.at(port("4.output")).shape(), (Shape{4, 3}));
        QCOMPARE(all.shapes.at(port("5.loss")).text(), std::string("scalar"));
        QCOMPARE(all.parameters.at(2), 24);
        QCOMPARE(all.parameters.at(3), 0);
    }

    void faultsAreNamedWhereTheyAre_data() { addRows(); }
    void faultsAreNamedWhereTheyAre()
    {
        const Fault &fault = fetchFault();
        const CheckedNetwork all = checked(fault.network, fault.data);
        const Issue *issue = find(all, fault);
        QVERIFY2(issue, texts(all).c_str());
        QVERIFY(issue->severity == fault.severity);
        QCOMPARE(all.ok(), fault.severity == Severity::Warning);
        QVERIFY(issue->text.size() > 10);
        QVERIFY2(issue->fixes.size() >= fault.fixes, texts(all).c_str());
    }

    void everyFixMakesItsIssueVanish_data() { addRows(); }
    void everyFixMakesItsIssueVanish()
    {
        const Fault &fault = fetchFault();
        const CheckedNetwork before = checked(fault.network, fault.data);
        for (const Issue &issue : before.issues) {
            for (const Fix &fix : issue.fixes) {
                QVERIFY(!fix.text.empty());
                const Network mended = applyFix(fault.network, fix);
                QVERIFY2(!(mended == fault.network), fix.text.c_str());
                const CheckedNetwork after = checked(mended, fault.data);
                for (const Issue &other : after.issues)
                    QVERIFY2(!same(other, issue), (fix.text + ":\n" + texts(after)).c_str());
                // A fix that only moves the trouble on leads somewhere: see the next test.
                QVERIFY2(errors(after) <= errors(before) + 1,
                         (fix.text + ":\n" + texts(after)).c_str());
            }
        }
    }

    void firstFixesOneAfterAnotherLeadToASoundNetwork_data() { addRows(); }
    void firstFixesOneAfterAnotherLeadToASoundNetwork()
    {
        const Fault &fault = fetchFault();
        // Where a node was taken out or put in by hand, or a loss of two inputs becomes one of one,
        // hands must finish it.
        static const std::set<std::string> needHands{"loop",
                                                     "loop of one",
                                                     "two data sources",
                                                     "unknown data",
                                                     "wire from no port",
                                                     "target used as scores",
                                                     "three classes for a sign a pair"};
        Network network = fault.network;
        for (int step = 0; step < 10; ++step) {
            const CheckedNetwork all = checked(network, fault.data);
            const auto mendable
                    = std::find_if(all.issues.begin(), all.issues.end(),
                                   [](const Issue &issue) { return !issue.fixes.empty(); });
            if (mendable == all.issues.end()) {
                if (fault.fixes > 0 && !needHands.contains(fault.name))
                    QVERIFY2(all.ok(), texts(all).c_str());
                return;
            }
            network = applyFix(network, mendable->fixes.front());
        }
        QFAIL("the fixes go round in circles");
    }

    void whatOnlyFollowsALoopIsNotBlamed()
    {
        const CheckedNetwork all = checked(changed([](Network &n) {
                                               n.wires[0].from = {3, "output", 0};
                                           }),
                                           description({2}, 3));
        std::set<NodeId> blamed;
        for (const Issue &issue : all.issues) {
            if (issue.kind == "cycle")
                blamed.insert(issue.node);
        }
        QCOMPARE(blamed, (std::set<NodeId>{2, 3}));
    }

    void removingADuplicateKeepsTheOther()
    {
        const Network twice = changed([](Network &n) { n.wires.push_back(n.wires[1]); });
        QVERIFY(applyFix(twice, {"", RemoveWireFix{twice.wires[1]}}) == soundDrawing().network);
    }

    void sizesThatDependOnTheBatchAreTold()
    {
        Network network = soundDrawing().network;
        network.find(3)->type = "nn.Flatten";
        network.find(3)->args = {{"start_dim", 0}};
        const CheckedNetwork all = checked(network, description({2}, 3));
        QCOMPARE(all.shapes.at(port("3.output")).text(), std::string("8N"));
        for (int64_t batch : {0, 1, 7, 1000000})
            QCOMPARE(
                    checked(network, description({2}, 3), batch).shapes.at(port("3.output")).text(),
                    std::string("8N"));
    }

    void absurdBatchSizesAreEndured()
    {
        for (int64_t batch : {std::numeric_limits<int64_t>::min(), int64_t{-1},
                              std::numeric_limits<int64_t>::max()})
            QVERIFY(checked(soundDrawing().network, description({2}, 3), batch).ok());
    }

    void dataThatCannotBeReadIsSaidAtItsNode()
    {
        const CheckedNetwork all = check(
                soundDrawing().network, vocabulary,
                [](const NetworkNode &) -> Result<DataDescription> {
                    return Error(ErrorCategory::File, "cannot_read", "moons", "nothing", "a file");
                },
                4);
        QCOMPARE(all.issuesOf(1).at(0).kind, std::string("cannot_read"));
        QVERIFY(!all.ok());
        QCOMPARE(check(soundDrawing().network, vocabulary, {}, 4).issuesOf(1).at(0).kind,
                 std::string("data_not_loaded"));
    }

    void whatIsNotSoundIsNotBuilt_data() { addRows(); }
    void whatIsNotSoundIsNotBuilt()
    {
        const Fault &fault = fetchFault();
        const CheckedNetwork all = checked(fault.network, fault.data);
        QCOMPARE(build(fault.network, all, vocabulary, 1).ok(), all.ok());
    }

    void lazyMembersOfASequentialAreSized()
    {
        Drawing drawing = soundDrawing();
        NetworkNode &hidden = *drawing.network.find(2);
        hidden.type = "nn.Sequential";
        hidden.args = {{"modules",
                        ValueList{ModuleDescription{"LazyLinear", {{"out_features", 5}}},
                                  ModuleDescription{"LazyBatchNorm1d", {}},
                                  ModuleDescription{"LazyLinear", {{"out_features", 8}}}}}};
        const DataDescription data = description({2}, 3);
        const CheckedNetwork all = checked(drawing.network, data);
        QVERIFY2(all.issues.empty(), texts(all).c_str());
        QCOMPARE(all.parameters.at(2), (2 * 5 + 5) + 2 * 5 + (5 * 8 + 8));
        BuiltNetwork network = build(drawing.network, all, vocabulary, 1).value();
        BuiltNetwork same = build(drawing.network, all, vocabulary, 1).value();
        QCOMPARE(network.scores(Tensor::ones({4, 2})).shape(), (Shape{4, 3}));
        for (const auto &[name, parameter] : network.namedParameters()) {
            QVERIFY2(name.ends_with("bias") || name.starts_with("2.1.")
                             || parameter.toVector<double>()
                                     != std::vector<double>(static_cast<size_t>(parameter.numel()),
                                                            0.0),
                     name.c_str());
        }
        QCOMPARE(same.parameters()[0].toVector<double>(),
                 network.parameters()[0].toVector<double>());
    }

    void typesThatAFunctionRefusesAreTold()
    {
        // Whole numbers into a function of floating ones; conditions into a difference.
        for (const auto &[type, wanted] : std::map<std::string, std::string>{
                     {"torch.elu", "dtype_not_supported"}, {"torch.exp", ""}}) {
            Drawing drawing;
            drawing.node("data.moons").node(type).wire("1.input", "2.input");
            DataDescription data = description({3}, 3);
            data.inputDType = DType::Int64;
            const CheckedNetwork all = checked(drawing.network, data);
            const std::vector<Issue> issues = all.issuesOf(2);
            QCOMPARE(std::any_of(issues.begin(), issues.end(),
                                 [](const Issue &issue) {
                                     return issue.kind == "dtype_not_supported";
                                 }),
                     !wanted.empty());
            if (wanted.empty())
                QCOMPARE(all.shapes.at(port("2.output")).dtype, DType::Float32);
        }
    }

    void shippedExamplesAreSoundAndShapesAreThoseThatComeOut_data()
    {
        QTest::addColumn<QString>("path");
        const QDir folder(QString::fromStdString((resourcesFolder() / "examples").string()));
        for (const QFileInfo &file : folder.entryInfoList({"*.mrg"}))
            QTest::newRow(qPrintable(file.fileName())) << file.filePath();
    }
    void shippedExamplesAreSoundAndShapesAreThoseThatComeOut()
    {
        QFETCH(QString, path);
        const Experiment experiment = loadExperiment(path.toStdString()).value();
        const NetworkNode &source = experiment.network.nodes.at(0);
        const DataSplit data
                = vocabulary.dataset(source.type.substr(5))->load(source.args, ".").value();
        const CheckedNetwork all = checked(experiment.network, describe(*data.train), 5);
        QVERIFY2(all.issues.empty(), texts(all).c_str());
        BuiltNetwork network = build(experiment.network, all, vocabulary, 1).value();
        const Dataset few = data.train->subset({0, 1, 2, 3, 4});
        const Tensor scores = network.scores(few.inputs);
        QCOMPARE(scores.shape(), all.shapes.at(*all.scores).shape());
        QVERIFY(std::isfinite(
                network.loss(scores, few.target(network.targetForm()).value()).item()));
        int64_t parameters = 0;
        for (const auto &[node, count] : all.parameters)
            parameters += count;
        for (const Tensor &parameter : network.parameters())
            parameters -= parameter.numel();
        QCOMPARE(parameters, 0);
    }
};

QTEST_APPLESS_MAIN(TestCheck)
#include "tst_check.moc"
