// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gui/widgets/Theme.h"

#include <QTimer>
#include <QVector>
#include <QWidget>

class QComboBox;
class QCustomPlot;
class QCPGraph;

namespace mrg {

class TrainingController;

/// One curve a class over the epochs: miss rate, intrusion rate or mean hinge, each in its label's
/// colour. A picked class stands out, the others step back.
class RatesPlot : public QWidget {
    Q_OBJECT
public:
    RatesPlot(TrainingController &controller, const Theme &theme, QWidget *parent = nullptr);
    void setTheme(const Theme &theme);
    void pickClass(int label);
    void refresh();

private:
    void rebuild();
    void paintCurves();

    TrainingController &m_controller;
    Theme m_theme;
    QCustomPlot *m_plot;
    QComboBox *m_measure;
    QVector<QCPGraph *> m_graphs;
    QVector<qsizetype> m_shown;
    int m_picked = -1;
    QTimer m_timer;
};

} // namespace mrg
