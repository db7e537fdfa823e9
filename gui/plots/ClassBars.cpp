// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/plots/ClassBars.h"

#include "engine/metrics/margin_views.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <cmath>

namespace mrg {

namespace {
constexpr double headerHeight = 22;
constexpr double idealRow = 19;
constexpr double smallestRow = 11;

double orZero(double value) { return std::isnan(value) ? 0 : value; }
} // namespace

ClassBars::ClassBars(const Theme &theme, QWidget *parent) : QWidget(parent), m_theme(theme)
{
    setObjectName("classBars");
    setMouseTracking(true);
}

void ClassBars::setTheme(const Theme &theme)
{
    m_theme = theme;
    update();
}

void ClassBars::setMeasure(Measure measure)
{
    m_measure = measure;
    setStatistics(m_statistics, m_labels);
}

void ClassBars::setStatistics(const MarginStatistics &statistics, const QStringList &labels)
{
    const bool resized = statistics.classes != m_statistics.classes;
    m_statistics = statistics;
    m_labels = labels;
    m_rows.clear();
    for (const ClassMargins &one : classMargins(statistics)) {
        m_rows.append(m_measure == Measure::Rate ? Row{one.missRate, one.intrusionRate}
                                                 : Row{one.missHinge, one.intrusionHinge});
    }
    if (m_order.size() != m_rows.size()) {
        m_order.resize(m_rows.size());
        for (int i = 0; i < m_order.size(); ++i)
            m_order[i] = i;
    }
    if (resized)
        updateGeometry();
    update();
}

QSize ClassBars::sizeHint() const
{
    return {320, static_cast<int>(headerHeight + idealRow * std::max<double>(static_cast<double>(m_rows.size()), 4))};
}

QSize ClassBars::minimumSizeHint() const
{
    return {240, static_cast<int>(headerHeight + smallestRow * std::max<double>(static_cast<double>(m_rows.size()), 4))};
}

double ClassBars::rowHeight(double height) const
{
    return m_rows.isEmpty() ? idealRow : std::min(idealRow + 5, (height - headerHeight) / static_cast<double>(m_rows.size()));
}

void ClassBars::draw(QPainter &painter, const QRectF &rect) const
{
    painter.fillRect(rect, m_theme.surface);
    if (m_rows.isEmpty())
        return;
    QFont font = painter.font();
    const double row = rowHeight(rect.height());
    font.setPixelSize(static_cast<int>(std::clamp(row - 5, 8.0, 12.0)));
    painter.setFont(font);
    const QFontMetricsF metrics(font);
    double labelWidth = 0;
    for (const QString &label : m_labels)
        labelWidth = std::max(labelWidth, metrics.horizontalAdvance(label));
    labelWidth = std::min(labelWidth + 26, rect.width() * 0.45);
    const double middle = rect.left() + labelWidth + (rect.width() - labelWidth) / 2;
    const double half = (rect.width() - labelWidth) / 2 - 38;
    double largest = m_measure == Measure::Rate ? 1 : 1e-9;
    if (m_measure == Measure::Hinge) {
        for (const Row &one : m_rows)
            largest = std::max({largest, orZero(one.miss), orZero(one.intrusion)});
    }
    painter.setPen(m_theme.mutedText);
    painter.drawText(QRectF(middle - half - 38, rect.top(), half + 30, headerHeight), Qt::AlignRight | Qt::AlignVCenter,
                     m_measure == Measure::Rate ? tr("missed") : tr("missed, hinge"));
    painter.drawText(QRectF(middle + 8, rect.top(), half + 30, headerHeight), Qt::AlignLeft | Qt::AlignVCenter,
                     m_measure == Measure::Rate ? tr("intruding") : tr("intruding, hinge"));
    painter.setPen(m_theme.gridLine);
    for (double share : {0.5, 1.0}) {
        for (double side : {-1.0, 1.0}) {
            const double x = middle + side * share * half;
            painter.drawLine(QPointF(x, rect.top() + headerHeight), QPointF(x, rect.top() + headerHeight + row * static_cast<double>(m_rows.size())));
        }
    }
    painter.setRenderHint(QPainter::Antialiasing);
    for (int i = 0; i < m_order.size(); ++i) {
        const int c = m_order[i];
        const QRectF line(rect.left(), rect.top() + headerHeight + row * i, rect.width(), row);
        const double dot = std::min(9.0, row - 5);
        painter.setPen(Qt::NoPen);
        painter.setBrush(labelColor(c, m_theme));
        painter.drawEllipse(QRectF(line.left() + 8, line.center().y() - dot / 2, dot, dot));
        painter.setPen(m_theme.text);
        const QString name = metrics.elidedText(m_labels.value(c, QString::number(c)), Qt::ElideMiddle, labelWidth - 26);
        painter.drawText(QRectF(line.left() + 22, line.top(), labelWidth - 22, row), Qt::AlignLeft | Qt::AlignVCenter, name);
        const auto bar = [&](double value, double side, const QColor &color) {
            if (std::isnan(value)) {
                painter.setPen(m_theme.mutedText);
                painter.drawText(QRectF(middle + (side > 0 ? 6 : -46), line.top(), 40, row),
                                 (side > 0 ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter, "–");
                return;
            }
            const double length = std::clamp(value / largest, 0.0, 1.0) * half;
            const QRectF box(side > 0 ? middle + 1 : middle - 1 - length, line.top() + row * 0.18, length, row * 0.64);
            painter.setPen(Qt::NoPen);
            painter.setBrush(color);
            painter.drawRoundedRect(box, 2, 2);
            painter.setPen(m_theme.mutedText);
            const QString text = m_measure == Measure::Rate ? QString::number(100 * value, 'f', value < 0.0995 ? 1 : 0) + "%"
                                                            : QString::number(value, 'g', 2);
            painter.drawText(QRectF(side > 0 ? box.right() + 4 : box.left() - 44, line.top(), 40, row),
                             (side > 0 ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter, text);
        };
        bar(m_rows[c].miss, -1, m_theme.miss);
        bar(m_rows[c].intrusion, 1, m_theme.intrusion);
    }
    painter.setPen(m_theme.border);
    painter.drawLine(QPointF(middle, rect.top() + headerHeight), QPointF(middle, rect.top() + headerHeight + row * static_cast<double>(m_rows.size())));
}

void ClassBars::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    draw(painter, rect());
}

int ClassBars::rowAt(double y) const
{
    const int row = static_cast<int>(std::floor((y - headerHeight) / rowHeight(height())));
    return row >= 0 && row < m_order.size() ? row : -1;
}

void ClassBars::mousePressEvent(QMouseEvent *event)
{
    if (const int row = rowAt(event->position().y()); row >= 0)
        emit classPicked(m_order[row]);
}

bool ClassBars::event(QEvent *event)
{
    if (event->type() == QEvent::ToolTip) {
        auto *help = static_cast<QHelpEvent *>(event);
        const int row = rowAt(help->pos().y());
        if (row < 0) {
            QToolTip::showText(help->globalPos(),
                               tr("<p><b>Missed</b>: of the pairs (this label, a rival) of samples that carry it, "
                                  "the share in which it does not lead by the margin.</p>"
                                  "<p><b>Intruding</b>: of the pairs (a label, this class as rival), the share in which it "
                                  "comes closer than the margin.</p>"),
                               this);
            return true;
        }
        const int c = m_order[row];
        const ClassMargins one = classMargins(m_statistics)[static_cast<size_t>(c)];
        const auto percent = [](double value) {
            return std::isnan(value) ? tr("not seen") : QString::number(100 * value, 'f', 2) + " %";
        };
        QToolTip::showText(help->globalPos(),
                           tr("<b>%1</b><table><tr><td>missed&nbsp;</td><td>%2</td></tr><tr><td>intruding&nbsp;</td><td>%3</td></tr>"
                              "<tr><td>both sides&nbsp;</td><td>%4</td></tr><tr><td>mean hinge&nbsp;</td><td>%5 + %6</td></tr></table>")
                                   .arg(m_labels.value(c), percent(one.missRate), percent(one.intrusionRate),
                                        percent(one.totalRate), QString::number(one.missHinge, 'g', 3),
                                        QString::number(one.intrusionHinge, 'g', 3)),
                           this);
        return true;
    }
    return QWidget::event(event);
}

} // namespace mrg
