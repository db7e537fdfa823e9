// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/plots/RatesPlot.h"

#include "gui/session/TrainingController.h"
#include "gui/widgets/PlotStyle.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QToolTip>
#include <QVBoxLayout>
#include <qcustomplot.h>

#include <algorithm>
#include <cmath>

namespace mrg {

namespace {
constexpr int redrawIntervalMs = 80;
/// More names than these in a legend would hide the curves; they stand at the curves' ends, and are
/// told on hovering.
constexpr qsizetype namedCurves = 12;
constexpr int endNameWidth = 150;
constexpr double endNameGap = 6;
} // namespace

RatesPlot::RatesPlot(TrainingController &controller, const Theme &theme, QWidget *parent)
    : QWidget(parent),
      m_controller(controller),
      m_theme(theme),
      m_plot(new QCustomPlot),
      m_measure(new QComboBox),
      m_pickedName(new QLabel)
{
    m_plot->setObjectName("ratesPlot");
    m_plot->setMinimumSize(260, 160);
    m_plot->xAxis->setLabel(tr("epoch"));
    m_plot->setInteractions(QCP::iRangeDrag | QCP::iRangeZoom);
    m_measure->setObjectName("rateMeasure");
    const auto offer = [this](const QString &name, const char *series, const QString &definition) {
        m_measure->addItem(name, series);
        m_measure->setItemData(m_measure->count() - 1, "<p>" + definition + "</p>",
                               Qt::ToolTipRole);
    };
    offer(tr("Missed labels"), "train/miss_rate/",
          tr("Of all pairs of a label and a rival with this class as the label, the share in which "
             "it does not lead by the "
             "margin. Training data, epoch by epoch."));
    offer(tr("Intruding rivals"), "train/intrusion_rate/",
          tr("Of all pairs of a label and a rival with this class as the rival, the share in which "
             "it comes closer than the "
             "margin. Training data, epoch by epoch."));
    offer(tr("Mean hinge as a label"), "train/hinge/",
          tr("The sum of margin minus lead over this label's violated pairs, divided by samples "
             "and classes; over all classes "
             "it adds up to the mean loss. Training data, epoch by epoch."));
    m_plot->setAccessibleName(tr("Violations over time"));
    auto *bar = new QHBoxLayout;
    bar->setContentsMargins(10, 6, 10, 0);
    bar->addWidget(m_measure);
    bar->addWidget(m_pickedName);
    bar->addStretch();
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(2);
    layout->addLayout(bar);
    layout->addWidget(m_plot, 1);
    m_timer.setSingleShot(true);
    m_timer.setInterval(redrawIntervalMs);
    connect(&m_timer, &QTimer::timeout, this, &RatesPlot::refresh);
    connect(&controller, &TrainingController::pointsAdded, this, [this] {
        if (!m_timer.isActive() && isVisible())
            m_timer.start();
    });
    connect(&controller, &TrainingController::runCleared, this, &RatesPlot::rebuild);
    connect(m_measure, &QComboBox::currentIndexChanged, this, &RatesPlot::rebuild);
    connect(m_plot, &QCustomPlot::mouseMove, this, [this](QMouseEvent *event) {
        const auto *graph = qobject_cast<QCPGraph *>(m_plot->plottableAt(event->position()));
        if (graph)
            QToolTip::showText(event->globalPosition().toPoint(), graph->name(), m_plot);
    });
    setTheme(theme);
}

void RatesPlot::setTheme(const Theme &theme)
{
    m_theme = theme;
    stylePlot(*m_plot, theme);
    paintCurves();
}

void RatesPlot::pickClass(int label)
{
    m_picked = m_picked == label ? -1 : label;
    paintCurves();
}

void RatesPlot::paintCurves()
{
    const QStringList labels = m_controller.labelNames();
    m_pickedName->setText(m_picked < 0 ? QString()
                                       : QString("<span style=\"color:%1\">●</span> %2")
                                                 .arg(labelColor(m_picked, m_theme).name(),
                                                      labels.value(m_picked).toHtmlEscaped()));
    m_measure->setToolTip(m_measure->currentData(Qt::ToolTipRole).toString());
    for (int c = 0; c < m_graphs.size(); ++c) {
        QColor color = labelColor(c, m_theme);
        const bool stepBack = m_picked >= 0 && m_picked != c;
        color.setAlpha(stepBack ? 50 : 255);
        m_graphs[c].graph()->setPen(QPen(color, m_picked == c ? 2.5 : 1.3));
        m_graphs[c].graph()->setLayer(m_picked == c ? "axes" : "main");
    }
    nameEnds();
    m_plot->replot(QCustomPlot::rpQueuedReplot);
}

void RatesPlot::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    refresh();
}

void RatesPlot::rebuild()
{
    m_plot->clearGraphs();
    m_graphs.clear();
    m_plot->clearItems();
    m_names.clear();
    const QStringList labels = m_controller.labelNames();
    for (const QString &label : labels) {
        QCPGraph *graph = m_plot->addGraph();
        graph->setName(label);
        m_graphs.append(SeriesGraph(graph));
    }
    const bool atEnds = labels.size() > namedCurves;
    QMargins margins = m_plot->axisRect()->minimumMargins();
    margins.setRight(atEnds ? endNameWidth : margins.left());
    m_plot->axisRect()->setMinimumMargins(margins);
    for (qsizetype c = 0; atEnds && c < labels.size(); ++c) {
        auto *name = new QCPItemText(m_plot);
        name->setClipToAxisRect(false);
        name->setPositionAlignment(Qt::AlignLeft | Qt::AlignVCenter);
        name->position->setTypeX(QCPItemPosition::ptAxisRectRatio);
        name->position->setTypeY(QCPItemPosition::ptPlotCoords);
        m_names.append(name);
    }
    m_plot->legend->setVisible(!labels.isEmpty() && labels.size() <= namedCurves);
    paintCurves();
    refresh();
}

void RatesPlot::nameEnds()
{
    const double ratio = 1 + endNameGap / std::max(1, m_plot->axisRect()->width());
    std::vector<std::pair<double, int>> ends;
    for (int c = 0; c < m_names.size(); ++c) {
        const QSharedPointer<QCPGraphDataContainer> points = m_graphs[c].graph()->data();
        m_names[c]->setVisible(false);
        if (!points->isEmpty())
            ends.emplace_back((points->constEnd() - 1)->value, c);
    }
    // The picked one has its place first.
    std::sort(ends.begin(), ends.end(), [this](const auto &a, const auto &b) {
        if ((a.second == m_picked) != (b.second == m_picked))
            return a.second == m_picked;
        return a.first > b.first;
    });
    const int height = m_plot->fontMetrics().height();
    std::vector<double> taken;
    for (const auto &[value, c] : ends) {
        const double y = m_plot->yAxis->coordToPixel(value);
        const bool free = std::none_of(taken.begin(), taken.end(),
                                       [&](double other) { return std::abs(other - y) < height; });
        if (!free)
            continue;
        taken.push_back(y);
        QCPItemText *name = m_names[c];
        name->setVisible(true);
        name->setText(m_plot->fontMetrics().elidedText(m_graphs[c].graph()->name(), Qt::ElideRight,
                                                       endNameWidth - 2 * int(endNameGap)));
        name->setColor(labelColor(c, m_theme));
        name->setFont(m_plot->font());
        name->position->setCoords(ratio, value);
    }
}

void RatesPlot::refresh()
{
    if (m_graphs.size() != m_controller.labelNames().size())
        return rebuild();
    const QString prefix = m_measure->currentData().toString();
    for (int c = 0; c < m_graphs.size(); ++c)
        m_graphs[c].follow(m_controller.series(prefix + QString::number(c)));
    m_plot->rescaleAxes();
    m_plot->yAxis->setRangeLower(0);
    m_plot->yAxis->scaleRange(1.05, 0);
    m_plot->xAxis->setRangeLower(0);
    nameEnds();
    m_plot->replot(QCustomPlot::rpQueuedReplot);
}

} // namespace mrg

#include "moc_RatesPlot.cpp"
