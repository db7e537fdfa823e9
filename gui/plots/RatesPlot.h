// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gui/plots/SeriesGraph.h"
#include "gui/widgets/Theme.h"

#include <QTimer>
#include <QVector>
#include <QWidget>

class QComboBox;
class QCPItemText;
class QCustomPlot;
class QLabel;

namespace mrg {

class TrainingController;

/// One curve a class over the epochs: miss rate, intrusion rate or mean hinge, each in its label's
/// colour. A picked class stands out, the others step back. Hidden, it draws nothing and catches up
/// when shown.
class RatesPlot : public QWidget {
    Q_OBJECT
public:
    RatesPlot(TrainingController &controller, const Theme &theme, QWidget *parent = nullptr);
    void setTheme(const Theme &theme);
    void pickClass(int label);
    void refresh();

protected:
    void showEvent(QShowEvent *event) override;

private:
    void rebuild();
    void paintCurves();
    /// Writes names at the right ends of the curves: from the highest down, each where it has room.
    void nameEnds();

    TrainingController &m_controller;
    Theme m_theme;
    QCustomPlot *m_plot;
    QComboBox *m_measure;
    QLabel *m_pickedName;
    QVector<SeriesGraph> m_graphs;
    QVector<QCPItemText *> m_names;
    int m_picked = -1;
    QTimer m_timer;
};

} // namespace mrg
