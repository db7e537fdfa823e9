// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/plots/ClassBarsChart.h"

#include "engine/metrics/margin_views.h"

#include <QCoreApplication>
#include <QFontMetricsF>

#include <algorithm>
#include <cmath>

namespace mrg {

namespace {
constexpr double headHeight = 26;
constexpr double idealRow = 20;
constexpr double largestRow = 26;
constexpr double smallestRow = 15;
constexpr double numberRoom = 44;
constexpr double dotRoom = 24;
constexpr double roomForScale = 130; ///< narrower, the scale would run into the titles
/// Scales between which a bar's length does not jump as rates fall.
constexpr double fullScales[] = {0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1};

double orZero(double value) { return std::isnan(value) ? 0 : value; }
QString tr(const char *text) { return QCoreApplication::translate("ClassBarsChart", text); }
} // namespace

void ClassBarsChart::setStatistics(const MarginStatistics &statistics, const QStringList &labels)
{
    m_statistics = statistics;
    m_labels = labels;
    update();
}

void ClassBarsChart::setMeasure(Measure measure)
{
    m_measure = measure;
    update();
}

void ClassBarsChart::setOrder(Order order)
{
    m_wanted = order;
    update();
}

void ClassBarsChart::update()
{
    m_rows.clear();
    m_order.clear();
    for (const ClassMargins &one : classMargins(m_statistics)) {
        m_order.append(static_cast<int>(m_rows.size()));
        m_rows.append(m_measure == Measure::Rate ? Row{one.missRate, one.intrusionRate}
                                                 : Row{one.missHinge, one.intrusionHinge});
    }
    if (m_wanted == Order::WorstFirst) {
        const auto badness
                = [this](int c) { return orZero(m_rows[c].miss) + orZero(m_rows[c].intrusion); };
        std::stable_sort(m_order.begin(), m_order.end(),
                         [&](int a, int b) { return badness(a) > badness(b); });
    }
}

double ClassBarsChart::idealHeight() const
{
    return headHeight + idealRow * std::max(rows(), 4) + 4;
}
double ClassBarsChart::smallestHeight() const
{
    return headHeight + smallestRow * std::max(rows(), 4) + 4;
}

double ClassBarsChart::rowHeight(double height) const
{
    return m_rows.isEmpty() ? idealRow : std::min(largestRow, (height - headHeight - 4) / rows());
}

int ClassBarsChart::rowAt(double y, double height) const
{
    const int row = static_cast<int>(std::floor((y - headHeight) / rowHeight(height)));
    return row >= 0 && row < m_order.size() ? row : -1;
}

double ClassBarsChart::fullScale() const
{
    double largest = 0;
    for (const Row &row : m_rows)
        largest = std::max({largest, orZero(row.miss), orZero(row.intrusion)});
    if (m_measure == Measure::Hinge)
        return std::max(largest, 1e-9);
    for (double scale : fullScales) {
        if (largest <= scale)
            return scale;
    }
    return 1;
}

QString ClassBarsChart::text(double value) const
{
    if (m_measure == Measure::Hinge)
        return QString::number(value, 'g', 2);
    return QString::number(100 * value, 'f', value < 0.0995 ? 1 : 0) + " %";
}

void ClassBarsChart::drawHead(QPainter &painter, const QRectF &head, double middle, double half,
                              const Theme &theme) const
{
    const bool rate = m_measure == Measure::Rate;
    QFont font = painter.font();
    font.setPixelSize(11);
    font.setWeight(QFont::DemiBold);
    painter.setFont(font);
    painter.setPen(theme.miss);
    painter.drawText(QRectF(middle - 8 - half, head.top(), half, head.height()),
                     Qt::AlignRight | Qt::AlignVCenter, rate ? tr("missed") : tr("hinge, missed"));
    painter.setPen(theme.intrusion);
    painter.drawText(QRectF(middle + 8, head.top(), half, head.height()),
                     Qt::AlignLeft | Qt::AlignVCenter,
                     rate ? tr("intruding") : tr("hinge, intruding"));
    font.setWeight(QFont::Normal);
    painter.setFont(font);
    painter.setPen(theme.mutedText);
    if (half < roomForScale)
        return;
    for (double side : {-1.0, 1.0}) {
        painter.drawText(QRectF(middle + side * half - 40, head.top(), 80, head.height()),
                         Qt::AlignCenter, text(fullScale()));
    }
}

void ClassBarsChart::draw(QPainter &painter, const QRectF &rect, const Theme &theme) const
{
    painter.fillRect(rect, theme.surface);
    if (m_rows.isEmpty())
        return;
    painter.setRenderHint(QPainter::Antialiasing);
    const double row = rowHeight(rect.height());
    QFont font = painter.font();
    font.setWeight(QFont::Normal);
    font.setPixelSize(static_cast<int>(std::clamp(row - 5, 9.0, 12.0)));
    painter.setFont(font);
    const QFontMetricsF metrics(font);
    double labelWidth = 0;
    for (const QString &label : m_labels)
        labelWidth = std::max(labelWidth, metrics.horizontalAdvance(label));
    labelWidth = std::min(labelWidth + dotRoom + 8, rect.width() * 0.42);
    const double middle = rect.left() + labelWidth + (rect.width() - labelWidth) / 2;
    const double half = (rect.width() - labelWidth) / 2 - numberRoom;
    const double full = fullScale();
    const double rowsTop = rect.top() + headHeight;
    const double rowsBottom = rowsTop + row * rows();
    painter.setPen(theme.gridLine);
    for (double share : {-1.0, -0.5, 0.5, 1.0})
        painter.drawLine(QPointF(middle + share * half, rowsTop),
                         QPointF(middle + share * half, rowsBottom));
    for (int i = 0; i < m_order.size(); ++i) {
        const int c = m_order[i];
        const QRectF line(rect.left(), rowsTop + row * i, rect.width(), row);
        const double dot = std::min(9.0, row - 5);
        painter.setPen(Qt::NoPen);
        painter.setBrush(labelColor(c, theme));
        painter.drawEllipse(QRectF(line.left() + 10, line.center().y() - dot / 2, dot, dot));
        painter.setPen(theme.text);
        painter.drawText(QRectF(line.left() + dotRoom, line.top(), labelWidth - dotRoom, row),
                         Qt::AlignLeft | Qt::AlignVCenter,
                         metrics.elidedText(m_labels.value(c, QString::number(c)), Qt::ElideMiddle,
                                            labelWidth - dotRoom - 4));
        const auto bar = [&](double value, double side, const QColor &color) {
            const double length = std::clamp(orZero(value) / full, 0.0, 1.0) * half;
            const QRectF box(side > 0 ? middle + 1 : middle - 1 - length, line.top() + row * 0.2,
                             length, row * 0.6);
            painter.setPen(Qt::NoPen);
            painter.setBrush(color);
            if (length > 0)
                painter.drawRoundedRect(box, 2, 2);
            painter.setPen(theme.mutedText);
            painter.drawText(QRectF(side > 0 ? box.right() + 4 : box.left() - 4 - numberRoom,
                                    line.top(), numberRoom, row),
                             (side > 0 ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter,
                             std::isnan(value) ? QString("–") : text(value));
        };
        bar(m_rows[c].miss, -1, theme.miss);
        bar(m_rows[c].intrusion, 1, theme.intrusion);
    }
    painter.setPen(theme.border);
    painter.drawLine(QPointF(middle, rowsTop), QPointF(middle, rowsBottom));
    drawHead(painter, QRectF(rect.left(), rect.top(), rect.width(), headHeight), middle, half,
             theme);
}

QString ClassBarsChart::describe(int label) const
{
    const ClassMargins one = classMargins(m_statistics)[static_cast<size_t>(label)];
    const auto percent = [](double value) {
        return std::isnan(value) ? tr("not seen") : QString::number(100 * value, 'f', 2) + " %";
    };
    return tr("<b>%1</b><table><tr><td>missed&nbsp;</td><td>%2</td></tr><tr><td>intruding&nbsp;</"
              "td><td>%3</td></tr>"
              "<tr><td>both sides&nbsp;</td><td>%4</td></tr><tr><td>mean hinge&nbsp;</td><td>%5 + "
              "%6</td></tr></table>")
            .arg(m_labels.value(label).toHtmlEscaped(), percent(one.missRate),
                 percent(one.intrusionRate), percent(one.totalRate),
                 QString::number(one.missHinge, 'g', 3),
                 QString::number(one.intrusionHinge, 'g', 3));
}

QString ClassBarsChart::definition()
{
    return tr("<p>A pair is a label of a sample and a rival that it lacks; it is violated when the "
              "label does not lead "
              "the rival's score by the margin.</p>"
              "<p><b>Missed</b>: of all pairs with this class as the label, the share that is "
              "violated.</p>"
              "<p><b>Intruding</b>: of all pairs with this class as the rival, the share that is "
              "violated.</p>"
              "<p><b>Mean hinge</b>: the sum of margin minus lead over the violated pairs, divided "
              "by samples and classes. "
              "Over all classes each side adds up to the mean loss.</p>");
}

} // namespace mrg
