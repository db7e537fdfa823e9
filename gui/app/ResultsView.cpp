// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/app/ResultsView.h"

#include "engine/metrics/margin_views.h"
#include "gui/plots/ClassBars.h"
#include "gui/plots/DecisionView.h"
#include "gui/plots/LossPlot.h"
#include "gui/plots/MetricsView.h"
#include "gui/plots/RatesPlot.h"
#include "gui/session/TrainingController.h"
#include "gui/widgets/MatrixView.h"

#include <QScrollArea>
#include <QSplitter>

#include <cmath>

namespace mrg {

ResultsView::ResultsView(TrainingController &controller, const Vocabulary &vocabulary, const Theme &theme, QWidget *parent)
    : QTabWidget(parent), m_controller(controller), m_loss(new LossPlot(controller, theme)), m_bars(new ClassBars(theme)),
      m_rates(new RatesPlot(controller, theme)), m_matrix(new MatrixView(theme)), m_metrics(new MetricsView(vocabulary.metrics)),
      m_decision(new DecisionView(theme))
{
    setObjectName("results");
    setDocumentMode(true);
    auto *scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setWidget(m_bars);
    auto *first = new QSplitter;
    first->addWidget(m_loss);
    first->addWidget(scroll);
    first->setStretchFactor(0, 3);
    first->setStretchFactor(1, 2);
    addTab(first, tr("Loss and Violations"));
    addTab(m_rates, tr("Violations over Time"));
    addTab(m_matrix, tr("Pairs"));
    addTab(m_metrics, tr("Metrics"));
    addTab(m_decision, tr("Decision"));
    connect(m_bars, &ClassBars::classPicked, m_rates, &RatesPlot::pickClass);
    connect(&controller, &TrainingController::snapshotChanged, this, &ResultsView::refresh);
    connect(this, &QTabWidget::currentChanged, this, &ResultsView::refresh);
    connect(&controller, &TrainingController::runCleared, this, [this] {
        const std::shared_ptr<const DataSplit> split = m_controller.runData();
        const bool plane = split && split->train->sampleShape() == Shape{2};
        setTabVisible(indexOf(m_decision), plane);
        m_decision->setDataset(plane ? split->train : nullptr);
        m_decision->setGrid(std::nullopt);
    });
    setTabVisible(indexOf(m_decision), false);
}

void ResultsView::setTheme(const Theme &theme)
{
    m_loss->setTheme(theme);
    m_bars->setTheme(theme);
    m_rates->setTheme(theme);
    m_matrix->setTheme(theme);
    m_decision->setTheme(theme);
}

void ResultsView::refresh()
{
    const Snapshot &now = m_controller.snapshot();
    m_controller.watchDecision(currentWidget() == m_decision);
    m_metrics->setEvaluation(now.validation, m_controller.task());
    if (now.trainMargins.classes > 0)
        m_bars->setStatistics(now.trainMargins, m_controller.labelNames());
    if (currentWidget() == m_matrix)
        refreshMatrix();
    if (now.decision)
        m_decision->setGrid(now.decision);
}

void ResultsView::refreshMatrix()
{
    const Snapshot &now = m_controller.snapshot();
    const QStringList labels = m_controller.labelNames();
    const auto count = labels.size();
    QVector<double> values;
    if (m_controller.task() == Task::SingleLabel && now.validation
        && static_cast<qsizetype>(now.validation->confusion.size()) == count * count) {
        for (qsizetype row = 0; row < count; ++row) {
            double total = 0;
            for (qsizetype column = 0; column < count; ++column)
                total += static_cast<double>(now.validation->confusion[static_cast<size_t>(row * count + column)]);
            for (qsizetype column = 0; column < count; ++column)
                values.append(total > 0 ? static_cast<double>(now.validation->confusion[static_cast<size_t>(row * count + column)]) / total
                                        : std::nan(""));
        }
        setTabText(indexOf(m_matrix), tr("Confusion"));
        m_matrix->setMatrix(values, labels, tr("truth"), tr("prediction"));
    } else if (now.trainMargins.classes == count && count > 0) {
        for (qsizetype label = 0; label < count; ++label) {
            for (qsizetype rival = 0; rival < count; ++rival)
                values.append(pairRate(now.trainMargins, label, rival));
        }
        setTabText(indexOf(m_matrix), tr("Pairs"));
        m_matrix->setMatrix(values, labels, tr("label"), tr("rival"));
    }
}

} // namespace mrg
