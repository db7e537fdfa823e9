// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/Database.h"

#include <sqlite3.h>

#include <limits>

namespace mrg {

namespace {
/// How long a reader waits for the writer's transaction, in milliseconds.
constexpr int busyTimeoutMs = 2000;
constexpr int retryMs = 5;

Error failure(sqlite3 *database, const std::string &where)
{
    return Error(ErrorCategory::File, "run_store_failed", where,
                 database ? sqlite3_errmsg(database) : "out of memory", "a writable SQLite file",
                 "free disk space or choose another place for the runs");
}
} // namespace

Statement::Statement(sqlite3 *database, const std::string &sql) : m_database(database)
{
    if (sqlite3_prepare_v2(database, sql.c_str(), -1, &m_statement, nullptr) != SQLITE_OK)
        throw failure(database, "run store");
}
Statement::~Statement() { sqlite3_finalize(m_statement); }

Statement &Statement::bind(int at, int64_t value)
{
    sqlite3_bind_int64(m_statement, at, value);
    return *this;
}
Statement &Statement::bind(int at, double value)
{
    sqlite3_bind_double(m_statement, at, value);
    return *this;
}
Statement &Statement::bind(int at, const std::string &value)
{
    sqlite3_bind_text(m_statement, at, value.data(), static_cast<int>(value.size()),
                      SQLITE_TRANSIENT);
    return *this;
}
Statement &Statement::bind(int at, std::span<const std::byte> value)
{
    sqlite3_bind_blob64(m_statement, at, value.data(), value.size(), SQLITE_TRANSIENT);
    return *this;
}

bool Statement::step()
{
    const int code = sqlite3_step(m_statement);
    if (code == SQLITE_ROW)
        return true;
    if (code != SQLITE_DONE) {
        const Error error = failure(m_database, "run store");
        sqlite3_reset(m_statement);
        throw error;
    }
    return false;
}

void Statement::run()
{
    while (step()) { }
    sqlite3_reset(m_statement);
}

int64_t Statement::integer(int column) const { return sqlite3_column_int64(m_statement, column); }
double Statement::real(int column) const
{
    if (sqlite3_column_type(m_statement, column) == SQLITE_NULL)
        return std::numeric_limits<double>::quiet_NaN();
    return sqlite3_column_double(m_statement, column);
}
std::string Statement::text(int column) const
{
    const auto *data = reinterpret_cast<const char *>(sqlite3_column_text(m_statement, column));
    return data ? std::string(data, static_cast<size_t>(sqlite3_column_bytes(m_statement, column)))
                : "";
}
std::vector<std::byte> Statement::blob(int column) const
{
    const auto *data = static_cast<const std::byte *>(sqlite3_column_blob(m_statement, column));
    return {data, data + sqlite3_column_bytes(m_statement, column)};
}

Database::Database(const std::filesystem::path &path)
{
    if (sqlite3_open(path.c_str(), &m_handle) != SQLITE_OK) {
        const Error error = failure(m_handle, path.string());
        sqlite3_close(m_handle);
        throw error;
    }
    sqlite3_busy_timeout(m_handle, busyTimeoutMs);
    try {
        execute("PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON");
    } catch (const Error &error) {
        sqlite3_close(m_handle);
        throw error.within(path.string());
    }
}
Database::~Database() { sqlite3_close(m_handle); }

void Database::useWriteAheadLog()
{
    // SQLite does not wait by itself while another connection is about the same change.
    for (int attempt = 0;; ++attempt) {
        const int code
                = sqlite3_exec(m_handle, "PRAGMA journal_mode=WAL", nullptr, nullptr, nullptr);
        if (code == SQLITE_OK)
            return;
        if (code != SQLITE_BUSY || attempt * retryMs > busyTimeoutMs)
            throw failure(m_handle, "run store");
        sqlite3_sleep(retryMs);
    }
}

void Database::execute(const char *sql)
{
    if (sqlite3_exec(m_handle, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
        throw failure(m_handle, "run store");
}
std::unique_ptr<Statement> Database::prepare(const std::string &sql) const
{
    return std::make_unique<Statement>(m_handle, sql);
}
int64_t Database::lastInsertId() const { return sqlite3_last_insert_rowid(m_handle); }
int64_t Database::userVersion() const
{
    Statement statement(m_handle, "PRAGMA user_version");
    return statement.step() ? statement.integer(0) : 0;
}

Transaction::Transaction(Database &database) : m_database(database)
{
    m_database.execute("BEGIN IMMEDIATE");
}

Transaction::~Transaction()
{
    try {
        if (m_open)
            m_database.execute("ROLLBACK");
    } catch (const Error &) {
        // SQLite has rolled back by itself.
    }
}

void Transaction::commit()
{
    m_database.execute("COMMIT");
    m_open = false;
}

} // namespace mrg
