// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/Network.h"
#include "gui/document/ExperimentDocument.h"
#include "gui/widgets/Theme.h"

#include <QGraphicsScene>

#include <map>

namespace mrg {

class NodeItem;
class WireItem;

/// The drawing of a document's network. Follows the document's changes; edits go to the document
/// and come back as changes.
class CanvasScene : public QGraphicsScene {
    Q_OBJECT
public:
    CanvasScene(ExperimentDocument &document, const Theme &theme, QObject *parent = nullptr);
    ~CanvasScene() override;

    ExperimentDocument &document() const { return m_document; }
    const Theme &theme() const { return m_theme; }
    void setTheme(const Theme &theme);

    NodeItem *itemFor(NodeId id) const;
    WireItem *itemFor(const Wire &wire) const;
    QPointF portPosition(const PortRef &port, bool input) const;
    /// The node with a port near a scene position.
    NodeItem *nodeWithPortAt(QPointF position) const;

    std::set<NodeId> selectedNodes() const;
    std::vector<Wire> selectedWires() const;
    void selectNodes(const std::set<NodeId> &nodes);
    /// Everything drawn, with a border.
    QRectF contentRect() const;

    /// Called by node items as they are dragged; dropped() makes one undoable move of it.
    void nodeDragged(NodeId id);
    void dropped();

signals:
    /// The one selected node, or 0.
    void currentNodeChanged(mrg::NodeId node);

private:
    void sync();
    void refreshAll();
    void onChanged(const Change &change);

    ExperimentDocument &m_document;
    Theme m_theme;
    std::map<NodeId, NodeItem *> m_nodes;
    std::map<Wire, WireItem *> m_wires;
    std::set<NodeId> m_dragged;
    NodeId m_current = 0;
};

} // namespace mrg
