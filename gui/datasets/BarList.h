// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gui/widgets/Theme.h"

#include <QVector>
#include <QWidget>

namespace mrg {

/// One line of a BarList.
struct Bar {
    QString name;
    double length = 0; ///< 0 .. 1
    QString value; ///< what the bar says, in figures
    QString detail; ///< told on hovering; rich text
    QColor color;
};

/// Named horizontal bars, one below the other. Hover for the details of one, click to pick it; the
/// picked one is marked. Only what is visible is drawn, so there may be thousands.
class BarList : public QWidget {
    Q_OBJECT
public:
    explicit BarList(const Theme &theme, QWidget *parent = nullptr);
    void setTheme(const Theme &theme);
    void setBars(const QVector<Bar> &bars);
    const QVector<Bar> &bars() const { return m_bars; }
    /// -1: none.
    void setPicked(int bar);
    int picked() const { return m_picked; }
    /// The middle of a bar's line.
    QPoint positionOf(int bar) const;
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

signals:
    /// A bar was clicked; -1: the picked one was clicked again.
    void barPicked(int bar);

protected:
    void paintEvent(QPaintEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void leaveEvent(QEvent *event) override;
    bool event(QEvent *event) override;

private:
    int barAt(double y) const;
    void paintBar(QPainter &painter, int number, double nameWidth) const;

    Theme m_theme;
    QVector<Bar> m_bars;
    int m_picked = -1;
    int m_hovered = -1;
};

} // namespace mrg
