// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace mrg {

/// Format in which a node type is dragged from a palette to the canvas; the data are the type's
/// name as UTF-8.
inline const QString nodeTypeMime = QStringLiteral("application/x-marginalia-node");

} // namespace mrg
