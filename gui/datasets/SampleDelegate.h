// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gui/widgets/Theme.h"

#include <QStringList>
#include <QStyledItemDelegate>

namespace mrg {

/// Draws a SampleModel's labels as chips in their colours and its pictures with crisp pixels.
class SampleDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    explicit SampleDelegate(const Theme &theme, QObject *parent = nullptr);
    void setTheme(const Theme &theme) { m_theme = theme; }
    void setLabelNames(const QStringList &names) { m_names = names; }
    void paint(QPainter *painter, const QStyleOptionViewItem &option,
               const QModelIndex &index) const override;

private:
    void paintLabels(QPainter &painter, const QRectF &cell, const QVariantList &labels) const;

    Theme m_theme;
    QStringList m_names;
};

} // namespace mrg
