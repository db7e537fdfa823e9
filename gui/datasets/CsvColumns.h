// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/csv.h"
#include "engine/spec/Value.h"

#include <QAbstractTableModel>
#include <QStyledItemDelegate>

namespace mrg {

enum class ColumnRole { Feature, Target, Ignored };
enum class ColumnType { Number, Category };
QString columnRoleName(ColumnRole role);
QString columnTypeName(ColumnType type);

/// The columns of a CSV file and what each is to be, as a table: name, role, type, missing and
/// different values. Roles and types can be edited.
class CsvColumns : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Section { Name, Role, Type, Missing, Distinct, SectionCount };
    explicit CsvColumns(QObject *parent = nullptr) : QAbstractTableModel(parent) { }

    /// What the first preview shall take over: the arguments of a "data.csv" node.
    void setArguments(const Arguments &args) { m_args = args; }
    /// Other columns. Those of a name that was there before keep what was chosen for them.
    void setColumns(const std::vector<CsvColumn> &columns);
    ColumnRole role(int column) const { return m_choices[static_cast<size_t>(column)].role; }
    ColumnType type(int column) const { return m_choices[static_cast<size_t>(column)].type; }
    QString name(int column) const;
    void setRole(const QList<int> &columns, ColumnRole role);
    void setType(const QList<int> &columns, ColumnType type);
    /// Adds what was chosen to the arguments of a "data.csv" node, as far as the reader would not
    /// choose it by itself.
    void writeTo(Arguments &args) const;

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override
    {
        return parent.isValid() ? 0 : SectionCount;
    }
    QVariant data(const QModelIndex &index, int role) const override;
    bool setData(const QModelIndex &index, const QVariant &value, int role) override;
    Qt::ItemFlags flags(const QModelIndex &index) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

signals:
    /// A role or type was chosen.
    void chosen();

private:
    struct Choice {
        CsvColumn column;
        ColumnRole role = ColumnRole::Feature;
        ColumnType type = ColumnType::Number;
    };
    Choice choiceOf(const CsvColumn &column) const;

    Arguments m_args;
    std::vector<Choice> m_choices;
};

/// Edits roles and types by a list.
class ChoiceDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    QWidget *createEditor(QWidget *parent, const QStyleOptionViewItem &option,
                          const QModelIndex &index) const override;
    void setEditorData(QWidget *editor, const QModelIndex &index) const override;
    void setModelData(QWidget *editor, QAbstractItemModel *model,
                      const QModelIndex &index) const override;
};

} // namespace mrg
