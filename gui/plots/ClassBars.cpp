// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/plots/ClassBars.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

namespace mrg {

namespace {
constexpr int idealWidth = 340;
constexpr int smallestWidth = 240;
} // namespace

ClassBars::ClassBars(const Theme &theme, QWidget *parent) : QWidget(parent), m_theme(theme)
{
    setObjectName("classBars");
    setAccessibleName(tr("Margin violations per class"));
    setMouseTracking(true);
}

void ClassBars::setTheme(const Theme &theme)
{
    m_theme = theme;
    update();
}

void ClassBars::setMeasure(ClassBarsChart::Measure measure)
{
    m_chart.setMeasure(measure);
    update();
}

void ClassBars::setOrder(ClassBarsChart::Order order)
{
    m_chart.setOrder(order);
    update();
}

void ClassBars::setStatistics(const MarginStatistics &statistics, const QStringList &labels)
{
    const int before = m_chart.rows();
    m_chart.setStatistics(statistics, labels);
    if (m_chart.rows() != before)
        updateGeometry();
    update();
}

QSize ClassBars::sizeHint() const { return {idealWidth, static_cast<int>(m_chart.idealHeight())}; }
QSize ClassBars::minimumSizeHint() const
{
    return {smallestWidth, static_cast<int>(m_chart.smallestHeight())};
}

void ClassBars::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    m_chart.draw(painter, rect(), m_theme);
    if (m_chart.rows() == 0) {
        painter.setPen(m_theme.mutedText);
        painter.drawText(rect().adjusted(20, 20, -20, -20), Qt::AlignCenter | Qt::TextWordWrap,
                         tr("Press Train: how often each class is missed, and how often it "
                            "intrudes, appears here."));
    }
}

void ClassBars::mousePressEvent(QMouseEvent *event)
{
    if (const int row = m_chart.rowAt(event->position().y(), height()); row >= 0)
        emit classPicked(m_chart.classAt(row));
}

bool ClassBars::event(QEvent *event)
{
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    auto *help = static_cast<QHelpEvent *>(event);
    const int row = m_chart.rowAt(help->pos().y(), height());
    QToolTip::showText(
            help->globalPos(),
            row < 0 ? ClassBarsChart::definition() : m_chart.describe(m_chart.classAt(row)), this);
    return true;
}

} // namespace mrg

#include "moc_ClassBars.cpp"
