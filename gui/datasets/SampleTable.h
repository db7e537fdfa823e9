// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gui/widgets/Theme.h"

#include <QWidget>

#include <memory>

class QComboBox;
class QLabel;
class QLineEdit;
class QTableView;

namespace mrg {

struct Dataset;
class SampleDelegate;
class SampleModel;

/// The samples of one part of the data: a table with a filter by label and by name.
class SampleTable : public QWidget {
    Q_OBJECT
public:
    explicit SampleTable(const Theme &theme, QWidget *parent = nullptr);
    void setTheme(const Theme &theme);
    void setDataset(const std::shared_ptr<const Dataset> &dataset, bool sparse);
    /// Shows only samples with this label; -1: any.
    void setLabel(int label);
    QTableView *view() const { return m_view; }
    SampleModel *model() const { return m_model; }

signals:
    void labelChosen(int label);

private:
    void filter();
    void fitColumns();

    SampleModel *m_model;
    SampleDelegate *m_delegate;
    QTableView *m_view;
    QComboBox *m_label;
    QLineEdit *m_name;
    QLabel *m_count;
};

} // namespace mrg
