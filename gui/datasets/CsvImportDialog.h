// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/DatasetSpec.h"
#include "engine/data/csv.h"
#include "gui/widgets/Theme.h"

#include <QDialog>
#include <QTimer>

#include <memory>

class QCheckBox;
class QComboBox;
class QGridLayout;
class QLabel;
class QLineEdit;
class QPushButton;
class QTableView;

namespace mrg {

class CsvColumns;
class CsvPreviewModel;

/// How a CSV file is to be read: delimiter, header, decimal mark, missing values, and for each
/// column its role and type. Everything is found out first and can be changed; the first rows and
/// the outcome of reading the whole file are shown at once. What it comes to are the arguments of a
/// "data.csv" node.
class CsvImportDialog : public QDialog {
    Q_OBJECT
public:
    /// `csv` is the reader; `args` has the path and what else was chosen before, with relative
    /// paths from `base`.
    CsvImportDialog(const DatasetSpec &csv, const Arguments &args,
                    const std::filesystem::path &base, const Theme &theme,
                    QWidget *parent = nullptr);
    void setTheme(const Theme &theme);
    Arguments arguments() const;
    /// What the file is by these arguments; null while it is read and where it can't be.
    std::shared_ptr<const DataSplit> split() const { return m_split; }
    CsvColumns *columns() const { return m_columns; }

private:
    QGridLayout *makeOptions();
    QWidget *makeTables();
    void showArguments(const Arguments &args);
    CsvOptions options() const;
    /// Reads the first rows anew, then the whole.
    void refreshPreview();
    void showPreview(const CsvPreview &preview);
    void refreshOutcome();
    void showOutcome(const Result<DataSplit> &result);
    void showError(const Error &error);
    void tell(const QString &text, bool good);
    void openColumnMenu(int column);
    QList<int> selectedColumns() const;

    const DatasetSpec &m_csv;
    Theme m_theme;
    std::filesystem::path m_path;
    std::filesystem::path m_base;
    Arguments m_given;
    CsvColumns *m_columns;
    CsvPreviewModel *m_preview;
    std::shared_ptr<const DataSplit> m_split;
    bool m_good = true; ///< what is told is no error
    int m_question = 0; ///< number of the newest background job; the answers to others are stale
    QTimer m_delay;

    QComboBox *m_delimiter;
    QComboBox *m_header;
    QComboBox *m_decimal;
    QComboBox *m_encoding;
    QLineEdit *m_missingTexts;
    QComboBox *m_missing;
    QComboBox *m_task;
    QLineEdit *m_test;
    QCheckBox *m_standardize;
    QTableView *m_columnTable;
    QTableView *m_previewTable;
    QLabel *m_outcome;
    QPushButton *m_import;
};

} // namespace mrg
