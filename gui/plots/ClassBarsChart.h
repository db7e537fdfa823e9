// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/kernels/MarginStatistics.h"
#include "gui/widgets/Theme.h"

#include <QPainter>
#include <QStringList>
#include <QVector>

namespace mrg {

/// A row a class: to the left how often it fails to lead its rivals (misses), to the right how
/// often it comes too close to labels as a rival (intrusions); or its mean hinge on either side.
///
/// **Threads**: a plain value, to be drawn on any thread.
class ClassBarsChart {
public:
    enum class Measure { Rate, Hinge };
    enum class Order { AsInData, WorstFirst };

    void setStatistics(const MarginStatistics &statistics, const QStringList &labels);
    void setMeasure(Measure measure);
    void setOrder(Order order);
    Measure measure() const { return m_measure; }
    int rows() const { return static_cast<int>(m_rows.size()); }
    /// The class in a row as shown; -1 if there is no such row.
    int classAt(int row) const { return m_order.value(row, -1); }
    int rowAt(double y, double height) const;
    /// Height at which it is best read, and below which it can't be.
    double idealHeight() const;
    double smallestHeight() const;
    void draw(QPainter &painter, const QRectF &rect, const Theme &theme) const;
    /// A class in words, with its numbers.
    QString describe(int label) const;
    /// What the two sides mean.
    static QString definition();

private:
    struct Row {
        double miss;
        double intrusion;
    };
    void update();
    double rowHeight(double height) const;
    /// The value at which a bar is as long as can be.
    double fullScale() const;
    QString text(double value) const;
    void drawHead(QPainter &painter, const QRectF &head, double middle, double half,
                  const Theme &theme) const;

    Measure m_measure = Measure::Rate;
    Order m_wanted = Order::AsInData;
    MarginStatistics m_statistics;
    QStringList m_labels;
    QVector<Row> m_rows; ///< by class
    QVector<int> m_order;
};

} // namespace mrg
