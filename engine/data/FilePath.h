// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/spec/Value.h"

#include <filesystem>

namespace mrg {

/// A file that a data source reads, as an argument: relative to the experiment's folder, or
/// absolute. Forms offer to look for it because the argument's type is "path".
struct FilePath {
    std::string text;
    bool empty() const { return text.empty(); }
    std::filesystem::path in(const std::filesystem::path &base) const { return base / text; }
};

template <> struct ValueTraits<FilePath> {
    static std::string type() { return "path"; }
    static Value to(const FilePath &value) { return value.text; }
    static Result<FilePath> from(const Value &value)
    {
        if (const auto *text = value.as<std::string>())
            return FilePath{*text};
        return detail::wrongKind(value, "the path of a file");
    }
};

} // namespace mrg
