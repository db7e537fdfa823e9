// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/plots/LossPlot.h"

#include "gui/session/TrainingController.h"
#include "gui/widgets/PlotStyle.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QSlider>
#include <QToolButton>
#include <QVBoxLayout>
#include <qcustomplot.h>

#include <cmath>

namespace mrg {

namespace {
/// Redrawing costs the trainer's core: 25 times a second is smooth enough.
constexpr int redrawIntervalMs = 40;
constexpr int smoothingSteps = 100;
constexpr int defaultSmoothing = 90;
/// Older marks go when there are more: nobody could read them.
constexpr qsizetype shownEvents = 60;
constexpr int itemsAnEvent = 2;
} // namespace

LossPlot::LossPlot(TrainingController &controller, const Theme &theme, QWidget *parent)
    : QWidget(parent),
      m_controller(controller),
      m_theme(theme),
      m_plot(new QCustomPlot),
      m_smoothing(new QSlider(Qt::Horizontal)),
      m_follow(new QToolButton),
      m_log(new QToolButton)
{
    m_plot->setObjectName("lossPlot");
    m_plot->setAccessibleName(tr("Loss"));
    m_plot->setMinimumSize(260, 160);
    for (const auto &[graph, name] :
         {std::pair(&m_raw, tr("each step")), std::pair(&m_smooth, tr("smoothed")),
          std::pair(&m_epoch, tr("epoch mean")), std::pair(&m_validation, tr("validation"))}) {
        *graph = SeriesGraph(m_plot->addGraph());
        graph->graph()->setName(name);
    }
    m_plot->legend->setVisible(true);
    m_plot->axisRect()->insetLayout()->setInsetAlignment(0, Qt::AlignTop | Qt::AlignRight);
    m_plot->xAxis->setLabel(tr("epoch"));
    m_plot->yAxis->setLabel(tr("loss"));
    m_plot->setInteractions(QCP::iRangeDrag | QCP::iRangeZoom);
    m_plot->axisRect()->setMargins({});

    m_follow->setText(tr("Follow"));
    m_follow->setObjectName("followButton");
    m_follow->setCheckable(true);
    m_follow->setChecked(true);
    m_follow->setToolTip(
            tr("Keep the whole curve in view; zooming or dragging holds the view still"));
    m_log->setText(tr("Log"));
    m_log->setObjectName("logButton");
    m_log->setCheckable(true);
    m_log->setToolTip(tr("Logarithmic loss axis"));
    m_smoothing->setRange(0, smoothingSteps - 1);
    m_smoothing->setValue(defaultSmoothing);
    m_smoothing->setFixedWidth(110);
    m_smoothing->setObjectName("smoothingSlider");
    m_smoothing->setToolTip(
            tr("Smoothing: mean = (w mean + (1 - w) value), divided by the weights so far; "
               "the raw values stay visible"));

    auto *bar = new QHBoxLayout;
    bar->setContentsMargins(10, 6, 10, 0);
    auto *label = new QLabel(tr("Smoothing"));
    label->setProperty("role", "muted");
    bar->addWidget(label);
    bar->addWidget(m_smoothing);
    bar->addStretch();
    bar->addWidget(m_log);
    bar->addWidget(m_follow);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(2);
    layout->addLayout(bar);
    layout->addWidget(m_plot, 1);

    m_timer.setSingleShot(true);
    m_timer.setInterval(redrawIntervalMs);
    connect(&m_timer, &QTimer::timeout, this, &LossPlot::refresh);
    connect(&controller, &TrainingController::pointsAdded, this, &LossPlot::schedule);
    connect(&controller, &TrainingController::eventAdded, this, &LossPlot::schedule);
    connect(&controller, &TrainingController::runCleared, this, &LossPlot::clearRun);
    connect(m_smoothing, &QSlider::valueChanged, this, [this] {
        m_smooth.clear();
        refresh();
    });
    connect(m_log, &QToolButton::toggled, this, [this](bool on) {
        m_plot->yAxis->setScaleType(on ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
        m_plot->yAxis->setTicker(on ? QSharedPointer<QCPAxisTicker>(new QCPAxisTickerLog)
                                    : QSharedPointer<QCPAxisTicker>(new QCPAxisTicker));
        refresh();
    });
    connect(m_follow, &QToolButton::toggled, this, &LossPlot::refresh);
    const auto hold = [this] { m_follow->setChecked(false); };
    connect(m_plot, &QCustomPlot::mouseWheel, this, hold);
    connect(m_plot, &QCustomPlot::mouseMove, this, [hold](QMouseEvent *event) {
        if (event->buttons() & Qt::LeftButton)
            hold();
    });
    setTheme(theme);
}

void LossPlot::setTheme(const Theme &theme)
{
    m_theme = theme;
    stylePlot(*m_plot, theme);
    QColor faint = theme.trainCurve;
    faint.setAlpha(70);
    m_raw.graph()->setPen(QPen(faint, 1));
    m_smooth.graph()->setPen(QPen(theme.trainCurve, 2));
    QPen dotted(theme.trainCurve, 1.5);
    dotted.setStyle(Qt::DotLine);
    m_epoch.graph()->setPen(dotted);
    m_validation.graph()->setPen(QPen(theme.validationCurve, 2));
    m_validation.graph()->setScatterStyle(QCPScatterStyle(
            QCPScatterStyle::ssDisc, theme.validationCurve, theme.validationCurve, 5));
    m_plot->replot(QCustomPlot::rpQueuedReplot);
}

void LossPlot::schedule()
{
    if (!m_timer.isActive() && isVisible())
        m_timer.start();
}

void LossPlot::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    refresh();
}

void LossPlot::clearRun()
{
    for (SeriesGraph *graph : {&m_raw, &m_smooth, &m_epoch, &m_validation})
        graph->clear();
    m_plot->clearItems();
    m_eventsShown = 0;
    m_follow->setChecked(true);
    m_plot->replot(QCustomPlot::rpQueuedReplot);
}

void LossPlot::addEvents()
{
    const QVector<RunEvent> &events = m_controller.events();
    m_eventsShown = std::max(m_eventsShown, events.size() - shownEvents);
    for (; m_eventsShown < events.size(); ++m_eventsShown) {
        const RunEvent &event = events[m_eventsShown];
        auto *line = new QCPItemStraightLine(m_plot);
        line->point1->setCoords(event.epoch, 0);
        line->point2->setCoords(event.epoch, 1);
        QPen pen(m_theme.warning);
        pen.setStyle(Qt::DashLine);
        line->setPen(pen);
        auto *text = new QCPItemText(m_plot);
        text->position->setTypeX(QCPItemPosition::ptPlotCoords);
        text->position->setTypeY(QCPItemPosition::ptAxisRectRatio);
        text->position->setCoords(event.epoch,
                                  0.02 + 0.07 * static_cast<double>(m_eventsShown % 4));
        text->setPositionAlignment(Qt::AlignLeft | Qt::AlignTop);
        text->setText(" " + event.text);
        text->setColor(m_theme.warning);
        QFont font = m_plot->font();
        font.setPixelSize(11);
        text->setFont(font);
    }
    while (m_plot->itemCount() > itemsAnEvent * shownEvents)
        m_plot->removeItem(0);
}

void LossPlot::refresh()
{
    const Series &raw = m_controller.series("train/loss");
    m_raw.follow(raw);
    m_smooth.followSmoothed(raw, static_cast<double>(m_smoothing->value()) / smoothingSteps);
    m_epoch.follow(m_controller.series("train/epoch_loss"));
    m_validation.follow(m_controller.series("validation/loss"));
    addEvents();
    if (m_follow->isChecked() && !raw.isEmpty()) {
        m_plot->rescaleAxes();
        if (m_plot->yAxis->scaleType() == QCPAxis::stLinear) {
            m_plot->yAxis->scaleRange(1.08);
            m_plot->yAxis->setRangeLower(std::min(0.0, m_plot->yAxis->range().lower));
        }
        m_plot->xAxis->setRangeLower(0);
        m_plot->xAxis->setRangeUpper(std::max(m_plot->xAxis->range().upper, 0.05));
    }
    m_plot->replot(QCustomPlot::rpQueuedReplot);
}

} // namespace mrg

#include "moc_LossPlot.cpp"
