// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/app/report_pictures.h"

#include "gui/canvas/NetworkPicture.h"
#include "gui/plots/ClassBarsChart.h"
#include "gui/plots/CurveChart.h"
#include "gui/plots/matrix_charts.h"

#include <QFontMetricsF>

#include <algorithm>

namespace mrg {

namespace {

constexpr int pictureWidth = 860;
constexpr int chartHeight = 340;
constexpr double frequencyRow = 19;
/// More curves than these are not told apart in a legend.
constexpr qsizetype namedCurves = 12;

/// Pictures are drawn for paper.
const Theme theme = Theme::light();

/// A chart, drawn whenever it is written.
template <typename Chart> ReportPicture pictureOf(QSizeF size, Chart chart)
{
    return {size, [chart = std::move(chart)](QPainter &painter, const QRectF &rect) {
                chart.draw(painter, rect, theme);
            }};
}

Result<CurveChart::Curve> curveOf(const RunStore &store, int64_t run, const std::string &series,
                                  const QString &name, const QColor &color, double width)
{
    const Result<std::vector<StoredPoint>> points = store.points(run, series);
    if (!points)
        return points.error();
    CurveChart::Curve curve{name, color, width, false, {}, {}};
    for (const StoredPoint &point : *points) {
        curve.x.append(point.epoch);
        curve.y.append(point.value);
    }
    return curve;
}

} // namespace

ReportSection networkPicture(const Network &network, const CheckedNetwork &checked,
                             const Vocabulary &vocabulary)
{
    const NetworkPicture picture(network, checked, vocabulary, theme);
    if (picture.size().isEmpty())
        return {};
    const double scale = std::min(1.0, pictureWidth / picture.size().width());
    const QSizeF size(pictureWidth, picture.size().height() * scale);
    return {"Network",
            {},
            {size,
             [picture](QPainter &painter, const QRectF &rect) { picture.draw(painter, rect); }},
            "On the wires: the shape that flows, N being the samples of a batch."};
}

Result<ReportSection> lossPicture(const RunStore &store, int64_t run)
{
    CurveChart chart;
    chart.xTitle = "epoch";
    chart.yTitle = "loss";
    QColor faint = theme.trainCurve;
    faint.setAlpha(80);
    for (const auto &[series, name, color, width] :
         {std::tuple("train/loss", "each step", faint, 0.8),
          std::tuple("train/epoch_loss", "epoch mean", theme.trainCurve, 1.8),
          std::tuple("validation/loss", "validation", theme.validationCurve, 1.8)}) {
        Result<CurveChart::Curve> curve = curveOf(store, run, series, name, color, width);
        if (!curve)
            return curve.error();
        curve->dots = width > 1;
        chart.curves.append(*curve);
    }
    const Result<std::vector<StoredEvent>> events = store.events(run);
    if (!events)
        return events.error();
    for (const StoredEvent &event : *events)
        chart.marks.append({event.epoch, QString::fromStdString(event.text)});
    return ReportSection{"Loss",
                         {},
                         pictureOf({pictureWidth, chartHeight}, chart),
                         "Each step, the mean of each epoch, and validation data. Dashed: a change "
                         "made by hand."};
}

Result<ReportSection> ratesPicture(const RunStore &store, int64_t run, const QStringList &labels)
{
    CurveChart chart;
    chart.xTitle = "epoch";
    chart.yTitle = "missed, share of pairs";
    chart.legend = labels.size() <= namedCurves;
    qsizetype points = 0;
    for (int label = 0; label < labels.size(); ++label) {
        Result<CurveChart::Curve> curve
                = curveOf(store, run, "train/miss_rate/" + std::to_string(label), labels[label],
                          labelColor(label, theme), 1.3);
        if (!curve)
            return curve.error();
        points = std::max(points, curve->x.size());
        chart.curves.append(*curve);
    }
    if (points < 2)
        return ReportSection{};
    return ReportSection{"Missed labels over time",
                         {},
                         pictureOf({pictureWidth, chartHeight}, chart),
                         "Training data, a curve a class in its label's colour: the share of the "
                         "label's pairs that violate the margin."};
}

ReportSection barsPicture(const MarginStatistics &margins, const QStringList &labels)
{
    ClassBarsChart chart;
    chart.setStatistics(margins, labels);
    return {"Margin violations per class",
            {},
            pictureOf({pictureWidth, chart.idealHeight()}, chart),
            "Validation data. Missed: share of a label's pairs in which it does not lead the rival "
            "by the margin. Intruding: share of "
            "a rival's pairs in which it comes closer than the margin."};
}

ReportSection pairsPicture(const MarginStatistics &margins, const QStringList &labels)
{
    const MatrixChart chart = pairsChart(margins, labels);
    if (chart.values.isEmpty())
        return {};
    const double height
            = std::clamp(240.0 + 16.0 * static_cast<double>(labels.size()), 320.0, 720.0);
    return {"Pairwise violations",
            {},
            pictureOf({pictureWidth, height}, chart),
            "Validation data. Row: a label that holds; column: a rival that does not. Colour: "
            "share of such pairs in which the label "
            "does not lead by the margin. Blank: the pair never occurred."};
}

ReportSection confusionPicture(const Evaluation &evaluation, const QStringList &labels)
{
    const MatrixChart chart = confusionChart(evaluation, labels);
    if (chart.values.isEmpty())
        return {};
    return {"Confusion",
            {},
            pictureOf({pictureWidth, 460}, chart),
            "Validation data. Share of each true class (row) that was predicted as each class "
            "(column)."};
}

ReportSection frequencyPicture(const std::vector<double> &shares, const QStringList &labels)
{
    const double height = frequencyRow * static_cast<double>(shares.size()) + 8;
    const double largest = shares.empty() ? 0 : *std::max_element(shares.begin(), shares.end());
    if (!(largest > 0))
        return {};
    const auto draw = [shares, labels, largest](QPainter &painter, const QRectF &rect) {
        painter.fillRect(rect, theme.surface);
        painter.setRenderHint(QPainter::Antialiasing);
        QFont font;
        font.setPixelSize(11);
        painter.setFont(font);
        double nameWidth = 0;
        for (const QString &label : labels)
            nameWidth = std::max(nameWidth, QFontMetricsF(font).horizontalAdvance(label));
        const double left = rect.left() + nameWidth + 16;
        const double room = rect.width() - nameWidth - 80;
        for (size_t i = 0; i < shares.size(); ++i) {
            const QRectF row(rect.left(), rect.top() + 4 + frequencyRow * static_cast<double>(i),
                             rect.width(), frequencyRow);
            painter.setPen(theme.text);
            painter.drawText(QRectF(row.left(), row.top(), nameWidth + 6, row.height()),
                             Qt::AlignRight | Qt::AlignVCenter, labels.value(static_cast<int>(i)));
            painter.setPen(Qt::NoPen);
            painter.setBrush(labelColor(static_cast<int>(i), theme));
            const QRectF bar(left, row.top() + 4, std::max(1.0, room * shares[i] / largest),
                             row.height() - 8);
            painter.drawRoundedRect(bar, 2, 2);
            painter.setPen(theme.mutedText);
            painter.drawText(QRectF(bar.right() + 5, row.top(), 60, row.height()),
                             Qt::AlignLeft | Qt::AlignVCenter,
                             QString::number(100 * shares[i], 'f', 1) + " %");
        }
    };
    return {"Label frequency",
            {},
            {{pictureWidth, height}, draw},
            "Share of the training samples that carry each label."};
}

} // namespace mrg
