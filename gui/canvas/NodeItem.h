// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gui/canvas/NodeCard.h"

#include <QGraphicsItem>

namespace mrg {

class CanvasScene;

/// A node's card on the canvas. Knows its node by id; what it shows is told by refresh().
class NodeItem : public QGraphicsItem {
public:
    enum { Type = UserType + 1 };
    NodeItem(CanvasScene &scene, NodeId id);

    int type() const override { return Type; }
    NodeId id() const { return m_id; }
    /// Takes over what document and check say now.
    void refresh();

    QRectF boundingRect() const override;
    void paint(QPainter *painter, const QStyleOptionGraphicsItem *option, QWidget *widget) override;

    struct PortSpot {
        PortRef ref;
        bool input = true;
        QPointF position; ///< in scene coordinates
        QString summary;
        bool variadic = false;
    };
    /// Port under a scene position, generously.
    std::optional<PortSpot> portAt(QPointF scenePosition) const;
    /// Scene position of a port; of the node's edge if there is no such port.
    QPointF portPosition(const PortRef &port, bool input) const;
    std::vector<PortSpot> ports() const;

    /// Drawn as a target while a wire is being pulled.
    void setHighlighted(std::optional<PortRef> port, bool input);

protected:
    QVariant itemChange(GraphicsItemChange change, const QVariant &value) override;

private:
    CanvasScene &m_scene;
    NodeId m_id;
    NodeCard m_card;
    std::optional<PortRef> m_litPort;
    bool m_litInput = true;
    bool m_refreshing = false;
};

} // namespace mrg
