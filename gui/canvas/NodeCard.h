// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/check.h"
#include "gui/widgets/Theme.h"

#include <QPainter>
#include <QString>

namespace mrg {

/// A node as it is drawn: a card with the group's colour and icon, the name, the telling options,
/// and ports at the sides. A plain value, so that the canvas and the pictures of a report, which
/// know no scene, show the same.
struct NodeCard {
    struct Port {
        QString name;
        QString summary;
        bool variadic = false;
    };
    struct State {
        bool selected = false;
        bool focused = false;
        QString litPort; ///< a port drawn as the target of a wire
        bool litInput = true;
    };

    NodeCard() = default;
    NodeCard(const NetworkNode &node, const Spec *spec, const CheckedNetwork &checked,
             const Theme &theme);

    QRectF rect() const { return QRectF(0, 0, width, height); }
    /// With shadow and ports.
    QRectF outline() const { return rect().adjusted(-14, -10, 14, 14); }
    QPointF portPosition(size_t row, bool input) const;
    /// Of a port by its name; the middle of the edge if there is none.
    QPointF portPosition(const QString &port, bool input) const;
    void draw(QPainter &painter, const Theme &theme, const State &state) const;

    QString title;
    QString options;
    QString icon;
    QColor color;
    std::vector<Port> inputs;
    std::vector<Port> outputs;
    int64_t parameters = 0;
    std::optional<Severity> severity;
    double width = 0;
    double height = 0;
};

} // namespace mrg
