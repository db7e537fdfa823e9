// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/canvas/NetworkPicture.h"

#include "gui/canvas/wire_drawing.h"
#include "gui/document/node_look.h"
#include "gui/widgets/Icons.h"

#include <algorithm>

namespace mrg {

namespace {
constexpr double border = 6;
constexpr double largestChip = 30;
constexpr double smallestChip = 9;
} // namespace

NetworkPicture::NetworkPicture(const Network &network, const CheckedNetwork &checked,
                               const Vocabulary &vocabulary, const Theme &theme)
    : m_theme(theme)
{
    std::map<NodeId, size_t> places;
    for (const NetworkNode &node : network.nodes) {
        places[node.id] = m_cards.size();
        m_cards.emplace_back(QPointF(node.x, node.y),
                             NodeCard(node, vocabulary.spec(node.type), checked, theme));
        m_bounds |= m_cards.back().second.outline().translated(m_cards.back().first);
    }
    for (const Wire &wire : network.wires) {
        if (!places.contains(wire.from.node) || !places.contains(wire.to.node))
            continue;
        const auto &[fromAt, from] = m_cards[places[wire.from.node]];
        const auto &[toAt, to] = m_cards[places[wire.to.node]];
        WireView view;
        view.path = wirePath(fromAt + from.portPosition(wire.from, false),
                             toAt + to.portPosition(wire.to, true));
        if (const auto shape = checked.shapes.find(wire.from); shape != checked.shapes.end())
            view.shape = QString::fromStdString(shape->second.text());
        view.pill = shapePill(view.path, view.shape);
        view.wrong = std::any_of(checked.issues.begin(), checked.issues.end(),
                                 [&](const Issue &issue) {
                                     return issue.wire == wire && issue.severity == Severity::Error;
                                 });
        m_bounds |= view.path.boundingRect() | view.pill;
        m_wires.push_back(std::move(view));
    }
    if (!m_cards.empty())
        m_bounds.adjust(-border, -border, border, border);
}

void NetworkPicture::draw(QPainter &painter, const QRectF &rect) const
{
    if (m_bounds.isEmpty())
        return;
    const double scale
            = std::min({rect.width() / m_bounds.width(), rect.height() / m_bounds.height(), 1.0});
    painter.save();
    painter.translate(rect.center());
    painter.scale(scale, scale);
    painter.translate(-m_bounds.center());
    for (const WireView &wire : m_wires)
        drawWire(painter, wire.path, wire.wrong ? WireLook::Wrong : WireLook::Plain, m_theme);
    for (const WireView &wire : m_wires)
        drawShapePill(painter, wire.pill, wire.shape, WireLook::Plain, m_theme);
    for (const auto &[at, card] : m_cards) {
        painter.save();
        painter.translate(at);
        card.draw(painter, m_theme, {});
        painter.restore();
    }
    painter.restore();
}

void drawMiniature(QPainter &painter, const QRectF &rect, const Network &network,
                   const Vocabulary &vocabulary, const Theme &theme)
{
    if (network.nodes.empty())
        return;
    QRectF places;
    for (const NetworkNode &node : network.nodes)
        places |= QRectF(node.x, node.y, 1, 1);
    // Chips as large as lets neighbours in a row keep apart.
    double nearest = rect.width();
    const double columns = std::max(1.0, places.width());
    for (const NetworkNode &a : network.nodes) {
        for (const NetworkNode &b : network.nodes) {
            if (a.x < b.x)
                nearest = std::min(nearest, (b.x - a.x) / columns * rect.width());
        }
    }
    const double chip = std::clamp(nearest * 0.62, smallestChip, largestChip);
    const QRectF area = rect.adjusted(chip / 2, chip / 2, -chip / 2, -chip / 2);
    const double scale = std::min(area.width() / columns, 0.4);
    const auto at = [&](NodeId id) {
        const NetworkNode *node = network.find(id);
        const QPointF middle = node ? QPointF(node->x, node->y) : places.center();
        return area.center()
                + QPointF((middle.x() - places.center().x()) * area.width() / columns,
                          (middle.y() - places.center().y()) * scale);
    };
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(theme.wire, 1.4));
    for (const Wire &wire : network.wires)
        painter.drawLine(at(wire.from.node), at(wire.to.node));
    for (const NetworkNode &node : network.nodes) {
        const NodeLook look = nodeLook(node.type, vocabulary.spec(node.type), theme);
        const QPointF middle = at(node.id);
        const QRectF box(middle.x() - chip / 2, middle.y() - chip / 2, chip, chip);
        painter.setPen(Qt::NoPen);
        painter.setBrush(look.color);
        painter.drawRoundedRect(box, chip * 0.28, chip * 0.28);
        if (chip >= 15)
            drawIcon(painter, look.icon, theme.surface,
                     box.adjusted(chip / 4, chip / 4, -chip / 4, -chip / 4));
    }
}

} // namespace mrg
