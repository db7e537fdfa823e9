// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/version.h"

namespace mrg {

const char *engineVersion() { return MARGINALIA_VERSION; }

} // namespace mrg
