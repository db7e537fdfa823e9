// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/widgets/MatrixView.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <cmath>

namespace mrg {

namespace {
constexpr double scaleWidth = 12;
constexpr double scaleRoom = 52;
constexpr double titleRoom = 18;
} // namespace

MatrixView::MatrixView(const Theme &theme, QWidget *parent) : QWidget(parent), m_theme(theme)
{
    setObjectName("matrixView");
    setMinimumSize(260, 220);
}

void MatrixView::setTheme(const Theme &theme)
{
    m_theme = theme;
    update();
}

void MatrixView::setMatrix(const QVector<double> &values, const QStringList &labels, const QString &rowTitle,
                           const QString &columnTitle, const QStringList &details)
{
    m_values = values;
    m_labels = labels;
    m_rowTitle = rowTitle;
    m_columnTitle = columnTitle;
    m_details = details;
    update();
}

double MatrixView::valueAt(int row, int column) const
{
    return m_values.value(row * m_labels.size() + column, std::nan(""));
}

QRectF MatrixView::cells(const QRectF &rect) const
{
    QFont small = font();
    small.setPixelSize(11);
    const QFontMetricsF metrics(small);
    double longest = 0;
    for (const QString &label : m_labels)
        longest = std::max(longest, metrics.horizontalAdvance(label));
    const double room = std::min(longest + 10, std::min(rect.width(), rect.height()) * 0.36);
    const double left = titleRoom + room;
    const double side = std::min(rect.width() - left - scaleRoom, rect.height() - left - 8);
    return QRectF(rect.left() + left, rect.top() + 8, std::max(side, 10.0), std::max(side, 10.0));
}

void MatrixView::draw(QPainter &painter, const QRectF &rect) const
{
    painter.fillRect(rect, m_theme.surface);
    const auto count = static_cast<int>(m_labels.size());
    if (count == 0 || m_values.size() < count * count)
        return;
    const QRectF area = cells(rect);
    const double size = area.width() / count;
    for (int row = 0; row < count; ++row) {
        for (int column = 0; column < count; ++column) {
            const double value = valueAt(row, column);
            const QRectF cell(area.left() + column * size, area.top() + row * size, size, size);
            const double gap = size > 8 ? 0.5 : 0;
            if (std::isnan(value))
                painter.fillRect(cell.adjusted(gap, gap, -gap, -gap), m_theme.raised);
            else
                painter.fillRect(cell.adjusted(gap, gap, -gap, -gap), heatColor(value, m_theme));
            if (size >= 30 && !std::isnan(value)) {
                painter.setPen(heatColor(value, m_theme).lightness() > 130 ? QColor("#15181d") : QColor("#f4f5f7"));
                QFont inside = painter.font();
                inside.setPixelSize(11);
                painter.setFont(inside);
                painter.drawText(cell, Qt::AlignCenter, QString::number(100 * value, 'f', 0) + "%");
            }
        }
    }
    QFont small = painter.font();
    small.setPixelSize(static_cast<int>(std::clamp(size - 2, 7.0, 11.0)));
    painter.setFont(small);
    const QFontMetricsF metrics(small);
    painter.setPen(m_theme.text);
    const double room = area.left() - rect.left() - titleRoom - 6;
    // Where rows are too thin for text, only every so many are named.
    const int every = static_cast<int>(std::ceil(8.5 / size));
    for (int i = 0; i < count; i += every) {
        const QString name = metrics.elidedText(m_labels[i], Qt::ElideMiddle, room);
        painter.drawText(QRectF(rect.left() + titleRoom, area.top() + i * size, room, size), Qt::AlignRight | Qt::AlignVCenter, name);
        painter.save();
        painter.translate(area.left() + (i + 0.5) * size, area.bottom() + 6);
        painter.rotate(-90);
        painter.drawText(QRectF(-room, -size / 2 - 3, room, size + 6), Qt::AlignRight | Qt::AlignVCenter, name);
        painter.restore();
    }
    small.setPixelSize(11);
    painter.setFont(small);
    painter.setPen(m_theme.mutedText);
    painter.save();
    painter.translate(rect.left() + 3, area.center().y());
    painter.rotate(-90);
    painter.drawText(QRectF(-area.height() / 2, 0, area.height(), titleRoom), Qt::AlignCenter, m_rowTitle);
    painter.restore();
    painter.drawText(QRectF(area.left(), std::min(area.bottom() + room + 6, rect.bottom() - titleRoom), area.width(), titleRoom),
                     Qt::AlignCenter, m_columnTitle);
    const QRectF scale(area.right() + 12, area.top(), scaleWidth, std::min(area.height(), 160.0));
    for (int y = 0; y < scale.height(); ++y)
        painter.fillRect(QRectF(scale.left(), scale.bottom() - y - 1, scale.width(), 1.5), heatColor(y / scale.height(), m_theme));
    for (double share : {0.0, 0.5, 1.0}) {
        const double y = scale.bottom() - share * scale.height();
        painter.drawText(QRectF(scale.right() + 3, y - 8, 34, 16), Qt::AlignLeft | Qt::AlignVCenter, QString::number(100 * share, 'f', 0) + "%");
    }
}

void MatrixView::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    draw(painter, rect());
}

QPoint MatrixView::cellAt(QPointF position) const
{
    const QRectF area = cells(rect());
    const auto count = static_cast<int>(m_labels.size());
    if (count == 0 || !area.contains(position))
        return {-1, -1};
    const double size = area.width() / count;
    return {std::min(static_cast<int>((position.x() - area.left()) / size), count - 1),
            std::min(static_cast<int>((position.y() - area.top()) / size), count - 1)};
}

void MatrixView::mousePressEvent(QMouseEvent *event)
{
    const QPoint cell = cellAt(event->position());
    if (cell.x() >= 0)
        emit cellPicked(cell.y(), cell.x());
}

bool MatrixView::event(QEvent *event)
{
    if (event->type() == QEvent::ToolTip) {
        auto *help = static_cast<QHelpEvent *>(event);
        const QPoint cell = cellAt(help->pos());
        if (cell.x() >= 0)
            QToolTip::showText(help->globalPos(), m_details.value(cell.y() * static_cast<int>(m_labels.size()) + cell.x()), this);
        return true;
    }
    return QWidget::event(event);
}

} // namespace mrg
