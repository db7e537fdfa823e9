// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/datasets/CsvColumns.h"

#include <QComboBox>
#include <QLocale>

#include <algorithm>

namespace mrg {

namespace {

bool listed(const Arguments &args, const char *list, const std::string &name)
{
    const auto found = args.find(list);
    const auto *names = found == args.end() ? nullptr : found->second.as<ValueList>();
    return names && std::find(names->begin(), names->end(), Value(name)) != names->end();
}

QStringList namesOf(int section)
{
    if (section == CsvColumns::Role)
        return {columnRoleName(ColumnRole::Feature), columnRoleName(ColumnRole::Target),
                columnRoleName(ColumnRole::Ignored)};
    return {columnTypeName(ColumnType::Number), columnTypeName(ColumnType::Category)};
}

} // namespace

QString columnRoleName(ColumnRole role)
{
    switch (role) {
    case ColumnRole::Feature: return CsvColumns::tr("feature");
    case ColumnRole::Target: return CsvColumns::tr("target");
    case ColumnRole::Ignored: return CsvColumns::tr("ignored");
    }
    return {};
}

QString columnTypeName(ColumnType type)
{
    return type == ColumnType::Number ? CsvColumns::tr("number") : CsvColumns::tr("category");
}

CsvColumns::Choice CsvColumns::choiceOf(const CsvColumn &column) const
{
    const auto before = std::find_if(m_choices.begin(), m_choices.end(), [&](const Choice &choice) {
        return choice.column.name == column.name;
    });
    if (before != m_choices.end()) {
        // What was found out may be other now, as with another decimal mark; what was chosen stays.
        const bool wasChosen = (before->type == ColumnType::Number) != before->column.numeric;
        return {column, before->role,
                wasChosen                ? before->type
                        : column.numeric ? ColumnType::Number
                                         : ColumnType::Category};
    }
    Choice out{column, ColumnRole::Feature,
               column.numeric ? ColumnType::Number : ColumnType::Category};
    const bool anyTargets = m_args.contains("targets");
    if (listed(m_args, "ignored", column.name))
        out.role = ColumnRole::Ignored;
    else if (anyTargets ? listed(m_args, "targets", column.name) : column.suggestedTarget)
        out.role = ColumnRole::Target;
    if (listed(m_args, "numbers", column.name))
        out.type = ColumnType::Number;
    if (listed(m_args, "categories", column.name))
        out.type = ColumnType::Category;
    return out;
}

void CsvColumns::setColumns(const std::vector<CsvColumn> &columns)
{
    beginResetModel();
    std::vector<Choice> choices;
    for (const CsvColumn &column : columns)
        choices.push_back(choiceOf(column));
    m_choices = std::move(choices);
    endResetModel();
}

QString CsvColumns::name(int column) const
{
    return QString::fromStdString(m_choices[static_cast<size_t>(column)].column.name);
}

void CsvColumns::setRole(const QList<int> &columns, ColumnRole role)
{
    for (int column : columns)
        m_choices[static_cast<size_t>(column)].role = role;
    emit dataChanged(index(0, 0), index(rowCount() - 1, SectionCount - 1));
    emit chosen();
}

void CsvColumns::setType(const QList<int> &columns, ColumnType type)
{
    for (int column : columns)
        m_choices[static_cast<size_t>(column)].type = type;
    emit dataChanged(index(0, 0), index(rowCount() - 1, SectionCount - 1));
    emit chosen();
}

void CsvColumns::writeTo(Arguments &args) const
{
    ValueList targets;
    ValueList ignored;
    ValueList numbers;
    ValueList categories;
    bool asSuggested = true;
    for (const Choice &choice : m_choices) {
        const bool isTarget = choice.role == ColumnRole::Target;
        if (isTarget)
            targets.emplace_back(choice.column.name);
        if (choice.role == ColumnRole::Ignored) {
            ignored.emplace_back(choice.column.name);
            continue;
        }
        asSuggested = asSuggested && isTarget == choice.column.namedTarget;
        if (choice.type == ColumnType::Number && !choice.column.numeric)
            numbers.emplace_back(choice.column.name);
        if (choice.type == ColumnType::Category && choice.column.numeric)
            categories.emplace_back(choice.column.name);
    }
    if (!asSuggested)
        args["targets"] = targets;
    if (!ignored.empty())
        args["ignored"] = ignored;
    if (!numbers.empty())
        args["numbers"] = numbers;
    if (!categories.empty())
        args["categories"] = categories;
}

int CsvColumns::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_choices.size());
}

QVariant CsvColumns::data(const QModelIndex &index, int role) const
{
    if (!index.isValid())
        return {};
    const Choice &choice = m_choices[static_cast<size_t>(index.row())];
    if (role == Qt::EditRole)
        return index.column() == Role ? static_cast<int>(choice.role)
                                      : static_cast<int>(choice.type);
    if (role == Qt::ToolTipRole && index.column() == Type && !choice.column.word.empty()) {
        return tr("'%1' in line %2 is no number")
                .arg(QString::fromStdString(choice.column.word))
                .arg(choice.column.wordLine);
    }
    if (role == Qt::TextAlignmentRole && index.column() >= Missing)
        return static_cast<int>(Qt::AlignRight | Qt::AlignVCenter);
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole)
        return {};
    switch (index.column()) {
    case Name: return name(index.row());
    case Role: return columnRoleName(choice.role);
    case Type: return columnTypeName(choice.type);
    case Missing: return QLocale().toString(static_cast<qlonglong>(choice.column.missing));
    case Distinct:
        return QLocale().toString(static_cast<qlonglong>(choice.column.distinct))
                + (choice.column.distinct >= CsvColumn::mostDistinct ? "+" : "");
    default: return {};
    }
}

bool CsvColumns::setData(const QModelIndex &index, const QVariant &value, int role)
{
    if (role != Qt::EditRole || !index.isValid())
        return false;
    if (index.column() == Role)
        setRole({index.row()}, static_cast<ColumnRole>(value.toInt()));
    else if (index.column() == Type)
        setType({index.row()}, static_cast<ColumnType>(value.toInt()));
    else
        return false;
    return true;
}

Qt::ItemFlags CsvColumns::flags(const QModelIndex &index) const
{
    const bool editable = index.column() == Role || index.column() == Type;
    return QAbstractTableModel::flags(index) | (editable ? Qt::ItemIsEditable : Qt::NoItemFlags);
}

QVariant CsvColumns::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Name: return tr("Column");
    case Role: return tr("Role");
    case Type: return tr("Type");
    case Missing: return tr("Missing");
    case Distinct: return tr("Different");
    default: return {};
    }
}

QWidget *ChoiceDelegate::createEditor(QWidget *parent, const QStyleOptionViewItem &,
                                      const QModelIndex &index) const
{
    auto *combo = new QComboBox(parent);
    combo->setObjectName("choice");
    combo->addItems(namesOf(index.column()));
    connect(combo, &QComboBox::activated, this, [this, combo] {
        auto *self = const_cast<ChoiceDelegate *>(this);
        emit self->commitData(combo);
        emit self->closeEditor(combo);
    });
    return combo;
}

void ChoiceDelegate::setEditorData(QWidget *editor, const QModelIndex &index) const
{
    auto *combo = static_cast<QComboBox *>(editor);
    combo->setCurrentIndex(index.data(Qt::EditRole).toInt());
    combo->showPopup();
}

void ChoiceDelegate::setModelData(QWidget *editor, QAbstractItemModel *model,
                                  const QModelIndex &index) const
{
    model->setData(index, static_cast<QComboBox *>(editor)->currentIndex(), Qt::EditRole);
}

} // namespace mrg

#include "moc_CsvColumns.cpp"
