// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/datasets/BarList.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>

namespace mrg {

namespace {
constexpr int rowHeight = 22;
constexpr int margin = 6;
constexpr int valueRoom = 96;
constexpr double dotSize = 9;
constexpr double largestNameShare = 0.42;
} // namespace

BarList::BarList(const Theme &theme, QWidget *parent) : QWidget(parent), m_theme(theme)
{
    setMouseTracking(true);
}

void BarList::setTheme(const Theme &theme)
{
    m_theme = theme;
    update();
}

void BarList::setBars(const QVector<Bar> &bars)
{
    m_bars = bars;
    m_hovered = -1;
    if (m_picked >= m_bars.size())
        m_picked = -1;
    updateGeometry();
    update();
}

void BarList::setPicked(int bar)
{
    m_picked = bar;
    update();
}

QPoint BarList::positionOf(int bar) const
{
    return {width() / 2, margin + bar * rowHeight + rowHeight / 2};
}

QSize BarList::sizeHint() const
{
    return {300, 2 * margin + rowHeight * static_cast<int>(m_bars.size())};
}

void BarList::paintBar(QPainter &painter, int number, double nameWidth) const
{
    const Bar &bar = m_bars[number];
    const QRectF line(0, margin + number * rowHeight, width(), rowHeight);
    if (number == m_picked || number == m_hovered) {
        QColor ground = m_theme.accent;
        ground.setAlphaF(number == m_picked ? 0.18F : 0.07F);
        painter.setPen(Qt::NoPen);
        painter.setBrush(ground);
        painter.drawRoundedRect(line.adjusted(4, 1, -4, -1), 5, 5);
    }
    painter.setPen(Qt::NoPen);
    painter.setBrush(bar.color);
    painter.drawEllipse(QRectF(12, line.center().y() - dotSize / 2, dotSize, dotSize));
    painter.setPen(m_theme.text);
    const QString name = painter.fontMetrics().elidedText(bar.name, Qt::ElideMiddle,
                                                          static_cast<int>(nameWidth));
    painter.drawText(QRectF(28, line.top(), nameWidth, rowHeight), Qt::AlignLeft | Qt::AlignVCenter,
                     name);
    const double left = 28 + nameWidth + 12;
    const double room = std::max(width() - left - valueRoom, 10.0);
    const double length = std::max(std::clamp(bar.length, 0.0, 1.0) * room, 1.5);
    painter.setPen(Qt::NoPen);
    painter.setBrush(bar.color);
    painter.drawRoundedRect(QRectF(left, line.top() + 5, length, rowHeight - 10), 2.5, 2.5);
    painter.setPen(m_theme.mutedText);
    painter.drawText(QRectF(left + length + 7, line.top(), valueRoom, rowHeight),
                     Qt::AlignLeft | Qt::AlignVCenter, bar.value);
}

void BarList::paintEvent(QPaintEvent *event)
{
    QPainter painter(this);
    painter.fillRect(event->rect(), m_theme.surface);
    painter.setRenderHint(QPainter::Antialiasing);
    QFont small = font();
    small.setPixelSize(12);
    painter.setFont(small);
    int longest = 0;
    for (const Bar &bar : m_bars)
        longest = std::max(longest, painter.fontMetrics().horizontalAdvance(bar.name));
    const double nameWidth = std::min<double>(longest + 2, width() * largestNameShare);
    const int first = std::max((event->rect().top() - margin) / rowHeight, 0);
    const int last = std::min((event->rect().bottom() - margin) / rowHeight,
                              static_cast<int>(m_bars.size()) - 1);
    for (int i = first; i <= last; ++i)
        paintBar(painter, i, nameWidth);
}

int BarList::barAt(double y) const
{
    const int bar = y < margin ? -1 : static_cast<int>(y - margin) / rowHeight;
    return bar < m_bars.size() ? bar : -1;
}

void BarList::mousePressEvent(QMouseEvent *event)
{
    const int bar = barAt(event->position().y());
    if (bar < 0 || event->button() != Qt::LeftButton)
        return;
    setPicked(bar == m_picked ? -1 : bar);
    emit barPicked(m_picked);
}

void BarList::mouseMoveEvent(QMouseEvent *event)
{
    const int bar = barAt(event->position().y());
    if (bar == m_hovered)
        return;
    m_hovered = bar;
    update();
}

void BarList::leaveEvent(QEvent *)
{
    m_hovered = -1;
    update();
}

bool BarList::event(QEvent *event)
{
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    const auto *help = static_cast<QHelpEvent *>(event);
    const int bar = barAt(help->pos().y());
    QToolTip::showText(help->globalPos(), bar < 0 ? QString() : m_bars[bar].detail, this);
    return true;
}

} // namespace mrg

#include "moc_BarList.cpp"
