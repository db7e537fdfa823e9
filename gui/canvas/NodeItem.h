// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/check.h"
#include "gui/widgets/Theme.h"

#include <QGraphicsItem>

namespace mrg {

class CanvasScene;

/// A node as a card: group colour and name, its telling options, ports at the sides, a badge where
/// something is wrong. Knows its node by id; what it shows is told by refresh().
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
    QPointF portPosition(const QString &port, bool input) const;
    std::vector<PortSpot> ports() const;

    /// Drawn as a target while a wire is being pulled.
    void setHighlighted(std::optional<PortRef> port, bool input);

protected:
    QVariant itemChange(GraphicsItemChange change, const QVariant &value) override;

private:
    struct PortView {
        QString name;
        QString summary;
        bool variadic = false;
    };
    QRectF card() const { return QRectF(0, 0, m_width, m_height); }
    QPointF localPort(size_t row, bool input) const;

    CanvasScene &m_scene;
    NodeId m_id;
    QString m_title;
    QString m_options;
    QString m_count;
    QColor m_color;
    QString m_icon;
    std::vector<PortView> m_inputs;
    std::vector<PortView> m_outputs;
    std::optional<Severity> m_severity;
    QString m_highlight;
    bool m_highlightInput = true;
    double m_width = 170;
    double m_height = 70;
    bool m_refreshing = false;
};

} // namespace mrg
