// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace mrg {

/// The version of this build, "0.1.0".
const char *engineVersion();

} // namespace mrg
