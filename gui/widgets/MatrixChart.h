// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gui/widgets/Theme.h"

#include <QPainter>
#include <QPoint>
#include <QStringList>
#include <QVector>

namespace mrg {

/// A square matrix of shares as a heatmap with the labels' names, titles for rows and columns, and
/// a legend of its scale. Cells without a value stay blank.
///
/// **Threads**: a plain value, to be drawn on any thread.
struct MatrixChart {
    QVector<double> values; ///< row-major, from 0 to 1; NaN for blank
    QStringList labels;
    QString rowTitle;
    QString columnTitle;
    QString scaleTitle; ///< what the colours mean

    double valueAt(int row, int column) const;
    /// Column and row under a position; (-1, -1) beside the cells.
    QPoint cellAt(QPointF position, const QRectF &rect) const;
    void draw(QPainter &painter, const QRectF &rect, const Theme &theme) const;

private:
    QRectF cells(const QRectF &rect) const;
    void drawNames(QPainter &painter, const QRectF &rect, const QRectF &area,
                   const Theme &theme) const;
    void drawScale(QPainter &painter, const QRectF &area, const Theme &theme) const;
};

} // namespace mrg
