// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/network/Network.h"

#include <optional>

class QMimeData;

namespace mrg {

/// Nodes and wires on the clipboard: as text of an experiment file, so that they can be pasted into
/// a mail as well as into another window.
QMimeData *toMimeData(const Network &network);
/// What toMimeData() wrote; nothing for anything else.
std::optional<Network> networkFromMimeData(const QMimeData &data);

} // namespace mrg
