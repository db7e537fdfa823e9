// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/formats.h"
#include "engine/data/text.h"

#include <algorithm>

namespace mrg {

namespace {

struct Entry {
    int64_t row;
    int64_t feature;
    double value;
};

std::vector<std::string_view> splitAt(std::string_view text, const char *separators)
{
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const size_t end = text.find_first_of(separators);
        if (end != 0)
            parts.push_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return parts;
}

} // namespace

Result<Dataset> readSvmlight(const std::filesystem::path &path, int64_t features, int64_t labels)
{
    const Result<std::string> text = readWhole(path);
    if (!text)
        return text.error();
    Dataset out;
    out.name = path.stem().string();
    out.task = Task::MultiLabel;
    std::vector<Entry> entries;
    int64_t width = features;
    int64_t labelCount = labels;
    size_t number = 0;
    for (std::string_view line : splitLines(*text)) {
        ++number;
        line = trimmed(line.substr(0, line.find('#')));
        if (line.empty())
            continue;
        const auto wrong = [&, at = number](std::string_view got, const std::string &wanted) {
            return lineError("malformed_line", path, at, "'" + std::string(got) + "'", wanted);
        };
        std::vector<std::string_view> parts = splitAt(line, " \t");
        std::vector<int64_t> own;
        // A row without labels starts with its first feature.
        size_t first = 0;
        if (parts[0].find(':') == std::string_view::npos) {
            first = 1;
            for (std::string_view part : splitAt(parts[0], ",")) {
                const std::optional<int64_t> label = parseInteger(part);
                const int64_t allowed = labels > 0 ? labels : mostLabels;
                if (!label || *label < 0 || *label >= allowed)
                    return wrong(part, "a label from 0 to " + std::to_string(allowed - 1));
                own.push_back(*label);
                labelCount = std::max(labelCount, *label + 1);
            }
        }
        for (size_t i = first; i < parts.size(); ++i) {
            const size_t colon = parts[i].find(':');
            if (parts[i].substr(0, colon) == "qid")
                continue;
            const std::optional<int64_t> index = parseInteger(parts[i].substr(0, colon));
            const std::optional<double> value = colon == std::string_view::npos
                    ? std::nullopt
                    : parseNumber(parts[i].substr(colon + 1));
            if (!index || !value || *index < 1 || !fitsFloat(*value)
                || (features > 0 && *index > features)) {
                return wrong(parts[i],
                             features > 0 ? "index:value with an index from 1 to "
                                             + std::to_string(features)
                                          : "index:value with an index from 1 on");
            }
            width = std::max(width, *index);
            entries.push_back({static_cast<int64_t>(out.labels.size()), *index - 1, *value});
        }
        std::sort(own.begin(), own.end());
        own.erase(std::unique(own.begin(), own.end()), own.end());
        out.labels.push_back(std::move(own));
    }
    const auto rows = static_cast<int64_t>(out.labels.size());
    if (rows == 0 || width == 0) {
        return Error(ErrorCategory::File, "empty_file", path.filename().string(), "no rows",
                     "lines \"labels index:value ...\"");
    }
    if (Result<void> fits = checkTableSize(path, rows, std::max(width, labelCount)); !fits)
        return fits.error();
    out.inputs = Tensor::zeros({rows, width});
    for (const Entry &entry : entries)
        out.inputs.data<float>()[entry.row * width + entry.feature]
                = static_cast<float>(entry.value);
    for (int64_t k = 0; k < labelCount; ++k)
        out.labelNames.push_back("label " + std::to_string(k));
    return out;
}

} // namespace mrg
