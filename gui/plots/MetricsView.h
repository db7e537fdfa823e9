// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/metrics/MetricSpec.h"
#include "engine/training/Snapshot.h"
#include "gui/widgets/Theme.h"

#include <QWidget>

class QLabel;
class QTableWidget;

namespace mrg {

/// The metrics on validation data with their change since the evaluation before; each row's tooltip
/// is its definition. The rule by which scores become yes or no stands below.
class MetricsView : public QWidget {
    Q_OBJECT
public:
    MetricsView(const std::vector<MetricSpec> &specs, const Theme &theme,
                QWidget *parent = nullptr);
    void setTheme(const Theme &theme);
    void setEvaluation(const std::optional<Evaluation> &evaluation, Task task);
    QTableWidget *table() const { return m_table; }

private:
    void fill();

    Theme m_theme;
    const std::vector<MetricSpec> &m_specs;
    QTableWidget *m_table;
    QLabel *m_rule;
    std::optional<Evaluation> m_before;
    int64_t m_step = -1;
    std::optional<Evaluation> m_current;
    Task m_task = Task::MultiLabel;
};

} // namespace mrg
