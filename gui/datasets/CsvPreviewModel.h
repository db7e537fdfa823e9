// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/csv.h"
#include "gui/widgets/Theme.h"

#include <QAbstractTableModel>
#include <QStyledItemDelegate>

namespace mrg {

class CsvColumns;

/// The first rows of a CSV file as they will be read: names with role and type above, missing
/// values and ignored columns faint, the row of an error marked.
class CsvPreviewModel : public QAbstractTableModel {
    Q_OBJECT
public:
    CsvPreviewModel(CsvColumns &columns, const Theme &theme, QObject *parent = nullptr);
    void setPreview(const CsvPreview &preview, const QStringList &missingTexts);
    void setTheme(const Theme &theme);
    /// The row that stands in a line of the file; -1: not among the first rows.
    int rowOfLine(int line) const;
    /// Marks a row; -1: none.
    void setErrorRow(int row);

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    bool isMissing(const QString &text) const
    {
        return text.isEmpty() || m_missingTexts.contains(text);
    }

    CsvColumns &m_columns;
    Theme m_theme;
    CsvPreview m_preview;
    QStringList m_missingTexts;
    int m_errorRow = -1;
};

/// Draws the grounds that a model asks for; a style sheet that pads cells leaves them out.
class GroundDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter *painter, const QStyleOptionViewItem &option,
               const QModelIndex &index) const override;
};

} // namespace mrg
