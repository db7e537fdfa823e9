// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/canvas/wire_drawing.h"

#include <QFontMetricsF>

#include <algorithm>
#include <cmath>

namespace mrg {

namespace {
constexpr double pillHeight = 18;
constexpr double leastBeside = 34;
} // namespace

QFont wireFont(bool bold)
{
    QFont font;
    font.setPixelSize(11);
    font.setWeight(bold ? QFont::DemiBold : QFont::Normal);
    return font;
}

QPainterPath wirePath(QPointF from, QPointF to)
{
    const double reach = std::clamp(std::abs(to.x() - from.x()) / 2, 36.0, 160.0);
    QPainterPath path(from);
    path.cubicTo(from + QPointF(reach, 0), to - QPointF(reach, 0), to);
    return path;
}

QRectF shapePill(const QPainterPath &wire, const QString &shape)
{
    if (shape.isEmpty())
        return {};
    QPointF middle = wire.pointAtPercent(0.5);
    const double width = QFontMetricsF(wireFont()).horizontalAdvance(shape) + 14;
    // On a wire too short to show beside it, it stands above.
    if (wire.boundingRect().width() < width + leastBeside)
        middle.ry() -= pillHeight / 2 + 6;
    return QRectF(middle.x() - width / 2, middle.y() - pillHeight / 2, width, pillHeight);
}

void drawWire(QPainter &painter, const QPainterPath &wire, WireLook look, const Theme &theme)
{
    const QColor color = look == WireLook::Wrong ? theme.error
            : look == WireLook::Selected         ? theme.accent
                                                 : theme.wire;
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(color, look == WireLook::Plain ? 1.8 : 2.6, Qt::SolidLine, Qt::RoundCap));
    painter.drawPath(wire);
}

void drawShapePill(QPainter &painter, const QRectF &pill, const QString &shape, WireLook look,
                   const Theme &theme)
{
    if (pill.isEmpty())
        return;
    painter.setFont(wireFont());
    painter.setPen(QPen(look == WireLook::Selected ? theme.accent : theme.border, 1));
    painter.setBrush(theme.surface);
    painter.drawRoundedRect(pill, pillHeight / 2, pillHeight / 2);
    painter.setPen(theme.mutedText);
    painter.drawText(pill, Qt::AlignCenter, shape);
}

} // namespace mrg
