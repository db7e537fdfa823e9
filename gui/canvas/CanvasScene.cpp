// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/canvas/CanvasScene.h"

#include "gui/canvas/NodeItem.h"
#include "gui/canvas/WireItem.h"

#include <cmath>

namespace mrg {

namespace {
constexpr double contentBorder = 40;
constexpr double snap = 10;
} // namespace

CanvasScene::CanvasScene(ExperimentDocument &document, const Theme &theme, QObject *parent)
    : QGraphicsScene(parent),
      m_document(document),
      m_theme(theme)
{
    setItemIndexMethod(NoIndex);
    connect(&document, &ExperimentDocument::changed, this, &CanvasScene::onChanged);
    connect(this, &QGraphicsScene::selectionChanged, this, [this] {
        const std::set<NodeId> nodes = selectedNodes();
        const NodeId current = nodes.size() == 1 ? *nodes.begin() : 0;
        if (current != m_current) {
            m_current = current;
            emit currentNodeChanged(current);
        }
    });
    sync();
}

// Items going one by one change the selection, of which nobody shall be told any more.
CanvasScene::~CanvasScene() { disconnect(this, &QGraphicsScene::selectionChanged, this, nullptr); }

void CanvasScene::setTheme(const Theme &theme)
{
    m_theme = theme;
    refreshAll();
}

void CanvasScene::onChanged(const Change &change)
{
    if (std::holds_alternative<Checked>(change)) {
        refreshAll();
    } else if (!std::holds_alternative<TrainingChanged>(change)
               && !std::holds_alternative<DescriptionChanged>(change)) {
        sync();
    }
}

void CanvasScene::sync()
{
    const Network &network = m_document.network();
    for (auto wire = m_wires.begin(); wire != m_wires.end();) {
        if (std::find(network.wires.begin(), network.wires.end(), wire->first)
            == network.wires.end()) {
            delete wire->second;
            wire = m_wires.erase(wire);
        } else {
            ++wire;
        }
    }
    for (auto node = m_nodes.begin(); node != m_nodes.end();) {
        if (!network.find(node->first)) {
            delete node->second;
            node = m_nodes.erase(node);
        } else {
            ++node;
        }
    }
    for (const NetworkNode &node : network.nodes) {
        NodeItem *&item = m_nodes[node.id];
        if (!item) {
            item = new NodeItem(*this, node.id);
            addItem(item);
        }
    }
    for (const Wire &wire : network.wires) {
        WireItem *&item = m_wires[wire];
        if (!item) {
            item = new WireItem(*this, wire);
            addItem(item);
        }
    }
    refreshAll();
}

void CanvasScene::refreshAll()
{
    for (const auto &[id, item] : m_nodes)
        item->refresh();
    for (const auto &[wire, item] : m_wires)
        item->refresh();
    setSceneRect(contentRect().adjusted(-2000, -2000, 2000, 2000));
    update();
}

NodeItem *CanvasScene::itemFor(NodeId id) const
{
    const auto found = m_nodes.find(id);
    return found == m_nodes.end() ? nullptr : found->second;
}

WireItem *CanvasScene::itemFor(const Wire &wire) const
{
    const auto found = m_wires.find(wire);
    return found == m_wires.end() ? nullptr : found->second;
}

QPointF CanvasScene::portPosition(const PortRef &port, bool input) const
{
    const NodeItem *item = itemFor(port.node);
    return item ? item->portPosition(port, input) : QPointF();
}

NodeItem *CanvasScene::nodeWithPortAt(QPointF position) const
{
    for (const auto &[id, item] : m_nodes) {
        if (item->portAt(position))
            return item;
    }
    return nullptr;
}

std::set<NodeId> CanvasScene::selectedNodes() const
{
    std::set<NodeId> out;
    for (const auto &[id, item] : m_nodes) {
        if (item->isSelected())
            out.insert(id);
    }
    return out;
}

std::vector<Wire> CanvasScene::selectedWires() const
{
    std::vector<Wire> out;
    for (const auto &[wire, item] : m_wires) {
        if (item->isSelected())
            out.push_back(wire);
    }
    return out;
}

void CanvasScene::selectNodes(const std::set<NodeId> &nodes)
{
    clearSelection();
    for (NodeId id : nodes) {
        if (NodeItem *item = itemFor(id))
            item->setSelected(true);
    }
}

QRectF CanvasScene::contentRect() const
{
    QRectF out;
    for (const auto &[id, item] : m_nodes)
        out |= item->sceneBoundingRect();
    for (const auto &[wire, item] : m_wires)
        out |= item->sceneBoundingRect();
    return out.adjusted(-contentBorder, -contentBorder, contentBorder, contentBorder);
}

void CanvasScene::nodeDragged(NodeId id)
{
    m_dragged.insert(id);
    for (const auto &[wire, item] : m_wires) {
        if (wire.from.node == id || wire.to.node == id)
            item->updatePath();
    }
}

void CanvasScene::dropped()
{
    std::map<NodeId, QPointF> positions;
    for (NodeId id : m_dragged) {
        if (const NodeItem *item = itemFor(id))
            positions[id]
                    = {std::round(item->x() / snap) * snap, std::round(item->y() / snap) * snap};
    }
    m_dragged.clear();
    if (positions.empty())
        return;
    m_document.moveNodes(positions);
    sync();
}

} // namespace mrg

#include "moc_CanvasScene.cpp"
