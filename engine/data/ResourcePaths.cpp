// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/ResourcePaths.h"

#include <cstdlib>

namespace mrg {

std::filesystem::path resourcesFolder()
{
    if (const char *given = std::getenv("MARGINALIA_RESOURCES"))
        return given;
    std::error_code ignored;
    const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", ignored);
    const std::filesystem::path installed = program.parent_path() / ".." / "share" / "marginalia";
    if (!program.empty() && std::filesystem::exists(installed / "data", ignored))
        return std::filesystem::weakly_canonical(installed, ignored);
    return MARGINALIA_RESOURCES_DIR;
}

} // namespace mrg
