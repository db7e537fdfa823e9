// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gui/datasets/dataset_facts.h"

#include <QStackedWidget>

class QComboBox;
class QGridLayout;
class QLabel;
class QPushButton;
class QTabWidget;
class QTextBrowser;

namespace mrg {

class EmptyState;
class ExperimentDocument;
class MatrixView;
class SampleTable;

/// The data of the open experiment in figures: counts and properties per part, how often each label
/// occurs and with which others, the samples themselves, and what is known of their origin and
/// licence. Says what to do while there is none.
///
/// The figures are worked out in the background, and only while the page is visible.
class DataPage : public QStackedWidget {
    Q_OBJECT
public:
    DataPage(ExperimentDocument &document, const Theme &theme, QWidget *parent = nullptr);
    void setTheme(const Theme &theme);
    /// The figures on show; none while they are worked out.
    const SplitStatistics *statistics() const { return m_statistics ? &*m_statistics : nullptr; }
    QTabWidget *tabs() const { return m_tabs; }

signals:
    /// The wish to open a file of data.
    void openRequested();
    /// The wish to change how the table of the data node is read.
    void importRequested();

protected:
    void showEvent(QShowEvent *event) override;

private:
    QWidget *makeOverview();
    /// Follows the document.
    void refresh();
    void showStatistics(const SplitStatistics &statistics);
    void showFacts();
    void showAbout();
    /// Shows the part that is chosen.
    void showPart();
    void showBars();
    void showPairs();
    std::shared_ptr<const Dataset> part() const;

    ExperimentDocument &m_document;
    Theme m_theme;
    std::shared_ptr<const DataSplit> m_split; ///< on show, or being worked out
    std::optional<SplitStatistics> m_statistics;
    QVector<int> m_order;

    EmptyState *m_empty;
    QPushButton *m_openEmpty;
    QLabel *m_title;
    QLabel *m_subtitle;
    QPushButton *m_import;
    QComboBox *m_part;
    QWidget *m_facts;
    QGridLayout *m_factsLayout;
    QTabWidget *m_tabs;
    BarList *m_bars;
    MatrixView *m_pairs;
    SampleTable *m_samples;
    QTextBrowser *m_about;
};

} // namespace mrg
