// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui/document/node_look.h"

namespace mrg {

NodeLook nodeLook(const std::string &type, const Spec *spec, const Theme &theme)
{
    if (!spec)
        return {"layer", theme.error};
    const char *icon = spec->group == Group::Data ? "data"
            : spec->isLoss()                      ? "loss"
            : type.starts_with("torch.")          ? "function"
                                                  : "layer";
    return {icon, theme.group(static_cast<int>(spec->group))};
}

} // namespace mrg
