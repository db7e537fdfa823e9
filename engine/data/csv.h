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

/// What separates whole numbers from their fraction.
enum class DecimalMark { Auto, Point, Comma };
template <> struct EnumTexts<DecimalMark> {
    static constexpr std::array texts{std::pair{DecimalMark::Auto, "auto"},
                                      std::pair{DecimalMark::Point, "point"},
                                      std::pair{DecimalMark::Comma, "comma"}};
};

/// How bytes are letters.
enum class TextEncoding { Utf8, Latin1 };
template <> struct EnumTexts<TextEncoding> {
    static constexpr std::array texts{std::pair{TextEncoding::Utf8, "utf-8"},
                                      std::pair{TextEncoding::Latin1, "latin-1"}};
};

/// How a CSV file (RFC 4180) is read.
struct CsvOptions {
    std::string delimiter; ///< one character, "tab", or empty: found out
    std::optional<bool> header; ///< none: found out
    DecimalMark decimal = DecimalMark::Auto;
    TextEncoding encoding = TextEncoding::Utf8;
    std::vector<std::string> missingTexts{"NA", "N/A", "NaN", "nan", "null", "NULL", "?"};
    MissingPolicy missing = MissingPolicy::Refuse;
    std::vector<std::string> targets; ///< target columns; none: class, target* or label:*
    std::vector<std::string> ignored; ///< columns to leave out
    std::vector<std::string> numbers; ///< columns in which all that is no number is an error
    std::vector<std::string> categories; ///< columns of numbers that stand for categories
    std::optional<Task> task; ///< none: by the targets
};

/// A column as the import dialog shows it.
struct CsvColumn {
    static constexpr int64_t mostDistinct = 1000;

    std::string name;
    bool numeric = true; ///< all values that are there are numbers
    int64_t missing = 0;
    int64_t distinct = 0; ///< different values, counted up to mostDistinct
    bool namedTarget = false; ///< called as targets are: class, target* or label:*
    bool suggestedTarget = false; ///< so, or the last column where none is
    std::string word; ///< the first value that is no number
    size_t wordLine = 0; ///< and its line
};

/// What a CSV file looks like before it is imported.
struct CsvPreview {
    char delimiter = ',';
    bool header = true;
    bool decimalComma = false;
    int64_t rows = 0;
    std::vector<CsvColumn> columns;
    std::vector<std::vector<std::string>> firstRows; ///< up to 100
    std::vector<size_t> firstLines; ///< their lines in the file
};

/// Reads a file to fill an import dialog. **Errors** (file): as readCsv().
Result<CsvPreview> previewCsv(const std::filesystem::path &path, const CsvOptions &options);

/// Reads a table. Columns of words become one input per word (one-hot). Numbers with "nan" or
/// infinity are refused. **Errors** (file): `cannot_read`, `empty_file`, `not_a_text_file`,
/// `not_utf8`, `open_quote`, `ragged_row`, `missing_value`, `not_a_number`, `not_finite`,
/// `no_target`, `unknown_column`, `too_many_classes`, `too_large`, each naming file, line and
/// column as far as there are any.
Result<Dataset> readCsv(const std::filesystem::path &path, const CsvOptions &options);

/// Reads a training table and a test table that is understood as the training table is: the same
/// columns by name, words and classes numbered by the training table, its means for what is
/// missing. A word that only the test table has is no input at all. **Errors** (file): as
/// readCsv(), and `unknown_column`, `unknown_class`.
Result<std::pair<Dataset, Dataset>> readCsvPair(const std::filesystem::path &train,
                                                const std::filesystem::path &test,
                                                const CsvOptions &options);

} // namespace mrg
