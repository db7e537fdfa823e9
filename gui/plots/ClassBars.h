// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gui/plots/ClassBarsChart.h"

#include <QWidget>

namespace mrg {

/// A ClassBarsChart to look at. Click a row to pick the class, hover for its numbers.
class ClassBars : public QWidget {
    Q_OBJECT
public:
    explicit ClassBars(const Theme &theme, QWidget *parent = nullptr);
    void setTheme(const Theme &theme);
    void setMeasure(ClassBarsChart::Measure measure);
    void setOrder(ClassBarsChart::Order order);
    void setStatistics(const MarginStatistics &statistics, const QStringList &labels);
    const ClassBarsChart &chart() const { return m_chart; }
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    void classPicked(int label);

protected:
    void paintEvent(QPaintEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    bool event(QEvent *event) override;

private:
    Theme m_theme;
    ClassBarsChart m_chart;
};

} // namespace mrg
