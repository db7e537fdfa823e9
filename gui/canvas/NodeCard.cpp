// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/canvas/NodeCard.h"

#include "gui/document/network_edits.h"
#include "gui/document/node_look.h"
#include "gui/widgets/Icons.h"

#include <QFontMetricsF>
#include <QPainterPath>

#include <algorithm>

namespace mrg {

namespace {
constexpr double headHeight = 32;
constexpr double optionsHeight = 20;
constexpr double portHeight = 19;
constexpr double portRadius = 4.5;
constexpr double radius = 9;
constexpr double smallestWidth = 150;
constexpr double largestWidth = 260;

QFont font(int pixels, bool bold = false)
{
    QFont out;
    out.setPixelSize(pixels);
    out.setWeight(bold ? QFont::DemiBold : QFont::Normal);
    return out;
}

/// The options worth a line on the card: what is required, then what differs from the default.
QString optionsText(const Spec &spec, const Arguments &given)
{
    QStringList parts;
    const Arguments all = spec.completed(given);
    QStringList required;
    for (const Arg &arg : spec.args) {
        if (arg.required)
            required << QString::fromStdString(all.at(arg.name).toString());
    }
    if (!required.isEmpty())
        parts << required.join(" → ");
    for (const auto &[name, value] : given) {
        const Arg *arg = spec.findArg(name);
        if (arg && !arg->required)
            parts << QString::fromStdString(name + " " + value.toString());
    }
    return parts.join(" · ").remove('\'');
}

/// The card's head: round above, straight below. A path and no clip, which SVG files would lose.
QPainterPath headPath(const QRectF &card)
{
    const QRectF head(card.left() + 0.5, card.top() + 0.5, card.width() - 1, headHeight);
    const double r = radius - 0.5;
    QPainterPath path(head.bottomLeft());
    path.lineTo(head.left(), head.top() + r);
    path.arcTo(QRectF(head.left(), head.top(), 2 * r, 2 * r), 180, -90);
    path.lineTo(head.right() - r, head.top());
    path.arcTo(QRectF(head.right() - 2 * r, head.top(), 2 * r, 2 * r), 90, -90);
    path.lineTo(head.bottomRight());
    path.closeSubpath();
    return path;
}

QString elided(const QFont &font, const QString &text, double width)
{
    return QFontMetricsF(font).elidedText(text, Qt::ElideRight, width);
}
} // namespace

NodeCard::NodeCard(const NetworkNode &node, const Spec *spec, const CheckedNetwork &checked,
                   const Theme &theme)
    : title(nodeName(node))
{
    const NodeLook look = nodeLook(node.type, spec, theme);
    icon = look.icon;
    color = look.color;
    if (spec) {
        for (const mrg::Port &port : spec->inputs)
            inputs.push_back({QString::fromStdString(port.name),
                              QString::fromStdString(port.summary), port.variadic});
        for (const mrg::Port &port : spec->outputs) {
            // What some arguments alone give, and pieces beyond the first, are there once known.
            for (int index = 0; (index == 0 && !port.optional)
                 || ((index == 0 || port.variadic)
                     && checked.shapes.contains({node.id, port.name, index}));
                 ++index) {
                outputs.push_back({QString::fromStdString(port.name),
                                   QString::fromStdString(port.summary), port.variadic, index});
            }
        }
        options = optionsText(*spec, node.args);
    }
    if (const auto count = checked.parameters.find(node.id); count != checked.parameters.end())
        parameters = count->second;
    for (const Issue &issue : checked.issuesOf(node.id))
        severity = severity == Severity::Error ? Severity::Error : issue.severity;
    const double titleWidth = QFontMetricsF(font(13, true)).horizontalAdvance(title) + 58;
    const double optionsWidth = QFontMetricsF(font(11)).horizontalAdvance(options) + 26;
    width = std::clamp(std::max(titleWidth, optionsWidth), smallestWidth, largestWidth);
    const size_t rows = std::max({inputs.size(), outputs.size(), size_t{1}});
    height = headHeight + (options.isEmpty() ? 4 : optionsHeight)
            + portHeight * static_cast<double>(rows) + 8;
}

QPointF NodeCard::portPosition(size_t row, bool input) const
{
    const double top = headHeight + (options.isEmpty() ? 4 : optionsHeight) + 1;
    return {input ? 0 : width, top + portHeight * (static_cast<double>(row) + 0.5)};
}

QString NodeCard::Port::label() const
{
    return index == 0 ? name : name + " " + QString::number(index);
}

bool NodeCard::isAt(const PortRef &port, size_t row, bool input) const
{
    const Port &own = (input ? inputs : outputs)[row];
    return own.name == QString::fromStdString(port.port) && (input || own.index == port.index);
}

QPointF NodeCard::portPosition(const PortRef &port, bool input) const
{
    for (size_t row = 0; row < (input ? inputs : outputs).size(); ++row) {
        if (isAt(port, row, input))
            return portPosition(row, input);
    }
    return {input ? 0 : width, height / 2};
}

void NodeCard::draw(QPainter &painter, const Theme &theme, const State &state) const
{
    painter.setRenderHint(QPainter::Antialiasing);
    // A soft shadow in three strokes.
    for (int i = 3; i > 0; --i) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(QColor(0, 0, 0, theme.dark ? 30 : 9));
        painter.drawRoundedRect(rect().adjusted(-i, -i + 2, i, i + 2), radius + i, radius + i);
    }
    painter.setBrush(theme.surface);
    painter.drawRoundedRect(rect(), radius, radius);
    QColor tint = color;
    tint.setAlpha(theme.dark ? 60 : 34);
    painter.setBrush(tint);
    painter.drawPath(headPath(rect()));
    painter.setBrush(Qt::NoBrush);
    painter.setPen(state.selected ? QPen(theme.accent, 2) : QPen(theme.border, 1));
    painter.drawRoundedRect(rect(), radius, radius);
    drawIcon(painter, icon, color, QRectF(10, 8, 16, 16));
    painter.setFont(font(13, true));
    painter.setPen(theme.text);
    painter.drawText(QRectF(32, 0, width - 42, headHeight), Qt::AlignVCenter | Qt::AlignLeft,
                     elided(painter.font(), title, width - (severity ? 62 : 44)));
    painter.setFont(font(11));
    painter.setPen(theme.text);
    if (!options.isEmpty()) {
        painter.drawText(QRectF(12, headHeight + 2, width - 24, optionsHeight),
                         Qt::AlignVCenter | Qt::AlignLeft,
                         elided(painter.font(), options, width - 24));
    }
    for (const bool input : {true, false}) {
        const std::vector<Port> &ports = input ? inputs : outputs;
        for (size_t row = 0; row < ports.size(); ++row) {
            const QPointF at = portPosition(row, input);
            const bool lit
                    = state.litPort && input == state.litInput && isAt(*state.litPort, row, input);
            painter.setPen(QPen(lit ? theme.accent : color, 1.6));
            painter.setBrush(lit ? theme.accent : theme.surface);
            const double size = lit ? portRadius + 2 : portRadius;
            painter.drawEllipse(at, size, size);
            painter.setPen(theme.mutedText);
            const QRectF text(input ? 12 : width / 2, at.y() - portHeight / 2, width / 2 - 12,
                              portHeight);
            painter.drawText(text, Qt::AlignVCenter | (input ? Qt::AlignLeft : Qt::AlignRight),
                             ports[row].label());
        }
    }
    if (severity) {
        const QPointF at(width - 16, headHeight / 2);
        painter.setPen(Qt::NoPen);
        painter.setBrush(*severity == Severity::Error ? theme.error : theme.warning);
        painter.drawEllipse(at, 8, 8);
        painter.setPen(theme.dark ? QColor("#15181d") : QColor("#ffffff"));
        painter.setFont(font(12, true));
        painter.drawText(QRectF(at.x() - 8, at.y() - 8, 16, 16), Qt::AlignCenter, "!");
    }
    if (state.focused && !state.selected) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(theme.accent, 1, Qt::DashLine));
        painter.drawRoundedRect(rect().adjusted(-3, -3, 3, 3), radius + 2, radius + 2);
    }
}

} // namespace mrg
