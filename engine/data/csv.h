// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/Dataset.h"

#include <filesystem>
#include <optional>

namespace mrg {

/// What to do with a row that lacks a value.
enum class MissingPolicy { Refuse, DropRow, Mean };
template <> struct EnumTexts<MissingPolicy> {
    static constexpr std::array texts{std::pair{MissingPolicy::Refuse, "refuse"},
                                      std::pair{MissingPolicy::DropRow, "drop the row"},
                                      std::pair{MissingPolicy::Mean, "use the mean"}};
};

/// How a CSV file (RFC 4180) is read.
struct CsvOptions {
    std::string delimiter;              ///< one character, "tab", or empty: found out
    std::optional<bool> header;         ///< none: found out
    std::vector<std::string> targets;   ///< target columns; none: class, target* or label:*
    std::vector<std::string> ignored;   ///< columns to leave out
    std::optional<Task> task;           ///< none: by the targets
    MissingPolicy missing = MissingPolicy::Refuse;
    bool standardize = false;           ///< features to mean 0, deviation 1
};

/// A column as the import dialog shows it.
struct CsvColumn {
    std::string name;
    bool numeric = true;       ///< all values that are there are numbers
    int64_t missing = 0;
    int64_t distinct = 0;      ///< different values, counted up to 1000
    bool suggestedTarget = false;
};

/// What a CSV file looks like before it is imported.
struct CsvPreview {
    char delimiter = ',';
    bool header = true;
    int64_t rows = 0;
    std::vector<CsvColumn> columns;
    std::vector<std::vector<std::string>> firstRows; ///< up to 50
};

/// Reads enough to fill an import dialog. **Errors** (file): as readCsv().
Result<CsvPreview> previewCsv(const std::filesystem::path &path, const CsvOptions &options);

/// Reads a table. Columns of words become one input per word (one-hot). Numbers with "nan" or
/// infinity are refused. **Errors** (file): `cannot_read`, `empty_file`, `ragged_row`,
/// `missing_value`, `not_a_number`, `no_target`, each naming file, line and column.
Result<Dataset> readCsv(const std::filesystem::path &path, const CsvOptions &options);

} // namespace mrg
