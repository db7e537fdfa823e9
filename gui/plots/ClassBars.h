// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/kernels/MarginStatistics.h"
#include "gui/widgets/Theme.h"

#include <QStringList>
#include <QWidget>

namespace mrg {

/// Per class: how often it fails to lead its rivals (misses, to the left) and how often it beats
/// labels as a rival (intrusions, to the right), as bars; or its mean hinge. Click a row to pick the
/// class, hover for its numbers and their definition.
class ClassBars : public QWidget {
    Q_OBJECT
public:
    enum class Measure { Rate, Hinge };
    explicit ClassBars(const Theme &theme, QWidget *parent = nullptr);
    void setTheme(const Theme &theme);
    void setMeasure(Measure measure);
    Measure measure() const { return m_measure; }
    void setStatistics(const MarginStatistics &statistics, const QStringList &labels);
    /// The class in a row, in the order shown: worst first, or as in the data.
    int classAt(int row) const { return m_order.value(row, -1); }
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;
    /// Draws everything into a rectangle; for reports.
    void draw(QPainter &painter, const QRectF &rect) const;

signals:
    void classPicked(int label);

protected:
    void paintEvent(QPaintEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    bool event(QEvent *event) override;

private:
    struct Row {
        double miss;
        double intrusion;
    };
    int rowAt(double y) const;
    double rowHeight(double height) const;

    Theme m_theme;
    Measure m_measure = Measure::Rate;
    MarginStatistics m_statistics;
    QStringList m_labels;
    QVector<Row> m_rows; ///< by class
    QVector<int> m_order;
};

} // namespace mrg
