// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/csv.h"

namespace mrg {

/// A CSV file as rows of text, with what was found out about it. All rows have as many fields as
/// there are names; names are neither empty nor twice there.
struct CsvTable {
    std::string file; ///< its name, for messages
    char delimiter = ',';
    bool header = true;
    bool decimalComma = false;
    std::vector<std::string> missingTexts;
    std::vector<std::string> names;
    std::vector<std::vector<std::string>> rows;
    std::vector<size_t> lines; ///< line of each row, from 1

    bool isMissing(const std::string &field) const;
    /// A field as a number, by the table's decimal mark.
    std::optional<double> number(const std::string &field) const;
    /// An Error about a field: where is "file:line", `got` is told with the column's name.
    Error fieldError(const char *kind, size_t row, size_t column, std::string wanted,
                     std::string fix = {}) const;
};

/// Splits RFC 4180 text; quoted fields may hold delimiters, quotes and line ends.
/// **Errors** (file): the first six of readCsv().
Result<CsvTable> readCsvTable(const std::filesystem::path &path, const CsvOptions &options);

} // namespace mrg
