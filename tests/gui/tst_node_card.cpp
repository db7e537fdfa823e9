// SPDX-License-Identifier: GPL-3.0-or-later
// The ports that a node's card shows.
#include "gui/canvas/NodeCard.h"
#include "tests/engine/network/drawing.h"

#include <QApplication>
#include <QtTest/qtest.h>

#include <set>

using namespace mrg;
using namespace mrg::test;

class TestNodeCard : public QObject {
    Q_OBJECT

    const Vocabulary vocabulary = standardVocabulary();

    /// That of node 2, fed by data of (batch 4, 6).
    NodeCard cardOf(const std::string &type, const Arguments &args = {}) const
    {
        Drawing drawing;
        drawing.node("data.moons")
                .node(type, args)
                .wire("1.input", "2." + vocabulary.spec(type)->inputs.at(0).name);
        const CheckedNetwork checked = check(
                drawing.network, vocabulary,
                [](const NetworkNode &) {
                    return Result<DataDescription>(description({1, 6}, 3));
                },
                4);
        const NetworkNode &node = *drawing.network.find(2);
        return {node, vocabulary.spec(node.type), checked, Theme::light()};
    }
    static QStringList labels(const NodeCard &card)
    {
        QStringList out;
        for (const NodeCard::Port &port : card.outputs)
            out << port.label();
        return out;
    }

private slots:
    void everyPieceHasAPort()
    {
        const NodeCard card = cardOf("torch.split", {{"split_size_or_sections", 2}, {"dim", 2}});
        QCOMPARE(labels(card), (QStringList{"pieces", "pieces 1", "pieces 2"}));
        std::set<double> heights;
        for (int index = 0; index < 3; ++index) {
            heights.insert(card.portPosition(PortRef{2, "pieces", index}, false).y());
            QVERIFY(card.isAt({2, "pieces", index}, static_cast<size_t>(index), false));
        }
        QCOMPARE(heights.size(), size_t{3});
        QVERIFY(card.height >= *heights.rbegin());
    }

    void allWiresIntoAVariadicPortEndAtIt()
    {
        const NodeCard card = cardOf("torch.cat");
        QCOMPARE(card.inputs.size(), size_t{1});
        QCOMPARE(card.portPosition(PortRef{2, "tensors", 0}, true),
                 card.portPosition(PortRef{2, "tensors", 3}, true));
    }

    void severalOutputsAreNamedAsPyTorchs()
    {
        QCOMPARE(labels(cardOf("nn.LSTM", {{"input_size", 6}, {"hidden_size", 2}})),
                 (QStringList{"output", "h_n", "c_n"}));
        QCOMPARE(labels(cardOf("torch.topk", {{"k", 2}})), (QStringList{"values", "indices"}));
    }

    void outputsOfSomeArgumentsAloneAreThereWithThem()
    {
        const Arguments plain{{"kernel_size", 2}};
        QCOMPARE(labels(cardOf("nn.MaxPool1d", plain)), (QStringList{"output"}));
        Arguments both = plain;
        both["return_indices"] = true;
        QCOMPARE(labels(cardOf("nn.MaxPool1d", both)), (QStringList{"output", "indices"}));
    }
};

QTEST_MAIN(TestNodeCard)
#include "tst_node_card.moc"
