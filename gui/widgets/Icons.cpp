// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/widgets/Icons.h"

#include "gui/widgets/Theme.h"

#include <QFile>
#include <QPainter>
#include <QSvgRenderer>

namespace mrg {

void drawIcon(QPainter &painter, const QString &name, const QColor &color, const QRectF &rect)
{
    QFile file(":/marginalia/icons/" + name + ".svg");
    if (!file.open(QIODevice::ReadOnly))
        return;
    QByteArray svg = file.readAll();
    svg.replace("currentColor", color.name().toLatin1());
    QSvgRenderer(svg).render(&painter, rect);
}

QPixmap iconPixmap(const QString &name, const QColor &color, int size, qreal scale)
{
    QPixmap pixmap(QSize(size, size) * scale);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    drawIcon(painter, name, color, QRectF(QPointF(0, 0), pixmap.size()));
    painter.end();
    pixmap.setDevicePixelRatio(scale);
    return pixmap;
}

static QIcon iconOf(const QString &name, const QColor &color, const QColor &disabled)
{
    QIcon icon;
    for (qreal scale : {1.0, 2.0}) {
        icon.addPixmap(iconPixmap(name, color, 20, scale));
        icon.addPixmap(iconPixmap(name, disabled, 20, scale), QIcon::Disabled);
    }
    return icon;
}

QIcon themedIcon(const QString &name, const Theme &theme)
{
    return iconOf(name, theme.text,
                  theme.dark ? theme.border.lighter(130) : theme.border.darker(115));
}

QIcon filledIcon(const QString &name, const Theme &theme)
{
    return iconOf(name, theme.accentText, theme.mutedText);
}

} // namespace mrg
