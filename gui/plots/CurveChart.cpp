// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/plots/CurveChart.h"

#include <QFontMetricsF>
#include <QPolygonF>

#include <algorithm>
#include <cmath>
#include <limits>

namespace mrg {

namespace {
constexpr double leftRoom = 58;
constexpr double bottomRoom = 42;
constexpr double topRoom = 12;
constexpr double rightRoom = 14;
constexpr double legendRow = 17;
constexpr int pointsPerColumn = 2;

QFont chartFont()
{
    QFont font;
    font.setPixelSize(11);
    return font;
}

struct Range {
    double from = std::numeric_limits<double>::max();
    double to = std::numeric_limits<double>::lowest();
    void include(double value)
    {
        if (std::isfinite(value)) {
            from = std::min(from, value);
            to = std::max(to, value);
        }
    }
    double span() const { return to - from; }
};
} // namespace

QVector<QPointF> thinned(const QVector<double> &x, const QVector<double> &y, double from, double to,
                         int columns)
{
    QVector<QPointF> out;
    const qsizetype count = std::min(x.size(), y.size());
    if (count <= pointsPerColumn * static_cast<qsizetype>(columns) || !(to > from)) {
        for (qsizetype i = 0; i < count; ++i) {
            if (std::isfinite(y[i]))
                out.append({x[i], y[i]});
        }
        return out;
    }
    int column = -1;
    QPointF least, greatest;
    const auto put = [&] {
        if (column < 0)
            return;
        const bool leastFirst = least.x() <= greatest.x();
        out.append(leastFirst ? least : greatest);
        if (least != greatest)
            out.append(leastFirst ? greatest : least);
    };
    for (qsizetype i = 0; i < count; ++i) {
        if (!std::isfinite(y[i]) || x[i] < from || x[i] > to)
            continue;
        const int here
                = std::min(static_cast<int>((x[i] - from) / (to - from) * columns), columns - 1);
        const QPointF point(x[i], y[i]);
        if (here != column) {
            put();
            column = here;
            least = greatest = point;
        } else if (point.y() < least.y()) {
            least = point;
        } else if (point.y() > greatest.y()) {
            greatest = point;
        }
    }
    put();
    return out;
}

QVector<double> roundTicks(double from, double to, int count)
{
    QVector<double> out;
    if (!(to > from) || count < 1)
        return out;
    const double rough = (to - from) / count;
    const double power = std::pow(10, std::floor(std::log10(rough)));
    double step = 10 * power;
    for (double factor : {1.0, 2.0, 2.5, 5.0}) {
        if (factor * power >= rough) {
            step = factor * power;
            break;
        }
    }
    for (double tick = std::ceil(from / step) * step; tick <= to + step * 1e-9; tick += step)
        out.append(std::abs(tick) < step * 1e-9 ? 0 : tick);
    return out;
}

void CurveChart::draw(QPainter &painter, const QRectF &rect, const Theme &theme) const
{
    painter.fillRect(rect, theme.surface);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(chartFont());
    Range across, up;
    across.include(0);
    for (const Curve &curve : curves) {
        for (qsizetype i = 0; i < std::min(curve.x.size(), curve.y.size()); ++i) {
            across.include(curve.x[i]);
            up.include(curve.y[i]);
        }
    }
    if (fromZero)
        up.include(0);
    if (!(up.span() > 0))
        up.to = up.from + 1;
    if (!(across.span() > 0))
        across.to = 1;
    up.to += 0.04 * up.span();
    const QRectF area = rect.adjusted(leftRoom, topRoom, -rightRoom, -bottomRoom);
    const auto place = [&](QPointF p) {
        return QPointF(area.left() + (p.x() - across.from) / across.span() * area.width(),
                       area.bottom() - (p.y() - up.from) / up.span() * area.height());
    };
    for (double tick : roundTicks(up.from, up.to, 6)) {
        const double y = place({0, tick}).y();
        painter.setPen(theme.gridLine);
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y));
        painter.setPen(theme.mutedText);
        painter.drawText(QRectF(rect.left(), y - 8, leftRoom - 8, 16),
                         Qt::AlignRight | Qt::AlignVCenter, QString::number(tick, 'g', 4));
    }
    for (double tick : roundTicks(across.from, across.to, 8)) {
        const double x = place({tick, 0}).x();
        painter.setPen(theme.gridLine);
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()));
        painter.setPen(theme.mutedText);
        painter.drawText(QRectF(x - 40, area.bottom() + 4, 80, 16), Qt::AlignCenter,
                         QString::number(tick, 'g', 6));
    }
    painter.setPen(theme.border);
    painter.drawLine(area.bottomLeft(), area.bottomRight());
    painter.drawLine(area.bottomLeft(), area.topLeft());
    painter.setPen(theme.mutedText);
    painter.drawText(QRectF(area.left(), rect.bottom() - 20, area.width(), 16), Qt::AlignCenter,
                     xTitle);
    painter.save();
    painter.translate(rect.left() + 4, area.center().y());
    painter.rotate(-90);
    painter.drawText(QRectF(-area.height() / 2, 0, area.height(), 16), Qt::AlignCenter, yTitle);
    painter.restore();

    for (const Mark &mark : marks) {
        const double x = place({mark.x, 0}).x();
        painter.setPen(QPen(theme.warning, 1, Qt::DashLine));
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()));
        painter.setPen(theme.warning);
        painter.drawText(QRectF(x + 4, area.top(), 200, 14), Qt::AlignLeft | Qt::AlignVCenter,
                         mark.text);
    }
    for (const Curve &curve : curves) {
        QPolygonF line;
        for (const QPointF &point :
             thinned(curve.x, curve.y, across.from, across.to, static_cast<int>(area.width())))
            line.append(place(point));
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(curve.color, curve.width, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
        painter.drawPolyline(line);
        if (curve.dots && line.size() < area.width() / 8) {
            painter.setPen(Qt::NoPen);
            painter.setBrush(curve.color);
            for (const QPointF &point : line)
                painter.drawEllipse(point, curve.width + 0.8, curve.width + 0.8);
        }
    }
    if (!legend)
        return;
    double longest = 0;
    for (const Curve &curve : curves)
        longest = std::max(longest, QFontMetricsF(chartFont()).horizontalAdvance(curve.name));
    QRectF row(area.right() - longest - 36, area.top() + 4, longest + 32, legendRow);
    QColor ground = theme.surface;
    ground.setAlpha(225);
    painter.fillRect(QRectF(row.left() - 6, row.top() - 2, row.width() + 6,
                            legendRow * static_cast<double>(curves.size()) + 4),
                     ground);
    for (const Curve &curve : curves) {
        painter.setPen(QPen(curve.color, std::max(curve.width, 1.5)));
        painter.drawLine(QPointF(row.left(), row.center().y()),
                         QPointF(row.left() + 20, row.center().y()));
        painter.setPen(theme.text);
        painter.drawText(row.adjusted(26, 0, 10, 0), Qt::AlignLeft | Qt::AlignVCenter, curve.name);
        row.translate(0, legendRow);
    }
}

} // namespace mrg
