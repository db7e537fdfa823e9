// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/Vocabulary.h"
#include "gui/widgets/Theme.h"

#include <QWidget>

class QLineEdit;
class QTreeWidget;
class QTreeWidgetItem;

namespace mrg {

/// Everything that can be put on the canvas, by group and searchable. Drag an entry to the canvas,
/// or double-click it or press Enter to have it inserted beside the selection.
class Palette : public QWidget {
    Q_OBJECT
public:
    Palette(const Vocabulary &vocabulary, const Theme &theme, QWidget *parent = nullptr);
    void setTheme(const Theme &theme);
    QLineEdit *searchField() const { return m_search; }
    QTreeWidget *tree() const { return m_tree; }
    /// The entry of a type such as "nn.Linear"; null if there is none.
    QTreeWidgetItem *itemFor(const QString &type) const;

signals:
    void insertRequested(const QString &type);

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void filter(const QString &text);
    void insertCurrent();

    const Vocabulary &m_vocabulary;
    QLineEdit *m_search;
    QTreeWidget *m_tree;
};

} // namespace mrg
