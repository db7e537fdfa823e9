// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Result.h"

#include <filesystem>
#include <string_view>

namespace mrg {

/// Writes a file whole or not at all: beside its place first, then renamed into it, so that what
/// was there before is lost only to what is complete.
///
/// **Errors** (file): `cannot_write` with the system's reason.
Result<void> writeFile(const std::filesystem::path &path, std::string_view content);

} // namespace mrg
