// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/Vocabulary.h"

#include <QFrame>

class QLineEdit;
class QListWidget;

namespace mrg {

/// A small popup to insert a node by typing part of its name: arrows choose, Enter inserts, Escape
/// closes.
class QuickInsert : public QFrame {
    Q_OBJECT
public:
    explicit QuickInsert(const Vocabulary &vocabulary, QWidget *parent);
    /// Shows it at a position of the parent, with a first text.
    void open(QPoint position, const QString &text);

signals:
    void chosen(const QString &type);

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void filter(const QString &text);
    void choose();

    const Vocabulary &m_vocabulary;
    QLineEdit *m_edit;
    QListWidget *m_list;
};

} // namespace mrg
