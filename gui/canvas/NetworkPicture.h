// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/check.h"
#include "gui/canvas/NodeCard.h"

#include <QPainterPath>

namespace mrg {

/// A network drawn without a scene: the cards and wires of the canvas, with the shapes that flow.
///
///     const NetworkPicture picture(network, checked, vocabulary, theme);
///     picture.draw(painter, QRectF({0, 0}, picture.size()));
///
/// **Threads**: a plain value, to be made and drawn on any thread.
class NetworkPicture {
public:
    NetworkPicture(const Network &network, const CheckedNetwork &checked,
                   const Vocabulary &vocabulary, const Theme &theme);
    /// In scene units; empty for a network without nodes.
    QSizeF size() const { return m_bounds.size(); }
    /// Fits it into the rectangle, never larger than it is.
    void draw(QPainter &painter, const QRectF &rect) const;

private:
    struct WireView {
        QPainterPath path;
        QRectF pill;
        QString shape;
        bool wrong = false;
    };
    Theme m_theme;
    std::vector<std::pair<QPointF, NodeCard>> m_cards;
    std::vector<WireView> m_wires;
    QRectF m_bounds;
};

/// A network as a row of chips, for pictures too small to read: an icon in its group's colour for
/// each node, lines for the wires.
void drawMiniature(QPainter &painter, const QRectF &rect, const Network &network,
                   const Vocabulary &vocabulary, const Theme &theme);

} // namespace mrg
