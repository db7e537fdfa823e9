// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gui/widgets/Theme.h"

#include <QStyledItemDelegate>

namespace mrg {

/// Draws a node's share as figures and a bar of two colours, forward and backward.
class ShareDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    explicit ShareDelegate(const Theme &theme, QObject *parent = nullptr);
    void setTheme(const Theme &theme) { m_theme = theme; }
    void paint(QPainter *painter, const QStyleOptionViewItem &option,
               const QModelIndex &index) const override;

private:
    Theme m_theme;
};

} // namespace mrg
