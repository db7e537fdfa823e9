// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/canvas/WireItem.h"

#include "gui/canvas/CanvasScene.h"
#include "gui/canvas/NodeItem.h"
#include "gui/canvas/wire_drawing.h"
#include "gui/document/ExperimentDocument.h"

#include <QFontMetricsF>
#include <QPainter>
#include <QStyleOptionGraphicsItem>

#include <algorithm>
#include <cmath>

namespace mrg {

namespace {
constexpr double grabWidth = 14;
constexpr double buttonHeight = 24;
constexpr double widestError = 300;
} // namespace

WireItem::WireItem(CanvasScene &scene, Wire wire) : m_scene(scene), m_wire(std::move(wire))
{
    setFlags(ItemIsSelectable);
    setZValue(1);
    setAcceptHoverEvents(true);
    refresh();
}

void WireItem::refresh()
{
    const CheckedNetwork &checked = m_scene.document().checked();
    const auto shape = checked.shapes.find(m_wire.from);
    m_shape = shape == checked.shapes.end() ? QString()
                                            : QString::fromStdString(shape->second.text());
    m_error.clear();
    m_buttons.clear();
    for (const Issue &issue : checked.issues) {
        if (issue.wire != m_wire || issue.severity != Severity::Error)
            continue;
        if (m_error.isEmpty())
            m_error = QString::fromStdString(issue.text);
        for (const Fix &fix : issue.fixes)
            m_buttons.push_back({fix, {}});
    }
    setToolTip(m_error.isEmpty() ? QString() : "<p>" + m_error.toHtmlEscaped() + "</p>");
    setZValue(m_error.isEmpty() ? 1 : 3);
    updatePath();
}

void WireItem::updatePath()
{
    prepareGeometryChange();
    setPath(wirePath(m_scene.portPosition(m_wire.from, false),
                     m_scene.portPosition(m_wire.to, true)));
    layOut();
    update();
}

void WireItem::layOut()
{
    const QPointF middle = path().pointAtPercent(0.5);
    const QFontMetricsF metrics(wireFont());
    if (m_error.isEmpty()) {
        m_pill = shapePill(path(), m_shape);
        return;
    }
    const QRectF text
            = metrics.boundingRect(QRectF(0, 0, widestError, 400), Qt::TextWordWrap, m_error);
    const double width = std::max(text.width() + 20, 160.0);
    double height = text.height() + 14;
    // Below the wire and the cards at its ends, so that they stay in sight.
    double top = middle.y() + 10;
    for (NodeId id : {m_wire.from.node, m_wire.to.node}) {
        if (const NodeItem *end = m_scene.itemFor(id))
            top = std::max(top, end->sceneBoundingRect().bottom());
    }
    m_pill = QRectF(middle.x() - width / 2, top, width,
                    height + static_cast<double>(m_buttons.size()) * (buttonHeight + 4)
                            + (m_buttons.empty() ? 0 : 4));
    double y = m_pill.top() + height;
    for (Button &button : m_buttons) {
        button.rect = QRectF(m_pill.left() + 8, y, width - 16, buttonHeight);
        y += buttonHeight + 4;
    }
}

std::vector<QPointF> WireItem::fixPositions() const
{
    std::vector<QPointF> out;
    for (const Button &button : m_buttons)
        out.push_back(button.rect.center());
    return out;
}

const Fix *WireItem::fixAt(QPointF scenePosition) const
{
    const auto found = std::find_if(m_buttons.begin(), m_buttons.end(), [&](const Button &button) {
        return button.rect.contains(scenePosition);
    });
    return found == m_buttons.end() ? nullptr : &found->fix;
}

QPainterPath WireItem::shape() const
{
    QPainterPathStroker stroker;
    stroker.setWidth(grabWidth);
    QPainterPath out = stroker.createStroke(path());
    if (!m_pill.isEmpty())
        out.addRect(m_pill);
    return out;
}

QRectF WireItem::boundingRect() const
{
    return path().boundingRect().united(m_pill).adjusted(-8, -8, 8, 8);
}

void WireItem::paint(QPainter *painter, const QStyleOptionGraphicsItem *option, QWidget *)
{
    const Theme &theme = m_scene.theme();
    const bool selected = option->state & QStyle::State_Selected;
    const WireLook look = hasError() ? WireLook::Wrong
            : selected               ? WireLook::Selected
                                     : WireLook::Plain;
    drawWire(*painter, path(), look, theme);
    if (!hasError())
        return drawShapePill(*painter, m_pill, m_shape, look, theme);
    painter->setPen(QPen(theme.error, 1.4));
    painter->drawLine(path().pointAtPercent(0.5), QPointF(m_pill.center().x(), m_pill.top()));
    painter->setBrush(theme.surface);
    painter->drawRoundedRect(m_pill, 8, 8);
    painter->setPen(theme.text);
    painter->setFont(wireFont());
    painter->drawText(m_pill.adjusted(10, 7, -10, -6),
                      Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap, m_error);
    painter->setFont(wireFont(true));
    for (const Button &button : m_buttons) {
        painter->setPen(Qt::NoPen);
        painter->setBrush(theme.accent);
        painter->drawRoundedRect(button.rect, 6, 6);
        painter->setPen(theme.accentText);
        painter->drawText(button.rect.adjusted(8, 0, -8, 0), Qt::AlignCenter,
                          painter->fontMetrics().elidedText(
                                  QString::fromStdString(button.fix.text), Qt::ElideRight,
                                  static_cast<int>(button.rect.width()) - 16));
    }
}

} // namespace mrg
