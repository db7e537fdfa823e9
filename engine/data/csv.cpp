// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/csv.h"

#include "engine/data/csv_table.h"
#include "engine/data/text.h"

#include <algorithm>
#include <map>
#include <set>

namespace mrg {

namespace {

constexpr size_t previewRows = 100;

bool isTargetName(const std::string &name)
{
    return name == "class" || name.starts_with("target") || name.starts_with("label:");
}

bool contains(const std::vector<std::string> &names, const std::string &name)
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

CsvColumn describeColumn(const CsvTable &table, size_t column)
{
    CsvColumn out;
    out.name = table.names[column];
    std::set<std::string> values;
    for (size_t i = 0; i < table.rows.size(); ++i) {
        const std::string &field = table.rows[i][column];
        if (table.isMissing(field)) {
            ++out.missing;
            continue;
        }
        if (out.numeric && !table.number(field)) {
            out.numeric = false;
            out.word = field;
            out.wordLine = table.lines[i];
        }
        if (values.size() < CsvColumn::mostDistinct)
            values.insert(field);
    }
    out.distinct = static_cast<int64_t>(values.size());
    out.namedTarget = out.suggestedTarget = isTargetName(out.name);
    return out;
}

/// How one feature column becomes inputs: a number, or one input a word.
struct FeatureColumn {
    std::string name;
    bool numeric = true;
    double mean = 0; ///< of the numbers that are there
    std::map<std::string, int64_t> words; ///< of a category, in order

    FeatureColumn(const CsvTable &table, size_t column, bool isNumeric)
        : name(table.names[column]),
          numeric(isNumeric)
    {
        double sum = 0;
        int64_t count = 0;
        for (const std::vector<std::string> &row : table.rows) {
            if (table.isMissing(row[column]))
                continue;
            if (!numeric) {
                words.try_emplace(row[column], 0);
            } else if (const std::optional<double> number = table.number(row[column])) {
                sum += *number;
                ++count;
            }
        }
        mean = count ? sum / static_cast<double>(count) : 0;
        int64_t next = 0;
        for (auto &[word, at] : words)
            at = next++;
    }
    int64_t width() const { return numeric ? 1 : static_cast<int64_t>(words.size()); }
};

/// Turns tables into data sets: learned from a training table, it understands others like it.
class Encoder {
public:
    static Result<Encoder> learn(const CsvTable &table, const CsvOptions &options)
    {
        Encoder out(options);
        if (Result<void> chosen = out.chooseColumns(table); !chosen)
            return chosen.error();
        if (Result<void> learned = out.learnTask(table); !learned)
            return learned.error();
        return out;
    }

    /// The numbers of a table with the same columns. Rows may be dropped from it.
    Result<Dataset> encode(CsvTable &table) const;

private:
    explicit Encoder(const CsvOptions &options) : m_options(options) { }
    Result<void> chooseColumns(const CsvTable &table);
    Result<void> learnTask(const CsvTable &table);
    Result<std::vector<size_t>> find(const CsvTable &table,
                                     const std::vector<std::string> &names) const;
    Result<void> settleMissing(CsvTable &table, const std::vector<size_t> &features,
                               const std::vector<size_t> &targets) const;
    Result<void> encodeTargets(const CsvTable &table, const std::vector<size_t> &targets,
                               Dataset &out) const;
    Result<void> encodeFeatures(const CsvTable &table, const std::vector<size_t> &features,
                                Dataset &out) const;

    CsvOptions m_options;
    std::vector<std::string> m_targets;
    std::vector<FeatureColumn> m_features;
    Task m_task = Task::Regression;
    std::vector<std::string> m_labelNames;
    std::map<std::string, int64_t> m_classes;
};

Result<void> Encoder::chooseColumns(const CsvTable &table)
{
    for (const auto *names :
         {&m_options.targets, &m_options.ignored, &m_options.numbers, &m_options.categories}) {
        if (Result<std::vector<size_t>> found = find(table, *names); !found)
            return found.error();
    }
    for (size_t i = 0; i < table.names.size(); ++i) {
        const std::string &name = table.names[i];
        if (contains(m_options.ignored, name))
            continue;
        const bool isTarget = m_options.targets.empty() ? isTargetName(name)
                                                        : contains(m_options.targets, name);
        if (isTarget) {
            m_targets.push_back(name);
            continue;
        }
        const bool numeric = contains(m_options.numbers, name)
                || (!contains(m_options.categories, name) && describeColumn(table, i).numeric);
        m_features.emplace_back(table, i, numeric);
    }
    if (m_targets.empty() || m_features.empty()) {
        return Error(ErrorCategory::Value, "no_target", table.file,
                     m_targets.empty() ? "no target column" : "no input column",
                     "target columns named class, target* or label:*, and inputs beside them",
                     "choose the target columns");
    }
    return {};
}

Result<void> Encoder::learnTask(const CsvTable &table)
{
    const std::vector<size_t> targets = find(table, m_targets).value();
    std::vector<CsvColumn> columns;
    for (size_t target : targets)
        columns.push_back(describeColumn(table, target));
    const bool allBinary = std::all_of(columns.begin(), columns.end(), [](const CsvColumn &column) {
        return column.numeric && column.distinct <= 2;
    });
    const std::string &first = m_targets[0];
    const bool isCategory = !columns[0].numeric || contains(m_options.categories, first);
    m_task = m_options.task                                                    ? *m_options.task
            : first.starts_with("label:") || (targets.size() > 1 && allBinary) ? Task::MultiLabel
            : targets.size() == 1 && (isCategory || first == "class")          ? Task::SingleLabel
                                                                               : Task::Regression;
    if (m_task != Task::SingleLabel) {
        for (const std::string &name : m_targets)
            m_labelNames.push_back(name.starts_with("label:") ? name.substr(6) : name);
    } else if (targets.size() != 1) {
        return Error(ErrorCategory::Value, "one_target_needed", table.file,
                     std::to_string(targets.size()) + " target columns",
                     "one for single-label data", "choose one target column, or multi-label");
    } else {
        for (const std::vector<std::string> &row : table.rows) {
            if (!table.isMissing(row[targets[0]])
                && m_classes.try_emplace(row[targets[0]], 0).second)
                m_labelNames.push_back(row[targets[0]]);
        }
        // Classes that are numbers are ordered as numbers.
        std::sort(m_labelNames.begin(), m_labelNames.end(),
                  [&](const std::string &a, const std::string &b) {
                      return columns[0].numeric ? *table.number(a) < *table.number(b) : a < b;
                  });
        int64_t next = 0;
        for (const std::string &name : m_labelNames)
            m_classes[name] = next++;
    }
    if (static_cast<int64_t>(m_labelNames.size()) > mostLabels) {
        return Error(ErrorCategory::Value, "too_many_classes", table.file,
                     std::to_string(m_labelNames.size()) + " classes in column " + first,
                     "at most " + std::to_string(mostLabels),
                     "choose another target column, or regression");
    }
    return {};
}

Result<std::vector<size_t>> Encoder::find(const CsvTable &table,
                                          const std::vector<std::string> &names) const
{
    std::vector<size_t> out;
    for (const std::string &name : names) {
        const auto at = std::find(table.names.begin(), table.names.end(), name);
        if (at == table.names.end()) {
            return Error(ErrorCategory::Value, "unknown_column", table.file,
                         "no column '" + name + "'", "the columns that were chosen",
                         "check the header, or choose other columns");
        }
        out.push_back(static_cast<size_t>(at - table.names.begin()));
    }
    return out;
}

/// Drops or refuses rows with missing values, and refuses what is no finite number where a number
/// is wanted.
Result<void> Encoder::settleMissing(CsvTable &table, const std::vector<size_t> &features,
                                    const std::vector<size_t> &targets) const
{
    std::vector<bool> keep(table.rows.size(), true);
    const auto look = [&](size_t row, size_t column, bool numeric, bool isTarget) -> Result<void> {
        const std::string &field = table.rows[row][column];
        if (table.isMissing(field)) {
            if (m_options.missing == MissingPolicy::Refuse
                || (isTarget && m_options.missing == MissingPolicy::Mean)) {
                return table.fieldError("missing_value", row, column, "a value",
                                        "fill it in, or choose another rule for missing values");
            }
            keep[row] = keep[row] && m_options.missing != MissingPolicy::DropRow;
            return {};
        }
        if (!numeric)
            return {};
        const std::optional<double> number = table.number(field);
        if (!number) {
            return table.fieldError("not_a_number", row, column, "a number",
                                    "mend it, or let the column be a category");
        }
        if (!fitsFloat(*number))
            return table.fieldError("not_finite", row, column, "a finite number of float32");
        return {};
    };
    for (size_t row = 0; row < table.rows.size(); ++row) {
        for (size_t i = 0; i < features.size(); ++i) {
            if (Result<void> good = look(row, features[i], m_features[i].numeric, false); !good)
                return good;
        }
        for (size_t target : targets) {
            if (Result<void> good = look(row, target, m_task == Task::Regression, true); !good)
                return good;
        }
    }
    size_t kept = 0;
    for (size_t row = 0; row < table.rows.size(); ++row) {
        if (!keep[row])
            continue;
        if (kept != row) {
            table.rows[kept] = std::move(table.rows[row]);
            table.lines[kept] = table.lines[row];
        }
        ++kept;
    }
    table.rows.resize(kept);
    table.lines.resize(kept);
    if (table.rows.empty()) {
        return Error(ErrorCategory::File, "empty_file", table.file,
                     "no row without a missing value", "at least one",
                     "choose another rule for missing values");
    }
    return {};
}

Result<void> Encoder::encodeTargets(const CsvTable &table, const std::vector<size_t> &targets,
                                    Dataset &out) const
{
    const size_t rows = table.rows.size();
    out.task = m_task;
    out.labelNames = m_labelNames;
    if (m_task == Task::SingleLabel) {
        for (size_t row = 0; row < rows; ++row) {
            const auto known = m_classes.find(table.rows[row][targets[0]]);
            if (known == m_classes.end()) {
                return table.fieldError("unknown_class", row, targets[0],
                                        "a class of the training table");
            }
            out.classes.push_back(known->second);
        }
        return {};
    }
    if (m_task == Task::Regression)
        out.values = Tensor::empty({static_cast<int64_t>(rows), out.classCount()});
    for (size_t row = 0; row < rows; ++row) {
        std::vector<int64_t> labels;
        for (size_t k = 0; k < targets.size(); ++k) {
            const std::optional<double> number = table.number(table.rows[row][targets[k]]);
            if (m_task == Task::Regression) {
                out.values.data<float>()[row * targets.size() + k] = static_cast<float>(*number);
            } else if (!number || (*number != 0 && *number != 1)) {
                return table.fieldError("not_a_number", row, targets[k], "0 or 1",
                                        "choose single-label or regression for such a column");
            } else if (*number == 1) {
                labels.push_back(static_cast<int64_t>(k));
            }
        }
        if (m_task == Task::MultiLabel)
            out.labels.push_back(std::move(labels));
    }
    return {};
}

Result<void> Encoder::encodeFeatures(const CsvTable &table, const std::vector<size_t> &features,
                                     Dataset &out) const
{
    const auto rows = static_cast<int64_t>(table.rows.size());
    int64_t width = 0;
    const FeatureColumn *widest = &m_features[0];
    for (const FeatureColumn &column : m_features) {
        width += column.width();
        if (column.width() > widest->width())
            widest = &column;
    }
    if (Result<void> fits = checkTableSize(table.file, rows, width); !fits) {
        Error error = fits.error();
        if (widest->width() > 1) {
            error.fix = "ignore column " + widest->name + ", which alone gives "
                    + std::to_string(widest->width()) + " inputs";
        }
        return Error(error.category, error.kind, error.where, error.got, error.wanted, error.fix);
    }
    for (const FeatureColumn &column : m_features) {
        if (column.numeric)
            out.featureNames.push_back(column.name);
        for (const auto &[word, at] : column.words)
            out.featureNames.push_back(column.name + "=" + word);
    }
    out.inputs = Tensor::zeros({rows, width});
    float *target = out.inputs.data<float>();
    for (const std::vector<std::string> &row : table.rows) {
        for (size_t i = 0; i < features.size(); ++i) {
            const FeatureColumn &column = m_features[i];
            const std::string &field = row[features[i]];
            if (column.numeric) {
                *target = static_cast<float>(table.isMissing(field) ? column.mean
                                                                    : *table.number(field));
            } else if (const auto word = column.words.find(field); word != column.words.end()) {
                target[word->second] = 1;
            }
            target += column.width();
        }
    }
    return {};
}

Result<Dataset> Encoder::encode(CsvTable &table) const
{
    std::vector<std::string> names;
    for (const FeatureColumn &column : m_features)
        names.push_back(column.name);
    const Result<std::vector<size_t>> features = find(table, names);
    if (!features)
        return features.error();
    const Result<std::vector<size_t>> targets = find(table, m_targets);
    if (!targets)
        return targets.error();
    Dataset out;
    out.name = std::filesystem::path(table.file).stem().string();
    if (Result<void> settled = settleMissing(table, *features, *targets); !settled)
        return settled.error();
    if (Result<void> done = encodeTargets(table, *targets, out); !done)
        return done.error();
    if (Result<void> done = encodeFeatures(table, *features, out); !done)
        return done.error();
    return out;
}

} // namespace

Result<CsvPreview> previewCsv(const std::filesystem::path &path, const CsvOptions &options)
{
    const Result<CsvTable> table = readCsvTable(path, options);
    if (!table)
        return table.error();
    CsvPreview out;
    out.delimiter = table->delimiter;
    out.header = table->header;
    out.decimalComma = table->decimalComma;
    out.rows = static_cast<int64_t>(table->rows.size());
    for (size_t column = 0; column < table->names.size(); ++column)
        out.columns.push_back(describeColumn(*table, column));
    const bool any = std::any_of(out.columns.begin(), out.columns.end(),
                                 [](const CsvColumn &column) { return column.suggestedTarget; });
    if (!any)
        out.columns.back().suggestedTarget = true;
    const auto shown = static_cast<std::ptrdiff_t>(std::min(table->rows.size(), previewRows));
    out.firstRows.assign(table->rows.begin(), table->rows.begin() + shown);
    out.firstLines.assign(table->lines.begin(), table->lines.begin() + shown);
    return out;
}

Result<Dataset> readCsv(const std::filesystem::path &path, const CsvOptions &options)
{
    Result<CsvTable> table = readCsvTable(path, options);
    if (!table)
        return table.error();
    const Result<Encoder> encoder = Encoder::learn(*table, options);
    if (!encoder)
        return encoder.error();
    return encoder->encode(*table);
}

Result<std::pair<Dataset, Dataset>> readCsvPair(const std::filesystem::path &train,
                                                const std::filesystem::path &test,
                                                const CsvOptions &options)
{
    Result<CsvTable> first = readCsvTable(train, options);
    if (!first)
        return first.error();
    Result<CsvTable> second = readCsvTable(test, options);
    if (!second)
        return second.error();
    const Result<Encoder> encoder = Encoder::learn(*first, options);
    if (!encoder)
        return encoder.error();
    Result<Dataset> trained = encoder->encode(*first);
    if (!trained)
        return trained.error();
    Result<Dataset> tested = encoder->encode(*second);
    if (!tested)
        return tested.error();
    return std::pair(std::move(*trained), std::move(*tested));
}

} // namespace mrg
