// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Result.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mrg {

/// No file is read that unpacks to more, whatever it claims to be.
constexpr size_t largestFileBytes = size_t{1} << 31;
/// No table gets more numbers (1 GiB of them): sparse files of a few bytes can ask for any amount.
constexpr double largestTable = 1 << 28;
/// No data set gets more labels or classes; each costs a column of targets.
constexpr int64_t mostLabels = 10000;

/// All bytes of a file, unpacked if it is gzip. **Errors** (file): `cannot_read`, `truncated_gzip`,
/// `too_large` beyond `largestBytes`.
Result<std::string> readWhole(const std::filesystem::path &path,
                              size_t largestBytes = largestFileBytes);

/// The first bytes of a file, unpacked if it is gzip. **Errors** (file): `cannot_read`,
/// `truncated_gzip`.
Result<std::string> readStart(const std::filesystem::path &path, size_t bytes);

/// `too_large` (file) unless a table of that size may be made.
Result<void> checkTableSize(const std::filesystem::path &path, int64_t rows, int64_t width);

/// `not_utf8` (file) with line and byte of the first that is not.
Result<void> checkUtf8(const std::filesystem::path &path, std::string_view text);
/// Text of ISO 8859-1 (as Windows-1252 means it, save its C1 letters) as UTF-8.
std::string utf8FromLatin1(std::string_view text);
std::string_view withoutByteOrderMark(std::string_view text);

/// Lines without their ends (LF or CRLF) and without a byte-order mark.
std::vector<std::string_view> splitLines(std::string_view text);
/// Text without blanks at both ends.
std::string_view trimmed(std::string_view text);
/// A whole text as a number, in the C locale; nothing if there is more or less.
std::optional<double> parseNumber(std::string_view text);
std::optional<int64_t> parseInteger(std::string_view text);
/// Whether it is finite, also as a float32.
bool fitsFloat(double number);

/// An Error about a line of a file: where is "file:line".
Error lineError(const char *kind, const std::filesystem::path &path, size_t line, std::string got,
                std::string wanted, std::string fix = {});

} // namespace mrg
