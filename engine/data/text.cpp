// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/text.h"

#include <zlib.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>

namespace mrg {

namespace {
/// Up to `most` bytes of a file, or a few more, unpacked if it is gzip.
Result<std::string> readUpTo(const std::filesystem::path &path, size_t most)
{
    const auto failed = [&](const char *kind, std::string got, std::string fix) {
        return Error(ErrorCategory::File, kind, path.string(), std::move(got), "a readable file",
                     std::move(fix));
    };
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored))
        return failed("cannot_read", "a folder", "choose a file");
    errno = 0;
    // gzopen reads plain files as they are.
    gzFile file = gzopen(path.c_str(), "rb");
    if (!file)
        return failed("cannot_read", std::strerror(errno), "check the path and its permissions");
    std::string text;
    char buffer[1 << 16];
    int count = 0;
    while (text.size() <= most && (count = gzread(file, buffer, sizeof buffer)) > 0)
        text.append(buffer, static_cast<size_t>(count));
    int code = Z_OK;
    gzerror(file, &code);
    gzclose(file);
    if (count < 0 || code == Z_BUF_ERROR || code == Z_DATA_ERROR) {
        return failed("truncated_gzip",
                      "compressed data that end or break after " + std::to_string(text.size())
                              + " bytes",
                      "fetch the file again");
    }
    return text;
}
} // namespace

Result<std::string> readWhole(const std::filesystem::path &path, size_t largestBytes)
{
    Result<std::string> text = readUpTo(path, largestBytes);
    if (text && text->size() > largestBytes) {
        return Error(ErrorCategory::File, "too_large", path.string(),
                     "more than " + std::to_string(largestBytes) + " bytes",
                     "a file of fewer bytes", "split it, or leave out rows");
    }
    return text;
}

Result<std::string> readStart(const std::filesystem::path &path, size_t bytes)
{
    return readUpTo(path, bytes);
}

Result<void> checkTableSize(const std::filesystem::path &path, int64_t rows, int64_t width)
{
    if (static_cast<double>(rows) * static_cast<double>(width) <= largestTable)
        return {};
    return Error(ErrorCategory::File, "too_large", path.filename().string(),
                 std::to_string(rows) + " rows of " + std::to_string(width) + " numbers",
                 "at most " + std::to_string(static_cast<int64_t>(largestTable))
                         + " numbers in all",
                 "leave out columns or rows, or name the number of features");
}

namespace {
/// Bytes of the UTF-8 character that `text` begins with; 0 if it is none. Overlong forms,
/// surrogates and what lies beyond U+10FFFF are none (RFC 3629).
size_t utf8Length(std::string_view text)
{
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80)
        return 1;
    const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < length)
        return 0;
    for (size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80)
            return 0;
    }
    const bool bad = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F)
            || (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F);
    return bad ? 0 : length;
}
} // namespace

Result<void> checkUtf8(const std::filesystem::path &path, std::string_view text)
{
    size_t line = 1;
    for (size_t i = 0; i < text.size();) {
        line += text[i] == '\n';
        const size_t length = utf8Length(text.substr(i));
        if (length == 0) {
            char hex[8];
            std::snprintf(hex, sizeof hex, "0x%02X", static_cast<unsigned char>(text[i]));
            return lineError("not_utf8", path, line,
                             std::string("byte ") + hex + " at offset " + std::to_string(i),
                             "text in UTF-8", "choose the encoding latin-1, or save it as UTF-8");
        }
        i += length;
    }
    return {};
}

std::string utf8FromLatin1(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            out += c;
        } else {
            out += static_cast<char>(0xC0 | byte >> 6);
            out += static_cast<char>(0x80 | (byte & 0x3F));
        }
    }
    return out;
}

std::string_view withoutByteOrderMark(std::string_view text)
{
    return text.starts_with("\xEF\xBB\xBF") ? text.substr(3) : text;
}

std::vector<std::string_view> splitLines(std::string_view text)
{
    text = withoutByteOrderMark(text);
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        lines.push_back(line);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return lines;
}

std::string_view trimmed(std::string_view text)
{
    const size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

namespace {
template <typename T> std::optional<T> parse(std::string_view text)
{
    text = trimmed(text);
    if (text.starts_with('+'))
        text.remove_prefix(1);
    T value{};
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || code != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return value;
}
} // namespace

std::optional<double> parseNumber(std::string_view text) { return parse<double>(text); }
std::optional<int64_t> parseInteger(std::string_view text) { return parse<int64_t>(text); }

bool fitsFloat(double number)
{
    return std::abs(number) <= static_cast<double>(std::numeric_limits<float>::max());
}

Error lineError(const char *kind, const std::filesystem::path &path, size_t line, std::string got,
                std::string wanted, std::string fix)
{
    return Error(ErrorCategory::File, kind, path.filename().string() + ":" + std::to_string(line),
                 std::move(got), std::move(wanted), std::move(fix));
}

} // namespace mrg
