// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/inspector/ArgEditor.h"

#include "gui/inspector/value_text.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDir>
#include <QDropEvent>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLineEdit>
#include <QMimeData>
#include <QSignalBlocker>
#include <QStyle>
#include <QToolButton>
#include <QUrl>

namespace mrg {

ArgEditor::ArgEditor(const Arg &arg, QWidget *parent)
    : QWidget(parent),
      m_arg(arg),
      m_value(arg.defaultValue)
{
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(4);
    const QString name = "arg_" + QString::fromStdString(arg.name);
    QWidget *control = nullptr;
    if (!arg.constraint.choices.empty()) {
        control = m_combo = new QComboBox;
        if (arg.type.find("null") != std::string::npos)
            m_combo->addItem("None");
        for (const Value &choice : arg.constraint.choices)
            m_combo->addItem(textOfValue(choice));
        connect(m_combo, &QComboBox::activated, this, [this] {
            for (const Value &choice : m_arg.constraint.choices) {
                if (textOfValue(choice) == m_combo->currentText()) {
                    commit(choice);
                    return;
                }
            }
            commit({});
        });
    } else if (arg.type == "bool") {
        control = m_check = new QCheckBox;
        connect(m_check, &QCheckBox::clicked, this, [this](bool on) { commit(on); });
    } else {
        control = m_line = new QLineEdit;
        m_line->installEventFilter(this);
        connect(m_line, &QLineEdit::editingFinished, this, &ArgEditor::commitText);
    }
    control->setObjectName(name);
    control->setToolTip(QString::fromStdString(arg.summary));
    control->setAccessibleName(QString::fromStdString(arg.name));
    layout->addWidget(control, m_check ? 0 : 1);
    if (m_check)
        layout->addStretch();
    if (arg.type == "path") {
        auto *button = new QToolButton;
        button->setObjectName("browse_" + QString::fromStdString(arg.name));
        button->setText(tr("Browse…"));
        button->setToolTip(tr("Choose a file"));
        connect(button, &QToolButton::clicked, this, &ArgEditor::browse);
        layout->addWidget(button);
    }
    setFocusProxy(control);
    setValue(arg.defaultValue);
}

void ArgEditor::setValue(const Value &value)
{
    m_value = value;
    if (m_combo) {
        const QSignalBlocker blocker(m_combo);
        m_combo->setCurrentText(textOfValue(value));
    } else if (m_check) {
        m_check->setChecked(value == Value(true));
    } else {
        const QString text = textOfValue(value);
        if (m_line->text() != text)
            m_line->setText(text);
    }
    setError({});
}

void ArgEditor::setError(const QString &text)
{
    if (!m_line)
        return;
    m_line->setProperty("invalid", !text.isEmpty());
    m_line->setToolTip(text.isEmpty() ? QString::fromStdString(m_arg.summary) : text);
    m_line->style()->unpolish(m_line);
    m_line->style()->polish(m_line);
}

void ArgEditor::commitText()
{
    if (m_line->text() == textOfValue(m_value)) {
        setError({});
        return;
    }
    const Value value = valueOfText(m_line->text(), m_arg);
    if (const Result<void> allowed = m_arg.check(value); !allowed) {
        setError(QString::fromStdString(allowed.error().text()));
        return;
    }
    commit(value);
}

void ArgEditor::commit(const Value &value)
{
    m_value = value;
    emit edited(value);
}

void ArgEditor::stepText(bool up)
{
    const Value value = valueOfText(m_line->text(), m_arg);
    Value next;
    if (const auto *whole = value.as<int64_t>();
        whole && m_arg.type.find("float") == std::string::npos)
        next = *whole + (up ? 1 : -1);
    else if (const std::optional<double> number = value.number())
        next = steppedValue(*number, up);
    else
        return;
    m_line->setText(textOfValue(next));
    commitText();
}

void ArgEditor::browse()
{
    const QString present = QDir(m_baseFolder).filePath(m_line->text());
    const QString path = QFileDialog::getOpenFileName(
            window(), tr("Choose a File"), m_line->text().isEmpty() ? m_baseFolder : present);
    if (!path.isEmpty())
        setPath(path);
}

void ArgEditor::setPath(const QString &path)
{
    m_line->setText(path);
    commitText();
}

bool ArgEditor::eventFilter(QObject *watched, QEvent *event)
{
    const bool drags = event->type() == QEvent::DragEnter || event->type() == QEvent::DragMove
            || event->type() == QEvent::Drop;
    if (m_arg.type == "path" && drags) {
        // A field takes a dropped file as the text of its address.
        auto *drop = static_cast<QDropEvent *>(event);
        const QList<QUrl> urls = drop->mimeData()->urls();
        if (urls.size() == 1 && urls[0].isLocalFile()) {
            drop->acceptProposedAction();
            if (event->type() == QEvent::Drop)
                setPath(urls[0].toLocalFile());
            return true;
        }
    }
    if (event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent *>(event)->key();
        if (key == Qt::Key_Up || key == Qt::Key_Down) {
            stepText(key == Qt::Key_Up);
            return true;
        }
        if (key == Qt::Key_Escape) {
            setValue(m_value);
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace mrg

#include "moc_ArgEditor.cpp"
