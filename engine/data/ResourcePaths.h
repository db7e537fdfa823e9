// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

namespace mrg {

/// The folder of what the product ships (data/, examples/, ...): $MARGINALIA_RESOURCES if set, else
/// ../share/marginalia beside the program, else the source tree it was built from.
std::filesystem::path resourcesFolder();

} // namespace mrg
