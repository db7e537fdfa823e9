// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gui/widgets/Theme.h"

#include <QPainter>
#include <QPainterPath>

namespace mrg {

/// The curve from an output to an input.
QPainterPath wirePath(QPointF from, QPointF to);

/// Where the shape that flows through a wire is written: on its middle. Empty for no text.
QRectF shapePill(const QPainterPath &wire, const QString &shape);

enum class WireLook { Plain, Selected, Wrong };
void drawWire(QPainter &painter, const QPainterPath &wire, WireLook look, const Theme &theme);
void drawShapePill(QPainter &painter, const QRectF &pill, const QString &shape, WireLook look,
                   const Theme &theme);
/// The font of what is written on wires.
QFont wireFont(bool bold = false);

} // namespace mrg
