// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gui/widgets/MatrixChart.h"

#include <QWidget>

#include <functional>

namespace mrg {

/// A MatrixChart to look at: the pairwise violation matrix (row = label, column = rival) or a
/// confusion matrix (row = truth, column = prediction). Hover tells a cell in words.
class MatrixView : public QWidget {
    Q_OBJECT
public:
    explicit MatrixView(const Theme &theme, QWidget *parent = nullptr);
    void setTheme(const Theme &theme);
    /// Tells a cell, by row and column, in words.
    using Describe = std::function<QString(int row, int column)>;
    /// `definition`: the tooltip beside the cells.
    void setChart(const MatrixChart &chart, const Describe &describe, const QString &definition);
    /// The same with one tooltip a cell, row by row; may be empty.
    void setMatrix(const QVector<double> &values, const QStringList &labels,
                   const QString &rowTitle, const QString &columnTitle,
                   const QStringList &details = {});
    /// What stands here while there is no matrix.
    void setHint(const QString &hint) { m_hint = hint; }
    const MatrixChart &chart() const { return m_chart; }

signals:
    void cellPicked(int row, int column);

protected:
    void paintEvent(QPaintEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    bool event(QEvent *event) override;

private:
    Theme m_theme;
    MatrixChart m_chart;
    Describe m_describe;
    QString m_definition;
    QString m_hint;
};

} // namespace mrg
