// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/inspector/ArgForm.h"

#include "gui/inspector/ArgEditor.h"

#include <QFormLayout>
#include <QLabel>

namespace mrg {

ArgForm::ArgForm(QWidget *parent) : QWidget(parent), m_layout(new QFormLayout(this))
{
    m_layout->setContentsMargins(0, 0, 0, 0);
    m_layout->setVerticalSpacing(6);
    m_layout->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    m_layout->setLabelAlignment(Qt::AlignLeft);
}

void ArgForm::setArgs(const std::vector<Arg> &args, Validate validate)
{
    while (m_layout->rowCount() > 0)
        m_layout->removeRow(0);
    m_rows.clear();
    m_values.clear();
    m_validate = std::move(validate);
    for (const Arg &arg : args) {
        auto *label = new QLabel(QString::fromStdString(arg.name));
        label->setToolTip(QString::fromStdString(arg.summary));
        auto *editor = new ArgEditor(arg);
        label->setBuddy(editor);
        m_layout->addRow(label, editor);
        m_rows[arg.name] = {label, editor};
        connect(editor, &ArgEditor::edited, this,
                [this, editor, name = arg.name](const Value &value) {
                    Arguments together = m_values;
                    together[name] = value;
                    if (const Result<void> allowed
                        = m_validate ? m_validate(together) : Result<void>();
                        !allowed) {
                        editor->setError(QString::fromStdString(allowed.error().text()));
                        return;
                    }
                    editor->setError({});
                    m_values = together;
                    emit edited(QString::fromStdString(name), value);
                });
    }
}

void ArgForm::setValues(const Arguments &values)
{
    m_values = values;
    for (const auto &[name, row] : m_rows) {
        const auto given = values.find(name);
        const Value &value = given == values.end() ? row.editor->arg().defaultValue : given->second;
        const bool changed = !(value == row.editor->arg().defaultValue);
        row.editor->setValue(value);
        QFont font = row.label->font();
        font.setWeight(changed ? QFont::DemiBold : QFont::Normal);
        row.label->setFont(font);
    }
}

void ArgForm::setBaseFolder(const QString &folder)
{
    for (const auto &[name, row] : m_rows)
        row.editor->setBaseFolder(folder);
}

ArgEditor *ArgForm::editor(const QString &name) const
{
    const auto found = m_rows.find(name.toStdString());
    return found == m_rows.end() ? nullptr : found->second.editor;
}

} // namespace mrg

#include "moc_ArgForm.cpp"
