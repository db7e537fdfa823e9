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

QVector<double> tail(const QVector<double> &values, qsizetype from) { return values.mid(from); }
} // namespace

LossPlot::LossPlot(TrainingController &controller, const Theme &theme, QWidget *parent)
    : QWidget(parent), m_controller(controller), m_theme(theme), m_plot(new QCustomPlot),
      m_smoothing(new QSlider(Qt::Horizontal)), m_follow(new QToolButton), m_log(new QToolButton)
{
    m_plot->setObjectName("lossPlot");
    m_plot->setMinimumSize(260, 160);
    m_raw = m_plot->addGraph();
    m_smooth = m_plot->addGraph();
    m_epoch = m_plot->addGraph();
    m_validation = m_plot->addGraph();
    m_raw->setName(tr("each step"));
    m_smooth->setName(tr("smoothed"));
    m_epoch->setName(tr("epoch mean"));
    m_validation->setName(tr("validation"));
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
    m_follow->setToolTip(tr("Keep the whole curve in view; zooming or dragging holds the view still"));
    m_log->setText(tr("Log"));
    m_log->setObjectName("logButton");
    m_log->setCheckable(true);
    m_log->setToolTip(tr("Logarithmic loss axis"));
    m_smoothing->setRange(0, smoothingSteps - 1);
    m_smoothing->setValue(defaultSmoothing);
    m_smoothing->setFixedWidth(110);
    m_smoothing->setObjectName("smoothingSlider");
    m_smoothing->setToolTip(tr("Smoothing: mean = (w mean + (1 - w) value), divided by the weights so far; "
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
        m_raw->data()->clear();
        m_smooth->data()->clear();
        m_rawShown = 0;
        m_mean = m_weight = 0;
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
    m_raw->setPen(QPen(faint, 1));
    m_smooth->setPen(QPen(theme.trainCurve, 2));
    QPen dotted(theme.trainCurve, 1.5);
    dotted.setStyle(Qt::DotLine);
    m_epoch->setPen(dotted);
    m_validation->setPen(QPen(theme.validationCurve, 2));
    m_validation->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, theme.validationCurve, theme.validationCurve, 5));
    m_plot->replot(QCustomPlot::rpQueuedReplot);
}

void LossPlot::schedule()
{
    if (!m_timer.isActive() && isVisible())
        m_timer.start();
}

void LossPlot::clearRun()
{
    for (QCPGraph *graph : {m_raw, m_smooth, m_epoch, m_validation})
        graph->data()->clear();
    m_plot->clearItems();
    m_rawShown = m_epochShown = m_validationShown = m_eventsShown = 0;
    m_mean = m_weight = 0;
    m_follow->setChecked(true);
    m_plot->replot(QCustomPlot::rpQueuedReplot);
}

void LossPlot::addEvents()
{
    const QVector<RunEvent> &events = m_controller.events();
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
        text->position->setCoords(event.epoch, 0.02 + 0.07 * static_cast<double>(m_eventsShown % 4));
        text->setPositionAlignment(Qt::AlignLeft | Qt::AlignTop);
        text->setText(" " + event.text);
        text->setColor(m_theme.warning);
        QFont font = m_plot->font();
        font.setPixelSize(11);
        text->setFont(font);
    }
}

void LossPlot::refresh()
{
    const Series &raw = m_controller.series("train/loss");
    const double keep = static_cast<double>(m_smoothing->value()) / smoothingSteps;
    if (m_rawShown < raw.values.size()) {
        QVector<double> smooth;
        for (qsizetype i = m_rawShown; i < raw.values.size(); ++i) {
            if (std::isfinite(raw.values[i])) {
                m_mean = keep * m_mean + (1 - keep) * raw.values[i];
                m_weight = keep * m_weight + (1 - keep);
            }
            smooth.append(m_weight > 0 ? m_mean / m_weight : raw.values[i]);
        }
        const QVector<double> x = tail(raw.epochs, m_rawShown);
        m_raw->addData(x, tail(raw.values, m_rawShown), true);
        m_smooth->addData(x, smooth, true);
        m_rawShown = raw.values.size();
    }
    const auto extend = [this](QCPGraph *graph, const char *name, qsizetype &shown) {
        const Series &series = m_controller.series(name);
        graph->addData(tail(series.epochs, shown), tail(series.values, shown), true);
        shown = series.values.size();
    };
    extend(m_epoch, "train/epoch_loss", m_epochShown);
    extend(m_validation, "validation/loss", m_validationShown);
    addEvents();
    if (m_follow->isChecked() && m_rawShown > 0) {
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
