// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/spec/Spec.h"
#include "gui/widgets/Theme.h"

#include <QString>

namespace mrg {

/// How a node type is told apart at a glance, in the palette, on the canvas and in pictures.
struct NodeLook {
    QString icon; ///< of widgets/icons
    QColor color; ///< that of its group
};
/// `spec` null: a type that this build does not know.
NodeLook nodeLook(const std::string &type, const Spec *spec, const Theme &theme);

} // namespace mrg
