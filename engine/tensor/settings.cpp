// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/settings.h"

namespace mrg {

Settings &settings()
{
    thread_local Settings current;
    return current;
}

} // namespace mrg
