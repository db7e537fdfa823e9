// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gui/plots/SeriesGraph.h"
#include "gui/widgets/Theme.h"

#include <QTimer>
#include <QWidget>

class QCustomPlot;
class QCheckBox;
class QSlider;
class QToolButton;

namespace mrg {

class TrainingController;

/// The loss as it falls: every step (faint), smoothed, per epoch and on validation data, with a
/// flag wherever a setting was changed by hand. Wheel and drag zoom and pan; "Follow" shows all.
///
/// Smoothing is a debiased exponential mean of the raw values, which stay visible behind it.
/// Hidden, it draws nothing and catches up when shown.
class LossPlot : public QWidget {
    Q_OBJECT
public:
    LossPlot(TrainingController &controller, const Theme &theme, QWidget *parent = nullptr);
    void setTheme(const Theme &theme);
    QCustomPlot *plot() const { return m_plot; }
    /// Draws now what is due; for pictures and tests.
    void refresh();

protected:
    void showEvent(QShowEvent *event) override;

private:
    void schedule();
    void addEvents();
    void clearRun();

    TrainingController &m_controller;
    Theme m_theme;
    QCustomPlot *m_plot;
    SeriesGraph m_raw;
    SeriesGraph m_smooth;
    SeriesGraph m_epoch;
    SeriesGraph m_validation;
    QSlider *m_smoothing;
    QToolButton *m_follow;
    QToolButton *m_log;
    QTimer m_timer;
    qsizetype m_eventsShown = 0;
};

} // namespace mrg
