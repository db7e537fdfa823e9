// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gui/cli/data_shots.h"

namespace mrg {

/// Pictures of the profile: before it was measured, of a network with dear and cheap nodes, and
/// out of date.
bool shootProfile(MainWindow &window, const Shoot &shoot, const WaitUntil &waitUntil);

} // namespace mrg
