// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/core/Result.h"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace mrg {

/// A prepared statement: bind, step through rows, reset. Errors are thrown as Error (file) and
/// turned into Results by RunStore.
class Statement {
public:
    Statement(sqlite3 *database, const std::string &sql);
    ~Statement();
    Statement(const Statement &) = delete;
    Statement &operator=(const Statement &) = delete;

    Statement &bind(int at, int64_t value);
    Statement &bind(int at, double value);
    Statement &bind(int at, const std::string &value);
    Statement &bind(int at, std::span<const std::byte> value);
    /// True while there is a row.
    bool step();
    /// Runs to the end and makes ready for the next use.
    void run();

    int64_t integer(int column) const;
    /// NaN for NULL: SQLite stores the one as the other.
    double real(int column) const;
    std::string text(int column) const;
    std::vector<std::byte> blob(int column) const;

private:
    sqlite3 *m_database;
    sqlite3_stmt *m_statement = nullptr;
};

/// An SQLite file. Throws Error (file) where it can't be opened.
class Database {
public:
    explicit Database(const std::filesystem::path &path);
    ~Database();
    Database(const Database &) = delete;
    Database &operator=(const Database &) = delete;

    /// Readers no longer wait for the writer, nor the writer for them. Kept in the file.
    void useWriteAheadLog();
    void execute(const char *sql);
    std::unique_ptr<Statement> prepare(const std::string &sql) const;
    int64_t lastInsertId() const;
    int64_t userVersion() const;

private:
    sqlite3 *m_handle = nullptr;
};

/// All or nothing: what was executed since construction is undone unless commit() was called.
class Transaction {
public:
    explicit Transaction(Database &database);
    ~Transaction();
    Transaction(const Transaction &) = delete;
    Transaction &operator=(const Transaction &) = delete;
    void commit();

private:
    Database &m_database;
    bool m_open = true;
};

} // namespace mrg
