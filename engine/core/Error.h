// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <vector>

namespace mrg {

/// What an error is about; the categories of the reference cases and of exit messages.
enum class ErrorCategory {
    Shape, ///< sizes or numbers of dimensions do not fit
    DType, ///< wrong element type
    Value, ///< an option or a number is not allowed
    Index, ///< an index, label or dimension is out of range
    File, ///< a file can't be read or written, or its content is malformed
    State, ///< the call is not possible now (backward twice, uninitialized parameter, ...)
};

/// The category's name in lower case: "shape", "dtype", "value", "index", "file", "state".
const char *categoryName(ErrorCategory category);

/// A complaint a person can act on: what is wrong, where, what came, what was wanted, how to mend
/// it.
///
/// Thrown for programming and shape errors; carried by Result for what comes from outside.
///
///     throw Error{ErrorCategory::Shape, "matmul_error_inner_dimensions_do_not_match",
///                 "Linear", "input [8, 5]", "last dimension 4", "set in_features to 5"};
class Error : public std::exception {
public:
    Error(ErrorCategory category, std::string kind, std::string where, std::string got = {},
          std::string wanted = {}, std::string fix = {});

    ErrorCategory category;
    /// Stable identifier, e.g. one of the shape error kinds of torch.js.
    std::string kind;
    /// The module, function, file or JSON pointer concerned.
    std::string where;
    /// What was found, with its sizes.
    std::string got;
    /// What would have been right, with its sizes.
    std::string wanted;
    /// How to mend it, as an imperative; may be empty.
    std::string fix;

    /// The fix as an edit, where it is one: set this argument (empty: no such fix) to these
    /// numbers.
    std::string fixArgument;
    std::vector<int64_t> fixValue;

    /// "where: kind in words: got ..., wanted ...; fix".
    const char *what() const noexcept override { return m_text.c_str(); }
    const std::string &text() const { return m_text; }

    /// The same error, seen from further out: `outer` is put before `where`.
    Error within(const std::string &outer) const;

private:
    std::string m_text;
};

} // namespace mrg
