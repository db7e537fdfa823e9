// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;

namespace mrg {

/// What a view shows while it has nothing to show: what will be here, and what to do for it.
class EmptyState : public QWidget {
    Q_OBJECT
public:
    EmptyState(const QString &title, const QString &hint, QWidget *parent = nullptr);
    void setTexts(const QString &title, const QString &hint);

private:
    QLabel *m_title;
    QLabel *m_hint;
};

} // namespace mrg
