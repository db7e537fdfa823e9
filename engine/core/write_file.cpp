// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/write_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace mrg {

Result<void> writeFile(const std::filesystem::path &path, std::string_view content)
{
    const std::filesystem::path beside = path.string() + ".part";
    std::ofstream stream(beside, std::ios::binary | std::ios::trunc);
    stream.write(content.data(), static_cast<std::streamsize>(content.size()));
    stream.close();
    std::string reason = stream ? "" : std::strerror(errno);
    if (stream) {
        std::error_code failure;
        std::filesystem::rename(beside, path, failure);
        reason = failure ? failure.message() : "";
    }
    if (reason.empty())
        return {};
    std::error_code ignored;
    std::filesystem::remove(beside, ignored);
    return Error(ErrorCategory::File, "cannot_write", path.string(), reason,
                 "a writable place with free space",
                 "choose another folder; nothing was overwritten");
}

} // namespace mrg
