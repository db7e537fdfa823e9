// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/csv_table.h"

#include "engine/data/text.h"

#include <algorithm>
#include <set>

namespace mrg {

namespace {

using Row = std::vector<std::string>;

/// Collects fields and rows while the text is walked through once.
class Splitter {
public:
    Splitter(const std::filesystem::path &path, char delimiter) : m_path(path)
    {
        m_table.delimiter = delimiter;
    }

    Result<CsvTable> split(std::string_view text)
    {
        for (size_t i = 0; i < text.size(); ++i) {
            const char c = text[i];
            if (c == '\0') {
                return lineError("not_a_text_file", m_path, m_line, "a zero byte",
                                 "comma-separated text",
                                 "save it as UTF-8 text, or choose the reader for its kind");
            }
            if (m_quoted) {
                if (c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
                    m_field += '"';
                    ++i;
                } else if (c == '"') {
                    m_quoted = false;
                } else {
                    m_field += c;
                }
                m_line += c == '\n';
            } else if (c == '"' && trimmed(m_field).empty()) {
                m_field.clear();
                m_quoted = m_wasQuoted = true;
            } else if (c == m_table.delimiter) {
                endField();
            } else if (c == '\n') {
                endRow();
            } else if (c != '\r') {
                m_field += c;
            }
        }
        if (m_quoted) {
            return lineError("open_quote", m_path, m_start, "a quoted field without an end",
                             "a closing \"");
        }
        if (!m_field.empty() || !m_row.empty())
            endRow();
        return std::move(m_table);
    }

private:
    void endField()
    {
        m_row.push_back(m_wasQuoted ? m_field : std::string(trimmed(m_field)));
        m_field.clear();
        m_wasQuoted = false;
    }
    void endRow()
    {
        endField();
        if (m_row.size() > 1 || !m_row[0].empty()) {
            m_table.rows.push_back(std::move(m_row));
            m_table.lines.push_back(m_start);
        }
        m_row.clear();
        m_start = ++m_line;
    }

    const std::filesystem::path &m_path;
    CsvTable m_table;
    Row m_row;
    std::string m_field;
    bool m_quoted = false;
    bool m_wasQuoted = false;
    size_t m_line = 1;
    size_t m_start = 1; ///< line in which the row began
};

char guessDelimiter(std::string_view text)
{
    const std::string_view first = text.substr(0, text.find('\n'));
    char best = ',';
    std::ptrdiff_t most = 0;
    for (char candidate : {',', ';', '\t', '|'}) {
        const std::ptrdiff_t count = std::count(first.begin(), first.end(), candidate);
        if (count > most) {
            most = count;
            best = candidate;
        }
    }
    return best;
}

/// Whether the numbers of the first rows are written with a decimal comma.
bool guessDecimalComma(const CsvTable &table)
{
    constexpr size_t looked = 200;
    if (table.delimiter == ',')
        return false;
    int64_t commas = 0;
    int64_t points = 0;
    for (size_t i = 0; i < std::min(table.rows.size(), looked); ++i) {
        for (const std::string &field : table.rows[i]) {
            if (parseNumber(field)) {
                points += field.find('.') != std::string::npos;
            } else if (field.find(',') != std::string::npos) {
                std::string pointed = field;
                std::replace(pointed.begin(), pointed.end(), ',', '.');
                commas += parseNumber(pointed).has_value();
            }
        }
    }
    return commas > points;
}

bool looksLikeHeader(const CsvTable &table)
{
    return std::none_of(table.rows[0].begin(), table.rows[0].end(), [&](const std::string &field) {
        return table.number(field) || field.empty();
    });
}

/// Takes the names from the first row, or makes them up; names everything, and nothing twice.
void nameColumns(CsvTable &table)
{
    table.names.resize(table.rows[0].size());
    if (table.header) {
        table.names = std::move(table.rows.front());
        table.rows.erase(table.rows.begin());
        table.lines.erase(table.lines.begin());
    }
    std::set<std::string> taken;
    for (size_t i = 0; i < table.names.size(); ++i) {
        std::string &name = table.names[i];
        if (name.empty())
            name = "column" + std::to_string(i + 1);
        const std::string plain = name;
        for (int copy = 2; !taken.insert(name).second; ++copy)
            name = plain + " (" + std::to_string(copy) + ")";
    }
}

Result<void> checkWidths(const std::filesystem::path &path, const CsvTable &table)
{
    for (size_t i = 0; i < table.rows.size(); ++i) {
        if (table.rows[i].size() != table.names.size()) {
            return lineError("ragged_row", path, table.lines[i],
                             std::to_string(table.rows[i].size()) + " fields",
                             std::to_string(table.names.size()) + " as in the first line",
                             "check the delimiter and quotes");
        }
    }
    return {};
}

} // namespace

bool CsvTable::isMissing(const std::string &field) const
{
    return field.empty()
            || std::find(missingTexts.begin(), missingTexts.end(), field) != missingTexts.end();
}

std::optional<double> CsvTable::number(const std::string &field) const
{
    if (!decimalComma)
        return parseNumber(field);
    if (field.find('.') != std::string::npos)
        return std::nullopt;
    std::string pointed = field;
    std::replace(pointed.begin(), pointed.end(), ',', '.');
    return parseNumber(pointed);
}

Error CsvTable::fieldError(const char *kind, size_t row, size_t column, std::string wanted,
                           std::string fix) const
{
    const std::string &field = rows[row][column];
    const std::string got = field.empty() ? "nothing" : "'" + field + "'";
    return lineError(kind, file, lines[row], got + " in column " + names[column], std::move(wanted),
                     std::move(fix));
}

Result<CsvTable> readCsvTable(const std::filesystem::path &path, const CsvOptions &options)
{
    Result<std::string> text = readWhole(path);
    if (!text)
        return text.error();
    if (options.encoding == TextEncoding::Latin1) {
        text = utf8FromLatin1(*text);
    } else if (Result<void> valid = checkUtf8(path, *text); !valid) {
        return valid.error();
    }
    const std::string_view content = withoutByteOrderMark(*text);
    const char delimiter = options.delimiter.empty() ? guessDelimiter(content)
            : options.delimiter == "tab"             ? '\t'
                                                     : options.delimiter[0];
    Result<CsvTable> table = Splitter(path, delimiter).split(content);
    if (!table)
        return table;
    table->file = path.filename().string();
    table->missingTexts = options.missingTexts;
    if (table->rows.empty()) {
        return Error(ErrorCategory::File, "empty_file", table->file, "no rows",
                     "a header and rows");
    }
    table->decimalComma = options.decimal == DecimalMark::Auto
            ? guessDecimalComma(*table)
            : options.decimal == DecimalMark::Comma;
    table->header = options.header.value_or(looksLikeHeader(*table));
    nameColumns(*table);
    if (Result<void> even = checkWidths(path, *table); !even)
        return even.error();
    if (table->rows.empty()) {
        return Error(ErrorCategory::File, "empty_file", table->file, "a header alone",
                     "a header and rows");
    }
    return table;
}

} // namespace mrg
