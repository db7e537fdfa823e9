// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/spec/Arg.h"

#include <QWidget>

#include <functional>
#include <map>

class QFormLayout;
class QLabel;

namespace mrg {

class ArgEditor;

/// A line for each argument of a declaration: its name (stronger where it is not the default) and
/// an editor.
class ArgForm : public QWidget {
    Q_OBJECT
public:
    using Validate = std::function<Result<void>(const Arguments &)>;
    explicit ArgForm(QWidget *parent = nullptr);
    /// Other arguments altogether. `validate` judges them together; it may be empty.
    void setArgs(const std::vector<Arg> &args, Validate validate = {});
    /// Shows these values, defaults elsewhere.
    void setValues(const Arguments &values);
    /// Where relative paths of files start.
    void setBaseFolder(const QString &folder);
    ArgEditor *editor(const QString &name) const;

signals:
    /// A new value that is allowed.
    void edited(const QString &name, const mrg::Value &value);

private:
    struct Row {
        QLabel *label;
        ArgEditor *editor;
    };
    QFormLayout *m_layout;
    Validate m_validate;
    Arguments m_values;
    std::map<std::string, Row> m_rows;
};

} // namespace mrg
