// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gui/document/ExperimentDocument.h"

#include <QWidget>

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QSpinBox;

namespace mrg {

class ArgForm;

/// How the network is trained: optimizer and scheduler with their options, clipping and averages,
/// batches, epochs, seed. While a run is on, options of the optimizer and of steps and epochs take
/// effect at once.
class TrainingPanel : public QWidget {
    Q_OBJECT
public:
    explicit TrainingPanel(ExperimentDocument &document, QWidget *parent = nullptr);
    ArgForm *optimizerForm() const { return m_optimizerForm; }
    ArgForm *stepForm() const { return m_stepForm; }

private:
    void refresh();
    template <typename Edit> void edit(const QString &what, Edit change);

    ExperimentDocument &m_document;
    QComboBox *m_optimizer;
    QLabel *m_optimizerSummary;
    ArgForm *m_optimizerForm;
    QComboBox *m_scheduler;
    ArgForm *m_schedulerForm;
    ArgForm *m_stepForm;
    QSpinBox *m_batchSize;
    QSpinBox *m_epochs;
    QLineEdit *m_seed;
    QCheckBox *m_shuffle;
    QCheckBox *m_dropLast;
    QSpinBox *m_validateEvery;
    std::string m_shownOptimizer;
    std::string m_shownScheduler = "?";
};

} // namespace mrg
