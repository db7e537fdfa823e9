// SPDX-License-Identifier: GPL-3.0-or-later
// What the canvas does on command and how it is painted; CanvasView.cpp has what the mouse and
// keyboard do.
#include "gui/canvas/CanvasScene.h"
#include "gui/canvas/CanvasView.h"
#include "gui/canvas/QuickInsert.h"
#include "gui/canvas/WireItem.h"
#include "gui/canvas/arrange.h"
#include "gui/canvas/clipboard.h"
#include "gui/document/ExperimentDocument.h"
#include "gui/document/network_edits.h"

#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QMenu>
#include <QMimeData>

#include <algorithm>
#include <cmath>

namespace mrg {

namespace {
constexpr double smallestZoom = 0.2;
constexpr double largestZoom = 3;
constexpr double zoomStep = 1.2;
constexpr double dotSpacing = 20;
constexpr QPointF pasteShift(40, 40);
} // namespace

void CanvasView::zoomBy(double factor)
{
    const double now = transform().m11();
    const double wanted = std::clamp(now * factor, smallestZoom, largestZoom);
    scale(wanted / now, wanted / now);
}

void CanvasView::zoomIn() { zoomBy(zoomStep); }
void CanvasView::zoomOut() { zoomBy(1 / zoomStep); }
void CanvasView::zoomToActualSize() { resetTransform(); }

void CanvasView::zoomToFit()
{
    if (m_document.network().nodes.empty()) {
        resetTransform();
        return;
    }
    fitInView(m_scene->contentRect(), Qt::KeepAspectRatio);
    if (transform().m11() > 1.15) {
        resetTransform();
        centerOn(m_scene->contentRect().center());
    }
}

void CanvasView::removeSelection()
{
    const std::set<NodeId> nodes = m_scene->selectedNodes();
    const std::vector<Wire> wires = m_scene->selectedWires();
    if (!nodes.empty() || !wires.empty())
        m_document.removeItems(nodes, wires);
}

void CanvasView::copy()
{
    const std::set<NodeId> nodes = m_scene->selectedNodes();
    if (!nodes.empty())
        QApplication::clipboard()->setMimeData(toMimeData(fragment(m_document.network(), nodes)));
}

void CanvasView::cut()
{
    copy();
    removeSelection();
}

void CanvasView::paste()
{
    const QMimeData *mime = QApplication::clipboard()->mimeData();
    const std::optional<Network> network = mime ? networkFromMimeData(*mime) : std::nullopt;
    if (!network)
        return;
    const std::vector<NodeId> ids = m_document.addNetwork(*network, pasteShift);
    m_scene->selectNodes({ids.begin(), ids.end()});
}

void CanvasView::duplicate()
{
    const std::set<NodeId> nodes = m_scene->selectedNodes();
    if (nodes.empty())
        return;
    const std::vector<NodeId> ids
            = m_document.addNetwork(fragment(m_document.network(), nodes), pasteShift);
    m_scene->selectNodes({ids.begin(), ids.end()});
}

void CanvasView::selectAll()
{
    std::set<NodeId> all;
    for (const NetworkNode &node : m_document.network().nodes)
        all.insert(node.id);
    m_scene->selectNodes(all);
}

void CanvasView::arrange()
{
    std::map<NodeId, QSizeF> sizes;
    for (const NetworkNode &node : m_document.network().nodes)
        sizes[node.id] = m_scene->itemFor(node.id)->boundingRect().size();
    m_document.moveNodes(arrangedPositions(m_document.network(), sizes));
    zoomToFit();
}

void CanvasView::contextMenuEvent(QContextMenuEvent *event)
{
    QMenu menu(this);
    QGraphicsItem *item = itemAt(event->pos());
    if (auto *node = qgraphicsitem_cast<NodeItem *>(item)) {
        if (!node->isSelected())
            m_scene->selectNodes({node->id()});
        menu.addAction(tr("Edit Options"), this,
                       [this, id = node->id()] { emit nodeActivated(id); });
        menu.addAction(tr("Duplicate"), this, &CanvasView::duplicate);
        menu.addAction(tr("Copy"), this, &CanvasView::copy);
        menu.addSeparator();
        menu.addAction(tr("Delete"), this, &CanvasView::removeSelection);
    } else if (auto *wire = qgraphicsitem_cast<WireItem *>(item)) {
        menu.addAction(tr("Delete Wire"), this,
                       [this, which = wire->wire()] { m_document.removeWire(which); });
    } else {
        menu.addAction(tr("Insert Module…"), this, [this, at = event->pos()] {
            m_quickPosition = mapToScene(at);
            m_quickPort.reset();
            m_quick->open(at, {});
        });
        menu.addAction(tr("Paste"), this, &CanvasView::paste);
        menu.addSeparator();
        menu.addAction(tr("Arrange"), this, &CanvasView::arrange);
        menu.addAction(tr("Zoom to Fit"), this, &CanvasView::zoomToFit);
    }
    menu.exec(event->globalPos());
}

// Painting

void CanvasView::drawBackground(QPainter *painter, const QRectF &rect)
{
    painter->fillRect(rect, m_theme.canvas);
    const double step = transform().m11() < 0.5 ? 4 * dotSpacing : dotSpacing;
    QVector<QPointF> dots;
    for (double x = std::floor(rect.left() / step) * step; x < rect.right(); x += step) {
        for (double y = std::floor(rect.top() / step) * step; y < rect.bottom(); y += step)
            dots.append({x, y});
    }
    QPen pen(m_theme.canvasDot, 2, Qt::SolidLine, Qt::RoundCap);
    pen.setCosmetic(true);
    painter->setPen(pen);
    painter->drawPoints(dots.constData(), static_cast<int>(dots.size()));
}

void CanvasView::drawForeground(QPainter *painter, const QRectF &)
{
    if (!m_document.network().nodes.empty())
        return;
    painter->resetTransform();
    QFont font = painter->font();
    font.setPixelSize(18);
    font.setWeight(QFont::DemiBold);
    painter->setFont(font);
    painter->setPen(m_theme.text);
    const QRect area = viewport()->rect();
    painter->drawText(area.adjusted(20, 0, -20, -40), Qt::AlignCenter, tr("Draw a network"));
    font.setPixelSize(13);
    font.setWeight(QFont::Normal);
    painter->setFont(font);
    painter->setPen(m_theme.mutedText);
    painter->drawText(area.adjusted(20, 40, -20, 0), Qt::AlignCenter | Qt::TextWordWrap,
                      tr("Drag data, layers and a loss here from the palette. Or double-click, or "
                         "type a name.\n"
                         "Then pull wires from port to port."));
}

} // namespace mrg
