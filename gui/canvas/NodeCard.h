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
        int index = 0; ///< of an output that is one of several under a name
        QString label() const;
    };
    struct State {
        bool selected = false;
        bool focused = false;
        std::optional<PortRef> litPort; ///< drawn as the target of a wire
        bool litInput = true;
    };

    NodeCard() = default;
    NodeCard(const NetworkNode &node, const Spec *spec, const CheckedNetwork &checked,
             const Theme &theme);

    QRectF rect() const { return QRectF(0, 0, width, height); }
    /// With shadow and ports.
    QRectF outline() const { return rect().adjusted(-14, -10, 14, 14); }
    QPointF portPosition(size_t row, bool input) const;
    /// Of a wire's end; the middle of the edge if there is no such port.
    QPointF portPosition(const PortRef &port, bool input) const;
    /// Whether the wire's end is at the port of that row: all wires into a variadic one are.
    bool isAt(const PortRef &port, size_t row, bool input) const;
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
