// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gui/widgets/Theme.h"

#include <QPainter>
#include <QString>
#include <QVector>

namespace mrg {

/// Curves over a common axis with grid, axis labels, legend and marks, for pictures that live in no
/// window. Curves with many points are drawn by the least and greatest value of each stretch, so
/// that nothing that stands out is lost.
///
/// **Threads**: a plain value, to be drawn on any thread.
struct CurveChart {
    struct Curve {
        QString name;
        QColor color;
        double width = 1.5;
        bool dots = false;
        QVector<double> x; ///< ascending
        QVector<double> y; ///< what is not finite is left out
    };
    struct Mark {
        double x = 0;
        QString text;
    };
    QString xTitle;
    QString yTitle;
    QVector<Curve> curves;
    QVector<Mark> marks;
    bool legend = true;
    bool fromZero = true; ///< the y axis begins at 0

    void draw(QPainter &painter, const QRectF &rect, const Theme &theme) const;
};

/// The points of a curve that show at a resolution of `columns`: all, if few; else the least and
/// the greatest of each column, in order.
QVector<QPointF> thinned(const QVector<double> &x, const QVector<double> &y, double from, double to,
                         int columns);

/// Round numbers that divide a range into about `count` steps.
QVector<double> roundTicks(double from, double to, int count);

} // namespace mrg
