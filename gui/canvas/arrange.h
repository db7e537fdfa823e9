// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/Network.h"

#include <QPointF>
#include <QSizeF>

#include <map>

namespace mrg {

/// Places for all nodes so that wires run from left to right: a column for each length of the
/// longest way from a source, and in a column the order of what feeds it. The sizes are those of
/// the nodes' cards; the top left node stays where it is.
std::map<NodeId, QPointF> arrangedPositions(const Network &network,
                                            const std::map<NodeId, QSizeF> &sizes);

} // namespace mrg
