// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/canvas/WireItem.h"

#include "gui/canvas/CanvasScene.h"
#include "gui/document/ExperimentDocument.h"

#include <QFontMetricsF>
#include <QPainter>
#include <QStyleOptionGraphicsItem>

#include <algorithm>
#include <cmath>

namespace mrg {

namespace {
constexpr double grabWidth = 14;
constexpr double pillHeight = 18;
constexpr double buttonHeight = 24;
constexpr double widestError = 300;

QFont pillFont(bool bold = false)
{
    QFont font;
    font.setPixelSize(11);
    font.setWeight(bold ? QFont::DemiBold : QFont::Normal);
    return font;
}
} // namespace

QPainterPath wirePath(QPointF from, QPointF to)
{
    const double reach = std::clamp(std::abs(to.x() - from.x()) / 2, 36.0, 160.0);
    QPainterPath path(from);
    path.cubicTo(from + QPointF(reach, 0), to - QPointF(reach, 0), to);
    return path;
}

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
    m_shape = shape == checked.shapes.end() ? QString() : QString::fromStdString(shape->second.text());
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
    setPath(wirePath(m_scene.portPosition(m_wire.from, false), m_scene.portPosition(m_wire.to, true)));
    layOut();
    update();
}

void WireItem::layOut()
{
    const QPointF middle = path().pointAtPercent(0.5);
    const QFontMetricsF metrics(pillFont());
    if (m_error.isEmpty()) {
        const double width = metrics.horizontalAdvance(m_shape) + 14;
        m_pill = m_shape.isEmpty() ? QRectF() : QRectF(middle.x() - width / 2, middle.y() - pillHeight / 2, width, pillHeight);
        return;
    }
    const QRectF text = metrics.boundingRect(QRectF(0, 0, widestError, 400), Qt::TextWordWrap, m_error);
    const double width = std::max(text.width() + 20, 160.0);
    double height = text.height() + 14;
    // Below the wire, so that the ends stay in sight.
    m_pill = QRectF(middle.x() - width / 2, middle.y() + 10, width, height + static_cast<double>(m_buttons.size()) * (buttonHeight + 4) + (m_buttons.empty() ? 0 : 4));
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
    const auto found = std::find_if(m_buttons.begin(), m_buttons.end(),
                                    [&](const Button &button) { return button.rect.contains(scenePosition); });
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
    painter->setRenderHint(QPainter::Antialiasing);
    const bool selected = option->state & QStyle::State_Selected;
    const QColor color = hasError() ? theme.error : selected ? theme.accent : theme.wire;
    painter->setBrush(Qt::NoBrush);
    painter->setPen(QPen(color, selected || hasError() ? 2.6 : 1.8, Qt::SolidLine, Qt::RoundCap));
    painter->drawPath(path());
    if (m_pill.isEmpty())
        return;
    painter->setFont(pillFont());
    if (!hasError()) {
        painter->setPen(QPen(selected ? theme.accent : theme.border, 1));
        painter->setBrush(theme.surface);
        painter->drawRoundedRect(m_pill, pillHeight / 2, pillHeight / 2);
        painter->setPen(theme.mutedText);
        painter->drawText(m_pill, Qt::AlignCenter, m_shape);
        return;
    }
    painter->setPen(QPen(theme.error, 1.4));
    painter->setBrush(theme.surface);
    painter->drawRoundedRect(m_pill, 8, 8);
    painter->setPen(theme.text);
    painter->drawText(m_pill.adjusted(10, 7, -10, -6), Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap, m_error);
    painter->setFont(pillFont(true));
    for (const Button &button : m_buttons) {
        painter->setPen(Qt::NoPen);
        painter->setBrush(theme.accent);
        painter->drawRoundedRect(button.rect, 6, 6);
        painter->setPen(theme.accentText);
        painter->drawText(button.rect.adjusted(8, 0, -8, 0), Qt::AlignCenter,
                          painter->fontMetrics().elidedText(QString::fromStdString(button.fix.text), Qt::ElideRight,
                                                            static_cast<int>(button.rect.width()) - 16));
    }
}

} // namespace mrg
