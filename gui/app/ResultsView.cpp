// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/app/ResultsView.h"

#include "gui/plots/ClassBars.h"
#include "gui/plots/DecisionView.h"
#include "gui/plots/LossPlot.h"
#include "gui/plots/MetricsView.h"
#include "gui/plots/PairList.h"
#include "gui/plots/RatesPlot.h"
#include "gui/plots/matrix_charts.h"
#include "gui/session/TrainingController.h"
#include "gui/widgets/MatrixView.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QScrollArea>
#include <QSplitter>
#include <QTabWidget>
#include <QVBoxLayout>

namespace mrg {

namespace {
enum Source { Training, Validation };
constexpr int widestChoice = 190;
constexpr int evenly = 1000; ///< splitters share out what there is
// In characters.
constexpr int shortestChoice = 6;
constexpr int wholeChoice = 16;
} // namespace

ResultsView::ResultsView(TrainingController &controller, const Vocabulary &vocabulary,
                         const Theme &theme, QWidget *parent)
    : QStackedWidget(parent),
      m_controller(controller),
      m_loss(new LossPlot(controller, theme)),
      m_bars(new ClassBars(theme)),
      m_rates(new RatesPlot(controller, theme)),
      m_matrix(new MatrixView(theme)),
      m_pairs(new PairList(theme)),
      m_pairsPanel(new QSplitter),
      m_metrics(new MetricsView(vocabulary.metrics, theme)),
      m_decision(new DecisionView(theme)),
      m_source(new QComboBox),
      m_barsBar(new QHBoxLayout),
      m_barsPanel(barsPanel()),
      m_corner(new QWidget),
      m_first(new QSplitter),
      m_tabs(new QTabWidget),
      m_grid(new QSplitter(Qt::Vertical)),
      m_upper(new QSplitter),
      m_lower(new QSplitter)
{
    m_matrix->setHint(
            tr("Press Train: which label fails to lead which rival appears here, pair by pair."));
    m_tabs->setObjectName("results");
    m_grid->addWidget(m_upper);
    m_grid->addWidget(m_lower);
    m_source->setObjectName("marginSource");
    m_source->addItem(tr("Training, this epoch"));
    m_source->addItem(tr("Validation"));
    m_source->setToolTip(tr("Whose margins the bars and the pairs show: the samples trained on "
                            "since the epoch began, or "
                            "validation data as last evaluated"));
    m_source->setProperty("compact", true);
    auto *corner = new QHBoxLayout(m_corner);
    corner->setContentsMargins(0, 5, 10, 3);
    m_tabs->setCornerWidget(m_corner);
    m_pairsPanel->addWidget(m_matrix);
    m_pairsPanel->addWidget(m_pairs);
    m_pairsPanel->setSizes({500, 440});
    addWidget(m_tabs);
    addWidget(m_grid);
    setTogether(false);
    connect(m_bars, &ClassBars::classPicked, m_rates, &RatesPlot::pickClass);
    connect(m_source, &QComboBox::currentIndexChanged, this, &ResultsView::refresh);
    connect(&controller, &TrainingController::snapshotChanged, this, &ResultsView::refresh);
    connect(m_tabs, &QTabWidget::currentChanged, this, &ResultsView::refresh);
    connect(&controller, &TrainingController::runCleared, this, &ResultsView::beginRun);
}

QWidget *ResultsView::barsPanel()
{
    auto *measure = new QComboBox;
    measure->setObjectName("barsMeasure");
    measure->addItem(tr("Violation rate"), static_cast<int>(ClassBarsChart::Measure::Rate));
    measure->addItem(tr("Mean hinge"), static_cast<int>(ClassBarsChart::Measure::Hinge));
    measure->setToolTip(ClassBarsChart::definition());
    auto *order = new QComboBox;
    order->setObjectName("barsOrder");
    order->addItem(tr("Order of the data"), static_cast<int>(ClassBarsChart::Order::AsInData));
    order->addItem(tr("Worst first"), static_cast<int>(ClassBarsChart::Order::WorstFirst));
    for (QComboBox *choice : {m_source, measure, order}) {
        choice->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        choice->setMinimumContentsLength(shortestChoice);
        choice->setMaximumWidth(widestChoice);
    }
    connect(measure, &QComboBox::currentIndexChanged, this, [this, measure] {
        m_bars->setMeasure(static_cast<ClassBarsChart::Measure>(measure->currentData().toInt()));
    });
    connect(order, &QComboBox::currentIndexChanged, this, [this, order] {
        m_bars->setOrder(static_cast<ClassBarsChart::Order>(order->currentData().toInt()));
    });
    auto *scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(m_bars);
    m_barsBar->setContentsMargins(10, 6, 10, 0);
    m_barsBar->addWidget(measure, 1);
    m_barsBar->addWidget(order, 1);
    m_barsBar->addStretch();
    auto *out = new QWidget;
    auto *layout = new QVBoxLayout(out);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(2);
    layout->addLayout(m_barsBar);
    layout->addWidget(scroll, 1);
    return out;
}

void ResultsView::setTogether(bool together)
{
    if (together) {
        m_barsBar->insertWidget(0, m_source, 1);
        while (m_tabs->count() > 0)
            m_tabs->removeTab(0);
        for (QWidget *view : std::initializer_list<QWidget *>{m_loss, m_barsPanel, m_pairsPanel})
            m_upper->addWidget(view);
        for (QWidget *view : std::initializer_list<QWidget *>{m_rates, m_metrics, m_decision})
            m_lower->addWidget(view);
        m_upper->setSizes({evenly, evenly, evenly});
        m_lower->setSizes({evenly, evenly, evenly});
    } else {
        m_corner->layout()->addWidget(m_source);
        m_first->addWidget(m_loss);
        m_first->addWidget(m_barsPanel);
        m_first->setSizes({480, 440});
        m_tabs->addTab(m_first, tr("Loss and Violations"));
        m_tabs->addTab(m_rates, tr("Violations over Time"));
        m_tabs->addTab(m_pairsPanel, tr("Pairs"));
        m_tabs->addTab(m_metrics, tr("Metrics"));
        m_tabs->addTab(m_decision, tr("Decision"));
    }
    m_source->setMinimumContentsLength(together ? shortestChoice : wholeChoice);
    for (QWidget *view :
         std::initializer_list<QWidget *>{m_loss, m_barsPanel, m_pairsPanel, m_rates, m_metrics})
        view->setVisible(together || m_tabs->currentWidget()->isAncestorOf(view)
                         || m_tabs->currentWidget() == view);
    // Side by side there is no room for the list.
    m_pairs->setVisible(!together);
    setCurrentIndex(together ? 1 : 0);
    showDecision(m_plane);
    refresh();
}

void ResultsView::showDecision(bool shown)
{
    m_plane = shown;
    if (isTogether())
        m_decision->setVisible(shown);
    else
        m_tabs->setTabVisible(m_tabs->indexOf(m_decision), shown);
}

void ResultsView::setTheme(const Theme &theme)
{
    m_loss->setTheme(theme);
    m_bars->setTheme(theme);
    m_rates->setTheme(theme);
    m_matrix->setTheme(theme);
    m_pairs->setTheme(theme);
    m_metrics->setTheme(theme);
    m_decision->setTheme(theme);
    refresh();
}

void ResultsView::beginRun()
{
    const std::shared_ptr<const DataSplit> split = m_controller.runData();
    const bool plane = split && split->train->sampleShape() == mrg::Shape{2};
    showDecision(plane);
    m_decision->setDataset(plane ? split->train : nullptr);
    m_decision->setGrid(std::nullopt);
    m_bars->setStatistics({}, {});
    m_matrix->setChart({}, {}, {});
    m_pairs->setRowCount(0);
}

const MarginStatistics &ResultsView::shownMargins() const
{
    const Snapshot &now = m_controller.snapshot();
    return m_source->currentIndex() == Validation && now.validation ? now.validation->margins
                                                                    : now.trainMargins;
}

void ResultsView::refresh()
{
    const Snapshot &now = m_controller.snapshot();
    m_controller.watchDecision(m_decision->isVisible());
    m_metrics->setEvaluation(now.validation, m_controller.task());
    if (m_bars->isVisible())
        refreshBars();
    if (m_matrix->isVisible())
        refreshMatrix();
    if (now.decision)
        m_decision->setGrid(now.decision);
}

void ResultsView::refreshBars()
{
    if (shownMargins().classes > 0)
        m_bars->setStatistics(shownMargins(), m_controller.labelNames());
}

void ResultsView::refreshMatrix()
{
    const Snapshot &now = m_controller.snapshot();
    const QStringList labels = m_controller.labelNames();
    const bool confusion = m_controller.task() == Task::SingleLabel && now.validation
            && !confusionChart(*now.validation, labels).values.isEmpty();
    if (!isTogether())
        m_tabs->setTabText(m_tabs->indexOf(m_pairsPanel),
                           confusion ? tr("Confusion") : tr("Pairs"));
    if (confusion) {
        m_matrix->setChart(
                confusionChart(*now.validation, labels),
                [evaluation = *now.validation, labels](int row, int column) {
                    return confusionDetail(evaluation, labels, row, column);
                },
                confusionDefinition());
        m_pairs->setConfusion(*now.validation, labels);
    } else {
        m_matrix->setChart(
                pairsChart(shownMargins(), labels),
                [margins = shownMargins(), labels](int row, int column) {
                    return pairsDetail(margins, labels, row, column);
                },
                pairsDefinition());
        m_pairs->setMargins(shownMargins(), labels);
    }
}

} // namespace mrg

#include "moc_ResultsView.cpp"
