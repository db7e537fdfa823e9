// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/check.h"

#include <QGraphicsPathItem>

namespace mrg {

class CanvasScene;

/// A wire as a curve with the shape that flows through it on a pill. Where it carries a wrong shape
/// it is red, says what came and what was needed, and offers the fixes as buttons.
class WireItem : public QGraphicsPathItem {
public:
    enum { Type = UserType + 2 };
    WireItem(CanvasScene &scene, Wire wire);

    int type() const override { return Type; }
    const Wire &wire() const { return m_wire; }
    void refresh();
    /// Follows its ends.
    void updatePath();
    bool hasError() const { return !m_error.isEmpty(); }
    QString shapeText() const { return m_shape; }
    QString errorText() const { return m_error; }
    /// Scene positions of the fix buttons' middles, in the order of the fixes.
    std::vector<QPointF> fixPositions() const;
    /// The fix under a scene position, if any.
    const Fix *fixAt(QPointF scenePosition) const;

    QPainterPath shape() const override;
    QRectF boundingRect() const override;
    void paint(QPainter *painter, const QStyleOptionGraphicsItem *option, QWidget *widget) override;

private:
    struct Button {
        Fix fix;
        QRectF rect; ///< in scene coordinates
    };
    void layOut();

    CanvasScene &m_scene;
    Wire m_wire;
    QString m_shape;
    QString m_error;
    std::vector<Button> m_buttons;
    QRectF m_pill;
};

} // namespace mrg
