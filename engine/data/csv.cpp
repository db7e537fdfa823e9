// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/csv.h"

#include "engine/data/text.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace mrg {

namespace {

using Row = std::vector<std::string>;

struct Table {
    char delimiter = ',';
    bool header = true;
    std::vector<std::string> names;
    std::vector<Row> rows;
    std::vector<size_t> lines; ///< line of each row, from 1
};

/// Splits RFC 4180 text into records; quoted fields may hold delimiters, quotes and line ends.
Result<Table> parse(const std::filesystem::path &path, std::string_view text, char delimiter)
{
    if (text.starts_with("\xEF\xBB\xBF"))
        text.remove_prefix(3);
    Table table;
    table.delimiter = delimiter;
    Row row;
    std::string field;
    bool quoted = false;
    bool wasQuoted = false;
    size_t line = 1;
    size_t start = 1;
    const auto endField = [&] {
        row.push_back(wasQuoted ? field : std::string(trimmed(field)));
        field.clear();
        wasQuoted = false;
    };
    const auto endRow = [&] {
        endField();
        if (row.size() > 1 || !row[0].empty()) {
            table.rows.push_back(std::move(row));
            table.lines.push_back(start);
        }
        row.clear();
        start = line + 1;
    };
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\0') {
            return lineError("not_a_text_file", path, line, "a zero byte", "comma-separated text",
                             "choose the reader for this kind of file");
        }
        if (quoted) {
            if (c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
                field += '"';
                ++i;
            } else if (c == '"') {
                quoted = false;
            } else {
                field += c;
            }
            line += c == '\n';
        } else if (c == '"' && trimmed(field).empty()) {
            field.clear();
            quoted = wasQuoted = true;
        } else if (c == delimiter) {
            endField();
        } else if (c == '\n') {
            endRow();
            ++line;
        } else if (c != '\r') {
            field += c;
        }
    }
    if (quoted)
        return lineError("open_quote", path, start, "a quoted field without an end", "a closing \"");
    if (!field.empty() || !row.empty())
        endRow();
    return table;
}

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

bool isMissing(const std::string &field)
{
    return field.empty() || field == "NA" || field == "NaN" || field == "nan" || field == "?"
            || field == "null" || field == "NULL";
}

bool looksLikeHeader(const std::vector<Row> &rows)
{
    return std::none_of(rows[0].begin(), rows[0].end(),
                        [](const std::string &field) { return parseNumber(field) || field.empty(); });
}

Result<Table> readTable(const std::filesystem::path &path, const CsvOptions &options)
{
    const Result<std::string> text = readWhole(path);
    if (!text)
        return text.error();
    const char delimiter = options.delimiter.empty() ? guessDelimiter(*text)
            : options.delimiter == "tab"             ? '\t'
                                                     : options.delimiter[0];
    Result<Table> table = parse(path, *text, delimiter);
    if (!table)
        return table;
    if (table->rows.empty()) {
        return Error(ErrorCategory::File, "empty_file", path.filename().string(), "no rows",
                     "a header and rows");
    }
    table->header = options.header.value_or(looksLikeHeader(table->rows));
    if (table->header) {
        table->names = std::move(table->rows.front());
        table->rows.erase(table->rows.begin());
        table->lines.erase(table->lines.begin());
    } else {
        for (size_t i = 0; i < table->rows[0].size(); ++i)
            table->names.push_back("column" + std::to_string(i + 1));
    }
    for (size_t i = 0; i < table->rows.size(); ++i) {
        if (table->rows[i].size() != table->names.size()) {
            return lineError("ragged_row", path, table->lines[i],
                             std::to_string(table->rows[i].size()) + " fields",
                             std::to_string(table->names.size()) + " as in the first line",
                             "check the delimiter and quotes");
        }
    }
    if (table->rows.empty()) {
        return Error(ErrorCategory::File, "empty_file", path.filename().string(), "a header alone",
                     "a header and rows");
    }
    return table;
}

bool isTargetName(const std::string &name)
{
    return name == "class" || name.starts_with("target") || name.starts_with("label:");
}

CsvColumn describeColumn(const Table &table, size_t column)
{
    CsvColumn out;
    out.name = table.names[column];
    std::set<std::string> values;
    for (const Row &row : table.rows) {
        if (isMissing(row[column])) {
            ++out.missing;
            continue;
        }
        out.numeric = out.numeric && parseNumber(row[column]);
        if (values.size() < 1000)
            values.insert(row[column]);
    }
    out.distinct = static_cast<int64_t>(values.size());
    out.suggestedTarget = isTargetName(out.name);
    return out;
}

/// Where a field stands, for messages.
std::string place(const Table &table, size_t column) { return "column " + table.names[column]; }

/// Turns one feature column into inputs: a number, or one input a word.
class FeatureColumn {
public:
    FeatureColumn(const Table &table, size_t column, const CsvColumn &description)
        : m_column(column), m_numeric(description.numeric)
    {
        double sum = 0;
        int64_t count = 0;
        for (const Row &row : table.rows) {
            if (isMissing(row[column]))
                continue;
            if (m_numeric) {
                sum += *parseNumber(row[column]);
                ++count;
            } else {
                m_words.try_emplace(row[column], 0);
            }
        }
        m_mean = count ? sum / static_cast<double>(count) : 0;
        int64_t next = 0;
        for (auto &[word, at] : m_words)
            at = next++;
    }

    int64_t width() const { return m_numeric ? 1 : static_cast<int64_t>(m_words.size()); }
    void addNames(const std::string &name, std::vector<std::string> &names) const
    {
        if (m_numeric)
            names.push_back(name);
        for (const auto &[word, at] : m_words)
            names.push_back(name + "=" + word);
    }
    void write(const Row &row, float *target) const
    {
        const std::string &field = row[m_column];
        std::fill_n(target, width(), 0.0F);
        if (m_numeric)
            *target = static_cast<float>(isMissing(field) ? m_mean : *parseNumber(field));
        else if (!isMissing(field))
            target[m_words.at(field)] = 1;
    }

private:
    size_t m_column;
    bool m_numeric;
    double m_mean = 0;
    std::map<std::string, int64_t> m_words;
};

/// Drops or refuses rows with missing values, and refuses NaN and infinity.
Result<void> settleMissing(const std::filesystem::path &path, Table &table, const std::vector<size_t> &used,
                           const std::vector<size_t> &targets, MissingPolicy policy)
{
    std::vector<Row> kept;
    std::vector<size_t> lines;
    for (size_t i = 0; i < table.rows.size(); ++i) {
        bool drop = false;
        for (size_t column : used) {
            const std::string &field = table.rows[i][column];
            const bool isTarget = std::find(targets.begin(), targets.end(), column) != targets.end();
            if (isMissing(field)) {
                if (policy == MissingPolicy::Refuse || (isTarget && policy == MissingPolicy::Mean)) {
                    return lineError("missing_value", path, table.lines[i],
                                     "nothing in " + place(table, column), "a value",
                                     "fill it in, or choose another rule for missing values");
                }
                drop = drop || policy == MissingPolicy::DropRow;
            } else if (const std::optional<double> number = parseNumber(field);
                       number && !std::isfinite(*number)) {
                return lineError("not_finite", path, table.lines[i],
                                 field + " in " + place(table, column), "a finite number");
            }
        }
        if (!drop) {
            kept.push_back(std::move(table.rows[i]));
            lines.push_back(table.lines[i]);
        }
    }
    table.rows = std::move(kept);
    table.lines = std::move(lines);
    if (table.rows.empty()) {
        return Error(ErrorCategory::File, "empty_file", path.filename().string(),
                     "no row without a missing value", "at least one");
    }
    return {};
}

Result<void> readTargets(const std::filesystem::path &path, const Table &table,
                         const std::vector<size_t> &targets, const CsvOptions &options, Dataset &out)
{
    std::vector<CsvColumn> columns;
    for (size_t target : targets)
        columns.push_back(describeColumn(table, target));
    const bool allBinary = std::all_of(columns.begin(), columns.end(), [](const CsvColumn &column) {
        return column.numeric && column.distinct <= 2;
    });
    const bool named = table.names[targets[0]].starts_with("label:");
    out.task = options.task ? *options.task
            : named || (targets.size() > 1 && allBinary) ? Task::MultiLabel
            : targets.size() == 1 && (!columns[0].numeric || table.names[targets[0]] == "class")
            ? Task::SingleLabel
            : Task::Regression;

    if (out.task == Task::SingleLabel) {
        if (targets.size() != 1) {
            return Error(ErrorCategory::Value, "one_target_needed", path.filename().string(),
                         std::to_string(targets.size()) + " target columns", "one for single-label data");
        }
        // Classes that are numbers are ordered as numbers.
        const auto before = [numeric = columns[0].numeric](const std::string &a, const std::string &b) {
            return numeric ? *parseNumber(a) < *parseNumber(b) : a < b;
        };
        std::map<std::string, int64_t, decltype(before)> classes(before);
        for (const Row &row : table.rows)
            classes.try_emplace(row[targets[0]], 0);
        for (auto &[name, number] : classes) {
            number = static_cast<int64_t>(out.labelNames.size());
            out.labelNames.push_back(name);
        }
        for (const Row &row : table.rows)
            out.classes.push_back(classes.at(row[targets[0]]));
        return {};
    }
    for (size_t target : targets) {
        const std::string &name = table.names[target];
        out.labelNames.push_back(name.starts_with("label:") ? name.substr(6) : name);
    }
    if (out.task == Task::Regression)
        out.values = Tensor::empty({static_cast<int64_t>(table.rows.size()), out.classCount()});
    for (size_t i = 0; i < table.rows.size(); ++i) {
        std::vector<int64_t> labels;
        for (size_t k = 0; k < targets.size(); ++k) {
            const std::string &field = table.rows[i][targets[k]];
            const std::optional<double> number = parseNumber(field);
            const bool fits = number && (out.task == Task::Regression || *number == 0 || *number == 1);
            if (!fits) {
                return lineError("not_a_number", path, table.lines[i],
                                 "'" + field + "' in " + place(table, targets[k]),
                                 out.task == Task::MultiLabel ? "0 or 1" : "a number");
            }
            if (out.task == Task::Regression)
                out.values.data<float>()[i * targets.size() + k] = static_cast<float>(*number);
            else if (*number == 1)
                labels.push_back(static_cast<int64_t>(k));
        }
        if (out.task == Task::MultiLabel)
            out.labels.push_back(std::move(labels));
    }
    return {};
}

} // namespace

Result<CsvPreview> previewCsv(const std::filesystem::path &path, const CsvOptions &options)
{
    const Result<Table> table = readTable(path, options);
    if (!table)
        return table.error();
    CsvPreview out;
    out.delimiter = table->delimiter;
    out.header = table->header;
    out.rows = static_cast<int64_t>(table->rows.size());
    for (size_t column = 0; column < table->names.size(); ++column)
        out.columns.push_back(describeColumn(*table, column));
    const bool any = std::any_of(out.columns.begin(), out.columns.end(),
                                 [](const CsvColumn &column) { return column.suggestedTarget; });
    if (!any)
        out.columns.back().suggestedTarget = true;
    out.firstRows.assign(table->rows.begin(),
                         table->rows.begin() + static_cast<std::ptrdiff_t>(std::min<size_t>(table->rows.size(), 50)));
    return out;
}

Result<Dataset> readCsv(const std::filesystem::path &path, const CsvOptions &options)
{
    Result<Table> table = readTable(path, options);
    if (!table)
        return table.error();
    std::vector<size_t> targets;
    std::vector<size_t> features;
    for (const std::string &name : options.targets) {
        if (std::find(table->names.begin(), table->names.end(), name) == table->names.end()) {
            return Error(ErrorCategory::Value, "no_target", path.filename().string(),
                         "no column '" + name + "'", "a column of the file");
        }
    }
    for (size_t i = 0; i < table->names.size(); ++i) {
        const std::string &name = table->names[i];
        const auto listed = [&](const std::vector<std::string> &names) {
            return std::find(names.begin(), names.end(), name) != names.end();
        };
        if (listed(options.ignored))
            continue;
        if (options.targets.empty() ? isTargetName(name) : listed(options.targets))
            targets.push_back(i);
        else
            features.push_back(i);
    }
    if (targets.empty() || features.empty()) {
        return Error(ErrorCategory::Value, "no_target", path.filename().string(),
                     targets.empty() ? "no target column" : "no input column",
                     "target columns named class, target* or label:*, and inputs beside them",
                     "choose the target columns");
    }
    std::vector<size_t> used = features;
    used.insert(used.end(), targets.begin(), targets.end());
    if (Result<void> settled = settleMissing(path, *table, used, targets, options.missing); !settled)
        return settled.error();

    Dataset out;
    out.name = path.stem().string();
    if (Result<void> read = readTargets(path, *table, targets, options, out); !read)
        return read.error();
    std::vector<FeatureColumn> columns;
    int64_t width = 0;
    for (size_t feature : features) {
        columns.emplace_back(*table, feature, describeColumn(*table, feature));
        columns.back().addNames(table->names[feature], out.featureNames);
        width += columns.back().width();
    }
    out.inputs = Tensor::empty({static_cast<int64_t>(table->rows.size()), width});
    float *target = out.inputs.data<float>();
    for (const Row &row : table->rows) {
        for (const FeatureColumn &column : columns) {
            column.write(row, target);
            target += column.width();
        }
    }
    return out;
}

} // namespace mrg
