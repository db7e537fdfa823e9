// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Result.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mrg {

/// All bytes of a file, unpacked if it is gzip. **Errors** (file): `cannot_read`, `truncated_gzip`.
Result<std::string> readWhole(const std::filesystem::path &path);

/// Lines without their ends (LF or CRLF) and without a byte-order mark.
std::vector<std::string_view> splitLines(std::string_view text);
/// Text without blanks at both ends.
std::string_view trimmed(std::string_view text);
/// A whole text as a number, in the C locale; nothing if there is more or less.
std::optional<double> parseNumber(std::string_view text);
std::optional<int64_t> parseInteger(std::string_view text);

/// An Error about a line of a file: where is "file:line".
Error lineError(const char *kind, const std::filesystem::path &path, size_t line, std::string got,
                std::string wanted, std::string fix = {});

} // namespace mrg
