// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/plots/matrix_charts.h"

#include "engine/metrics/margin_views.h"

#include <QCoreApplication>

#include <cmath>

namespace mrg {

namespace {
QString tr(const char *text) { return QCoreApplication::translate("MatrixCharts", text); }

bool hasConfusion(const Evaluation &evaluation, qsizetype count)
{
    return count > 0 && static_cast<qsizetype>(evaluation.confusion.size()) == count * count;
}

int64_t confused(const Evaluation &evaluation, qsizetype count, qsizetype row, qsizetype column)
{
    return evaluation.confusion[static_cast<size_t>(row * count + column)];
}

int64_t rowTotal(const Evaluation &evaluation, qsizetype count, qsizetype row)
{
    int64_t total = 0;
    for (qsizetype column = 0; column < count; ++column)
        total += confused(evaluation, count, row, column);
    return total;
}
} // namespace

MatrixChart confusionChart(const Evaluation &evaluation, const QStringList &labels)
{
    MatrixChart chart{{}, labels, tr("truth"), tr("prediction"), tr("share of the class")};
    const qsizetype count = labels.size();
    if (!hasConfusion(evaluation, count))
        return {};
    for (qsizetype row = 0; row < count; ++row) {
        const auto total = static_cast<double>(rowTotal(evaluation, count, row));
        for (qsizetype column = 0; column < count; ++column)
            chart.values.append(
                    total > 0
                            ? static_cast<double>(confused(evaluation, count, row, column)) / total
                            : std::nan(""));
    }
    return chart;
}

QString confusionDetail(const Evaluation &evaluation, const QStringList &labels, int row,
                        int column)
{
    if (!hasConfusion(evaluation, labels.size()))
        return {};
    return tr("<b>%1</b> taken for <b>%2</b><br>%3 of %4 samples")
            .arg(labels[row].toHtmlEscaped(), labels[column].toHtmlEscaped())
            .arg(confused(evaluation, labels.size(), row, column))
            .arg(rowTotal(evaluation, labels.size(), row));
}

MatrixChart pairsChart(const MarginStatistics &margins, const QStringList &labels)
{
    MatrixChart chart{{}, labels, tr("label"), tr("rival"), tr("violated pairs")};
    if (margins.classes != labels.size() || !margins.hasPairs())
        return {};
    for (int64_t label = 0; label < margins.classes; ++label) {
        for (int64_t rival = 0; rival < margins.classes; ++rival)
            chart.values.append(pairRate(margins, label, rival));
    }
    return chart;
}

QString pairsDetail(const MarginStatistics &margins, const QStringList &labels, int row, int column)
{
    if (margins.classes != labels.size() || !margins.hasPairs())
        return {};
    const auto cell = static_cast<size_t>(row * margins.classes + column);
    const QString names = QString("<b>%1</b> → <b>%2</b><br>")
                                  .arg(labels[row].toHtmlEscaped(), labels[column].toHtmlEscaped());
    if (margins.pairs[cell] == 0)
        return names
                + (row == column ? tr("A label has no margin to itself.")
                                 : tr("This pair never occurred."));
    const int64_t violations = margins.violations[cell];
    const double severity = violations ? margins.hinges[cell] / static_cast<double>(violations) : 0;
    return names
            + tr("%1 of %2 pairs violated (%3 %)<br>mean hinge of a violated pair %4")
                      .arg(violations)
                      .arg(margins.pairs[cell])
                      .arg(100.0 * pairRate(margins, row, column), 0, 'f', 1)
                      .arg(severity, 0, 'g', 3);
}

QString confusionDefinition()
{
    return tr("<p>Row: the true class. Column: the class with the highest score. Colour: the share "
              "of the row's samples.</p>");
}

QString pairsDefinition()
{
    return tr("<p>Row: a label that holds. Column: a rival that does not. Colour: V / P, the share "
              "of such pairs in which the "
              "label's score does not lead the rival's by the margin. Blank: the pair never "
              "occurred.</p>");
}

} // namespace mrg
