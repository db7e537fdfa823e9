// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/spec/Arg.h"

#include <QWidget>

class QCheckBox;
class QComboBox;
class QLineEdit;

namespace mrg {

/// Edits one argument, by its declaration: choices as a list, yes or no as a box, files with a
/// button to look for them (or dropped on the field), everything else as text, in which the arrow
/// keys step numbers. A text that is not allowed turns red and says why; it is not handed on.
class ArgEditor : public QWidget {
    Q_OBJECT
public:
    explicit ArgEditor(const Arg &arg, QWidget *parent = nullptr);
    const Arg &arg() const { return m_arg; }
    /// Shows a value without announcing it.
    void setValue(const Value &value);
    const Value &value() const { return m_value; }
    /// Marks what stands there as not allowed; empty: allowed.
    void setError(const QString &text);
    /// For files: where relative paths start.
    void setBaseFolder(const QString &folder) { m_baseFolder = folder; }

signals:
    void edited(const mrg::Value &value);

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void commitText();
    void commit(const Value &value);
    void browse();
    void setPath(const QString &path);
    void stepText(bool up);

    Arg m_arg;
    Value m_value;
    QString m_baseFolder;
    QCheckBox *m_check = nullptr;
    QComboBox *m_combo = nullptr;
    QLineEdit *m_line = nullptr;
};

} // namespace mrg
