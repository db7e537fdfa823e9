// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/formats.h"
#include "engine/data/text.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace mrg {

namespace {

struct Attribute {
    std::string name;
    std::vector<std::string> values; ///< of a nominal one; empty: numeric
    bool isLabel = false;
    int64_t column = 0; ///< first input column, or label number
};

std::string lower(std::string_view text)
{
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

/// Splits at commas outside quotes; quotes are taken off.
std::vector<std::string> fields(std::string_view text)
{
    std::vector<std::string> out(1);
    char quote = 0;
    for (char c : text) {
        if (quote != 0) {
            if (c == quote)
                quote = 0;
            else
                out.back() += c;
        } else if (c == '\'' || c == '"') {
            quote = c;
        } else if (c == ',') {
            out.emplace_back();
        } else {
            out.back() += c;
        }
    }
    for (std::string &field : out)
        field = std::string(trimmed(field));
    return out;
}

/// The name at the start of an attribute declaration, quoted or not; moves `text` behind it.
std::string takeName(std::string_view &text)
{
    text = trimmed(text);
    if (text.starts_with('\'') || text.starts_with('"')) {
        const size_t end = text.find(text[0], 1);
        std::string name(text.substr(1, end == std::string_view::npos ? end : end - 1));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        return name;
    }
    const size_t end = text.find_first_of(" \t{");
    std::string name(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end);
    return name;
}

/// The label names of Mulan's XML: <label name="..."> elements.
Result<std::vector<std::string>> xmlLabels(const std::filesystem::path &path)
{
    const Result<std::string> text = readWhole(path);
    if (!text)
        return text.error();
    std::vector<std::string> names;
    for (size_t at = 0; (at = text->find("<label ", at)) != std::string::npos; ++at) {
        const size_t start = text->find("name=\"", at);
        const size_t end = start == std::string::npos ? start : text->find('"', start + 6);
        if (end == std::string::npos)
            break;
        names.push_back(text->substr(start + 6, end - start - 6));
    }
    if (names.empty()) {
        return Error(ErrorCategory::File, "malformed_header", path.filename().string(),
                     "no <label name=\"...\">", "Mulan's list of labels");
    }
    return names;
}

class Reader {
public:
    Reader(const std::filesystem::path &path, int64_t labelCount) : m_path(path), m_count(labelCount) {}

    Result<Dataset> read(const std::string &text, const std::vector<std::string> &labels)
    {
        bool inData = false;
        std::vector<std::pair<size_t, std::string_view>> rows;
        for (std::string_view line : splitLines(text)) {
            ++m_line;
            line = trimmed(line);
            if (line.empty() || line.starts_with('%'))
                continue;
            if (inData) {
                rows.emplace_back(m_line, line);
                continue;
            }
            const std::string keyword = lower(line.substr(0, line.find_first_of(" \t")));
            if (keyword == "@data") {
                inData = true;
            } else if (keyword == "@relation") {
                // MEKA writes the number of labels as "-C n" into the relation's name.
                const size_t at = line.find("-C ");
                if (m_count == 0 && at != std::string_view::npos) {
                    std::string_view rest = line.substr(at + 3);
                    m_count = -parseInteger(rest.substr(0, rest.find_first_not_of("-0123456789"))).value_or(0);
                }
            } else if (keyword == "@attribute") {
                if (Result<void> added = addAttribute(line.substr(10)); !added)
                    return added.error();
            } else {
                return wrong(m_line, line, "@relation, @attribute or @data");
            }
        }
        if (m_attributes.empty() || rows.empty()) {
            return Error(ErrorCategory::File, "empty_file", m_path.filename().string(),
                         m_attributes.empty() ? "no @attribute" : "no rows after @data", "both");
        }
        if (Result<void> chosen = chooseLabels(labels); !chosen)
            return chosen.error();
        m_out.inputs = Tensor::zeros({static_cast<int64_t>(rows.size()), m_width});
        for (size_t i = 0; i < rows.size(); ++i) {
            m_out.labels.emplace_back();
            if (Result<void> read = readRow(rows[i].first, rows[i].second, static_cast<int64_t>(i)); !read)
                return read.error();
        }
        m_out.name = m_path.stem().string();
        m_out.task = Task::MultiLabel;
        return std::move(m_out);
    }

private:
    Error wrong(size_t line, std::string_view got, const std::string &wanted) const
    {
        return lineError("malformed_line", m_path, line, "'" + std::string(got.substr(0, 60)) + "'", wanted);
    }

    Result<void> addAttribute(std::string_view rest)
    {
        Attribute attribute;
        attribute.name = takeName(rest);
        rest = trimmed(rest);
        if (rest.starts_with('{') && rest.ends_with('}')) {
            attribute.values = fields(rest.substr(1, rest.size() - 2));
        } else if (const std::string type = lower(rest);
                   type != "numeric" && type != "real" && type != "integer") {
            return wrong(m_line, rest, "numeric, real, integer or {values}");
        }
        m_attributes.push_back(std::move(attribute));
        return {};
    }

    Result<void> chooseLabels(const std::vector<std::string> &labels)
    {
        const auto total = static_cast<int64_t>(m_attributes.size());
        for (const std::string &name : labels) {
            const auto found = std::find_if(m_attributes.begin(), m_attributes.end(),
                                            [&](const Attribute &a) { return a.name == name; });
            if (found == m_attributes.end()) {
                return Error(ErrorCategory::File, "unknown_label", m_path.filename().string(),
                             "label '" + name + "' of the XML file", "an attribute of that name");
            }
            found->isLabel = true;
        }
        if (labels.empty()) {
            const int64_t count = std::abs(m_count);
            if (count < 1 || count >= total) {
                return Error(ErrorCategory::Value, "unknown_label", m_path.filename().string(),
                             std::to_string(m_count) + " labels of " + std::to_string(total) + " attributes",
                             "Mulan's XML file, or the number of labels",
                             "choose the XML file that belongs to it");
            }
            for (int64_t i = 0; i < count; ++i)
                m_attributes[static_cast<size_t>(m_count > 0 ? total - count + i : i)].isLabel = true;
        }
        for (Attribute &attribute : m_attributes) {
            if (attribute.isLabel) {
                attribute.column = m_out.classCount();
                m_out.labelNames.push_back(attribute.name);
                continue;
            }
            attribute.column = m_width;
            if (attribute.values.empty())
                m_out.featureNames.push_back(attribute.name);
            for (const std::string &value : attribute.values)
                m_out.featureNames.push_back(attribute.name + "=" + value);
            m_width += attribute.values.empty() ? 1 : static_cast<int64_t>(attribute.values.size());
        }
        return {};
    }

    Result<void> put(size_t line, const Attribute &attribute, const std::string &field, int64_t row)
    {
        const std::optional<double> number = parseNumber(field);
        if (attribute.isLabel) {
            if (!number || (*number != 0 && *number != 1))
                return wrong(line, field, "0 or 1 for label " + attribute.name);
            if (*number == 1)
                m_out.labels.back().push_back(attribute.column);
            return {};
        }
        float *target = m_out.inputs.data<float>() + row * m_width + attribute.column;
        if (attribute.values.empty()) {
            if (!number || !std::isfinite(*number))
                return wrong(line, field, "a number for " + attribute.name);
            *target = static_cast<float>(*number);
            return {};
        }
        const auto found = std::find(attribute.values.begin(), attribute.values.end(), field);
        if (found == attribute.values.end())
            return wrong(line, field, "one of the declared values of " + attribute.name);
        target[found - attribute.values.begin()] = 1;
        return {};
    }

    Result<void> readRow(size_t line, std::string_view text, int64_t row)
    {
        if (text.starts_with('{')) {
            if (!text.ends_with('}'))
                return wrong(line, text, "a closing }");
            for (const std::string &entry : fields(text.substr(1, text.size() - 2))) {
                if (entry.empty())
                    continue;
                const size_t blank = entry.find_first_of(" \t");
                const std::optional<int64_t> index = parseInteger(std::string_view(entry).substr(0, blank));
                if (!index || *index < 0 || *index >= static_cast<int64_t>(m_attributes.size())
                    || blank == std::string::npos)
                    return wrong(line, entry, "index value");
                const std::string value(trimmed(std::string_view(entry).substr(blank)));
                if (Result<void> added = put(line, m_attributes[static_cast<size_t>(*index)], value, row); !added)
                    return added;
            }
        } else {
            const std::vector<std::string> values = fields(text);
            if (values.size() != m_attributes.size())
                return wrong(line, std::to_string(values.size()) + " values",
                             std::to_string(m_attributes.size()) + " as declared");
            for (size_t i = 0; i < values.size(); ++i) {
                if (Result<void> added = put(line, m_attributes[i], values[i], row); !added)
                    return added;
            }
        }
        std::sort(m_out.labels.back().begin(), m_out.labels.back().end());
        return {};
    }

    std::filesystem::path m_path;
    int64_t m_count;
    size_t m_line = 0;
    std::vector<Attribute> m_attributes;
    int64_t m_width = 0;
    Dataset m_out;
};

} // namespace

Result<Dataset> readArff(const std::filesystem::path &path, const std::filesystem::path &xml,
                         int64_t labelCount)
{
    const Result<std::string> text = readWhole(path);
    if (!text)
        return text.error();
    std::filesystem::path beside = xml;
    std::error_code ignored;
    if (beside.empty() && labelCount == 0) {
        beside = path;
        beside.replace_extension(".xml");
        if (!std::filesystem::exists(beside, ignored))
            beside.clear();
    }
    std::vector<std::string> labels;
    if (!beside.empty()) {
        Result<std::vector<std::string>> names = xmlLabels(beside);
        if (!names)
            return names.error();
        labels = *names;
    }
    return Reader(path, labelCount).read(*text, labels);
}

} // namespace mrg
