// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/profile/ShareDelegate.h"

#include "gui/profile/ProfileModel.h"

#include <QApplication>
#include <QPainter>

#include <algorithm>

namespace mrg {

namespace {
constexpr int textWidth = 58;
constexpr int margin = 10;
constexpr int barHeight = 10;
} // namespace

ShareDelegate::ShareDelegate(const Theme &theme, QObject *parent)
    : QStyledItemDelegate(parent),
      m_theme(theme)
{
}

void ShareDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option,
                          const QModelIndex &index) const
{
    QStyleOptionViewItem ground = option;
    initStyleOption(&ground, index);
    const QString text = ground.text;
    ground.text.clear();
    const QWidget *widget = option.widget;
    (widget ? widget->style() : QApplication::style())
            ->drawControl(QStyle::CE_ItemViewItem, &ground, painter, widget);
    const bool selected = option.state.testFlag(QStyle::State_Selected);
    const QRect cell = option.rect.adjusted(margin, 0, -margin, 0);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(selected ? m_theme.accentText : m_theme.text);
    painter->drawText(QRect(cell.left(), cell.top(), textWidth, cell.height()),
                      Qt::AlignLeft | Qt::AlignVCenter, text);
    const QPointF parts = index.data(ProfileModel::PartsRole).toPointF();
    const QRectF room(cell.left() + textWidth, cell.center().y() - barHeight / 2 + 0.5,
                      std::max(cell.width() - textWidth, 0), barHeight);
    const double forward = parts.x() * room.width();
    const double backward = parts.y() * room.width();
    painter->setPen(Qt::NoPen);
    // On the colour of the selection the two are told apart by their strength.
    QColor first = selected ? m_theme.accentText : m_theme.trainCurve;
    QColor second = selected ? m_theme.accentText : m_theme.validationCurve;
    if (selected)
        second.setAlphaF(0.55F);
    painter->setBrush(first);
    painter->drawRect(QRectF(room.left(), room.top(), std::max(forward, 1.0), room.height()));
    painter->setBrush(second);
    painter->drawRect(QRectF(room.left() + forward, room.top(), backward, room.height()));
    painter->restore();
}

} // namespace mrg

#include "moc_ShareDelegate.cpp"
