// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/Dataset.h"
#include "engine/training/Snapshot.h"
#include "gui/widgets/Theme.h"

#include <QWidget>

namespace mrg {

/// The plane of 2-d inputs: which class wins where, how clearly, and the training points. Points
/// with several labels show a slice of each label's colour.
class DecisionView : public QWidget {
    Q_OBJECT
public:
    explicit DecisionView(const Theme &theme, QWidget *parent = nullptr);
    void setTheme(const Theme &theme);
    void setDataset(std::shared_ptr<const Dataset> dataset);
    void setGrid(const std::optional<DecisionGrid> &grid);
    bool hasGrid() const { return m_grid.has_value(); }

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    void paintGround();
    double namesWidth() const;
    void drawNames(QPainter &painter, const QRectF &rect) const;

    Theme m_theme;
    std::shared_ptr<const Dataset> m_data;
    std::optional<DecisionGrid> m_grid;
    QImage m_ground;
};

} // namespace mrg
