// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/canvas/arrange.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace mrg {

namespace {

constexpr double columnGap = 90;
constexpr double rowGap = 30;

/// Length of the longest way to each node. Cycles, which check() complains about, end the search.
std::map<NodeId, int> depths(const Network &network)
{
    std::map<NodeId, int> depth;
    for (const NetworkNode &node : network.nodes)
        depth[node.id] = 0;
    for (size_t round = 0; round < network.nodes.size(); ++round) {
        bool changed = false;
        for (const Wire &wire : network.wires) {
            const int wanted = depth[wire.from.node] + 1;
            if (depth[wire.to.node] < wanted) {
                depth[wire.to.node] = wanted;
                changed = true;
            }
        }
        if (!changed)
            break;
    }
    return depth;
}

} // namespace

std::map<NodeId, QPointF> arrangedPositions(const Network &network,
                                            const std::map<NodeId, QSizeF> &sizes)
{
    std::map<NodeId, QPointF> out;
    if (network.nodes.empty())
        return out;
    std::map<int, std::vector<NodeId>> columns;
    for (const auto &[id, depth] : depths(network))
        columns[depth].push_back(id);
    QPointF corner(std::numeric_limits<double>::max(), std::numeric_limits<double>::max());
    for (const NetworkNode &node : network.nodes) {
        corner.setX(std::min(corner.x(), node.x));
        corner.setY(std::min(corner.y(), node.y));
    }
    const auto sizeOf = [&sizes](NodeId id) {
        const auto found = sizes.find(id);
        return found == sizes.end() ? QSizeF(170, 80) : found->second;
    };
    double x = corner.x();
    for (auto &[depth, ids] : columns) {
        // A node lies at the mean height of the nodes that feed it.
        std::map<NodeId, double> height;
        for (NodeId id : ids) {
            double sum = 0;
            int count = 0;
            for (const Wire &wire : network.wires) {
                if (wire.to.node == id && out.contains(wire.from.node)) {
                    sum += out[wire.from.node].y() + sizeOf(wire.from.node).height() / 2;
                    ++count;
                }
            }
            height[id] = count ? sum / count - sizeOf(id).height() / 2 : network.find(id)->y;
        }
        std::stable_sort(ids.begin(), ids.end(),
                         [&](NodeId a, NodeId b) { return height[a] < height[b]; });
        double y = std::numeric_limits<double>::lowest();
        double width = 0;
        for (NodeId id : ids) {
            y = std::max(y, height[id]);
            out[id] = QPointF(x, y);
            y += sizeOf(id).height() + rowGap;
            width = std::max(width, sizeOf(id).width());
        }
        x += width + columnGap;
    }
    return out;
}

} // namespace mrg
