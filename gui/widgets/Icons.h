// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QIcon>
#include <QPainter>
#include <QPixmap>
#include <QString>

namespace mrg {

struct Theme;

/// A line icon of widgets/icons in the theme's text colour, drawn from SVG for 1x and 2x.
QIcon themedIcon(const QString &name, const Theme &theme);
/// The same on ground of the accent colour.
QIcon filledIcon(const QString &name, const Theme &theme);
/// The same in any colour.
QPixmap iconPixmap(const QString &name, const QColor &color, int size, qreal scale = 2);

/// Draws one as vectors.
void drawIcon(QPainter &painter, const QString &name, const QColor &color, const QRectF &rect);

} // namespace mrg
