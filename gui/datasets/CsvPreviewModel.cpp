// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/datasets/CsvPreviewModel.h"

#include "gui/datasets/CsvColumns.h"

#include <QPainter>

#include <algorithm>

namespace mrg {

CsvPreviewModel::CsvPreviewModel(CsvColumns &columns, const Theme &theme, QObject *parent)
    : QAbstractTableModel(parent),
      m_columns(columns),
      m_theme(theme)
{
    connect(&columns, &CsvColumns::chosen, this, [this] {
        emit headerDataChanged(Qt::Horizontal, 0, columnCount() - 1);
        emit dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
    });
}

void CsvPreviewModel::setPreview(const CsvPreview &preview, const QStringList &missingTexts)
{
    beginResetModel();
    m_preview = preview;
    m_missingTexts = missingTexts;
    m_errorRow = -1;
    endResetModel();
}

void CsvPreviewModel::setTheme(const Theme &theme)
{
    m_theme = theme;
    emit dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
}

int CsvPreviewModel::rowOfLine(int line) const
{
    const auto found = std::find(m_preview.firstLines.begin(), m_preview.firstLines.end(),
                                 static_cast<size_t>(line));
    return found == m_preview.firstLines.end()
            ? -1
            : static_cast<int>(found - m_preview.firstLines.begin());
}

void CsvPreviewModel::setErrorRow(int row)
{
    m_errorRow = row;
    emit dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
}

int CsvPreviewModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_preview.firstRows.size());
}

int CsvPreviewModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : m_columns.rowCount();
}

QVariant CsvPreviewModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid())
        return {};
    const std::vector<std::string> &row = m_preview.firstRows[static_cast<size_t>(index.row())];
    const QString text = QString::fromStdString(row[static_cast<size_t>(index.column())]);
    const ColumnRole columnRole = m_columns.role(index.column());
    const bool number = m_columns.type(index.column()) == ColumnType::Number;
    switch (role) {
    case Qt::DisplayRole: return text.isEmpty() ? tr("missing") : text;
    case Qt::ToolTipRole: return isMissing(text) ? tr("a missing value") : text;
    case Qt::TextAlignmentRole:
        return static_cast<int>((number ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    case Qt::ForegroundRole: {
        QColor faint = m_theme.mutedText;
        faint.setAlpha(110);
        return columnRole == ColumnRole::Ignored ? faint
                : isMissing(text)                ? m_theme.warning
                                                 : m_theme.text;
    }
    case Qt::BackgroundRole: {
        QColor ground = index.row() == m_errorRow ? m_theme.error : m_theme.accent;
        ground.setAlphaF(0.16F);
        return index.row() == m_errorRow || columnRole == ColumnRole::Target ? QVariant(ground)
                                                                             : QVariant();
    }
    default: return {};
    }
}

QVariant CsvPreviewModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation == Qt::Vertical) {
        return role == Qt::DisplayRole ? QVariant(
                       static_cast<qulonglong>(m_preview.firstLines[static_cast<size_t>(section)]))
                                       : QVariant();
    }
    if (role == Qt::ToolTipRole)
        return tr("Click to choose what the column is");
    if (role != Qt::DisplayRole)
        return {};
    const ColumnRole columnRole = m_columns.role(section);
    const QString kind = columnRole == ColumnRole::Ignored
            ? columnRoleName(columnRole)
            : columnRoleName(columnRole) + " · " + columnTypeName(m_columns.type(section));
    return m_columns.name(section) + "\n" + kind;
}

void GroundDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option,
                           const QModelIndex &index) const
{
    if (const QVariant ground = index.data(Qt::BackgroundRole); ground.isValid())
        painter->fillRect(option.rect, ground.value<QColor>());
    QStyledItemDelegate::paint(painter, option, index);
}

} // namespace mrg

#include "moc_CsvPreviewModel.cpp"
