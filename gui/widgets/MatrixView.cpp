// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/widgets/MatrixView.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

namespace mrg {

MatrixView::MatrixView(const Theme &theme, QWidget *parent) : QWidget(parent), m_theme(theme)
{
    setObjectName("matrixView");
    setAccessibleName(tr("Matrix of classes"));
    setMinimumSize(260, 220);
}

void MatrixView::setTheme(const Theme &theme)
{
    m_theme = theme;
    update();
}

void MatrixView::setChart(const MatrixChart &chart, const Describe &describe,
                          const QString &definition)
{
    m_chart = chart;
    m_describe = describe;
    m_definition = definition;
    update();
}

void MatrixView::setMatrix(const QVector<double> &values, const QStringList &labels,
                           const QString &rowTitle, const QString &columnTitle,
                           const QStringList &details)
{
    const auto count = static_cast<int>(labels.size());
    setChart({values, labels, rowTitle, columnTitle, {}},
             [details, count](int row, int column) { return details.value(row * count + column); },
             {});
}

void MatrixView::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    m_chart.draw(painter, rect(), m_theme);
    if (m_chart.labels.isEmpty()) {
        painter.setPen(m_theme.mutedText);
        painter.drawText(rect().adjusted(20, 20, -20, -20), Qt::AlignCenter | Qt::TextWordWrap,
                         m_hint);
    }
}

void MatrixView::mousePressEvent(QMouseEvent *event)
{
    const QPoint cell = m_chart.cellAt(event->position(), rect());
    if (cell.x() >= 0)
        emit cellPicked(cell.y(), cell.x());
}

bool MatrixView::event(QEvent *event)
{
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    auto *help = static_cast<QHelpEvent *>(event);
    const QPoint cell = m_chart.cellAt(help->pos(), rect());
    QToolTip::showText(help->globalPos(),
                       cell.x() < 0 ? m_definition : m_describe(cell.y(), cell.x()), this);
    return true;
}

} // namespace mrg

#include "moc_MatrixView.cpp"
