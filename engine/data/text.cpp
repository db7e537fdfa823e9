// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/text.h"

#include <zlib.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace mrg {

Result<std::string> readWhole(const std::filesystem::path &path)
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
    while ((count = gzread(file, buffer, sizeof buffer)) > 0)
        text.append(buffer, static_cast<size_t>(count));
    int code = Z_OK;
    gzerror(file, &code);
    gzclose(file);
    if (count < 0 || code == Z_BUF_ERROR || code == Z_DATA_ERROR) {
        return failed("truncated_gzip", "compressed data that end or break after "
                              + std::to_string(text.size()) + " bytes", "fetch the file again");
    }
    return text;
}

std::vector<std::string_view> splitLines(std::string_view text)
{
    if (text.starts_with("\xEF\xBB\xBF"))
        text.remove_prefix(3);
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

Error lineError(const char *kind, const std::filesystem::path &path, size_t line, std::string got,
                std::string wanted, std::string fix)
{
    return Error(ErrorCategory::File, kind, path.filename().string() + ":" + std::to_string(line),
                 std::move(got), std::move(wanted), std::move(fix));
}

} // namespace mrg
