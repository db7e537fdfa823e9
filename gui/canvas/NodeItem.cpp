// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/canvas/NodeItem.h"

#include "gui/canvas/CanvasScene.h"
#include "gui/document/ExperimentDocument.h"
#include "gui/document/network_edits.h"
#include "gui/widgets/Icons.h"

#include <QCursor>
#include <QFontMetricsF>
#include <QPainter>
#include <QStyleOptionGraphicsItem>

#include <algorithm>

namespace mrg {

namespace {
constexpr double headHeight = 32;
constexpr double optionsHeight = 18;
constexpr double portHeight = 19;
constexpr double portRadius = 5;
constexpr double portReach = 14;
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
} // namespace

NodeItem::NodeItem(CanvasScene &scene, NodeId id) : m_scene(scene), m_id(id)
{
    setFlags(ItemIsMovable | ItemIsSelectable | ItemSendsGeometryChanges | ItemIsFocusable);
    setZValue(2);
    refresh();
}

void NodeItem::refresh()
{
    const ExperimentDocument &document = m_scene.document();
    const NetworkNode *node = document.network().find(m_id);
    if (!node)
        return;
    prepareGeometryChange();
    m_refreshing = true;
    setPos(node->x, node->y);
    m_refreshing = false;
    const Spec *spec = document.vocabulary().spec(node->type);
    m_title = nodeName(*node);
    m_inputs.clear();
    m_outputs.clear();
    m_options.clear();
    m_color = m_scene.theme().error;
    m_icon = "layer";
    if (spec) {
        for (const Port &port : spec->inputs)
            m_inputs.push_back({QString::fromStdString(port.name), QString::fromStdString(port.summary), port.variadic});
        for (const Port &port : spec->outputs) {
            if (!port.optional)
                m_outputs.push_back({QString::fromStdString(port.name), QString::fromStdString(port.summary), false});
        }
        m_options = optionsText(*spec, node->args);
        m_color = m_scene.theme().group(static_cast<int>(spec->group));
        m_icon = spec->group == Group::Data ? "data" : spec->isLoss() ? "loss" : node->type.starts_with("torch.") ? "function" : "layer";
    }
    const CheckedNetwork &checked = document.checked();
    const auto count = checked.parameters.find(m_id);
    m_count = count != checked.parameters.end() && count->second > 0 ? QLocale(QLocale::English).toString(static_cast<qlonglong>(count->second)) : QString();
    m_severity.reset();
    QString tip = spec ? QString::fromStdString("<b>" + spec->name + "</b><br>" + spec->summary) : m_title;
    for (const Issue &issue : checked.issuesOf(m_id)) {
        m_severity = m_severity == Severity::Error ? Severity::Error : issue.severity;
        tip += "<hr>" + QString::fromStdString(issue.text).toHtmlEscaped();
    }
    if (!m_count.isEmpty())
        tip += "<br>" + QObject::tr("%1 parameters").arg(m_count);
    setToolTip("<p>" + tip + "</p>");
    const double titleWidth = QFontMetricsF(font(13, true)).horizontalAdvance(m_title) + 58;
    const double optionsWidth = QFontMetricsF(font(11)).horizontalAdvance(m_options) + 26;
    m_width = std::clamp(std::max(titleWidth, optionsWidth), smallestWidth, largestWidth);
    const size_t rows = std::max({m_inputs.size(), m_outputs.size(), size_t{1}});
    m_height = headHeight + (m_options.isEmpty() ? 0 : optionsHeight) + portHeight * static_cast<double>(rows) + 8;
    update();
}

QRectF NodeItem::boundingRect() const { return card().adjusted(-14, -10, 14, 14); }

QPointF NodeItem::localPort(size_t row, bool input) const
{
    const double top = headHeight + (m_options.isEmpty() ? 0 : optionsHeight) + 2;
    return {input ? 0 : m_width, top + portHeight * (static_cast<double>(row) + 0.5)};
}

std::vector<NodeItem::PortSpot> NodeItem::ports() const
{
    std::vector<PortSpot> out;
    for (const bool input : {true, false}) {
        const std::vector<PortView> &views = input ? m_inputs : m_outputs;
        for (size_t row = 0; row < views.size(); ++row) {
            out.push_back({{m_id, views[row].name.toStdString(), 0}, input, mapToScene(localPort(row, input)),
                           views[row].summary, views[row].variadic});
        }
    }
    return out;
}

std::optional<NodeItem::PortSpot> NodeItem::portAt(QPointF scenePosition) const
{
    for (const PortSpot &spot : ports()) {
        if (QLineF(spot.position, scenePosition).length() <= portReach)
            return spot;
    }
    return std::nullopt;
}

QPointF NodeItem::portPosition(const QString &port, bool input) const
{
    for (const PortSpot &spot : ports()) {
        if (spot.input == input && spot.ref.port == port.toStdString())
            return spot.position;
    }
    return mapToScene(QPointF(input ? 0 : m_width, m_height / 2));
}

void NodeItem::setHighlighted(std::optional<PortRef> port, bool input)
{
    m_highlight = port ? QString::fromStdString(port->port) : QString();
    m_highlightInput = input;
    update();
}

void NodeItem::paint(QPainter *painter, const QStyleOptionGraphicsItem *option, QWidget *)
{
    const Theme &theme = m_scene.theme();
    painter->setRenderHint(QPainter::Antialiasing);
    const bool selected = option->state & QStyle::State_Selected;
    // A soft shadow in three strokes.
    for (int i = 3; i > 0; --i) {
        painter->setPen(Qt::NoPen);
        painter->setBrush(QColor(0, 0, 0, theme.dark ? 30 : 9));
        painter->drawRoundedRect(card().adjusted(-i, -i + 2, i, i + 2), radius + i, radius + i);
    }
    painter->setBrush(theme.surface);
    painter->setPen(selected ? QPen(theme.accent, 2) : QPen(theme.border, 1));
    painter->drawRoundedRect(card(), radius, radius);
    QColor tint = m_color;
    tint.setAlpha(m_icon == "layer" || m_icon == "function" ? 26 : 52);
    painter->save();
    painter->setClipRect(QRectF(0, 0, m_width, headHeight));
    painter->setBrush(tint);
    painter->setPen(Qt::NoPen);
    painter->drawRoundedRect(card().adjusted(1, 1, -1, -1), radius - 1, radius - 1);
    painter->restore();
    drawIcon(*painter, m_icon, m_color, QRectF(10, 8, 16, 16));
    painter->setFont(font(13, true));
    painter->setPen(theme.text);
    painter->drawText(QRectF(32, 0, m_width - 44, headHeight), Qt::AlignVCenter | Qt::AlignLeft,
                      painter->fontMetrics().elidedText(m_title, Qt::ElideRight, static_cast<int>(m_width) - 46));
    painter->setFont(font(11));
    painter->setPen(theme.mutedText);
    if (!m_options.isEmpty()) {
        painter->drawText(QRectF(12, headHeight, m_width - 24, optionsHeight), Qt::AlignVCenter | Qt::AlignLeft,
                          painter->fontMetrics().elidedText(m_options, Qt::ElideRight, static_cast<int>(m_width) - 24));
    }
    for (const bool input : {true, false}) {
        const std::vector<PortView> &views = input ? m_inputs : m_outputs;
        for (size_t row = 0; row < views.size(); ++row) {
            const QPointF at = localPort(row, input);
            const bool lit = views[row].name == m_highlight && input == m_highlightInput;
            painter->setPen(QPen(lit ? theme.accent : m_color, 1.6));
            painter->setBrush(lit ? theme.accent : theme.surface);
            const double size = lit ? portRadius + 2 : portRadius;
            painter->drawEllipse(at, size, size);
            painter->setPen(theme.mutedText);
            const QRectF text(input ? 12 : m_width / 2, at.y() - portHeight / 2, m_width / 2 - 12, portHeight);
            painter->drawText(text, Qt::AlignVCenter | (input ? Qt::AlignLeft : Qt::AlignRight), views[row].name);
        }
    }
    if (m_severity) {
        const QColor color = *m_severity == Severity::Error ? theme.error : theme.warning;
        const QPointF at(m_width - 15, headHeight / 2);
        painter->setPen(Qt::NoPen);
        painter->setBrush(color);
        painter->drawEllipse(at, 8, 8);
        painter->setPen(theme.dark ? QColor("#15181d") : QColor("#ffffff"));
        painter->setFont(font(12, true));
        painter->drawText(QRectF(at.x() - 8, at.y() - 8, 16, 16), Qt::AlignCenter, "!");
    }
    if (option->state & QStyle::State_HasFocus && !selected) {
        painter->setBrush(Qt::NoBrush);
        painter->setPen(QPen(theme.accent, 1, Qt::DashLine));
        painter->drawRoundedRect(card().adjusted(-3, -3, 3, 3), radius + 2, radius + 2);
    }
}

QVariant NodeItem::itemChange(GraphicsItemChange change, const QVariant &value)
{
    if (change == ItemPositionHasChanged && !m_refreshing)
        m_scene.nodeDragged(m_id);
    return QGraphicsItem::itemChange(change, value);
}

} // namespace mrg
