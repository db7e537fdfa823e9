// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gui/document/ExperimentDocument.h"

#include <QStackedWidget>

class QComboBox;
class QLabel;
class QLineEdit;
class QVBoxLayout;

namespace mrg {

class ArgForm;
class EmptyState;

/// The options of the selected node, what flows through it, what is wrong with it, and buttons that
/// mend it.
class NodeInspector : public QStackedWidget {
    Q_OBJECT
public:
    explicit NodeInspector(ExperimentDocument &document, QWidget *parent = nullptr);
    NodeId node() const { return m_node; }
    ArgForm *form() const { return m_form; }

public slots:
    /// Shows a node; 0: none.
    void setNode(mrg::NodeId node);
    /// Puts the keyboard into the first option.
    void focusOptions();

private:
    void rebuild();
    void refresh();
    void refreshIssues();
    /// What is said of the experiment while no node is selected.
    void refreshOverview();

    ExperimentDocument &m_document;
    NodeId m_node = 0;
    std::string m_type;
    EmptyState *m_empty;
    QWidget *m_page;
    QLabel *m_heading;
    QLabel *m_summary;
    QLineEdit *m_title;
    QComboBox *m_kind;
    QLabel *m_kindLabel;
    ArgForm *m_form;
    QLabel *m_facts;
    QVBoxLayout *m_issues;
};

} // namespace mrg
