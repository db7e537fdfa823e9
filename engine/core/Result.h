// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Error.h"

#include <optional>
#include <utility>
#include <variant>

namespace mrg {

/// A value, or the Error that prevented it. For everything that comes from outside: files, JSON,
/// user arguments, shapes inferred from a drawing.
///
///     Result<Dataset> dataset = readCsv(path, options);
///     if (!dataset)
///         return dataset.error();
///     use(*dataset);
template <typename T> class [[nodiscard]] Result {
public:
    Result(T value) : m_state(std::move(value)) { }
    Result(Error error) : m_state(std::move(error)) { }

    bool ok() const { return m_state.index() == 0; }
    explicit operator bool() const { return ok(); }

    /// The value; throws the Error where there is none.
    const T &value() const &
    {
        if (!ok())
            throw error();
        return std::get<0>(m_state);
    }
    T &value() &
    {
        if (!ok())
            throw error();
        return std::get<0>(m_state);
    }
    T value() &&
    {
        if (!ok())
            throw error();
        return std::get<0>(std::move(m_state));
    }
    const T &operator*() const & { return value(); }
    T &operator*() & { return value(); }
    const T *operator->() const { return &value(); }
    T *operator->() { return &value(); }

    /// The error; only where !ok().
    const Error &error() const { return std::get<1>(m_state); }

private:
    std::variant<T, Error> m_state;
};

/// Success, or the Error that prevented it.
template <> class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : m_error(std::move(error)) { }

    bool ok() const { return !m_error; }
    explicit operator bool() const { return ok(); }
    const Error &error() const { return *m_error; }
    /// Throws the Error if there is one.
    void value() const
    {
        if (m_error)
            throw *m_error;
    }

private:
    std::optional<Error> m_error;
};

} // namespace mrg
