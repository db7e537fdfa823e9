// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/datasets/SampleDelegate.h"

#include "gui/datasets/SampleModel.h"

#include <QApplication>
#include <QPainter>

namespace mrg {

namespace {
constexpr double chipHeight = 19;
constexpr double chipPadding = 8;
constexpr double chipGap = 5;
constexpr double pictureMargin = 4;
} // namespace

SampleDelegate::SampleDelegate(const Theme &theme, QObject *parent)
    : QStyledItemDelegate(parent),
      m_theme(theme)
{
}

void SampleDelegate::paintLabels(QPainter &painter, const QRectF &cell,
                                 const QVariantList &labels) const
{
    QFont small = painter.font();
    small.setPixelSize(11);
    painter.setFont(small);
    const QFontMetricsF metrics(small);
    double x = cell.left() + 6;
    const double y = cell.center().y() - chipHeight / 2;
    for (qsizetype i = 0; i < labels.size(); ++i) {
        const int label = labels[i].toInt();
        const QString name = m_names.value(label, QString::number(label));
        const double width = metrics.horizontalAdvance(name) + 2 * chipPadding;
        const double rest = i + 1 < labels.size() ? 30 : 0;
        if (x + width + rest > cell.right() && i > 0) {
            painter.setPen(m_theme.mutedText);
            painter.drawText(QRectF(x, cell.top(), 60, cell.height()),
                             Qt::AlignLeft | Qt::AlignVCenter,
                             QString("+%1").arg(labels.size() - i));
            return;
        }
        const QColor color = labelColor(label, m_theme);
        QColor ground = color;
        ground.setAlphaF(m_theme.dark ? 0.26F : 0.16F);
        painter.setPen(QPen(color, 1));
        painter.setBrush(ground);
        painter.drawRoundedRect(QRectF(x + 0.5, y + 0.5, width - 1, chipHeight - 1), chipHeight / 2,
                                chipHeight / 2);
        painter.setPen(m_theme.text);
        painter.drawText(QRectF(x, y, width, chipHeight), Qt::AlignCenter, name);
        x += width + chipGap;
    }
}

void SampleDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option,
                           const QModelIndex &index) const
{
    const QVariant labels = index.data(SampleModel::LabelsRole);
    const QVariant picture = index.data(SampleModel::PictureRole);
    if (!labels.isValid() && !picture.isValid()) {
        QStyledItemDelegate::paint(painter, option, index);
        return;
    }
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const QRectF cell = option.rect;
    if (option.state.testFlag(QStyle::State_Selected)) {
        QColor ground = m_theme.accent;
        ground.setAlphaF(0.18F);
        painter->fillRect(cell, ground);
    }
    if (picture.isValid()) {
        const auto image = picture.value<QImage>();
        const double side = std::min(cell.width(), cell.height()) - 2 * pictureMargin;
        const QSizeF size = QSizeF(image.size()).scaled(side, side, Qt::KeepAspectRatio);
        painter->setRenderHint(QPainter::SmoothPixmapTransform, false);
        painter->drawImage(
                QRectF(cell.center() - QPointF(size.width() / 2, size.height() / 2), size), image);
    } else {
        painter->setClipRect(cell);
        paintLabels(*painter, cell, labels.toList());
    }
    painter->restore();
}

} // namespace mrg

#include "moc_SampleDelegate.cpp"
