// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/Vocabulary.h"
#include "engine/training/Snapshot.h"
#include "gui/widgets/Theme.h"

#include <QStackedWidget>

class QComboBox;
class QHBoxLayout;
class QSplitter;
class QTabWidget;

namespace mrg {

class ClassBars;
class DecisionView;
class LossPlot;
class MatrixView;
class MetricsView;
class PairList;
class RatesPlot;
class TrainingController;

/// What a run shows while it goes on: loss, margin violations per class and per pair (or the
/// confusion of classes), metrics, and the plane of 2-d inputs. In tabs, or all at once.
class ResultsView : public QStackedWidget {
    Q_OBJECT
public:
    ResultsView(TrainingController &controller, const Vocabulary &vocabulary, const Theme &theme,
                QWidget *parent = nullptr);
    void setTheme(const Theme &theme);
    /// All views side by side instead of in tabs.
    void setTogether(bool together);
    bool isTogether() const { return currentIndex() == 1; }
    QTabWidget *tabs() const { return m_tabs; }
    LossPlot *lossPlot() const { return m_loss; }

private:
    QWidget *barsPanel();
    void beginRun();
    void refresh();
    void refreshBars();
    void refreshMatrix();
    /// The margins chosen to be shown: of training as it goes on, or of the last validation.
    const MarginStatistics &shownMargins() const;
    void showDecision(bool shown);

    TrainingController &m_controller;
    LossPlot *m_loss;
    ClassBars *m_bars;
    RatesPlot *m_rates;
    MatrixView *m_matrix;
    PairList *m_pairs;
    QSplitter *m_pairsPanel; ///< matrix and list
    MetricsView *m_metrics;
    DecisionView *m_decision;
    QComboBox *m_source; ///< whose margins
    QHBoxLayout *m_barsBar;
    QWidget *m_barsPanel;
    QWidget *m_corner; ///< keeps the source beside the tabs
    QSplitter *m_first; ///< the first tab: loss and bars
    QTabWidget *m_tabs;
    QSplitter *m_grid;
    QSplitter *m_upper;
    QSplitter *m_lower;
    bool m_plane = false; ///< inputs are points of a plane
};

} // namespace mrg
