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

namespace mrg {

namespace {
constexpr int redrawIntervalMs = 80;
/// More names than these would hide the curves; they are told on hovering.
constexpr qsizetype namedCurves = 12;
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
    const QStringList labels = m_controller.labelNames();
    for (const QString &label : labels) {
        QCPGraph *graph = m_plot->addGraph();
        graph->setName(label);
        m_graphs.append(SeriesGraph(graph));
    }
    m_plot->legend->setVisible(!labels.isEmpty() && labels.size() <= namedCurves);
    paintCurves();
    refresh();
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
    m_plot->replot(QCustomPlot::rpQueuedReplot);
}

} // namespace mrg
