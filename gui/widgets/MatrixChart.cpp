// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/widgets/MatrixChart.h"

#include <QFontMetricsF>
#include <QLinearGradient>

#include <algorithm>
#include <cmath>

namespace mrg {

namespace {
constexpr double scaleWidth = 12;
constexpr double scaleRoom = 76;
constexpr double titleRoom = 18;
constexpr double top = 10;
constexpr double smallestName = 9;
constexpr double roomForNumbers = 30; ///< cells at least so wide tell their numbers

QFont chartFont(double pixels)
{
    QFont font;
    font.setPixelSize(static_cast<int>(pixels));
    return font;
}
} // namespace

double MatrixChart::valueAt(int row, int column) const
{
    return values.value(row * labels.size() + column, std::nan(""));
}

QRectF MatrixChart::cells(const QRectF &rect) const
{
    const QFontMetricsF metrics(chartFont(11));
    double longest = 0;
    for (const QString &label : labels)
        longest = std::max(longest, metrics.horizontalAdvance(label));
    const double room = std::min(longest + 10, std::min(rect.width(), rect.height()) * 0.34);
    const double left = titleRoom + room;
    const double side = std::max(
            10.0,
            std::min(rect.width() - left - scaleRoom, rect.height() - top - room - titleRoom));
    // In the middle of what is left over.
    const double spare = std::max(0.0, rect.width() - left - side - scaleRoom);
    return QRectF(rect.left() + left + spare / 2, rect.top() + top, side, side);
}

QPoint MatrixChart::cellAt(QPointF position, const QRectF &rect) const
{
    const QRectF area = cells(rect);
    const auto count = static_cast<int>(labels.size());
    if (count == 0 || !area.contains(position))
        return {-1, -1};
    const double size = area.width() / count;
    return {std::min(static_cast<int>((position.x() - area.left()) / size), count - 1),
            std::min(static_cast<int>((position.y() - area.top()) / size), count - 1)};
}

void MatrixChart::draw(QPainter &painter, const QRectF &rect, const Theme &theme) const
{
    painter.fillRect(rect, theme.surface);
    const auto count = static_cast<int>(labels.size());
    if (count == 0 || values.size() < count * count)
        return;
    const QRectF area = cells(rect);
    const double size = area.width() / count;
    const double gap = size > 6 ? 0.5 : 0;
    painter.setFont(chartFont(11));
    for (int row = 0; row < count; ++row) {
        for (int column = 0; column < count; ++column) {
            const double value = valueAt(row, column);
            const QRectF cell(area.left() + column * size, area.top() + row * size, size, size);
            const QColor color = std::isnan(value) ? theme.window : heatColor(value, theme);
            painter.fillRect(cell.adjusted(gap, gap, -gap, -gap), color);
            if (size >= roomForNumbers && !std::isnan(value)) {
                painter.setPen(color.lightness() > 130 ? QColor("#15181d") : QColor("#f4f5f7"));
                painter.drawText(cell, Qt::AlignCenter, QString::number(100 * value, 'f', 0) + "%");
            }
        }
    }
    drawNames(painter, rect, area, theme);
    drawScale(painter, area, theme);
}

void MatrixChart::drawNames(QPainter &painter, const QRectF &rect, const QRectF &area,
                            const Theme &theme) const
{
    const auto count = static_cast<int>(labels.size());
    const double size = area.width() / count;
    const QFont font = chartFont(std::clamp(size - 1, smallestName, 11.0));
    painter.setFont(font);
    const QFontMetricsF metrics(font);
    const double room = rect.bottom() - titleRoom - area.bottom() - 6;
    const double leftRoom
            = std::min(area.left() - rect.left() - titleRoom - 6, std::max(room, 60.0));
    // Where rows are too thin for text, only every so many are named.
    const int every = static_cast<int>(std::ceil((smallestName + 1) / size));
    painter.setPen(theme.text);
    for (int i = 0; i < count; i += every) {
        painter.drawText(
                QRectF(area.left() - 6 - leftRoom, area.top() + i * size - 4, leftRoom, size + 8),
                Qt::AlignRight | Qt::AlignVCenter,
                metrics.elidedText(labels[i], Qt::ElideMiddle, leftRoom));
        painter.save();
        painter.translate(area.left() + (i + 0.5) * size, area.bottom() + 6);
        painter.rotate(-90);
        painter.drawText(QRectF(-room, -size / 2 - 4, room, size + 8),
                         Qt::AlignRight | Qt::AlignVCenter,
                         metrics.elidedText(labels[i], Qt::ElideMiddle, room));
        painter.restore();
    }
    painter.setFont(chartFont(11));
    painter.setPen(theme.mutedText);
    painter.save();
    painter.translate(area.left() - 6 - leftRoom - titleRoom, area.center().y());
    painter.rotate(-90);
    painter.drawText(QRectF(-area.height() / 2, 0, area.height(), titleRoom), Qt::AlignCenter,
                     rowTitle);
    painter.restore();
    painter.drawText(QRectF(area.left(), rect.bottom() - titleRoom, area.width(), titleRoom),
                     Qt::AlignCenter, columnTitle);
}

void MatrixChart::drawScale(QPainter &painter, const QRectF &area, const Theme &theme) const
{
    const QRectF scale(area.right() + 14, area.top(), scaleWidth, std::min(area.height(), 170.0));
    QLinearGradient gradient(scale.bottomLeft(), scale.topLeft());
    for (int i = 0; i <= 10; ++i)
        gradient.setColorAt(i / 10.0, heatColor(i / 10.0, theme));
    painter.fillRect(scale, gradient);
    painter.setPen(QPen(theme.border, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(scale);
    painter.setFont(chartFont(11));
    painter.setPen(theme.mutedText);
    for (double share : {0.0, 0.5, 1.0}) {
        const double y = std::clamp(scale.bottom() - share * scale.height(), scale.top() + 6,
                                    scale.bottom() - 6);
        painter.drawText(QRectF(scale.right() + 5, y - 8, 44, 16), Qt::AlignLeft | Qt::AlignVCenter,
                         QString::number(100 * share, 'f', 0) + " %");
    }
    painter.save();
    painter.translate(scale.right() + 42, scale.center().y());
    painter.rotate(-90);
    painter.drawText(QRectF(-scale.height() / 2 - 20, 0, scale.height() + 40, titleRoom),
                     Qt::AlignCenter, scaleTitle);
    painter.restore();
}

} // namespace mrg
