// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/plots/MetricsView.h"

#include <QHeaderView>
#include <QLabel>
#include <QTableWidget>
#include <QVBoxLayout>

#include <cmath>

namespace mrg {

namespace {
constexpr int columns = 4;
}

MetricsView::MetricsView(const std::vector<MetricSpec> &specs, const Theme &theme, QWidget *parent)
    : QWidget(parent),
      m_theme(theme),
      m_specs(specs),
      m_table(new QTableWidget(0, columns)),
      m_rule(new QLabel)
{
    m_table->setObjectName("metricsTable");
    m_table->setHorizontalHeaderLabels(
            {tr("Metric"), QString(), tr("Validation"), tr("Since last time")});
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setDefaultSectionSize(28);
    m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_table->setSelectionMode(QAbstractItemView::NoSelection);
    m_table->setFocusPolicy(Qt::NoFocus);
    m_table->setShowGrid(false);
    for (int column = 0; column < columns; ++column) {
        m_table->horizontalHeader()->setSectionResizeMode(
                column, column == 0 ? QHeaderView::Stretch : QHeaderView::ResizeToContents);
        m_table->horizontalHeaderItem(column)->setTextAlignment(
                (column > 1 ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    }
    m_rule->setProperty("role", "muted");
    m_rule->setWordWrap(true);
    m_rule->setContentsMargins(10, 4, 10, 8);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_table, 1);
    layout->addWidget(m_rule);
    m_rule->setText(tr("Metrics appear after the first epoch."));
}

void MetricsView::setEvaluation(const std::optional<Evaluation> &evaluation, Task task)
{
    if (!evaluation) {
        m_table->setRowCount(0);
        m_before.reset();
        m_current.reset();
        m_step = -1;
        m_rule->setText(tr("Metrics appear after the first epoch."));
        return;
    }
    if (evaluation->step == m_step)
        return;
    m_step = evaluation->step;
    m_before = std::move(m_current);
    m_current = evaluation;
    m_task = task;
    fill();
}

void MetricsView::setTheme(const Theme &theme)
{
    m_theme = theme;
    if (m_current)
        fill();
}

void MetricsView::fill()
{
    const Evaluation &evaluation = *m_current;
    struct Row {
        QString title;
        QString definition;
        double value;
        double before;
        bool higherIsBetter;
    };
    const auto valueIn = [](const std::optional<Evaluation> &from, const std::string &name) {
        if (from) {
            for (const auto &[known, value] : from->metrics) {
                if (known == name)
                    return value;
            }
        }
        return std::nan("");
    };
    QVector<Row> rows{{tr("Loss"), tr("The loss itself on validation data, in evaluation mode."),
                       evaluation.loss, m_before ? m_before->loss : std::nan(""), false}};
    for (const MetricSpec &spec : m_specs) {
        if (spec.task == m_task)
            rows.append({QString::fromStdString(spec.title),
                         QString::fromStdString(spec.definition), valueIn(m_current, spec.name),
                         valueIn(m_before, spec.name), spec.higherIsBetter});
    }
    m_table->setRowCount(static_cast<int>(rows.size()));
    for (int i = 0; i < rows.size(); ++i) {
        const Row &row = rows[i];
        const double change = row.value - row.before;
        const bool changed = std::isfinite(change) && std::abs(change) > 5e-5;
        const bool better = (change > 0) == row.higherIsBetter;
        const QString changeText = changed
                ? (change > 0 ? "+" : "−") + QString::number(std::abs(change), 'f', 4)
                        + (better ? tr("  better") : tr("  worse"))
                : QString();
        const QStringList texts{row.title,
                                row.higherIsBetter ? tr("higher is better") : tr("lower is better"),
                                QString::number(row.value, 'f', 4), changeText};
        for (int column = 0; column < texts.size(); ++column) {
            QTableWidgetItem *item = m_table->item(i, column);
            if (!item) {
                item = new QTableWidgetItem;
                item->setTextAlignment((column > 1 ? Qt::AlignRight : Qt::AlignLeft)
                                       | Qt::AlignVCenter);
                m_table->setItem(i, column, item);
            }
            item->setText(texts[column]);
            const QColor plain = column == 1 ? m_theme.mutedText : m_theme.text;
            item->setForeground(column == 3 && changed ? better ? m_theme.success : m_theme.error
                                                       : plain);
            item->setToolTip(
                    "<p>" + row.definition.toHtmlEscaped() + "</p><p>"
                    + (row.higherIsBetter ? tr("Higher is better.") : tr("Lower is better."))
                    + "</p>");
        }
    }
    m_rule->setText(evaluation.thresholdRule.empty()
                            ? tr("%1 samples").arg(evaluation.samples)
                            : tr("%1 samples; for F1, Hamming and subset accuracy yes means %2.")
                                      .arg(evaluation.samples)
                                      .arg(QString::fromStdString(evaluation.thresholdRule)));
}

} // namespace mrg

#include "moc_MetricsView.cpp"
