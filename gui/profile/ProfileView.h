// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/Network.h"
#include "gui/widgets/Theme.h"

#include <QWidget>

class QLabel;
class QPushButton;
class QSortFilterProxyModel;
class QStackedWidget;
class QTableView;

namespace mrg {

class EmptyState;
class ExperimentDocument;
class ProfileModel;
class Profiler;
class ShareDelegate;
class StepBar;

/// What the network costs: a step as a bar of its parts, and a table of nodes to sort. The row and
/// the node on the canvas are selected together.
class ProfileView : public QWidget {
    Q_OBJECT
public:
    ProfileView(Profiler &profiler, ExperimentDocument &document, const Theme &theme,
                QWidget *parent = nullptr);
    void setTheme(const Theme &theme);
    /// Selects the row of a node; none for 0 and for nodes that were not measured.
    void setCurrentNode(NodeId node);
    QTableView *table() const { return m_table; }

public slots:
    void copyAsCsv();

signals:
    /// A row was selected by hand.
    void nodeChosen(mrg::NodeId node);

private:
    void refresh();
    void showCurrent();
    QString summary() const;

    Profiler &m_profiler;
    ExperimentDocument &m_document;
    ProfileModel *m_model;
    QSortFilterProxyModel *m_sorted;
    ShareDelegate *m_delegate;
    QPushButton *m_measure;
    QPushButton *m_copy;
    QLabel *m_summary;
    QLabel *m_notice; ///< what was measured is out of date, or could not be
    StepBar *m_step;
    QTableView *m_table;
    EmptyState *m_empty;
    QStackedWidget *m_pages;
    NodeId m_current = 0;
    bool m_following = false; ///< the selection comes from the canvas
};

} // namespace mrg
