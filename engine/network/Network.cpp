// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/network/Network.h"

#include <algorithm>

namespace mrg {

const NetworkNode *Network::find(NodeId id) const
{
    const auto found = std::find_if(nodes.begin(), nodes.end(),
                                    [id](const NetworkNode &node) { return node.id == id; });
    return found == nodes.end() ? nullptr : &*found;
}

NetworkNode *Network::find(NodeId id)
{
    return const_cast<NetworkNode *>(std::as_const(*this).find(id));
}

const Wire *Network::wireInto(const PortRef &to) const
{
    const auto found = std::find_if(wires.begin(), wires.end(),
                                    [&](const Wire &wire) { return wire.to == to; });
    return found == wires.end() ? nullptr : &*found;
}

std::vector<Wire> Network::wiresOf(NodeId id) const
{
    std::vector<Wire> out;
    std::copy_if(wires.begin(), wires.end(), std::back_inserter(out),
                 [id](const Wire &wire) { return wire.from.node == id || wire.to.node == id; });
    return out;
}

} // namespace mrg
