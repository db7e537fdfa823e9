// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/Vocabulary.h"
#include "gui/widgets/Theme.h"

#include <QTabWidget>

class QStackedWidget;

namespace mrg {

class ClassBars;
class DecisionView;
class LossPlot;
class MatrixView;
class MetricsView;
class RatesPlot;
class TrainingController;

/// What a run shows while it goes on: loss, margin violations per class and per pair (or the
/// confusion of classes), metrics, and the plane of 2-d inputs.
class ResultsView : public QTabWidget {
    Q_OBJECT
public:
    ResultsView(TrainingController &controller, const Vocabulary &vocabulary, const Theme &theme, QWidget *parent = nullptr);
    void setTheme(const Theme &theme);

private:
    void refresh();
    void refreshMatrix();

    TrainingController &m_controller;
    LossPlot *m_loss;
    ClassBars *m_bars;
    RatesPlot *m_rates;
    MatrixView *m_matrix;
    MetricsView *m_metrics;
    DecisionView *m_decision;
};

} // namespace mrg
