// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/canvas/NodeItem.h"

#include "gui/canvas/CanvasScene.h"
#include "gui/document/ExperimentDocument.h"

#include <QLocale>
#include <QPainter>
#include <QStyleOptionGraphicsItem>

namespace mrg {

namespace {
constexpr double portReach = 14;
}

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
    m_card = NodeCard(*node, spec, document.checked(), m_scene.theme());
    QString tip = spec ? QString::fromStdString("<b>" + spec->name + "</b><br>" + spec->summary)
                       : m_card.title;
    for (const Issue &issue : document.checked().issuesOf(m_id))
        tip += "<hr>" + QString::fromStdString(issue.text).toHtmlEscaped();
    if (m_card.parameters > 0) {
        tip += "<br>"
                + QObject::tr("%1 parameters")
                          .arg(QLocale(QLocale::English)
                                       .toString(static_cast<qlonglong>(m_card.parameters)));
    }
    setToolTip("<p>" + tip + "</p>");
    update();
}

QRectF NodeItem::boundingRect() const { return m_card.outline(); }

std::vector<NodeItem::PortSpot> NodeItem::ports() const
{
    std::vector<PortSpot> out;
    for (const bool input : {true, false}) {
        const std::vector<NodeCard::Port> &ports = input ? m_card.inputs : m_card.outputs;
        for (size_t row = 0; row < ports.size(); ++row) {
            out.push_back({{m_id, ports[row].name.toStdString(), ports[row].index},
                           input,
                           mapToScene(m_card.portPosition(row, input)),
                           ports[row].summary,
                           ports[row].variadic});
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

QPointF NodeItem::portPosition(const PortRef &port, bool input) const
{
    return mapToScene(m_card.portPosition(port, input));
}

void NodeItem::setHighlighted(std::optional<PortRef> port, bool input)
{
    m_litPort = std::move(port);
    m_litInput = input;
    update();
}

void NodeItem::paint(QPainter *painter, const QStyleOptionGraphicsItem *option, QWidget *)
{
    m_card.draw(*painter, m_scene.theme(),
                {bool(option->state & QStyle::State_Selected),
                 bool(option->state & QStyle::State_HasFocus), m_litPort, m_litInput});
}

QVariant NodeItem::itemChange(GraphicsItemChange change, const QVariant &value)
{
    if (change == ItemPositionHasChanged && !m_refreshing)
        m_scene.nodeDragged(m_id);
    return QGraphicsItem::itemChange(change, value);
}

} // namespace mrg
