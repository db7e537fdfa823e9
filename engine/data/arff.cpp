// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/formats.h"
#include "engine/data/text.h"

#include <algorithm>
#include <limits>
#include <set>

namespace mrg {

namespace {

struct Attribute {
    std::string name;
    std::vector<std::string> values; ///< of a nominal one; empty: numeric
    bool isLabel = false;
    int64_t column = 0; ///< first input column, or label number

    /// {0, 1} is a number, too.
    bool numeric() const
    {
        return values.empty() || values == std::vector<std::string>{"0", "1"}
        || values == std::vector<std::string>{"1", "0"};
    }
    int64_t width() const { return numeric() ? 1 : static_cast<int64_t>(values.size()); }
};

std::string lower(std::string_view text)
{
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

/// Splits at commas outside quotes; quotes are taken off. Nothing where a quote is left open.
std::optional<std::vector<std::string>> fields(std::string_view text)
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
    if (quote != 0)
        return std::nullopt;
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

/// The text of an XML attribute: the five entities that XML knows by itself.
std::string unescaped(std::string_view text)
{
    static constexpr std::pair<std::string_view, char> entities[]
            = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
    std::string out;
    while (!text.empty()) {
        const auto entity
                = std::find_if(std::begin(entities), std::end(entities),
                               [&](const auto &one) { return text.starts_with(one.first); });
        const bool known = entity != std::end(entities);
        out += known ? entity->second : text[0];
        text.remove_prefix(known ? entity->first.size() : 1);
    }
    return out;
}

/// The label names of Mulan's XML: <label name="..."> elements.
Result<std::vector<std::string>> xmlLabels(const std::filesystem::path &path)
{
    const Result<std::string> text = readWhole(path);
    if (!text)
        return text.error();
    if (Result<void> valid = checkUtf8(path, *text); !valid)
        return valid.error();
    std::vector<std::string> names;
    for (size_t at = 0; (at = text->find("<label ", at)) != std::string::npos; ++at) {
        const std::string_view element
                = std::string_view(*text).substr(at, text->find('>', at) - at);
        const size_t start = element.find("name=");
        const char quote = start != std::string_view::npos && start + 5 < element.size()
                ? element[start + 5]
                : ' ';
        const size_t end = quote == '"' || quote == '\'' ? element.find(quote, start + 6)
                                                         : std::string_view::npos;
        if (end == std::string_view::npos) {
            const auto line
                    = static_cast<size_t>(std::count(
                              text->begin(), text->begin() + static_cast<std::ptrdiff_t>(at), '\n'))
                    + 1;
            return lineError("malformed_header", path, line,
                             "'" + std::string(element.substr(0, 60)) + "'",
                             "<label name=\"...\">");
        }
        names.push_back(unescaped(element.substr(start + 6, end - start - 6)));
    }
    if (names.empty()) {
        return Error(ErrorCategory::File, "malformed_header", path.filename().string(),
                     "no <label name=\"...\">", "Mulan's list of labels");
    }
    return names;
}

class Reader {
public:
    Reader(const std::filesystem::path &path, int64_t labelCount)
        : m_path(path),
          m_count(labelCount)
    {
    }

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
                    const std::string_view rest = trimmed(line.substr(at + 3));
                    const std::optional<int64_t> count
                            = parseInteger(rest.substr(0, rest.find_first_not_of("-0123456789")));
                    if (!count || std::abs(*count) > mostLabels)
                        return wrong(m_line, line, "-C and a number of labels");
                    m_count = -*count;
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
        const auto count = static_cast<int64_t>(rows.size());
        if (Result<void> fits
            = checkTableSize(m_path, count, std::max(m_width, m_out.classCount()));
            !fits)
            return fits.error();
        m_out.inputs = Tensor::zeros({count, m_width});
        for (size_t i = 0; i < rows.size(); ++i) {
            m_out.labels.emplace_back();
            if (Result<void> read = readRow(rows[i].first, rows[i].second, static_cast<int64_t>(i));
                !read)
                return read.error();
        }
        m_out.name = m_path.stem().string();
        m_out.task = Task::MultiLabel;
        return std::move(m_out);
    }

private:
    Error wrong(size_t line, std::string_view got, const std::string &wanted) const
    {
        return lineError("malformed_line", m_path, line, "'" + std::string(got.substr(0, 60)) + "'",
                         wanted);
    }

    Result<void> addAttribute(std::string_view rest)
    {
        Attribute attribute;
        attribute.name = takeName(rest);
        rest = trimmed(rest);
        if (attribute.name.empty())
            return wrong(m_line, rest, "a name and a type");
        if (!m_names.insert(attribute.name).second)
            return wrong(m_line, attribute.name, "another name than that of an attribute before");
        if (rest.starts_with('{') && rest.ends_with('}')) {
            std::optional<std::vector<std::string>> values
                    = fields(rest.substr(1, rest.size() - 2));
            if (!values || std::any_of(values->begin(), values->end(), [](const std::string &v) {
                    return v.empty();
                }))
                return wrong(m_line, rest, "{value, value, ...}");
            attribute.values = std::move(*values);
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
            const int64_t count
                    = m_count == std::numeric_limits<int64_t>::min() ? total : std::abs(m_count);
            if (count < 1 || count >= total) {
                return Error(ErrorCategory::Value, "unknown_label", m_path.filename().string(),
                             std::to_string(m_count) + " labels of " + std::to_string(total)
                                     + " attributes",
                             "Mulan's XML file, or the number of labels",
                             "choose the XML file that belongs to it");
            }
            for (int64_t i = 0; i < count; ++i)
                m_attributes[static_cast<size_t>(m_count > 0 ? total - count + i : i)].isLabel
                        = true;
        }
        for (Attribute &attribute : m_attributes) {
            if (attribute.isLabel) {
                attribute.column = m_out.classCount();
                m_out.labelNames.push_back(attribute.name);
                continue;
            }
            attribute.column = m_width;
            m_width += attribute.width();
            if (attribute.numeric()) {
                m_out.featureNames.push_back(attribute.name);
                continue;
            }
            for (const std::string &value : attribute.values)
                m_out.featureNames.push_back(attribute.name + "=" + value);
        }
        if (m_width == 0 || m_out.classCount() > mostLabels) {
            return Error(ErrorCategory::File, "unknown_label", m_path.filename().string(),
                         std::to_string(m_out.classCount()) + " of " + std::to_string(total)
                                 + " attributes as labels",
                         "at most " + std::to_string(mostLabels)
                                 + " labels, and inputs beside them");
        }
        return {};
    }

    /// The inputs of an attribute in a row.
    float *inputs(const Attribute &attribute, int64_t row)
    {
        return m_out.inputs.data<float>() + row * m_width + attribute.column;
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
        float *target = inputs(attribute, row);
        if (attribute.values.empty()) {
            if (!number || !fitsFloat(*number))
                return wrong(line, field, "a finite number for " + attribute.name);
            *target = static_cast<float>(*number);
            return {};
        }
        const auto found = std::find(attribute.values.begin(), attribute.values.end(), field);
        if (found == attribute.values.end())
            return wrong(line, field, "one of the declared values of " + attribute.name);
        if (attribute.numeric()) {
            *target = static_cast<float>(*number);
            return {};
        }
        std::fill_n(target, attribute.width(), 0.0F);
        target[found - attribute.values.begin()] = 1;
        return {};
    }

    Result<void> readSparse(size_t line, std::string_view text, int64_t row)
    {
        if (!text.ends_with('}'))
            return wrong(line, text, "a closing }");
        for (const Attribute &attribute : m_attributes) {
            if (!attribute.isLabel && !attribute.numeric())
                *inputs(attribute, row) = 1;
        }
        const auto entries = fields(text.substr(1, text.size() - 2));
        if (!entries)
            return wrong(line, text, "a closing quote");
        int64_t before = -1;
        for (const std::string &entry : *entries) {
            if (entry.empty())
                continue;
            const size_t blank = entry.find_first_of(" \t");
            const std::optional<int64_t> index
                    = parseInteger(std::string_view(entry).substr(0, blank));
            const auto count = static_cast<int64_t>(m_attributes.size());
            if (!index || *index <= before || *index >= count || blank == std::string::npos)
                return wrong(line, entry,
                             "index value, with rising indices under " + std::to_string(count));
            before = *index;
            const std::string value(trimmed(std::string_view(entry).substr(blank)));
            if (Result<void> added
                = put(line, m_attributes[static_cast<size_t>(*index)], value, row);
                !added)
                return added;
        }
        return {};
    }

    Result<void> readDense(size_t line, std::string_view text, int64_t row)
    {
        const auto values = fields(text);
        if (!values)
            return wrong(line, text, "a closing quote");
        if (values->size() != m_attributes.size()) {
            return wrong(line, std::to_string(values->size()) + " values",
                         std::to_string(m_attributes.size()) + " as declared");
        }
        for (size_t i = 0; i < values->size(); ++i) {
            if (Result<void> added = put(line, m_attributes[i], (*values)[i], row); !added)
                return added;
        }
        return {};
    }

    Result<void> readRow(size_t line, std::string_view text, int64_t row)
    {
        Result<void> read
                = text.starts_with('{') ? readSparse(line, text, row) : readDense(line, text, row);
        std::sort(m_out.labels.back().begin(), m_out.labels.back().end());
        return read;
    }

    std::filesystem::path m_path;
    int64_t m_count;
    size_t m_line = 0;
    std::vector<Attribute> m_attributes;
    std::set<std::string> m_names;
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
    if (Result<void> valid = checkUtf8(path, *text); !valid)
        return valid.error();
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
