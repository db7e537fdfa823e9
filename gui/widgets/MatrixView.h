// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gui/widgets/Theme.h"

#include <QStringList>
#include <QWidget>

namespace mrg {

/// A square matrix of shares as a heatmap with labels: the pairwise violation matrix (row = label,
/// column = rival) or a confusion matrix (row = truth, column = prediction). Cells without a value
/// stay blank. Hover tells a cell in words.
class MatrixView : public QWidget {
    Q_OBJECT
public:
    explicit MatrixView(const Theme &theme, QWidget *parent = nullptr);
    void setTheme(const Theme &theme);
    /// `values` row-major, NaN for blank; `details` one tooltip a cell, may be empty.
    void setMatrix(const QVector<double> &values, const QStringList &labels, const QString &rowTitle,
                   const QString &columnTitle, const QStringList &details = {});
    double valueAt(int row, int column) const;
    void draw(QPainter &painter, const QRectF &rect) const;

signals:
    void cellPicked(int row, int column);

protected:
    void paintEvent(QPaintEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    bool event(QEvent *event) override;

private:
    QRectF cells(const QRectF &rect) const;
    QPoint cellAt(QPointF position) const;

    Theme m_theme;
    QVector<double> m_values;
    QStringList m_labels;
    QString m_rowTitle;
    QString m_columnTitle;
    QStringList m_details;
};

} // namespace mrg
