// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/Network.h"
#include "gui/canvas/NodeItem.h"
#include "gui/widgets/Theme.h"

#include <QGraphicsView>

#include <optional>

class QGraphicsPathItem;

namespace mrg {

class CanvasScene;
class ExperimentDocument;
class QuickInsert;

/// The canvas: shows the network and takes mouse, keyboard and drops.
///
/// Pull a wire from any port to another; onto nothing, to insert what shall be there. Drop a module
/// onto a wire to put it between. Type a name, or double-click, to insert. Wheel zooms, middle
/// button or Space pans, Delete removes, arrows nudge.
class CanvasView : public QGraphicsView {
    Q_OBJECT
public:
    CanvasView(ExperimentDocument &document, const Theme &theme, QWidget *parent = nullptr);
    ~CanvasView() override;

    CanvasScene *canvas() const { return m_scene; }
    void setTheme(const Theme &theme);
    /// Adds a node of this type: at the scene position; without one beside the selected node (or
    /// the last one), wired to it where that makes sense and with sizes that fit.
    NodeId insertNode(const QString &type, std::optional<QPointF> position = std::nullopt);

public slots:
    void zoomIn();
    void zoomOut();
    void zoomToActualSize();
    void zoomToFit();
    void removeSelection();
    void cut();
    void copy();
    void paste();
    void duplicate();
    void selectAll();
    void arrange();
    void openQuickInsert();

signals:
    void currentNodeChanged(mrg::NodeId node);
    /// A node was double-clicked: its options are wanted.
    void nodeActivated(mrg::NodeId node);

protected:
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void mouseDoubleClickEvent(QMouseEvent *event) override;
    void wheelEvent(QWheelEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void keyReleaseEvent(QKeyEvent *event) override;
    bool focusNextPrevChild(bool next) override;
    void dragEnterEvent(QDragEnterEvent *event) override;
    void dragMoveEvent(QDragMoveEvent *event) override;
    void dragLeaveEvent(QDragLeaveEvent *event) override;
    void dropEvent(QDropEvent *event) override;
    void contextMenuEvent(QContextMenuEvent *event) override;
    void drawBackground(QPainter *painter, const QRectF &rect) override;
    void drawForeground(QPainter *painter, const QRectF &rect) override;

private:
    /// A wire being pulled from a port.
    struct Pull {
        NodeItem::PortSpot from;
        QGraphicsPathItem *line = nullptr;
        std::optional<Wire> detached; ///< the wire whose end was picked up
        NodeItem *target = nullptr;
    };
    void beginPull(const NodeItem::PortSpot &spot);
    void movePull(QPointF position);
    void endPull(QPointF position);
    void cancelPull();
    /// The wire between two ports, or nothing if they can't be joined.
    std::optional<Wire> wireBetween(const NodeItem::PortSpot &a, const NodeItem::PortSpot &b) const;
    void insertFromQuick(const QString &type);
    NodeId insertIntoWire(const QString &type, const Wire &wire, QPointF position);
    void wireToNeighbour(NodeId node, NodeId neighbour);
    /// Sets sizes of a node as the check asks for.
    void fitArguments(NodeId node);
    NodeId addAt(const QString &type, QPointF middle);
    std::optional<Wire> wireAt(QPointF scenePosition) const;
    void zoomBy(double factor);
    void nudge(QPointF by);
    void selectNext(bool forward);
    void startPan(QPoint position);

    ExperimentDocument &m_document;
    CanvasScene *m_scene;
    QuickInsert *m_quick;
    Theme m_theme;
    std::optional<Pull> m_pull;
    /// Where the quick insert will put its node, and the port it will be wired to.
    std::optional<QPointF> m_quickPosition;
    std::optional<NodeItem::PortSpot> m_quickPort;
    std::optional<QPoint> m_pan;
    std::optional<Wire> m_dropWire;
    bool m_space = false;
};

} // namespace mrg
