// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/Network.h"
#include "engine/network/Vocabulary.h"

#include <QString>

#include <set>

namespace mrg {

/// Edits of a network as a value; ExperimentDocument makes undoable steps of them.

/// "Linear" for "nn.Linear".
QString shortTypeName(const QString &type);
/// What a person calls a node: its title, else its short type.
QString nodeName(const NetworkNode &node);

/// The arguments without those equal to the defaults of their type.
Arguments tidyArguments(const Vocabulary &vocabulary, const std::string &type,
                        const Arguments &args);

/// Adds the nodes and wires of `added` under new ids, shifted; returns the ids in node order.
std::vector<NodeId> appendNetwork(Network &network, const Network &added, double dx, double dy);

/// Numbers the wires into each variadic port 0, 1, 2 ... without gaps.
void numberVariadicWires(Network &network);

/// Gives a node another type, with the arguments that it understands; wires to ports it lacks go
/// to its port in the same place, or away.
void replaceNodeType(Network &network, const Vocabulary &vocabulary, NodeId id,
                     const std::string &type);

/// Whether two networks compute the same: where their nodes lie and what they are called is all
/// the same.
bool sameComputation(Network a, Network b);

/// The named nodes and the wires among them.
Network fragment(const Network &network, const std::set<NodeId> &nodes);

} // namespace mrg
