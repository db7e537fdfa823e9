// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/canvas/CanvasView.h"

#include "gui/canvas/CanvasScene.h"
#include "gui/canvas/QuickInsert.h"
#include "gui/canvas/WireItem.h"
#include "gui/canvas/wire_drawing.h"
#include "gui/document/ExperimentDocument.h"
#include "gui/document/network_edits.h"
#include "gui/document/node_mime.h"

#include <QMimeData>
#include <QScrollBar>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace mrg {

namespace {
constexpr double zoomStep = 1.2;
constexpr double grid = 20;
constexpr double nodeGap = 90;
constexpr QPointF cardMiddle(75, 40);

/// Says of an edit made of several steps that it is one.
class Macro {
public:
    Macro(QUndoStack &stack, const QString &text) : m_stack(stack) { m_stack.beginMacro(text); }
    ~Macro() { m_stack.endMacro(); }
    Macro(const Macro &) = delete;
    Macro &operator=(const Macro &) = delete;

private:
    QUndoStack &m_stack;
};
} // namespace

CanvasView::CanvasView(ExperimentDocument &document, const Theme &theme, QWidget *parent)
    : QGraphicsView(parent),
      m_document(document),
      m_scene(new CanvasScene(document, theme, this)),
      m_quick(new QuickInsert(document.vocabulary(), this)),
      m_theme(theme)
{
    setObjectName("canvas");
    setAccessibleName(tr("Network canvas"));
    setScene(m_scene);
    setFrameShape(NoFrame);
    setRenderHint(QPainter::Antialiasing);
    setDragMode(RubberBandDrag);
    setAcceptDrops(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setViewportUpdateMode(FullViewportUpdate);
    setTransformationAnchor(AnchorUnderMouse);
    viewport()->setMouseTracking(true);
    connect(m_scene, &CanvasScene::currentNodeChanged, this, &CanvasView::currentNodeChanged);
    connect(m_quick, &QuickInsert::chosen, this, &CanvasView::insertFromQuick);
}

// Items on the scene tell the view of their end; the pull must not be among them.
CanvasView::~CanvasView() { m_pull.reset(); }

void CanvasView::setTheme(const Theme &theme)
{
    m_theme = theme;
    m_scene->setTheme(theme);
    viewport()->update();
}

// Inserting

NodeId CanvasView::addAt(const QString &type, QPointF middle)
{
    const QPointF corner = middle - cardMiddle;
    return m_document.addNode(type, {},
                              {std::round(corner.x() / 10) * 10, std::round(corner.y() / 10) * 10});
}

NodeId CanvasView::insertNode(const QString &type, std::optional<QPointF> position)
{
    const Macro macro(m_document.undoStack(), tr("Add %1").arg(shortTypeName(type)));
    NodeId added = 0;
    if (position) {
        added = addAt(type, *position);
    } else {
        const std::set<NodeId> selected = m_scene->selectedNodes();
        const NodeId neighbour = selected.size() == 1 ? *selected.begin() : 0;
        const NodeItem *item = m_scene->itemFor(neighbour);
        QPointF middle = mapToScene(viewport()->rect().center());
        if (item) {
            middle = item->pos() + QPointF(item->boundingRect().width() + nodeGap, 0) + cardMiddle;
        } else if (!m_document.network().nodes.empty()) {
            const QRectF content = m_scene->contentRect();
            middle = QPointF(content.right() + cardMiddle.x(), content.center().y());
        }
        added = addAt(type, middle);
        if (neighbour)
            wireToNeighbour(added, neighbour);
    }
    m_scene->selectNodes({added});
    if (const NodeItem *item = m_scene->itemFor(added))
        ensureVisible(item, 30, 30);
    return added;
}

void CanvasView::wireToNeighbour(NodeId node, NodeId neighbour)
{
    const NodeItem *left = m_scene->itemFor(neighbour);
    const NodeItem *right = m_scene->itemFor(node);
    std::optional<NodeItem::PortSpot> output;
    for (const NodeItem::PortSpot &spot : left->ports()) {
        if (!spot.input && !output)
            output = spot;
    }
    for (const NodeItem::PortSpot &spot : right->ports()) {
        if (!output || !spot.input)
            continue;
        if (const std::optional<Wire> wire = wireBetween(*output, spot))
            m_document.addWire(*wire);
        break;
    }
    // A loss wants the targets of the data as well.
    const NetworkNode *added = m_document.network().find(node);
    const Spec *spec = m_document.vocabulary().spec(added->type);
    if (spec && spec->isLoss()) {
        for (const NetworkNode &source : m_document.network().nodes) {
            if (source.type.starts_with("data."))
                m_document.addWire({{source.id, "target", 0}, {node, spec->inputs.back().name, 0}});
        }
    }
    fitArguments(node);
}

void CanvasView::fitArguments(NodeId node)
{
    for (const Issue &issue : m_document.checked().issuesOf(node)) {
        for (const Fix &fix : issue.fixes) {
            const auto *edit = std::get_if<SetArgsFix>(&fix.edit);
            if (edit && edit->node == node) {
                m_document.applyFix(fix);
                return;
            }
        }
    }
}

NodeId CanvasView::insertIntoWire(const QString &type, const Wire &wire, QPointF position)
{
    const Macro macro(m_document.undoStack(), tr("Insert %1").arg(shortTypeName(type)));
    const NodeId added = addAt(type, position);
    const Spec *spec = m_document.vocabulary().spec(type.toStdString());
    if (spec && !spec->inputs.empty() && !spec->outputs.empty() && !spec->isLoss()) {
        m_document.removeWire(wire);
        m_document.addWire({wire.from, {added, spec->inputs.front().name, 0}});
        m_document.addWire({{added, spec->outputs.front().name, 0}, wire.to});
        fitArguments(added);
    }
    m_scene->selectNodes({added});
    return added;
}

void CanvasView::openQuickInsert()
{
    m_quickPosition.reset();
    m_quickPort.reset();
    m_quick->open(viewport()->rect().center() - QPoint(m_quick->width() / 2, 120), {});
}

void CanvasView::insertFromQuick(const QString &type)
{
    setFocus();
    if (!m_quickPort) {
        insertNode(type, m_quickPosition);
        return;
    }
    const NodeItem::PortSpot from = *m_quickPort;
    m_quickPort.reset();
    const Macro macro(m_document.undoStack(), tr("Add %1").arg(shortTypeName(type)));
    const NodeId added = insertNode(type, m_quickPosition);
    for (const NodeItem::PortSpot &spot : m_scene->itemFor(added)->ports()) {
        if (const std::optional<Wire> wire = wireBetween(from, spot)) {
            m_document.addWire(*wire);
            break;
        }
    }
    fitArguments(added);
}

// Pulling wires

std::optional<Wire> CanvasView::wireBetween(const NodeItem::PortSpot &a,
                                            const NodeItem::PortSpot &b) const
{
    if (a.input == b.input || a.ref.node == b.ref.node)
        return std::nullopt;
    const NodeItem::PortSpot &output = a.input ? b : a;
    const NodeItem::PortSpot &input = a.input ? a : b;
    Wire wire{output.ref, input.ref};
    if (input.variadic) {
        const std::vector<Wire> &wires = m_document.network().wires;
        wire.to.index = static_cast<int>(
                std::count_if(wires.begin(), wires.end(), [&](const Wire &other) {
                    return other.to.node == wire.to.node && other.to.port == wire.to.port;
                }));
    }
    return wire;
}

void CanvasView::beginPull(const NodeItem::PortSpot &spot)
{
    m_pull = Pull{spot, new QGraphicsPathItem, std::nullopt, nullptr};
    // An end that is plugged in comes along with its wire.
    if (spot.input && !spot.variadic) {
        if (const Wire *wire = m_document.network().wireInto(spot.ref)) {
            m_pull->detached = *wire;
            for (const NodeItem::PortSpot &other : m_scene->itemFor(wire->from.node)->ports()) {
                if (!other.input && other.ref == wire->from)
                    m_pull->from = other;
            }
            if (WireItem *item = m_scene->itemFor(*wire))
                item->setOpacity(0.25);
        }
    }
    m_pull->line->setPen(QPen(m_theme.accent, 2.4, Qt::SolidLine, Qt::RoundCap));
    m_pull->line->setZValue(4);
    m_scene->addItem(m_pull->line);
    movePull(spot.position);
}

void CanvasView::movePull(QPointF position)
{
    if (m_pull->target)
        m_pull->target->setHighlighted(std::nullopt, true);
    m_pull->target = nullptr;
    QPointF end = position;
    if (NodeItem *node = m_scene->nodeWithPortAt(position)) {
        const NodeItem::PortSpot spot = *node->portAt(position);
        if (wireBetween(m_pull->from, spot)) {
            m_pull->target = node;
            node->setHighlighted(spot.ref, spot.input);
            end = spot.position;
        }
    }
    const bool forward = !m_pull->from.input;
    m_pull->line->setPath(forward ? wirePath(m_pull->from.position, end)
                                  : wirePath(end, m_pull->from.position));
}

void CanvasView::cancelPull()
{
    if (!m_pull)
        return;
    if (m_pull->target)
        m_pull->target->setHighlighted(std::nullopt, true);
    if (m_pull->detached) {
        if (WireItem *item = m_scene->itemFor(*m_pull->detached))
            item->setOpacity(1);
    }
    delete m_pull->line;
    m_pull.reset();
}

void CanvasView::endPull(QPointF position)
{
    const Pull pull = *m_pull;
    cancelPull();
    const NodeItem *node = m_scene->nodeWithPortAt(position);
    const std::optional<Wire> wire
            = node ? wireBetween(pull.from, *node->portAt(position)) : std::nullopt;
    if (wire && wire != pull.detached) {
        const Macro macro(m_document.undoStack(), pull.detached ? tr("Move wire") : tr("Add wire"));
        if (pull.detached)
            m_document.removeWire(*pull.detached);
        m_document.addWire(*wire);
    } else if (!wire && pull.detached) {
        m_document.removeWire(*pull.detached);
    } else if (!node && QLineF(pull.from.position, position).length() > 40) {
        m_quickPosition = position
                + (pull.from.input ? -QPointF(cardMiddle.x(), 0) : QPointF(cardMiddle.x(), 0));
        m_quickPort = pull.from;
        m_quick->open(mapFromScene(position), {});
    }
}

// Mouse

void CanvasView::startPan(QPoint position)
{
    m_pan = position;
    viewport()->setCursor(Qt::ClosedHandCursor);
}

void CanvasView::mousePressEvent(QMouseEvent *event)
{
    if (event->button() == Qt::MiddleButton || (event->button() == Qt::LeftButton && m_space)) {
        startPan(event->pos());
        return;
    }
    const QPointF position = mapToScene(event->pos());
    if (event->button() == Qt::LeftButton) {
        for (const Wire &wire : m_document.network().wires) {
            const WireItem *item = m_scene->itemFor(wire);
            if (const Fix *fix = item ? item->fixAt(position) : nullptr) {
                const Fix chosen = *fix;
                m_document.applyFix(chosen);
                return;
            }
        }
        if (const NodeItem *node = m_scene->nodeWithPortAt(position)) {
            beginPull(*node->portAt(position));
            return;
        }
    }
    QGraphicsView::mousePressEvent(event);
}

void CanvasView::mouseMoveEvent(QMouseEvent *event)
{
    if (m_pan) {
        const QPoint by = event->pos() - *m_pan;
        m_pan = event->pos();
        horizontalScrollBar()->setValue(horizontalScrollBar()->value() - by.x());
        verticalScrollBar()->setValue(verticalScrollBar()->value() - by.y());
        return;
    }
    const QPointF position = mapToScene(event->pos());
    if (m_pull) {
        movePull(position);
        return;
    }
    const bool overPort = event->buttons() == Qt::NoButton && m_scene->nodeWithPortAt(position);
    viewport()->setCursor(overPort          ? Qt::CrossCursor
                                  : m_space ? Qt::OpenHandCursor
                                            : Qt::ArrowCursor);
    QGraphicsView::mouseMoveEvent(event);
}

void CanvasView::mouseReleaseEvent(QMouseEvent *event)
{
    if (m_pan) {
        m_pan.reset();
        viewport()->setCursor(m_space ? Qt::OpenHandCursor : Qt::ArrowCursor);
        return;
    }
    if (m_pull) {
        endPull(mapToScene(event->pos()));
        return;
    }
    QGraphicsView::mouseReleaseEvent(event);
    m_scene->dropped();
}

void CanvasView::mouseDoubleClickEvent(QMouseEvent *event)
{
    if (const auto *node = qgraphicsitem_cast<NodeItem *>(itemAt(event->pos()))) {
        emit nodeActivated(node->id());
    } else if (!itemAt(event->pos())) {
        m_quickPosition = mapToScene(event->pos());
        m_quickPort.reset();
        m_quick->open(event->pos(), {});
    }
}

void CanvasView::wheelEvent(QWheelEvent *event)
{
    // Touch pads tell pixels and pan; wheels tell steps and zoom.
    if (!event->pixelDelta().isNull() && !(event->modifiers() & Qt::ControlModifier)) {
        horizontalScrollBar()->setValue(horizontalScrollBar()->value() - event->pixelDelta().x());
        verticalScrollBar()->setValue(verticalScrollBar()->value() - event->pixelDelta().y());
    } else if (event->angleDelta().y() != 0) {
        zoomBy(std::pow(zoomStep, event->angleDelta().y() / 120.0));
    }
    event->accept();
}

// Keyboard

void CanvasView::keyPressEvent(QKeyEvent *event)
{
    const double far = event->modifiers() & Qt::ShiftModifier ? 5 * grid : grid;
    switch (event->key()) {
    case Qt::Key_Delete:
    case Qt::Key_Backspace: removeSelection(); return;
    case Qt::Key_Escape:
        cancelPull();
        m_scene->clearSelection();
        return;
    case Qt::Key_Left: nudge({-far, 0}); return;
    case Qt::Key_Right: nudge({far, 0}); return;
    case Qt::Key_Up: nudge({0, -far}); return;
    case Qt::Key_Down: nudge({0, far}); return;
    case Qt::Key_Space:
        if (!event->isAutoRepeat()) {
            m_space = true;
            viewport()->setCursor(Qt::OpenHandCursor);
        }
        return;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (const std::set<NodeId> nodes = m_scene->selectedNodes(); nodes.size() == 1)
            emit nodeActivated(*nodes.begin());
        return;
    default: break;
    }
    const QString text = event->text();
    if (!text.isEmpty() && text[0].isLetterOrNumber()
        && !(event->modifiers() & (Qt::ControlModifier | Qt::AltModifier))) {
        openQuickInsert();
        m_quick->open(m_quick->pos(), text);
        return;
    }
    QGraphicsView::keyPressEvent(event);
}

void CanvasView::keyReleaseEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Space && !event->isAutoRepeat()) {
        m_space = false;
        viewport()->setCursor(Qt::ArrowCursor);
    }
    QGraphicsView::keyReleaseEvent(event);
}

bool CanvasView::focusNextPrevChild(bool next)
{
    if (m_document.network().nodes.empty())
        return QGraphicsView::focusNextPrevChild(next);
    selectNext(next);
    return true;
}

void CanvasView::selectNext(bool forward)
{
    const std::vector<NetworkNode> &nodes = m_document.network().nodes;
    const std::set<NodeId> selected = m_scene->selectedNodes();
    auto at = std::find_if(nodes.begin(), nodes.end(),
                           [&](const NetworkNode &node) { return selected.contains(node.id); });
    const auto count = static_cast<std::ptrdiff_t>(nodes.size());
    const std::ptrdiff_t now = at == nodes.end() ? (forward ? -1 : 0) : at - nodes.begin();
    const NodeId id = nodes[static_cast<size_t>((now + (forward ? 1 : -1) + count) % count)].id;
    m_scene->selectNodes({id});
    ensureVisible(m_scene->itemFor(id), 30, 30);
}

void CanvasView::nudge(QPointF by)
{
    std::map<NodeId, QPointF> positions;
    for (NodeId id : m_scene->selectedNodes())
        positions[id] = m_scene->itemFor(id)->pos() + by;
    if (!positions.empty())
        m_document.moveNodes(positions);
}

// Dragging from a palette

std::optional<Wire> CanvasView::wireAt(QPointF scenePosition) const
{
    for (const Wire &wire : m_document.network().wires) {
        const WireItem *item = m_scene->itemFor(wire);
        if (item && item->shape().contains(scenePosition))
            return wire;
    }
    return std::nullopt;
}

void CanvasView::dragEnterEvent(QDragEnterEvent *event)
{
    if (event->mimeData()->hasFormat(nodeTypeMime))
        event->acceptProposedAction();
}

void CanvasView::dragMoveEvent(QDragMoveEvent *event)
{
    if (!event->mimeData()->hasFormat(nodeTypeMime))
        return;
    event->acceptProposedAction();
    m_dropWire = wireAt(mapToScene(event->position().toPoint()));
    for (const Wire &wire : m_document.network().wires) {
        if (WireItem *item = m_scene->itemFor(wire))
            item->setSelected(m_dropWire == wire);
    }
}

void CanvasView::dragLeaveEvent(QDragLeaveEvent *)
{
    m_dropWire.reset();
    m_scene->clearSelection();
}

void CanvasView::dropEvent(QDropEvent *event)
{
    const QString type = QString::fromUtf8(event->mimeData()->data(nodeTypeMime));
    if (type.isEmpty())
        return;
    event->acceptProposedAction();
    const QPointF position = mapToScene(event->position().toPoint());
    const std::optional<Wire> wire = wireAt(position);
    m_dropWire.reset();
    setFocus();
    if (wire)
        insertIntoWire(type, *wire, position);
    else
        insertNode(type, position);
}

} // namespace mrg

#include "moc_CanvasView.cpp"
